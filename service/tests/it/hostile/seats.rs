//! Connections that are too many: idle ones give way, and who calls stays.

use causeway_client::Client;
use causeway_proto::v1;
use v1::watch_revisions_response::Event;

use crate::harness::{Process, vpc};
use crate::hostile::raw::{Raw, SETTINGS};
use crate::metrics::{fetched, number};

const MAXIMUM: usize = 50;
const IDLE: usize = 2_000;

async fn watched(events: &mut tonic::Streaming<v1::WatchRevisionsResponse>) -> u64 {
    loop {
        let event = events.message().await.unwrap().unwrap().event;
        if let Some(Event::Revision(event)) = event {
            return event.revision.unwrap().revision;
        }
    }
}

/// Half of those that hold connections have begun HTTP/2, and half say nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_idle_connections_keep_nobody_out() {
    let directory = tempfile::tempdir().unwrap();
    let maximum = MAXIMUM.to_string();
    let arguments = [
        "--metrics-listen",
        "127.0.0.1:0",
        "--max-connections",
        &maximum,
    ];
    let mut process = Process::serve(directory.path(), &arguments);
    let client = Client::connect(process.endpoint.clone()).await.unwrap();
    client.create_topology("t", "").await.unwrap();
    let request = v1::WatchRevisionsRequest {
        topology: "t".to_owned(),
        ..v1::WatchRevisionsRequest::default()
    };
    let channel = tonic::transport::Channel::from_shared(process.endpoint.clone()).unwrap();
    let mut watching = v1::topology_service_client::TopologyServiceClient::connect(channel)
        .await
        .unwrap();
    let mut events = watching
        .watch_revisions(request)
        .await
        .unwrap()
        .into_inner();
    let mut held = Vec::new();
    for number in 0..IDLE {
        if number % 2 == 0 {
            held.push(Raw::silent(&process.endpoint).await);
        } else {
            let mut idle = Raw::open(&process.endpoint, &[]).await;
            // It may have given way already.
            let _ = idle.until(SETTINGS, 0).await;
            held.push(idle);
        }
    }
    // Somebody who comes now, and somebody who has been there before.
    let other = Client::connect(process.endpoint.clone()).await.unwrap();
    other.apply("t").put(vpc("vpc-1")).send().await.unwrap();
    client.apply("t").put(vpc("vpc-2")).send().await.unwrap();
    assert_eq!(
        (watched(&mut events).await, watched(&mut events).await),
        (1, 2)
    );
    let text = fetched(&process).await;
    let closed = |why| number(&text, "causeway_connections_closed_total", ("why", why));
    assert!(
        closed("idle") >= f64::from(u16::try_from(IDLE - MAXIMUM).unwrap()),
        "{text}"
    );
    assert_eq!(closed("full"), 0.0);
    process.until("as many connections as may be");
    drop(held);
}
