//! Settings, and what is refused.

use std::path::{Path, PathBuf};
use std::time::Duration;

use causeway_engine::Retention;

use super::{Config, ConfigError, ServeArgs};

fn arguments(edit: impl FnOnce(&mut ServeArgs)) -> ServeArgs {
    let mut arguments = ServeArgs::default();
    edit(&mut arguments);
    arguments
}

fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("causeway.toml");
    std::fs::write(&path, text).unwrap();
    (directory, path)
}

#[test]
fn the_example_file_says_what_holds_by_default() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/causeway.toml");
    let example = Config::read(arguments(|arguments| arguments.config = Some(path))).unwrap();
    let standard = Config::read(ServeArgs::default()).unwrap();
    // The number of threads is the machine's, so that the example cannot say it.
    assert_eq!(
        Config {
            data_dir: "causeway-data".into(),
            ..example
        },
        standard
    );
}

#[test]
fn another_address_than_loopback_needs_to_be_asked_for() {
    for (address, is_refused) in [
        ("0.0.0.0:1", true),
        ("[::]:1", true),
        ("10.0.0.1:1", true),
        ("127.9.9.9:1", false),
        ("[::1]:1", false),
    ] {
        let listen: std::net::SocketAddr = address.parse().unwrap();
        let outcome = Config::read(arguments(|arguments| arguments.listen = Some(listen)));
        assert_eq!(
            matches!(outcome, Err(ConfigError::Insecure { .. })),
            is_refused,
            "{address}"
        );
        let outcome = Config::read(arguments(|arguments| {
            (arguments.listen, arguments.insecure) = (Some(listen), true)
        }));
        assert_eq!(outcome.unwrap().listen, listen);
    }
}

#[test]
fn without_policies_only_loopback_is_served_unless_insecure_is_said() {
    let (_kept, path) = file("[identity]\nsidecar = 'linkerd'");
    let reached = "10.0.0.1:1";
    for (listen, insecure, has_policies, is_fine) in [
        (reached, false, false, false),
        (reached, false, true, true),
        (reached, true, false, true),
        ("127.0.0.1:1", false, false, true),
    ] {
        let outcome = Config::read(arguments(|arguments| {
            arguments.config = Some(path.clone());
            arguments.listen = Some(listen.parse().unwrap());
            arguments.insecure = insecure;
            arguments.policies = has_policies.then(|| PathBuf::from("policies"));
        }));
        assert_eq!(
            outcome.is_ok(),
            is_fine,
            "{listen} {insecure} {has_policies}"
        );
        if let Err(error) = outcome {
            assert!(matches!(error, ConfigError::Unguarded { .. }), "{error}");
        }
    }
}

#[test]
fn an_empty_path_of_policies_is_none() {
    let (_kept, path) = file("[authorization]\npolicies = 'of-the-file'");
    let config = |policies: Option<&str>| {
        Config::read(arguments(|arguments| {
            (arguments.config, arguments.policies) =
                (Some(path.clone()), policies.map(PathBuf::from))
        }))
        .unwrap()
    };
    assert_eq!(config(None).policies, Some("of-the-file".into()));
    assert_eq!(config(Some("")).policies, None);
    assert_eq!(Config::read(ServeArgs::default()).unwrap().policies, None);
}

#[test]
fn an_argument_wins_over_the_file() {
    let (_kept, path) = file("listen = '127.0.0.1:1'\ndata_dir = 'of-the-file'");
    let config = Config::read(arguments(|arguments| {
        (arguments.config, arguments.listen) = (Some(path), Some("127.0.0.1:2".parse().unwrap()))
    }))
    .unwrap();
    assert_eq!(
        (config.listen.port(), config.data_dir),
        (2, PathBuf::from("of-the-file"))
    );
}

