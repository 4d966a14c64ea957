//! Health on a port of its own, from before the store is open until the end.

use std::process::Command;
use std::time::Duration;

use causeway_client::Client;
use causeway_grpc::Server;
use causeway_proto::v1;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tonic::transport::Channel;
use tonic::{Code, Streaming};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_types::StatusExt;
use v1::topology_service_client::TopologyServiceClient;

use crate::harness::{Process, engine};

async fn channel(address: impl std::fmt::Display) -> Channel {
    let endpoint = Channel::from_shared(format!("http://{address}")).unwrap();
    endpoint.connect().await.unwrap()
}

async fn health(channel: &Channel, service: &str) -> ServingStatus {
    let service = service.to_owned();
    let mut client = HealthClient::new(channel.clone());
    let answer = client.check(HealthCheckRequest { service }).await;
    answer.unwrap().into_inner().status()
}

async fn watch(channel: &Channel) -> Streaming<HealthCheckResponse> {
    let mut client = HealthClient::new(channel.clone());
    let watched = client.watch(HealthCheckRequest::default()).await;
    watched.unwrap().into_inner()
}

async fn next(watched: &mut Streaming<HealthCheckResponse>) -> ServingStatus {
    watched.message().await.unwrap().unwrap().status()
}

/// What `causeway health` says, and how it ends.
fn asks(address: &str, service: &str) -> (Option<i32>, String) {
    let said = Command::new(env!("CARGO_BIN_EXE_causeway"))
        .args(["health", "--service", service, "--endpoint"])
        .arg(format!("http://{address}"))
        .output()
        .unwrap();
    let text = [said.stdout, said.stderr].concat();
    (said.status.code(), String::from_utf8(text).unwrap())
}

const READY: [&str; 4] = [
    "",
    "causeway.v1.TopologyService",
    "causeway.v1.PathService",
    "causeway.v1.BackupService",
];

#[tokio::test]
async fn until_the_store_is_open_it_is_not_ready_and_says_when_to_come_back() {
    let bind = || TcpListener::bind("127.0.0.1:0");
    let (listener, probes) = (bind().await.unwrap(), bind().await.unwrap());
    let addresses = [&listener, &probes].map(|listener| listener.local_addr().unwrap());
    let (opened, coming) = oneshot::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = Server::opening(coming).probes(Some(probes));
    let serving = tokio::spawn(server.serve(listener, async { stopped.await.unwrap_or_default() }));
    let [main, probe] = [channel(addresses[0]).await, channel(addresses[1]).await];
    let mut watched = watch(&probe).await;
    assert_eq!(next(&mut watched).await, ServingStatus::NotServing);
    for channel in [&main, &probe] {
        for service in READY {
            assert_eq!(health(channel, service).await, ServingStatus::NotServing);
        }
        assert_eq!(health(channel, "liveness").await, ServingStatus::Serving);
    }
    let mut topologies = TopologyServiceClient::new(main.clone());
    let early = topologies.list_topologies(v1::ListTopologiesRequest::default());
    let early = early.await.unwrap_err();
    assert_eq!(early.code(), Code::Unavailable);
    assert_eq!(
        early.get_details_error_info().unwrap().reason,
        "SERVER_STARTING"
    );
    assert!(early.get_details_retry_info().unwrap().retry_delay > Some(Duration::ZERO));
    let directory = tempfile::tempdir().unwrap();
    opened.send(engine(directory.path())).unwrap();
    assert_eq!(next(&mut watched).await, ServingStatus::Serving);
    for service in READY {
        assert_eq!(health(&main, service).await, ServingStatus::Serving);
    }
    let list = topologies.list_topologies(v1::ListTopologiesRequest::default());
    list.await.unwrap();
    drop(stop);
    assert_eq!(next(&mut watched).await, ServingStatus::NotServing);
    drop((main, topologies));
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_waits_for_a_service_that_starts() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (opened, coming) = oneshot::channel();
    tokio::spawn(Server::opening(coming).serve(listener, std::future::pending()));
    let client = Client::connect(endpoint).await.unwrap();
    let asked = tokio::spawn(async move { client.list_topologies().await });
    tokio::task::yield_now().await;
    let directory = tempfile::tempdir().unwrap();
    opened.send(engine(directory.path())).unwrap();
    asked.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_port_for_probes_has_nothing_but_health_and_outlasts_the_drain() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("causeway.toml");
    // Nothing but a second signal ends it within the test.
    std::fs::write(&config, "[shutdown]\ndrain_seconds = 3600.0").unwrap();
    let arguments = [
        "--config",
        config.to_str().unwrap(),
        "--probe-listen",
        "127.0.0.1:0",
    ];
    let process = Process::serve(&directory.path().join("data"), &arguments);
    let probe = channel(process.probe.as_ref().unwrap()).await;
    let mut watched = watch(&probe).await;
    assert_eq!(next(&mut watched).await, ServingStatus::Serving);
    let mut topologies = TopologyServiceClient::new(probe.clone());
    let refused = topologies.list_topologies(v1::ListTopologiesRequest::default());
    assert_eq!(refused.await.unwrap_err().code(), Code::Unimplemented);
    let asked = process.probe.clone().unwrap();
    let said = spawn_blocking(move || [asks(&asked, ""), asks(&asked, "liveness")]);
    for (code, text) in said.await.unwrap() {
        assert_eq!((code, text.as_str()), (Some(0), "SERVING\n"));
    }
    process.signal("TERM");
    assert_eq!(next(&mut watched).await, ServingStatus::NotServing);
    let asked = process.probe.clone().unwrap();
    let said = spawn_blocking(move || {
        [
            asks(&asked, ""),
            asks(&asked, "liveness"),
            asks("127.0.0.1:1", ""),
        ]
    });
    let said = said.await.unwrap();
    assert_eq!(said[0], (Some(1), "error: NOT_SERVING\n".to_owned()));
    assert_eq!(said[1], (Some(0), "SERVING\n".to_owned()));
    let unreached = "error: cannot ask http://127.0.0.1:1 for its health: tcp connect error\n";
    assert_eq!(said[2], (Some(1), unreached.to_owned()));
    assert_eq!(health(&probe, "liveness").await, ServingStatus::Serving);
    // A mesh that has not noticed yet still gets its answers.
    let client = Client::connect(process.endpoint.clone()).await.unwrap();
    client.create_topology("t", "").await.unwrap();
    process.signal("TERM");
    let (code, log) = process.ended();
    assert_eq!(code, Some(143), "{log}");
    assert!(log.contains("ended at once by a second signal"), "{log}");
}
