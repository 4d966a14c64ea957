//! The engine on a store in memory.

mod commits;
mod exports;
mod forks;
mod gated;
mod labels;
mod matrices;
mod memory;
mod moments;
mod pool;
mod reads;
mod resolves;
mod retention;
mod rollbacks;
mod watches;
mod what_ifs;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use causeway_model::change::{Change, ChangeSet};
use causeway_model::fields::Setting;
use causeway_model::ids::ResourceId;
use causeway_model::resource::Resource;
use causeway_model::resources::{Subnet, Vpc};
use causeway_model::revision::{Revision, Timestamp, TopologyName};
use causeway_store::{MemoryStore, RequestKey, Store};

use crate::{Clock, Consistency, Engine, Limits, Request, Write};

/// Always the same moment.
#[derive(Debug)]
struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp(Duration::from_secs(1_000))
    }
}

fn engine_on(store: Arc<dyn Store>) -> Engine {
    Engine::new(
        store,
        Arc::new(StoppedClock),
        Limits {
            kept_states: 2,
            checkpoint_every: 4,
            ..Limits::default()
        },
    )
}

/// An engine with an empty topology `t`.
async fn engine() -> Engine {
    let engine = engine_on(Arc::new(MemoryStore::new()));
    engine
        .create_topology(name("t"), String::new(), None)
        .await
        .unwrap();
    engine
}

fn name(text: &str) -> TopologyName {
    text.parse().unwrap()
}

fn exact(revision: u64) -> Consistency {
    Consistency::Exact(Revision(revision))
}

fn write() -> Write {
    Write {
        topology: name("t"),
        expected: None,
        request: None,
        author: "me".to_owned(),
        message: "because".to_owned(),
        trace: None,
    }
}

fn request(id: &str, digest: u8) -> Option<Request> {
    Some(Request {
        key: RequestKey {
            caller: String::new(),
            id: id.to_owned(),
        },
        digest: [digest; 32],
    })
}

fn resource(body: impl Into<causeway_model::Body>) -> Resource {
    Resource {
        owner_id: "111111111111".parse().unwrap(),
        region: Some("eu-west-1".parse().unwrap()),
        tags: Vec::new(),
        body: body.into(),
    }
}

fn vpc(id: &str) -> Resource {
    let cidr_blocks = vec!["10.0.0.0/16".parse().unwrap()];
    let (enable_dns_support, enable_dns_hostnames) = (Setting::Default, Setting::Default);
    resource(Vpc {
        vpc_id: id.parse().unwrap(),
        cidr_blocks,
        dhcp_options_id: None,
        is_default: false,
        enable_dns_support,
        enable_dns_hostnames,
    })
}

fn subnet(id: &str, vpc: &str) -> Resource {
    let cidr_blocks = vec!["10.0.1.0/24".parse().unwrap()];
    let (subnet_id, vpc_id) = (id.parse().unwrap(), vpc.parse().unwrap());
    resource(Subnet {
        subnet_id,
        vpc_id,
        cidr_blocks,
        availability_zone: None,
        availability_zone_id: None,
    })
}

fn put(resources: impl IntoIterator<Item = Resource>) -> ChangeSet {
    ChangeSet {
        changes: resources.into_iter().map(Change::put).collect(),
    }
}

fn given(resources: impl IntoIterator<Item = Resource>) -> BTreeMap<ResourceId, Arc<Resource>> {
    resources
        .into_iter()
        .map(|resource| (resource.id().clone(), Arc::new(resource)))
        .collect()
}
