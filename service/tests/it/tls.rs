//! TLS of the real binary: whom it admits, and that its certificates change while it serves.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;

use causeway_client::{Client, ClientBuilder, ClientError};
use causeway_proto::v1::ErrorReason;

use crate::certificates::{Authority, Pair};
use crate::harness::{Process, causeway};

/// The real binary, speaking TLS.
struct Secure {
    process: Process,
    authority: Authority,
    directory: tempfile::TempDir,
}

impl Secure {
    /// With this text of `[tls]` besides the certificate, and clients' certificates of the same authority.
    fn serve(settings: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let authority = Authority::new();
        let (certificate, key) = authority.server().write(directory.path(), "server");
        let ca = directory.path().join("ca.crt");
        std::fs::write(&ca, &authority.pem).unwrap();
        let config = directory.path().join("causeway.toml");
        let text = format!(
            "[tls]\ncertificate = {certificate:?}\nkey = {key:?}\nclient_ca = {ca:?}\n{settings}"
        );
        std::fs::write(&config, text).unwrap();
        let data = directory.path().join("data");
        let process = Process::serve(&data, &["--config", config.to_str().unwrap()]);
        Self {
            process,
            authority,
            directory,
        }
    }

    fn endpoint(&self) -> String {
        self.process.endpoint.replace("http://", "https://")
    }

    /// A client that trusts this authority.
    fn client(&self, authority: &Authority) -> ClientBuilder {
        let client = Client::builder().endpoint(self.endpoint());
        client.ca_certificates(&authority.pem).max_retries(0)
    }

