//! Clients that are slow on purpose, a byte at a time: in headers the pings of HTTP/2 find them, in a message its time.

use std::collections::BTreeSet;
use std::time::Duration;

use causeway_grpc::{AdmissionLimits, ConnectionLimits};

use crate::harness::Served;
use crate::hostile::raw::{DATA, HEADERS, Raw, SETTINGS, block, call, frame};

/// In the middle of a frame nobody can answer a ping.
#[tokio::test]
async fn who_stops_in_the_middle_of_headers_is_closed() {
    let limits = ConnectionLimits {
        ping: Duration::from_secs(1),
        ping_wait: Duration::from_secs(1),
        ..ConnectionLimits::default()
    };
    let served = Served::start_as(|server| server.connections(limits)).await;
    let mut slow = Raw::open(&served.endpoint, &[]).await;
    slow.until(SETTINGS, 0).await.unwrap();
    let headers = frame(
        HEADERS,
        0,
        1,
        &block(&call("/causeway.v1.TopologyService/GetTopology")),
    );
    for byte in &headers[..headers.len() - 1] {
        slow.send(&[*byte]).await;
    }
    slow.ended().await;
    served.client.get_topology("t").await.unwrap();
}

/// Each of these goes on answering pings, and would hold its call for ever.
#[tokio::test]
async fn a_message_has_to_arrive_in_time() {
    let limits = AdmissionLimits {
        request_time: Duration::from_millis(500),
        ..AdmissionLimits::default()
    };
    let served = Served::start_as(|server| server.admission(limits)).await;
    let mut slow = Raw::open(&served.endpoint, &[]).await;
    let methods = [
        ("TopologyService/GetTopology", &[][..]),
        ("TopologyService/ApplyChanges", &[0, 0, 0, 0, 9, 1]),
        ("PathService/BatchResolvePaths", &[0, 0, 0]),
        ("TopologyService/ImportResources", &[]),
        ("PathService/StreamResolvePaths", &[0, 0, 1, 0, 0, 1]),
        // It is whole, and the request does not end.
        ("TopologyService/DeleteTopology", &[0, 0, 0, 0, 0]),
    ];
    for (stream, (method, bytes)) in (1..).step_by(2).zip(methods) {
        slow.begin(stream, &format!("/causeway.v1.{method}")).await;
        for byte in bytes {
            slow.send(&frame(DATA, 0, stream, &[*byte])).await;
        }
    }
    // They are answered in any order.
    let mut answered = BTreeSet::new();
    while answered.len() < methods.len() {
        let answer = slow.next().await.unwrap();
        if answer.kind == HEADERS {
            answered.insert(answer.stream);
        }
    }
    served.client.get_topology("t").await.unwrap();
}
