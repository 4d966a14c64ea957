//! Many streams on one connection: those that are too many are refused, and who makes and resets them without an end is cut off.

use causeway_grpc::ConnectionLimits;

use crate::harness::Served;
use crate::hostile::raw::{END_HEADERS, GOAWAY, HEADERS, RESET, Raw, SETTINGS, block, call, frame};

const METHOD: &str = "/causeway.v1.TopologyService/GetTopology";

/// Numbers of streams that a client may have.
fn streams(count: usize) -> impl Iterator<Item = u32> {
    (1..).step_by(2).take(count)
}

#[tokio::test]
async fn streams_that_are_too_many_for_a_connection_are_refused() {
    let limits = ConnectionLimits {
        streams: 4,
        ..ConnectionLimits::default()
    };
    let served = Served::start_as(|server| server.connections(limits)).await;
    let mut raw = Raw::open(&served.endpoint, &[]).await;
    raw.until(SETTINGS, 0).await.unwrap();
    for stream in streams(5) {
        raw.begin(stream, METHOD).await;
    }
    let refused = raw.until(RESET, 9).await.unwrap();
    assert_eq!(refused.payload, [0, 0, 0, 7], "REFUSED_STREAM");
    served.client.get_topology("t").await.unwrap();
}

/// Each is begun and reset, a thousand times and more.
#[tokio::test]
async fn who_begins_and_resets_streams_without_an_end_is_cut_off() {
    let served = Served::start().await;
    let headers = block(&call(METHOD));
    let mut raw = Raw::open(&served.endpoint, &[]).await;
    let flood = streams(1_500).flat_map(|stream| {
        let begun = frame(HEADERS, END_HEADERS, stream, &headers);
        [begun, frame(RESET, 0, stream, &[0, 0, 0, 8])].concat()
    });
    let flood: Vec<u8> = flood.collect();
    raw.send(&flood).await;
    let last = raw.until(GOAWAY, 0).await.unwrap();
    assert_eq!(last.payload[4..8], [0, 0, 0, 11], "ENHANCE_YOUR_CALM");
    served.client.get_topology("t").await.unwrap();
}
