//! Health, reflection, and how a server stops.

use causeway_proto::v1;
use causeway_proto::v1::import_resources_request::Part;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::harness::{Served, vpc};

fn status(answer: HealthCheckResponse) -> ServingStatus {
    answer.status()
}

#[tokio::test]
async fn health_says_serving_for_the_server_and_each_service_and_not_serving_once_it_stops() {
    let mut served = Served::start().await;
    let mut health = HealthClient::new(served.channel.clone());
    let about = |service: &str| HealthCheckRequest {
        service: service.to_owned(),
    };
    for service in [
        "",
        "causeway.v1.TopologyService",
        "causeway.v1.PathService",
        "causeway.v1.BackupService",
    ] {
        assert_eq!(
            status(health.check(about(service)).await.unwrap().into_inner()),
            ServingStatus::Serving,
            "{service}"
        );
    }
    let unknown = health.check(about("causeway.v1.Other")).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    let mut watched = health.watch(about("")).await.unwrap().into_inner();
    assert_eq!(
        watched.message().await.unwrap().map(status),
        Some(ServingStatus::Serving)
    );
    served.begin_stop();
    assert_eq!(
        watched.message().await.unwrap().map(status),
        Some(ServingStatus::NotServing)
    );
    drop((watched, health));
    served.stopped().await;
}

#[tokio::test]
async fn reflection_lists_the_services_and_describes_them() {
    let served = Served::start().await;
    let ask = |message| ServerReflectionRequest {
        host: String::new(),
        message_request: Some(message),
    };
    let questions = vec![
        ask(MessageRequest::ListServices(String::new())),
        ask(MessageRequest::FileContainingSymbol(
            "causeway.v1.BatchItem.error".to_owned(),
        )),
    ];
    let mut answers = ServerReflectionClient::new(served.channel.clone())
        .server_reflection_info(tokio_stream::iter(questions))
        .await
        .unwrap()
        .into_inner();
    let Some(MessageResponse::ListServicesResponse(list)) =
        answers.message().await.unwrap().unwrap().message_response
    else {
        panic!("no list")
    };
    let mut names: Vec<_> = list
        .service
        .into_iter()
        .map(|service| service.name)
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "causeway.v1.BackupService",
            "causeway.v1.PathService",
            "causeway.v1.TopologyService",
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection"
        ]
    );
    let Some(MessageResponse::FileDescriptorResponse(described)) =
        answers.message().await.unwrap().unwrap().message_response
    else {
        panic!("no file")
    };
    assert!(!described.file_descriptor_proto.is_empty());
}

#[tokio::test]
async fn reflection_answers_those_who_ask_as_before_its_first_version() {
    use tonic_reflection::pb::v1alpha;
    use v1alpha::server_reflection_request::MessageRequest;
    use v1alpha::server_reflection_response::MessageResponse;

    let served = Served::start().await;
    let question = v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut client =
        v1alpha::server_reflection_client::ServerReflectionClient::new(served.channel.clone());
    let answers = client.server_reflection_info(tokio_stream::iter([question]));
    let answer = answers.await.unwrap().into_inner().message().await.unwrap();
    let Some(MessageResponse::ListServicesResponse(list)) = answer.unwrap().message_response else {
        panic!("no list")
    };
    let mut names = list.service.iter().map(|service| service.name.as_str());
    assert!(names.any(|name| name == "causeway.v1.PathService"));
}

#[tokio::test]
async fn a_call_in_hand_ends_well_after_the_server_was_told_to_stop() {
    let mut served = Served::start().await;
    let (parts, stream) = tokio::sync::mpsc::channel(1);
    let header = v1::ImportHeader {
        topology: "t".to_owned(),
        ..v1::ImportHeader::default()
    };
    let send = async |part| {
        parts
            .send(v1::ImportResourcesRequest { part: Some(part) })
            .await
            .unwrap()
    };
    let mut client = served.topologies();
    let call = tokio::spawn(async move {
        client
            .import_resources(tokio_stream::wrappers::ReceiverStream::new(stream))
            .await
    });
    send(Part::Header(header)).await;
    send(Part::Chunk(v1::ImportChunk {
        resources: vec![vpc("vpc-1")],
    }))
    .await;
    // A later call on the same connection is answered, so the server has this one.
    let name = "t".to_owned();
    served
        .topologies()
        .get_topology(v1::GetTopologyRequest { name })
        .await
        .unwrap();
    let mut watched = HealthClient::new(served.channel.clone())
        .watch(HealthCheckRequest::default())
        .await
        .unwrap()
        .into_inner();
    watched.message().await.unwrap();
    served.begin_stop();
    assert_eq!(
        watched.message().await.unwrap().map(status),
        Some(ServingStatus::NotServing)
    );
    send(Part::Chunk(v1::ImportChunk {
        resources: vec![vpc("vpc-2")],
    }))
    .await;
    drop(parts);
    assert_eq!(call.await.unwrap().unwrap().into_inner().created_count, 2);
    drop(watched);
    served.stopped().await;
}

/// The kind of the next frame of HTTP/2.
async fn frame(stream: &mut TcpStream) -> u8 {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.unwrap();
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut body = vec![0; length as usize];
    stream.read_exact(&mut body).await.unwrap();
    head[3]
}

#[tokio::test]
async fn an_old_connection_is_told_to_go_elsewhere_and_its_calls_go_on() {
    /// The kind of GOAWAY.
    const GOAWAY: u8 = 7;

    let young = std::time::Duration::from_millis(20);
    let served = Served::start_as(|server| server.connection_age(young)).await;
    let watch = v1::WatchRevisionsRequest {
        topology: "t".to_owned(),
        ..v1::WatchRevisionsRequest::default()
    };
    let mut topologies = served.topologies();
    let mut watched = topologies
        .watch_revisions(watch)
        .await
        .unwrap()
        .into_inner();
    watched.message().await.unwrap().unwrap();
    let address = served.endpoint.trim_start_matches("http://");
    let mut later = TcpStream::connect(address).await.unwrap();
    // The beginning of HTTP/2 with empty settings.
    let begin = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    later.write_all(begin).await.unwrap();
    while frame(&mut later).await != GOAWAY {}
    // The connection of the watch is older, and it is told what is done on another one.
    let change = crate::harness::apply(vec![crate::harness::put(vpc("vpc-1"))]);
    let mut topologies = served.topologies();
    while topologies.apply_changes(change.clone()).await.is_err() {}
    loop {
        let told = watched.message().await.unwrap().unwrap();
        if let Some(v1::watch_revisions_response::Event::Revision(event)) = told.event {
            assert_eq!(event.revision.unwrap().revision, 1);
            break;
        }
    }
}
