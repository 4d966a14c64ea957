//! Who a call comes from, by what it and its connection show; hostile headers among them.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::AUTHORIZATION;
use http::{Request, Response};
use tower_layer::Layer as _;
use tower_service::Service;

use causeway_access::{Principal, TokenHash, Tokens};

use super::sidecar::SidecarError;
use super::{Identity, IdentityLayer, Sidecar, Unproven};
use crate::connection::{Certificate, Link, Peer};
use crate::seats::Seats;

/// A service that gives back what it was asked.
struct Echo;

impl Service<Request<()>> for Echo {
    type Response = Response<Request<()>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        ready(Ok(Response::new(request)))
    }
}

/// What the layers behind see of a call.
fn seen(identity: &Identity, peer: Peer, headers: &[(&str, &str)]) -> Request<()> {
    let seat = Seats::new(1).take().unwrap();
    let link = Link {
        peer: Arc::new(peer),
        line: Arc::clone(seat.line()),
    };
    let mut request = Request::builder().extension(link);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut service = IdentityLayer::new(identity.clone()).layer(Echo);
    let answer = service.call(request.body(()).unwrap());
    answer.into_inner().unwrap().into_body()
}

fn principal(identity: &Identity, peer: Peer, headers: &[(&str, &str)]) -> Option<Principal> {
    seen(identity, peer, headers).extensions().get().cloned()
}

fn peer(is_beside: bool, certificate: Certificate) -> Peer {
    Peer {
        is_beside,
        certificate,
    }
}

fn workload(id: &str) -> Principal {
    Principal::workload(id).unwrap()
}

const WEB: &str = "spiffe://cluster.local/ns/shop/sa/web";
const XFCC: (&str, &str) = (
    "x-forwarded-client-cert",
    "By=spiffe://a/b;URI=spiffe://cluster.local/ns/shop/sa/web",
);
const L5D: (&str, &str) = (
    "l5d-client-id",
    "web.shop.serviceaccount.identity.linkerd.cluster.local",
);

#[test]
fn headers_that_prove_something_go_no_further() {
    for sidecar in [None, Some(Sidecar::Istio), Some(Sidecar::Linkerd)] {
        let identity = Identity {
            sidecar,
            ..Identity::default()
        };
        for beside in [true, false] {
            let all = [
                XFCC,
                XFCC,
                L5D,
                ("authorization", "Bearer x"),
                ("x-other", "kept"),
            ];
            let seen = seen(&identity, peer(beside, Certificate::None), &all);
            let names: Vec<&str> = seen.headers().keys().map(|name| name.as_str()).collect();
            assert_eq!(names, ["x-other"]);
        }
    }
}

#[test]
fn a_sidecar_is_believed_from_beside_and_from_nowhere_else() {
    for (sidecar, header) in [(Sidecar::Istio, XFCC), (Sidecar::Linkerd, L5D)] {
        let identity = Identity {
            sidecar: Some(sidecar),
            ..Identity::default()
        };
        let by = |is_beside| principal(&identity, peer(is_beside, Certificate::None), &[header]);
        assert_eq!(by(true), Some(workload(WEB)));
        assert_eq!(by(false), Some(Principal::Anonymous));
    }
}

#[test]
fn a_token_wins_over_a_certificate() {
    let mut tokens = Tokens::default();
    let hash = TokenHash::of("secret").to_string();
    tokens.add("ci", &hash).unwrap();
    let identity = Identity {
        tokens,
        ..Identity::default()
    };
    let certificate = || peer(false, Certificate::Of(workload(WEB)));
    let by = |headers: &[(&str, &str)]| principal(&identity, certificate(), headers);
    assert_eq!(by(&[]), Some(workload(WEB)));
    let token = (AUTHORIZATION.as_str(), "Bearer secret");
    assert_eq!(by(&[token]), Some(Principal::Token("ci".to_owned())));
    let wrong = seen(
        &identity,
        certificate(),
        &[("authorization", "Bearer wrong")],
    );
    assert_eq!(wrong.extensions().get::<Principal>(), None);
    assert_eq!(wrong.extensions().get(), Some(&Unproven::Token));
}