#[test]
fn a_file_with_a_setting_that_there_is_not_or_a_wrong_value_is_refused() {
    for text in [
        "lisen = '127.0.0.1:1'",
        "[log]\nfromat = 'json'",
        "listen = 'here'",
        "[shutdown]\ngrace_seconds = -1.0",
        "metrics_listen = 'here'",
        "[tracing]\nsample_ratio = 1.5",
        "[tracing]\nsample_ratio = nan",
        "[tracing]\nsampled = 1.0",
        "[limits]\nkept_states = 0",
        "[connections]\nmaximum = 0",
        "[connections]\nstreams = 0",
        "[connections]\nhandshake_seconds = 0.0",
        "[connections]\nping_seconds = -1.0",
        "[connections]\nping_wait_seconds = 100000.0",
        "[retention]\nkeep_revisions = 0",
        "[retention]\nkeep_days = 0.0",
        "[retention]\nkeep_days = nan",
        "[retention]\nkeep_days = 40000",
        "[retention]\nrequest_days = 0.5",
        "[retention]\nperiod_seconds = 0.0",
        "probe_listen = 'here'",
        "[tls]\ncertificat = 'a'",
        "[tls]\ncertificate = 'a'",
        "[tls]\nkey = 'a'",
        "[tls]\nclient_ca = 'a'",
        "[tls]\ncertificate = 'a'\nkey = 'b'\nrequire_client_certificate = true",
        "[tls]\nreload_seconds = 0.0",
        "[identity]\nsidecar = 'envoy'",
        "[identity]\nanonymous = true",
        "[[identity.tokens]]\nname = 'a'",
        "[[identity.tokens]]\nname = 'a'\nsha256 = 'causeway_ab'",
    ] {
        let (_kept, path) = file(text);
        assert!(
            Config::read(arguments(|arguments| arguments.config = Some(path))).is_err(),
            "{text}"
        );
    }
}

#[test]
fn how_many_connections_there_may_be_is_an_argument_too() {
    let (_kept, path) = file("[connections]\nmaximum = 7");
    let maximum = |argument| {
        let config = Config::read(arguments(|arguments| {
            (arguments.config, arguments.max_connections) = (Some(path.clone()), argument);
        }));
        config.unwrap().connections.maximum
    };
    assert_eq!((maximum(None), maximum(Some(3))), (7, 3));
}

#[test]
fn what_is_kept_is_read_from_the_file() {
    let text = "[retention]\nkeep_revisions = 50\nkeep_days = 0.5\nrequest_days = 2";
    let (_kept, path) = file(text);
    let config = Config::read(arguments(|arguments| arguments.config = Some(path))).unwrap();
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    let expected = Retention {
        revisions: Some(50),
        age: Some(hours(12)),
        requests: hours(48),
    };
    assert_eq!(config.limits.retention, expected);
    let standard = Config::read(ServeArgs::default()).unwrap();
    let kept = standard.limits.retention;
    assert_eq!((kept.revisions, kept.age), (None, None));
    assert_eq!(kept.requests, hours(7 * 24));
}

/// Each of these makes sure that callers are known, or does not.
#[test]
fn an_address_that_others_reach_needs_callers_that_are_known() {
    let tls = "[tls]\ncertificate = 'a'\nkey = 'b'";
    let hash = "ab".repeat(32);
    let token = format!("[[identity.tokens]]\nname = 'a'\nsha256 = '{hash}'");
    let anonymous = "[identity]\nallow_anonymous = true";
    let secured = [
        format!("{tls}\nclient_ca = 'c'"),
        format!("{tls}\nclient_ca = 'c'\nrequire_client_certificate = true\n{anonymous}"),
        format!("{tls}\n{token}"),
        "[identity]\nsidecar = 'istio'".to_owned(),
        "[identity]\nsidecar = 'linkerd'".to_owned(),
    ];
    let open = [
        tls.to_owned(),
        format!("{tls}\nclient_ca = 'c'\n{anonymous}"),
        format!("{tls}\n{anonymous}\n{token}"),
        token.clone(),
        format!("[identity]\nsidecar = 'istio'\n{token}"),
        "[identity]\nsidecar = 'istio'\nallow_anonymous = true".to_owned(),
    ];
    let cases = secured.iter().map(|text| (text, false));
    for (text, is_refused) in cases.chain(open.iter().map(|text| (text, true))) {
        let reads = |insecure| {
            let (_kept, path) = file(&format!("listen = '0.0.0.0:1'\n{text}"));
            Config::read(arguments(|arguments| {
                (arguments.config, arguments.insecure) = (Some(path), insecure);
                arguments.policies = Some(PathBuf::from("policies"));
            }))
        };
        let outcome = reads(false);
        assert_eq!(outcome.is_err(), is_refused, "{text}: {outcome:?}");
        assert!(reads(true).is_ok(), "{text}");
    }
}

#[test]
fn callers_have_to_be_known_as_soon_as_they_can_be() {
    let requires = |text: &str| {
        let (_kept, path) = file(text);
        let config = Config::read(arguments(|arguments| arguments.config = Some(path)));
        config.unwrap().identity.require
    };
    let tls = "[tls]\ncertificate = 'a'\nkey = 'b'";
    assert!(!requires("") && !requires(tls));
    assert!(requires(&format!("{tls}\nclient_ca = 'c'")));
    let sidecar = "[identity]\nsidecar = 'linkerd'";
    assert!(requires(sidecar));
    assert!(!requires(&format!("{sidecar}\nallow_anonymous = true")));
}
