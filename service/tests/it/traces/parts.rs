//! The parts of every call: what of it takes time is a child of its span, and what it was about stands on the span itself.

use causeway_proto::v1;
use causeway_proto::v1::backup_service_client::BackupServiceClient;
use futures::StreamExt as _;
use tonic::Request;

use super::{Traced, call, flow, get, holds, within};
use crate::harness::{apply, put, vpc};

fn traced<T>(message: T) -> Request<T> {
    within(message, "01")
}

const TOPOLOGY: &str = "causeway.v1.TopologyService";

#[tokio::test(flavor = "multi_thread")]
async fn every_read_tells_its_parts_and_what_it_was_about() {
    let mut served = Traced::start(&[]).await;
    let mut topologies = served.topologies();
    let topology = || "t".to_owned();
    topologies.get_topology(traced(get())).await.unwrap();
    let list = v1::ListTopologiesRequest::default();
    topologies.list_topologies(traced(list)).await.unwrap();
    let resource = v1::GetResourceRequest {
        topology: topology(),
        resource_id: "vpc-1".to_owned(),
        ..v1::GetResourceRequest::default()
    };
    topologies.get_resource(traced(resource)).await.unwrap();
    let list = v1::ListResourcesRequest {
        topology: topology(),
        ..v1::ListResourcesRequest::default()
    };
    topologies.list_resources(traced(list)).await.unwrap();
    let list = v1::ListRevisionsRequest {
        topology: topology(),
        ..v1::ListRevisionsRequest::default()
    };
    topologies.list_revisions(traced(list)).await.unwrap();
    let list = v1::ListRevisionLabelsRequest {
        topology: topology(),
        ..v1::ListRevisionLabelsRequest::default()
    };
    topologies.list_revision_labels(traced(list)).await.unwrap();
    let diff = v1::DiffRevisionsRequest {
        topology: topology(),
        from: Some(v1::diff_revisions_request::From::FromRevision(0)),
        ..v1::DiffRevisionsRequest::default()
    };
    topologies.diff_revisions(traced(diff)).await.unwrap();
    let spans = served.spans().await;
    for (method, about, revision) in [
        ("GetTopology", "t", "1"),
        ("ListTopologies", "", ""),
        ("GetResource", "t", "1"),
        ("ListResources", "t", "1"),
        ("ListRevisions", "t", ""),
        ("ListRevisionLabels", "t", ""),
        ("DiffRevisions", "t", "1"),
    ] {
        let method = format!("{TOPOLOGY}/{method}");
        let (span, children) = call(&spans, &method);
        assert_eq!(children, ["decode", "encode", "snapshot"], "{method}");
        let mut expected = vec![
            ("rpc.system.name", "grpc"),
            ("rpc.method", method.as_str()),
            ("rpc.response.status_code", "OK"),
        ];
        let facts = [
            ("causeway.topology", about),
            ("causeway.revision", revision),
        ];
        expected.extend(facts.into_iter().filter(|(_, value)| !value.is_empty()));
        holds(span, &expected);
    }
}

