//! Every method of the contract, by somebody whom no policy names.

use causeway_proto::FILE_DESCRIPTOR_SET;
use futures::stream;
use prost::Message as _;
use prost::bytes::{Buf as _, BufMut as _, Bytes};
use prost_types::FileDescriptorSet;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

use super::*;

/// Bytes as they are.
#[derive(Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}

/// All methods, as in a path.
fn methods() -> Vec<String> {
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    let mut found = Vec::new();
    for file in &set.file {
        for service in &file.service {
            let methods = service.method.iter();
            found.extend(
                methods.map(|method| {
                    format!("/{}.{}/{}", file.package(), service.name(), method.name())
                }),
            );
        }
    }
    found
}

/// A request that could be answered, and the action that it takes.
fn sample(method: &str) -> (Vec<u8>, &'static str) {
    let found = written(method)
        .or_else(|| read(method))
        .or_else(|| asked(method));
    found.unwrap_or_else(|| {
        panic!("say here how {method} is called and what it takes: it must refuse whoever may not")
    })
}

fn written(method: &str) -> Option<(Vec<u8>, &'static str)> {
    let topology = || "t".to_owned();
    let label = || "l".to_owned();
    Some(match method {
        "CreateTopology" => {
            let name = "u".to_owned();
            let wire = v1::CreateTopologyRequest {
                name,
                ..Default::default()
            };
            (wire.encode_to_vec(), "CreateTopology")
        }
        "DeleteTopology" => {
            let wire = v1::DeleteTopologyRequest {
                name: topology(),
                ..Default::default()
            };
            (wire.encode_to_vec(), "DeleteTopology")
        }
        "ApplyChanges" => (
            apply(vec![put(vpc("vpc-1"))]).encode_to_vec(),
            "ReadTopology",
        ),
        "ImportResources" => {
            let header = v1::ImportHeader {
                topology: topology(),
                ..Default::default()
            };
            let part = Some(v1::import_resources_request::Part::Header(header));
            (
                v1::ImportResourcesRequest { part }.encode_to_vec(),
                "ImportResources",
            )
        }
        "RollbackTopology" => {
            let to = Some(v1::rollback_topology_request::To::ToRevision(0));
            let wire = v1::RollbackTopologyRequest {
                topology: topology(),
                to,
                ..Default::default()
            };
            (wire.encode_to_vec(), "RollbackTopology")
        }
        "SetRevisionLabel" => {
            let wire = v1::SetRevisionLabelRequest {
                topology: topology(),
                label: label(),
                ..Default::default()
            };
            (wire.encode_to_vec(), "SetRevisionLabel")
        }
        "DeleteRevisionLabel" => {
            let wire = v1::DeleteRevisionLabelRequest {
                topology: topology(),
                label: label(),
                ..Default::default()
            };
            (wire.encode_to_vec(), "DeleteRevisionLabel")
        }
        _ => return None,
    })
}

fn read(method: &str) -> Option<(Vec<u8>, &'static str)> {
    let topology = || "t".to_owned();
    Some(match method {
        "GetTopology" => (
            v1::GetTopologyRequest { name: topology() }.encode_to_vec(),
            "ReadTopology",
        ),
        "ListTopologies" => (Vec::new(), "ReadTopology"),
        // Their topology is their first field, and all that they must have: the wire has it at one place.
        "ListRevisionLabels" | "ListResources" | "ListRevisions" => {
            let wire = v1::ListRevisionsRequest {
                topology: topology(),
                ..Default::default()
            };
            (wire.encode_to_vec(), "ReadTopology")
        }
        "GetResource" => {
            let resource_id = "vpc-1".to_owned();
            let wire = v1::GetResourceRequest {
                topology: topology(),
                resource_id,
                ..Default::default()
            };
            (wire.encode_to_vec(), "ReadTopology")
        }
        "DiffRevisions" => {
            let from = Some(v1::diff_revisions_request::From::FromRevision(0));
            let wire = v1::DiffRevisionsRequest {
                topology: topology(),
                from,
                ..Default::default()
            };
            (wire.encode_to_vec(), "ReadTopology")
        }
        "WatchRevisions" => {
            let wire = v1::WatchRevisionsRequest {
                topology: topology(),
                ..Default::default()
            };
            (wire.encode_to_vec(), "WatchRevisions")
        }
        "ExportTopologies" => (Vec::new(), "ExportTopologies"),
        _ => return None,
    })
}

fn asked(method: &str) -> Option<(Vec<u8>, &'static str)> {
    let topology = "t".to_owned();
    let flow = v1::Flow {
        source: "10.0.0.1".to_owned(),
        destination: "10.0.0.2".to_owned(),
        destination_port: Some(443),
        ..v1::Flow::default()
    };
    Some(match method {
        "ResolvePath" => {
            let wire = v1::ResolvePathRequest {
                topology,
                flow: Some(flow),
                ..Default::default()
            };
            (wire.encode_to_vec(), "ResolvePath")
        }
        "BatchResolvePaths" => {
            let wire = v1::BatchResolvePathsRequest {
                topology,
                flows: vec![flow],
                ..Default::default()
            };
            (wire.encode_to_vec(), "ResolvePath")
        }
        "StreamResolvePaths" => {
            let header = v1::StreamHeader {
                topology,
                ..Default::default()
            };
            let part = Some(v1::stream_resolve_paths_request::Part::Header(header));
            (
                v1::StreamResolvePathsRequest { part }.encode_to_vec(),
                "ResolvePath",
            )
        }
        "ComputeReachabilityMatrix" => {
            let end = Some(v1::end_selector::Selector::End("10.0.0.1".to_owned()));
            let ends = vec![v1::EndSelector { selector: end }];
            let service = v1::MatrixService {
                protocol: "tcp".to_owned(),
                destination_port: Some(443),
            };
            let wire = v1::ComputeReachabilityMatrixRequest {
                topology,
                sources: ends.clone(),
                destinations: ends,
                services: vec![service],
                ..Default::default()
            };
            (wire.encode_to_vec(), "ComputeReachabilityMatrix")
        }
        _ => return None,
    })
}

/// The first answer, or the status in its place.
async fn call(
    served: &Served,
    method: &str,
    bytes: Vec<u8>,
    who: &'static str,
) -> Result<(), Status> {
    let mut grpc = tonic::client::Grpc::new(served.channel.clone());
    grpc.ready().await.unwrap();
    let request = by(who, stream::iter([Bytes::from(bytes)]));
    let path = method.parse().unwrap();
    let mut answers = grpc.streaming(request, path, Raw).await?.into_inner();
    answers.message().await.map(drop)
}

#[tokio::test]
async fn every_method_refuses_whom_no_policy_names() {
    let (served, _) = guarded(
        r#"permit(principal == Token::"other", action, resource);
           permit(principal is Workload, action, resource) when { principal.path == "/me" };"#,
    )
    .await;
    for method in methods() {
        let (bytes, action) = sample(method.rsplit('/').next().unwrap());
        for who in ["anonymous", "somebody", "spiffe://example.org/you"] {
            let outcome = call(&served, &method, bytes.clone(), who).await;
            refused(outcome, action);
        }
    }
}

#[tokio::test]
async fn one_action_does_not_let_another_call_through() {
    for method in methods() {
        let (bytes, action) = sample(method.rsplit('/').next().unwrap());
        let text = format!(
            r#"permit(principal == Token::"x", action, resource) unless {{ action == Action::"{action}" }};"#
        );
        let (served, _) = guarded(&text).await;
        refused(call(&served, &method, bytes, "x").await, action);
    }
}
