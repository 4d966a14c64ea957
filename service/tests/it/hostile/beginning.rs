//! Connections that do not begin, or begin slowly: they are closed in time.

use std::time::Duration;

use causeway_grpc::ConnectionLimits;

use crate::harness::Served;
use crate::hostile::raw::{HEADERS, PREFACE, Raw, SETTINGS, frame};

/// A server that waits a second for HTTP/2 to begin: enough for who means it.
async fn impatient() -> Served {
    let limits = ConnectionLimits {
        handshake: Duration::from_secs(1),
        ..ConnectionLimits::default()
    };
    Served::start_as(|server| server.connections(limits)).await
}

/// The settings come as far as the header of their frame, byte by byte, but not to its end.
#[tokio::test]
async fn who_does_not_begin_in_time_is_closed() {
    let served = impatient().await;
    let settings = frame(SETTINGS, 0, 0, &[]);
    let beginning = [PREFACE, &settings].concat();
    for said in [0, 1, PREFACE.len(), beginning.len() - 1] {
        let mut slow = Raw::silent(&served.endpoint).await;
        for byte in &beginning[..said] {
            slow.send(&[*byte]).await;
        }
        slow.ended().await;
    }
    served.client.get_topology("t").await.unwrap();
}

#[tokio::test]
async fn who_has_begun_may_be_idle_for_longer() {
    let served = impatient().await;
    let mut idle = Raw::open(&served.endpoint, &[]).await;
    idle.until(SETTINGS, 0).await.unwrap();
    Raw::silent(&served.endpoint).await.ended().await;
    // More time than that for beginning has passed.
    idle.ask(1, "/grpc.health.v1.Health/Check", &[]).await;
    assert!(idle.until(HEADERS, 1).await.is_some());
}