/// An import of another VPC into `t`.
fn import() -> [v1::ImportResourcesRequest; 2] {
    use v1::import_resources_request::Part;

    let header = v1::ImportHeader {
        topology: "t".to_owned(),
        ..v1::ImportHeader::default()
    };
    let chunk = v1::ImportChunk {
        resources: vec![vpc("vpc-3")],
    };
    [Part::Header(header), Part::Chunk(chunk)]
        .map(|part| v1::ImportResourcesRequest { part: Some(part) })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_tells_its_parts_and_what_it_was_about() {
    let mut served = Traced::start(&[]).await;
    let mut topologies = served.topologies();
    let (topology, label) = (|| "t".to_owned(), || "l".to_owned());
    let create = v1::CreateTopologyRequest {
        name: "u".to_owned(),
        ..v1::CreateTopologyRequest::default()
    };
    topologies.create_topology(traced(create)).await.unwrap();
    let change = apply(vec![put(vpc("vpc-2"))]);
    topologies.apply_changes(traced(change)).await.unwrap();
    let back = v1::RollbackTopologyRequest {
        topology: topology(),
        to: Some(v1::rollback_topology_request::To::ToRevision(1)),
        ..v1::RollbackTopologyRequest::default()
    };
    topologies.rollback_topology(traced(back)).await.unwrap();
    let set = v1::SetRevisionLabelRequest {
        topology: topology(),
        label: label(),
        ..v1::SetRevisionLabelRequest::default()
    };
    topologies.set_revision_label(traced(set)).await.unwrap();
    let delete = v1::DeleteRevisionLabelRequest {
        topology: topology(),
        label: label(),
        ..v1::DeleteRevisionLabelRequest::default()
    };
    topologies
        .delete_revision_label(traced(delete))
        .await
        .unwrap();
    let import = traced(futures::stream::iter(import()));
    topologies.import_resources(import).await.unwrap();
    let delete = v1::DeleteTopologyRequest {
        name: topology(),
        ..v1::DeleteTopologyRequest::default()
    };
    topologies.delete_topology(traced(delete)).await.unwrap();
    let spans = served.spans().await;
    for (method, about, revision) in [
        ("CreateTopology", "u", None),
        ("ApplyChanges", "t", Some("2")),
        ("RollbackTopology", "t", Some("3")),
        ("SetRevisionLabel", "t", Some("3")),
        ("DeleteRevisionLabel", "t", None),
        ("ImportResources", "t", Some("4")),
        ("DeleteTopology", "t", None),
    ] {
        let method = format!("{TOPOLOGY}/{method}");
        let (span, children) = call(&spans, &method);
        assert_eq!(children, ["commit", "decode"], "{method}");
        let told = |key: &str| span.attributes.get(key).map(String::as_str);
        let facts = (told("causeway.topology"), told("causeway.revision"));
        assert_eq!(facts, (Some(about), revision), "{method}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn watches_exports_matrices_and_single_paths_tell_their_parts() {
    let mut served = Traced::start(&[]).await;
    let watch = v1::WatchRevisionsRequest {
        topology: "t".to_owned(),
        ..v1::WatchRevisionsRequest::default()
    };
    let mut topologies = served.topologies();
    let watched = topologies.watch_revisions(traced(watch)).await.unwrap();
    watched.into_inner().message().await.unwrap();
    let end = |end: &str| {
        let selector = v1::end_selector::Selector::End(end.to_owned());
        vec![v1::EndSelector {
            selector: Some(selector),
        }]
    };
    let matrix = v1::ComputeReachabilityMatrixRequest {
        topology: "t".to_owned(),
        sources: end("internet"),
        destinations: end("10.0.1.5"),
        services: vec![v1::MatrixService {
            protocol: "tcp".to_owned(),
            destination_port: Some(443),
        }],
        ..v1::ComputeReachabilityMatrixRequest::default()
    };
    let mut paths = served.paths();
    let cells = paths.compute_reachability_matrix(traced(matrix)).await;
    assert!(cells.unwrap().into_inner().count().await > 0);
    let resolve = v1::ResolvePathRequest {
        topology: "t".to_owned(),
        flow: Some(flow(5)),
        ..v1::ResolvePathRequest::default()
    };
    paths.resolve_path(traced(resolve)).await.unwrap();
    let export = v1::ExportTopologiesRequest::default();
    let mut backups = BackupServiceClient::new(served.channel.clone());
    let exported = backups.export_topologies(traced(export)).await.unwrap();
    assert!(exported.into_inner().count().await > 0);
    let spans = served.spans().await;
    for (method, parts) in [
        (
            "TopologyService/WatchRevisions",
            &["decode", "snapshot"][..],
        ),
        ("BackupService/ExportTopologies", &["decode"]),
        (
            "PathService/ComputeReachabilityMatrix",
            &["decode", "snapshot", "walk"],
        ),
        (
            "PathService/ResolvePath",
            &["decode", "encode", "snapshot", "walk"],
        ),
    ] {
        let (_, children) = call(&spans, &format!("causeway.v1.{method}"));
        assert_eq!(children, parts, "{method}");
    }
}
