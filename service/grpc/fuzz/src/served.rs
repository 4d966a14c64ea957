//! A service over a store in memory, with topologies to ask about.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use prost::Message;
use tonic::body::Body;

use causeway_engine::{Clock, Engine, Limits};
use causeway_grpc::{Server, Within};
use causeway_model::revision::Timestamp;
use causeway_proto::v1;
use causeway_store::MemoryStore;

use crate::words::example;

/// Time stands still.
#[derive(Debug)]
struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp(Duration::from_secs(1_800_000_000))
    }
}

pub(crate) struct Served {
    pub(crate) service: Within,
}

impl Served {
    /// With the example estate in `t`, and a fork of it, `u`.
    pub(crate) async fn with_example() -> Self {
        let mut served = Self::filled(example()).await;
        let fork = v1::CreateTopologyRequest {
            name: "u".to_owned(),
            source: Some(v1::TopologySource {
                topology: "t".to_owned(),
                ..v1::TopologySource::default()
            }),
            ..v1::CreateTopologyRequest::default()
        };
        served.make("TopologyService/CreateTopology", fork).await;
        served
    }

    /// With some of its resources in `t`.
    pub(crate) async fn small() -> Self {
        let kinds = |resource: &v1::Resource| {
            use v1::resource::Kind;
            matches!(
                resource.kind,
                Some(Kind::Vpc(_) | Kind::Subnet(_) | Kind::InternetGateway(_))
            )
        };
        thread_local! {
            static SOME: Vec<v1::Resource> = example();
        }
        let some = SOME.with(|some| {
            some.iter()
                .filter(|resource| kinds(resource))
                .take(12)
                .cloned()
                .collect()
        });
        Self::filled(some).await
    }

    async fn filled(resources: Vec<v1::Resource>) -> Self {
        let limits = Limits {
            compute_threads: 1,
            ..Limits::default()
        };
        let engine = Engine::new(Arc::new(MemoryStore::new()), Arc::new(Noon), limits);
        let service = Server::new(engine).within().await;
        let service = service
            .expect("the contract is whole")
            .expect("the engine is there");
        let mut served = Self { service };
        let create = v1::CreateTopologyRequest {
            name: "t".to_owned(),
            ..v1::CreateTopologyRequest::default()
        };
        served.make("TopologyService/CreateTopology", create).await;
        let changes = resources.into_iter().map(|resource| v1::Change {
            action: Some(v1::change::Action::Put(resource)),
        });
        let apply = v1::ApplyChangesRequest {
            topology: "t".to_owned(),
            changes: changes.collect(),
            ..v1::ApplyChangesRequest::default()
        };
        served.make("TopologyService/ApplyChanges", apply).await;
        served
    }

    /// Makes a call that succeeds.
    async fn make(&mut self, method: &str, message: impl Message) {
        let mut body = vec![0];
        body.extend(
            u32::try_from(message.encoded_len())
                .expect("it is small")
                .to_be_bytes(),
        );
        body.extend(message.encode_to_vec());
        let request = Request::post(format!("http://causeway/causeway.v1.{method}"))
            .header("content-type", "application/grpc")
            .body(Body::new(Full::new(Bytes::from(body))))
            .expect("it is a request");
        let response = self.service.call(request).await;
        let status = response.headers().get("grpc-status").cloned();
        let answer = response
            .into_body()
            .collect()
            .await
            .expect("it is answered");
        let status = status.or_else(|| answer.trailers()?.get("grpc-status").cloned());
        assert_eq!(status.expect("there is a status"), "0", "{method}");
    }
}
