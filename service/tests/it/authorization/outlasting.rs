//! Calls that last: other policies are in force before they have ended.

use futures::StreamExt as _;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::transport::Channel;
use v1::backup_service_client::BackupServiceClient;

use super::*;
use crate::backups::fill;

const EVERYTHING: &str = r#"permit(principal == Token::"x", action, resource);"#;

/// One who may do all that is done here, said otherwise.
const OTHERWISE: &str = r#"permit(principal == Token::"x", action, resource) when { true };"#;

/// How a stream ends, from its second message on.
async fn end<T>(stream: &mut Streaming<T>) -> Option<Status> {
    loop {
        match stream.message().await {
            Ok(Some(_)) => {}
            Ok(None) => return None,
            Err(status) => return Some(status),
        }
    }
}

#[track_caller]
fn outlived(status: &Status) {
    let details = tonic_types::StatusExt::get_error_details(status);
    let reason = details.error_info().unwrap().reason.clone();
    let expected = (Code::Unavailable, "POLICIES_CHANGED".to_owned());
    assert_eq!((status.code(), reason), expected, "{status:?}");
    assert!(details.retry_info().is_some());
}

#[tokio::test]
async fn a_stream_of_paths_answers_nothing_by_policies_that_are_gone() {
    use v1::stream_resolve_paths_request::Part;

    let (served, authority) = guarded(EVERYTHING).await;
    let (parts, sent) = mpsc::channel(4);
    let send = async |part| {
        let message = v1::StreamResolvePathsRequest { part: Some(part) };
        parts.send(message).await.unwrap();
    };
    let chunk = || {
        let flow = causeway_client::flow::tcp("10.0.0.1", "10.0.0.2", 443);
        Part::Chunk(v1::FlowChunk {
            chunk_id: 1,
            flows: vec![flow],
        })
    };
    send(Part::Header(v1::StreamHeader {
        topology: "t".to_owned(),
        detail: v1::Detail::Verdict.into(),
        ..v1::StreamHeader::default()
    }))
    .await;
    send(chunk()).await;
    let request = by("x", ReceiverStream::new(sent));
    let answers = served.paths().stream_resolve_paths(request).await;
    let mut answers = answers.unwrap().into_inner();
    answers.message().await.unwrap().unwrap();
    authority.replace(rules(""));
    send(chunk()).await;
    outlived(&answers.message().await.unwrap_err());
}

#[tokio::test]
async fn a_matrix_tells_nothing_by_policies_that_are_gone() {
    let (served, authority) = guarded(EVERYTHING).await;
    let end_at = |address: String| v1::EndSelector {
        selector: Some(v1::end_selector::Selector::End(address)),
    };
    // More than the windows of a connection hold.
    let sources = (0..50_000).map(|number| format!("10.1.{}.{}", number / 250, number % 250));
    let request = v1::ComputeReachabilityMatrixRequest {
        topology: "t".to_owned(),
        sources: sources.map(end_at).collect(),
        destinations: vec![end_at("10.0.0.1".to_owned())],
        services: vec![v1::MatrixService {
            protocol: "tcp".to_owned(),
            destination_port: Some(443),
        }],
        ..v1::ComputeReachabilityMatrixRequest::default()
    };
    let matrix = served
        .paths()
        .compute_reachability_matrix(by("x", request))
        .await;
    let mut matrix = matrix.unwrap().into_inner();
    matrix.message().await.unwrap().unwrap();
    authority.replace(rules(""));
    outlived(&end(&mut matrix).await.unwrap());
}

#[tokio::test]
async fn an_export_ends_once_its_caller_may_not_make_it_and_goes_on_if_they_may() {
    let (served, authority) = guarded(EVERYTHING).await;
    fill(&served).await;
    let channel = Channel::from_shared(served.endpoint.clone()).unwrap();
    let channel = channel.initial_stream_window_size(65_535);
    let channel = channel.connect().await.unwrap();
    for (then, is_refused) in [(OTHERWISE, false), ("", true)] {
        authority.replace(rules(EVERYTHING));
        let request = v1::ExportTopologiesRequest::default();
        let export = BackupServiceClient::new(channel.clone())
            .export_topologies(by("x", request))
            .await;
        let mut export = export.unwrap().into_inner();
        export.message().await.unwrap().unwrap();
        authority.replace(rules(then));
        let ended = end(&mut export).await;
        if is_refused {
            refused(ended.map_or(Ok(()), Err), "ExportTopologies");
        } else {
            assert!(ended.is_none(), "{ended:?}");
        }
    }
}

#[tokio::test]
async fn an_import_is_decided_once_all_of_it_has_come() {
    use v1::import_resources_request::Part;

    let (served, authority) = guarded(EVERYTHING).await;
    let (parts, sent) = mpsc::channel(4);
    let send = async |part| {
        let message = v1::ImportResourcesRequest { part: Some(part) };
        parts.send(message).await.unwrap();
    };
    send(Part::Header(v1::ImportHeader {
        topology: "t".to_owned(),
        ..v1::ImportHeader::default()
    }))
    .await;
    let mut topologies = served.topologies();
    let (taken, is_taken) = tokio::sync::oneshot::channel();
    let mut taken = Some(taken);
    let sent = ReceiverStream::new(sent).inspect(move |_| {
        let _ = taken.take().map(|taken| taken.send(()));
    });
    let import = tokio::spawn(async move { topologies.import_resources(by("x", sent)).await });
    is_taken.await.unwrap();
    // A later call on the same connection is answered, so the server has this one.
    let get = v1::GetTopologyRequest {
        name: "t".to_owned(),
    };
    served.topologies().get_topology(get).await.unwrap();
    authority.replace(rules(""));
    send(Part::Chunk(v1::ImportChunk {
        resources: vec![vpc("vpc-1")],
    }))
    .await;
    drop(parts);
    refused(import.await.unwrap(), "ImportResources");
    let found = served.client.get_topology("t").await.unwrap();
    assert_eq!(found.revision, 0);
}
