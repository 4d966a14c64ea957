//! Who may do what, through the service itself: principals by a header, policies in the tests.

mod changes;
mod every_call;
mod outlasting;
mod paths;
mod process;
mod reads;

use std::sync::Arc;

use causeway_access::{Authority, Policies, Principal, Rules};
use causeway_grpc::render_resource;
use causeway_proto::v1;
use http::HeaderMap;
use tonic::{Code, Request, Status};

use crate::errors::{check, fact};
use crate::harness::{Served, apply, put, resource, subnet, vpc};

/// The header that tells who calls.
const WHO: &str = "x-caller";

/// Who calls: `anonymous`, a SPIFFE id, or the name of a token; the tests themselves if nothing is said.
fn principal(headers: &HeaderMap) -> Principal {
    match headers.get(WHO).and_then(|value| value.to_str().ok()) {
        None => Principal::Token("root".to_owned()),
        Some("anonymous") => Principal::Anonymous,
        Some(id) if id.starts_with("spiffe://") => Principal::Workload(id.to_owned()),
        Some(name) => Principal::Token(name.to_owned()),
    }
}

/// A server with these policies, beside the one that lets the tests do everything; and what decides.
async fn guarded(policies: &str) -> (Served, Arc<Authority>) {
    let authority = Arc::new(Authority::new(rules(policies)));
    let decides = Arc::clone(&authority);
    let served = Served::start_as(|server| server.authority(decides).principals_by(principal));
    (served.await, authority)
}

fn rules(policies: &str) -> Rules {
    let root = r#"permit(principal == Token::"root", action, resource);"#;
    let text = format!("{root}\n{policies}");
    Rules::new(Policies::parse(&[("test.cedar".to_owned(), text)]).unwrap()).unwrap()
}

/// A request of somebody.
fn by<T>(who: &'static str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert(WHO, who.parse().unwrap());
    request
}

/// That the call is refused for want of this action, and says so.
#[track_caller]
fn refused<T: std::fmt::Debug>(outcome: Result<T, Status>, action: &str) -> Status {
    let status = outcome.unwrap_err();
    check(&status, Code::PermissionDenied, "NOT_ALLOWED");
    assert_eq!(fact(&status, "action"), action, "{status:?}");
    status
}

fn tagged(resource: v1::Resource, key: &str, value: &str) -> v1::Resource {
    let tag = v1::Tag {
        key: key.to_owned(),
        value: value.to_owned(),
    };
    v1::Resource {
        tags: vec![tag],
        ..resource
    }
}

fn owned(resource: v1::Resource, account: &str) -> v1::Resource {
    v1::Resource {
        owner_id: account.to_owned(),
        ..resource
    }
}

fn delete(id: &str) -> v1::Change {
    v1::Change {
        action: Some(v1::change::Action::DeleteResourceId(id.to_owned())),
    }
}

/// Applies changes as the tests themselves.
async fn given(served: &Served, changes: Vec<v1::Change>) {
    let applied = served.topologies().apply_changes(apply(changes)).await;
    applied.unwrap();
}

/// Puts what a notation describes, as the tests themselves.
async fn given_network(served: &Served, network: &str) {
    let scenario = crate::notation::read(network).unwrap();
    let resources = scenario.resources.iter();
    let changes = resources.map(|resource| put(render_resource(resource)));
    given(served, changes.collect()).await;
}

#[tokio::test]
async fn a_workload_is_known_by_its_trust_domain_and_path() {
    let (served, _) = guarded(
        r#"permit(principal is Workload, action == Action::"ReadTopology", resource == Topology::"t")
           when { principal.trustDomain == "example.org" && principal.path like "/ns/shop/*" };"#,
    )
    .await;
    let get = || v1::GetTopologyRequest {
        name: "t".to_owned(),
    };
    let ask = async |who| served.topologies().get_topology(by(who, get())).await;
    ask("spiffe://example.org/ns/shop/sa/portal").await.unwrap();
    for other in [
        "spiffe://example.org/ns/bank/sa/portal",
        "spiffe://example.com/ns/shop/sa/portal",
        "portal",
        "anonymous",
    ] {
        let status = refused(ask(other).await, "ReadTopology");
        assert_eq!(fact(&status, "resource"), "t");
        assert!(
            status
                .message()
                .contains("may not ReadTopology on topology `t`"),
            "{status:?}"
        );
    }
}

#[tokio::test]
async fn who_is_refused_does_not_learn_whether_there_is_such_a_topology() {
    let (served, _) = guarded("").await;
    let get = |name: &str| v1::GetTopologyRequest {
        name: name.to_owned(),
    };
    let mut told = Vec::new();
    for name in ["t", "u"] {
        let refused = served.topologies().get_topology(by("x", get(name))).await;
        let status = refused.unwrap_err();
        told.push((
            status.code(),
            status.message().replace(&format!("`{name}`"), "`_`"),
        ));
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn other_policies_hold_from_the_next_call_on() {
    let (served, authority) = guarded("").await;
    let get = || {
        let name = "t".to_owned();
        by("x", v1::GetTopologyRequest { name })
    };
    refused(
        served.topologies().get_topology(get()).await,
        "ReadTopology",
    );
    authority.replace(rules(
        r#"permit(principal == Token::"x", action in Action::"Read", resource);"#,
    ));
    served.topologies().get_topology(get()).await.unwrap();
    authority.replace(rules(""));
    refused(
        served.topologies().get_topology(get()).await,
        "ReadTopology",
    );
}
