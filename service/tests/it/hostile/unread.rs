//! Clients that ask and take nothing: what waits for them is given up, and where there is much of it, their connection is closed.

use std::time::Duration;

use causeway_proto::v1;
use prost::Message;

use crate::harness::Served;
use crate::hostile::raw::Raw;

/// The setting of how many bytes of a stream may be sent before some are taken.
const INITIAL_WINDOW: u16 = 4;

/// One connection may hold so many answers back, and no more.
#[tokio::test]
async fn a_connection_of_which_many_answers_are_not_taken_is_closed() {
    let patience = Duration::from_millis(20);
    let served = Served::start_as(|server| server.patience(patience)).await;
    let mut raw = Raw::open(&served.endpoint, &[(INITIAL_WINDOW, 0)]).await;
    let name = "t".to_owned();
    let request = v1::GetTopologyRequest { name }.encode_to_vec();
    for stream in (1..).step_by(2).take(20) {
        raw.ask(stream, "/causeway.v1.TopologyService/GetTopology", &request)
            .await;
    }
    raw.until_closed().await;
    served.client.get_topology("t").await.unwrap();
}