    /// Connects with a certificate, and calls.
    async fn call(&self, own: Option<&Pair>) -> Result<(), ClientError> {
        let mut client = self.client(&self.authority);
        if let Some(Pair { certificate, key }) = own {
            client = client.client_certificate(certificate, key);
        }
        client.connect().await?.list_topologies().await.map(drop)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

const PORTAL: &str = "spiffe://example.org/ns/shop/sa/portal";

#[tokio::test]
async fn only_certificates_of_the_authority_are_let_in_where_they_are_required() {
    let served = Secure::serve("require_client_certificate = true");
    let ours = served.authority.client(&[PORTAL]);
    served.call(Some(&ours)).await.unwrap();
    let strangers = Authority::new().client(&[PORTAL]);
    for refused in [None, Some(&strangers)] {
        let error = served.call(refused).await.unwrap_err();
        assert_eq!(error.reason(), None, "{error:?}");
    }
    // A client that does not trust the server says so itself.
    let stranger = Authority::new();
    let error = served.client(&stranger).connect().await.unwrap_err();
    assert!(
        matches!(error, ClientError::Unreachable { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_certificate_names_its_workload_or_nobody() {
    let served = Secure::serve("");
    let other = "spiffe://example.org/ns/shop/sa/other";
    for (uris, reason) in [
        (vec![PORTAL], None),
        (vec![], Some(ErrorReason::CredentialsRequired)),
        (
            vec!["https://example.org/portal"],
            Some(ErrorReason::InvalidCredentials),
        ),
        (
            vec!["spiffe://example.org"],
            Some(ErrorReason::InvalidCredentials),
        ),
        (vec![PORTAL, other], Some(ErrorReason::InvalidCredentials)),
    ] {
        let own = served.authority.client(&uris);
        let outcome = served.call(Some(&own)).await;
        let found = outcome.err().map(|error| error.reason().unwrap());
        assert_eq!(found, reason, "{uris:?}");
    }
    let error = served.call(None).await.unwrap_err();
    assert_eq!(error.reason(), Some(ErrorReason::CredentialsRequired));
}

#[tokio::test]
async fn what_does_not_speak_tls_gets_no_answer_and_holds_nobody_up() {
    let served = Secure::serve("");
    let address = served.process.endpoint.trim_start_matches("http://");
    // They say nothing, and stay.
    let silent = (0..50).map(|_| TcpStream::connect(address).unwrap());
    let silent: Vec<TcpStream> = silent.collect();
    let own = served.authority.client(&[PORTAL]);
    served.call(Some(&own)).await.unwrap();
    let plain = Client::builder().endpoint(&served.process.endpoint);
    let plain = plain.max_retries(0).build().unwrap();
    let error = plain.list_topologies().await.unwrap_err();
    assert_eq!(error.reason(), None, "{error:?}");
    drop(silent);
}

#[tokio::test]
async fn who_does_not_finish_the_handshake_in_time_is_closed() {
    let served = Secure::serve("[connections]\nhandshake_seconds = 1.0");
    let address = served.process.endpoint.trim_start_matches("http://");
    // The beginning of a handshake's first record, and nothing.
    for said in [&[][..], &[22, 3, 1, 2, 0, 1]] {
        let mut slow = TcpStream::connect(address).unwrap();
        slow.write_all(said).unwrap();
        assert_eq!(slow.read(&mut [0]).unwrap_or(0), 0);
    }
    let own = served.authority.client(&[PORTAL]);
    served.call(Some(&own)).await.unwrap();
}

/// The new certificate is of another authority, so that who made a new connection would fail.
#[tokio::test]
async fn a_new_certificate_is_for_new_connections_and_old_ones_go_on() {
    let mut served = Secure::serve("");
    let own = served.authority.client(&[PORTAL]);
    let as_portal = |client: ClientBuilder| client.client_certificate(&own.certificate, &own.key);
    let before = as_portal(served.client(&served.authority));
    let before = before.connect().await.unwrap();
    before.list_topologies().await.unwrap();
    let other = Authority::new();
    other.server().write(served.directory.path(), "server");
    served.process.signal("HUP");
    served.process.until("certificates that were read anew");
    before.list_topologies().await.unwrap();
    let after = as_portal(served.client(&other)).connect().await.unwrap();
    after.list_topologies().await.unwrap();
    let error = as_portal(served.client(&served.authority)).connect().await;
    assert!(matches!(error, Err(ClientError::Unreachable { .. })));
}

#[tokio::test]
async fn files_that_change_are_read_without_a_signal() {
    let mut served = Secure::serve("reload_seconds = 0.02");
    let (ours, theirs) = (served.authority.client(&[PORTAL]), Authority::new());
    served.call(Some(&ours)).await.unwrap();
    std::fs::write(served.path("ca.crt"), &theirs.pem).unwrap();
    served.process.until("certificates that were read anew");
    served.call(Some(&ours)).await.unwrap_err();
    let theirs = theirs.client(&[PORTAL]);
    served.call(Some(&theirs)).await.unwrap();
}

#[tokio::test]
async fn files_that_cannot_be_used_change_nothing_but_the_log() {
    let mut served = Secure::serve("reload_seconds = 86400.0");
    let own = served.authority.client(&[PORTAL]);
    let good = std::fs::read(served.path("server.key")).unwrap();
    let of_another = Authority::new().server().key;
    for (name, text, fault) in [
        (
            "server.key",
            of_another.as_bytes(),
            "cannot be used with key",
        ),
        ("server.key", b"no key", "holds no key in PEM form"),
        ("server.crt", b"", "holds no certificate in PEM form"),
        ("ca.crt", b"-----BEGIN CERTIFICATE-----\n!", "as PEM"),
    ] {
        let kept = std::fs::read(served.path(name)).unwrap();
        std::fs::write(served.path(name), text).unwrap();
        served.process.signal("HUP");
        let said = served.process.until("cannot be used; new connections");
        assert!(said.contains(fault) && said.contains(name), "{said}");
        served.call(Some(&own)).await.unwrap();
        std::fs::write(served.path(name), kept).unwrap();
    }
    std::fs::remove_file(served.path("server.key")).unwrap();
    served.process.signal("HUP");
    let said = served.process.until("cannot be used; new connections");
    assert!(said.contains("cannot read"), "{said}");
    std::fs::write(served.path("server.key"), good).unwrap();
    served.call(Some(&own)).await.unwrap();
}

#[test]
fn files_that_cannot_be_used_are_refused_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let (certificate, _) = Authority::new().server().write(directory.path(), "a");
    let (_, key) = Authority::new().server().write(directory.path(), "b");
    let refused = causeway()
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(directory.path().join("data"))
        .arg("--tls-certificate")
        .arg(certificate)
        .arg("--tls-key")
        .arg(key)
        .output()
        .unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(said.contains("cannot be used with key"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_shows_its_certificate_or_its_token() {
    let token = "causeway_of-a-tool";
    let served = Secure::serve(&format!(
        "[[identity.tokens]]\nname = 'ops'\nsha256 = '{}'",
        causeway_access::TokenHash::of(token)
    ));
    let (certificate, key) = served
        .authority
        .client(&[PORTAL])
        .write(served.directory.path(), "own");
    let list = || {
        let mut command = causeway();
        command.args(["topology", "list", "--endpoint", &served.endpoint(), "--ca"]);
        command.arg(served.path("ca.crt"));
        command
    };
    let file = served.path("token");
    std::fs::write(&file, format!("{token}\n")).unwrap();
    let mut by_certificate = list();
    by_certificate.arg("--certificate").arg(certificate);
    by_certificate.arg("--key").arg(key);
    let mut by_file = list();
    by_file.arg("--token-file").arg(file);
    let mut by_environment = list();
    by_environment.env("CAUSEWAY_TOKEN", token);
    for mut command in [by_certificate, by_file, by_environment] {
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{said}");
    }
    let refused = list()
        .env("CAUSEWAY_TOKEN", "wrong-secret")
        .output()
        .unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        said.contains("the bearer token is not known") && !said.contains("wrong-secret"),
        "{said}"
    );
}
