//! Who calls the real binary: tokens that change, and headers that are believed only where that is configured.

use causeway_client::{Client, ClientError};
use causeway_proto::v1;
use causeway_proto::v1::ErrorReason;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_types::StatusExt;
use v1::topology_service_client::TopologyServiceClient;

use crate::harness::{Process, causeway};

/// The binary with this configuration, on loopback and in the clear.
fn serve(settings: &str) -> (Process, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("causeway.toml");
    std::fs::write(&config, settings).unwrap();
    let data = directory.path().join("data");
    let process = Process::serve(&data, &["--config", config.to_str().unwrap()]);
    (process, directory)
}

/// A call with these headers; the reason why it is refused.
async fn call(process: &Process, headers: &[(&'static str, &str)]) -> Option<String> {
    let channel = Channel::from_shared(process.endpoint.clone()).unwrap();
    let channel = channel.connect().await.unwrap();
    let mut request = Request::new(v1::ListTopologiesRequest::default());
    for (name, value) in headers {
        request.metadata_mut().append(*name, value.parse().unwrap());
    }
    let outcome = TopologyServiceClient::new(channel)
        .list_topologies(request)
        .await;
    outcome.err().map(|status| reason(&status))
}

fn reason(status: &Status) -> String {
    assert_eq!(status.code(), tonic::Code::Unauthenticated, "{status:?}");
    status.get_details_error_info().unwrap().reason
}

/// `causeway token new`: the token, and the lines of the configuration.
fn new_token(name: &str) -> (String, String) {
    let output = causeway().args(["token", "new", "--name", name]).output();
    let said = String::from_utf8(output.unwrap().stdout).unwrap();
    let token = said.lines().find(|line| line.starts_with("causeway_"));
    let (_, lines) = said.split_once("[[identity.tokens]]").unwrap();
    (
        token.unwrap().to_owned(),
        format!("[[identity.tokens]]{lines}"),
    )
}

#[tokio::test]
async fn a_token_holds_beside_the_one_that_it_replaces() {
    let ((old, old_lines), (new, new_lines)) = (new_token("ci"), new_token("ci"));
    assert_ne!(old, new);
    let both = serve(&format!("{old_lines}{new_lines}")).0;
    let ask = async |process: &Process, token: &str| -> Result<(), ClientError> {
        let client = Client::builder().endpoint(&process.endpoint).token(token);
        client.connect().await?.list_topologies().await.map(drop)
    };
    ask(&both, &old).await.unwrap();
    ask(&both, &new).await.unwrap();
    let only_new = serve(&new_lines).0;
    ask(&only_new, &new).await.unwrap();
    let error = ask(&only_new, &old).await.unwrap_err();
    assert_eq!(error.reason(), Some(ErrorReason::InvalidCredentials));
    assert!(!format!("{error:?} {error}").contains(&old));
}

#[tokio::test]
async fn a_token_that_is_not_valid_is_never_nobody() {
    let (token, lines) = new_token("ci");
    // Nobody is let in, so that a token which was taken for none would be.
    let (process, _kept) = serve(&format!("[identity]\nallow_anonymous = true\n{lines}"));
    assert_eq!(call(&process, &[]).await, None);
    let bearer = format!("Bearer {token}");
    for good in [bearer.as_str(), &format!("bearer {token}")] {
        assert_eq!(call(&process, &[("authorization", good)]).await, None);
    }
    for bad in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer unknown",
        token.as_str(),
        &format!("Basic {token}"),
        &format!("Bearer  {token}"),
        &format!("Bearer {token} x"),
        &format!("Bearer {}", token.to_uppercase()),
    ] {
        let found = call(&process, &[("authorization", bad)]).await;
        assert_eq!(found.as_deref(), Some("INVALID_CREDENTIALS"), "{bad}");
    }
    let twice = [
        ("authorization", bearer.as_str()),
        ("authorization", &bearer),
    ];
    let found = call(&process, &twice).await;
    assert_eq!(found.as_deref(), Some("INVALID_CREDENTIALS"));
}

const ISTIO: (&str, &str) = (
    "x-forwarded-client-cert",
    "By=spiffe://cluster.local/ns/net/sa/causeway;Hash=ab;URI=spiffe://cluster.local/ns/shop/sa/web",
);
const LINKERD: (&str, &str) = (
    "l5d-client-id",
    "web.shop.serviceaccount.identity.linkerd.cluster.local",
);

#[tokio::test]
async fn a_sidecars_header_is_believed_only_if_that_sidecar_is_configured() {
    // A token that nobody has: callers have to be known, and can be.
    let (_, lines) = new_token("nobody");
    for (sidecar, istio, linkerd) in [
        ("none", false, false),
        ("istio", true, false),
        ("linkerd", false, true),
    ] {
        let (process, _kept) = serve(&format!("[identity]\nsidecar = '{sidecar}'\n{lines}"));
        for (header, is_believed) in [(ISTIO, istio), (LINKERD, linkerd)] {
            let found = call(&process, &[header]).await;
            let expected = (!is_believed).then_some("CREDENTIALS_REQUIRED");
            assert_eq!(found.as_deref(), expected, "{sidecar} {header:?}");
        }
    }
}

#[tokio::test]
async fn a_sidecars_header_that_cannot_be_read_is_never_nobody() {
    let settings = "[identity]\nsidecar = 'istio'\nallow_anonymous = true";
    let (process, _kept) = serve(settings);
    assert_eq!(call(&process, &[]).await, None);
    let (name, good) = ISTIO;
    for bad in [
        "",
        "URI=",
        "URI=https://a/b",
        "Hash=ab",
        &format!("{good};URI=spiffe://a/b"),
    ] {
        let found = call(&process, &[(name, bad)]).await;
        assert_eq!(found.as_deref(), Some("INVALID_CREDENTIALS"), "{bad}");
    }
    let found = call(&process, &[ISTIO, ISTIO]).await;
    assert_eq!(found.as_deref(), Some("INVALID_CREDENTIALS"));
}