#[test]
fn the_last_element_of_envoys_header_counts() {
    for header in [
        format!("URI={WEB}"),
        format!("By=spiffe://a/b;Hash=0a;Subject=\"\";URI={WEB}"),
        format!("By=spiffe://a/b;Hash=0a;Subject=\"CN=x,O=\\\"y;z\\\"\";URI={WEB};DNS=web;DNS=w"),
        format!("URI=spiffe://evil/a,URI={WEB}"),
        format!("Subject=\"a\\\\\";URI=spiffe://evil/a, uri=\"{WEB}\""),
        format!("Cert=\"-----BEGIN%20CERTIFICATE-----\";Chain=\"x\";URI={WEB}"),
    ] {
        assert_eq!(
            Sidecar::Istio.principal(&header),
            Ok(workload(WEB)),
            "{header}"
        );
    }
}

/// What comes first is of the caller, and what comes last of the sidecar: the caller must not change how that is read.
#[test]
fn a_hostile_beginning_of_envoys_header_changes_nobody_into_somebody() {
    let ours = format!("By=spiffe://us/a;Hash=0a;Subject=\"CN=x\";URI={WEB}");
    for hostile in [
        "Subject=\"",
        "URI=spiffe://evil/a;Subject=\"",
        "URI=spiffe://evil/a;Subject=\"\\",
        "URI=spiffe://evil/a;Subject=\"\"\"",
        "URI=spiffe://evil/a;DNS=",
        "URI=spiffe://evil/a;",
        "URI=spiffe://evil/a",
        "=",
        "\"",
        ",",
        "a",
        "Unknown=a",
        "URI=\"spiffe://evil/a",
    ] {
        let found = Sidecar::Istio.principal(&format!("{hostile},{ours}"));
        match &found {
            Ok(principal) => assert_eq!(*principal, workload(WEB), "{hostile}"),
            Err(error) => assert_eq!(*error, SidecarError::Form, "{hostile}"),
        }
    }
}

#[test]
fn a_header_of_envoys_without_exactly_one_id_is_refused() {
    for header in [
        "",
        "URI",
        "URI=",
        "URI=\"\"",
        "Hash=0a",
        "URI=spiffe://a/b,Hash=0a",
        "URI=spiffe://a/b;URI=spiffe://a/b",
        "URI=spiffe://a/b;",
        "URI=spiffe://a/b,",
        "URI=spiffe://a/b\"",
        "URI=\"spiffe://a/b\"x",
        "URI=\"spiffe://a/b",
        "URI=https://a/b",
        "URI=spiffe://a/b%2c",
        "URI=spiffe://a/b=c",
        " URI=spiffe://a/b",
    ] {
        assert!(Sidecar::Istio.principal(header).is_err(), "{header}");
    }
}

#[test]
fn linkerds_account_is_the_workload_that_istio_would_name() {
    let read = |name: &str| Sidecar::Linkerd.principal(name);
    assert_eq!(read(L5D.1), Ok(workload(WEB)));
    assert_eq!(read(WEB), Ok(workload(WEB)));
    let dotted = "a.b.shop.serviceaccount.identity.linkerd.cluster.local";
    let id = "spiffe://cluster.local/ns/shop/sa/a.b";
    assert_eq!(read(dotted), Ok(workload(id)));
    // An account that is named like another one is still that of its own namespace.
    let named = format!(
        "{}.evil.serviceaccount.identity.linkerd.cluster.local",
        L5D.1
    );
    let Ok(Principal::Workload(id)) = read(&named) else {
        panic!("{named}")
    };
    assert!(id.starts_with("spiffe://cluster.local/ns/evil/sa/"), "{id}");
    for name in [
        "",
        "web",
        "web.shop",
        "web.shop.serviceaccount.identity.linkerd",
        "web.serviceaccount.identity.linkerd.cluster.local",
        ".shop.serviceaccount.identity.linkerd.cluster.local",
        "web..serviceaccount.identity.linkerd.cluster.local",
        "web/../x.shop.serviceaccount.identity.linkerd.cluster.local",
        "web.shop.serviceaccount.identity.linkerd.",
        "spiffe://cluster.local",
    ] {
        assert!(read(name).is_err(), "{name}");
    }
}
