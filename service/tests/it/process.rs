//! The real binary: what it has acknowledged survives it, and how it ends.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use causeway_client::Client;
use causeway_proto::v1;
use tokio::task::spawn_blocking;

use crate::harness::{Process, causeway, vpc};

#[tokio::test]
async fn an_acknowledged_change_survives_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::serve(directory.path(), &[]);
    let client = Client::connect(process.endpoint.clone()).await.unwrap();
    client.create_topology("t", "").await.unwrap();
    for number in 1..=3 {
        let answer = client
            .apply("t")
            .put(vpc(&format!("vpc-{number}")))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.revision, number);
    }
    process.kill();
    let process = Process::serve(directory.path(), &[]);
    let client = Client::connect(process.endpoint.clone()).await.unwrap();
    let topology = client.get_topology("t").await.unwrap();
    assert_eq!((topology.revision, topology.resource_count), (3, 3));
    assert_eq!(
        client.get_resource("t", "vpc-3", Some(3)).await.unwrap(),
        vpc("vpc-3")
    );
    assert_eq!(
        client
            .list_resources("t", Some(1), v1::ResourceFilter::default())
            .await
            .unwrap()
            .resources
            .len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_ends_it_well_with_a_client_connected() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::serve(directory.path(), &[]);
    let client = Client::connect(process.endpoint.clone()).await.unwrap();
    client.create_topology("t", "").await.unwrap();
    let (code, log) = spawn_blocking(|| process.terminate()).await.unwrap();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("stopped") && !log.contains("cut off"), "{log}");
}

#[test]
fn a_client_that_answers_nothing_cannot_hold_it() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("causeway.toml");
    std::fs::write(&config, "[shutdown]\ngrace_seconds = 0.1").unwrap();
    let process = Process::serve(directory.path(), &["--config", config.to_str().unwrap()]);
    let mut silent = TcpStream::connect(process.endpoint.trim_start_matches("http://")).unwrap();
    // The beginning of HTTP/2 with empty settings, and the server's own settings read; then nothing more.
    silent
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .unwrap();
    silent.read_exact(&mut [0; 9]).unwrap();
    let (code, log) = process.terminate();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("cut off"), "{log}");
}

#[test]
fn a_directory_that_is_held_is_refused_and_its_holder_named() {
    let directory = tempfile::tempdir().unwrap();
    let holder = Process::serve(directory.path(), &[]);
    let second = causeway()
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(directory.path())
        .output()
        .unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(said.contains(&format!("process {}", holder.id())), "{said}");
}

/// `causeway store check` on a directory.
fn check(directory: &std::path::Path, format: &str) -> (Option<i32>, String, String) {
    let output = causeway()
        .args(["store", "check", "-o", format, "--data-dir"])
        .arg(directory)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[tokio::test]
async fn a_store_is_checked_once_nobody_holds_it() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::serve(directory.path(), &[]);
    let client = Client::connect(process.endpoint.clone()).await.unwrap();
    client.create_topology("t", "").await.unwrap();
    client.apply("t").put(vpc("vpc-1")).send().await.unwrap();
    let (code, _, said) = check(directory.path(), "text");
    assert_eq!(code, Some(1));
    assert!(
        said.contains(&format!("process {}", process.id())),
        "{said}"
    );
    process.kill();
    let (code, found, said) = check(directory.path(), "text");
    assert_eq!(code, Some(0), "{found}{said}");
    assert!(
        found.starts_with("topology `t` at revision 1, kept from 0 on: 1 revisions, 0 checkpoints"),
        "{found}"
    );
    assert!(
        found.ends_with("1 topologies checked, 0 faults\n"),
        "{found}"
    );
    let (code, found, _) = check(directory.path(), "json");
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    assert_eq!((code, &found["faults"]), (Some(0), &serde_json::json!([])));
    assert_eq!(found["topologies"][0]["revision"], 1);
}

#[tokio::test]
async fn a_damaged_store_fails_its_check_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::serve(directory.path(), &[]);
    let client = Client::connect(process.endpoint.clone()).await.unwrap();
    client.create_topology("t", "").await.unwrap();
    client.apply("t").put(vpc("vpc-1")).send().await.unwrap();
    process.terminate();
    // The database's own checksum covers the byte, and takes the log to end before it.
    let path = directory.path().join("db");
    let mut bytes = std::fs::read(&path).unwrap();
    let place = bytes
        .windows(5)
        .rposition(|found| found == b"vpc-1")
        .unwrap();
    bytes[place] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let (code, found, said) = check(directory.path(), "text");
    assert_eq!(code, Some(1), "{found}{said}");
    assert!(
        found.contains("fault: topology `t` at revision 1: its log ends at revision 0, and revision 1 was durable"),
        "{found}{said}"
    );
    let (code, found, _) = check(directory.path(), "json");
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    let fault = &found["faults"][0];
    assert_eq!(
        (code, &fault["topology"], &fault["revision"]),
        (Some(1), &"t".into(), &1.into())
    );
    let process = Process::serve(directory.path(), &[]);
    let client = Client::connect(process.endpoint.clone()).await.unwrap();
    let error = client.get_topology("t").await.unwrap_err();
    assert_eq!(error.reason(), Some(v1::ErrorReason::StoreCorrupt));
}

#[test]
fn a_mistyped_flag_exits_1_and_help_exits_0() {
    for (arguments, code) in [
        (["serve", "--lisen"], 1),
        (["swerve", ""], 1),
        (["path", "--help"], 0),
        (["--version", ""], 0),
    ] {
        let arguments = arguments.iter().filter(|argument| !argument.is_empty());
        assert_eq!(
            causeway()
                .args(arguments.clone())
                .output()
                .unwrap()
                .status
                .code(),
            Some(code),
            "{arguments:?}"
        );
    }
}

#[test]
fn an_address_that_others_can_reach_is_refused() {
    let refused = causeway()
        .args(["serve", "--listen", "0.0.0.0:0"])
        .output()
        .unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(said.contains("--insecure"), "{said}");
}

/// The VPC's only instance asks S3 by a gateway endpoint, whose price is of the file.
#[tokio::test]
async fn the_price_file_says_what_a_way_costs() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("prices.toml");
    let text = "currency = 'EUR'\n[everywhere]\ngateway_endpoint = { hour = 0.25, gb = 7 }\n";
    std::fs::write(&file, text).unwrap();
    let process = Process::serve(
        &directory.path().join("data"),
        &["--prices", file.to_str().unwrap()],
    );
    let client = Client::connect(process.endpoint.clone()).await.unwrap();
    client.create_topology("t", "").await.unwrap();
    let estate = "
vpc main 10.0.0.0/16
subnet a main 10.0.1.0/24
routes main main main:
sg open main: in all from 0.0.0.0/0; out all to 0.0.0.0/0
eni web a 10.0.1.10 sg=open
pl s3 com.amazonaws.eu-west-1.s3: 52.218.0.0/17
endpoint s3 main gateway com.amazonaws.eu-west-1.s3 routes=main
";
    let scenario = crate::notation::read(estate).unwrap();
    let resources = scenario.resources.iter();
    let resources = resources.map(causeway_grpc::render_resource);
    let apply = resources.fold(client.apply("t"), |apply, resource| apply.put(resource));
    apply.send().await.unwrap();
    let flow = causeway_client::flow::tcp("eni-web", "s3.eu-west-1.amazonaws.com", 443);
    let newest = causeway_client::consistency::newest();
    let cost = client.resolve("t", flow, newest).await.unwrap().cost;
    let cost = cost.unwrap();
    let sums = (cost.per_hour, cost.per_gb_forward, cost.complete);
    assert_eq!((cost.currency.as_str(), sums), ("EUR", (0.25, 7.0, true)));
}

#[test]
fn a_wrong_price_file_is_refused_with_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("prices.toml");
    std::fs::write(&file, "currency = 'USD'\n[everywhere]\nnat = {}\n").unwrap();
    let refused = causeway()
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(directory.path().join("data"))
        .arg("--prices")
        .arg(&file)
        .output()
        .unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(said.contains("[everywhere] nat: is no item"), "{said}");
}

#[test]
fn a_log_filter_that_cannot_be_read_is_refused() {
    let refused = causeway()
        .args(["serve", "--log-filter", "causeway=loud"])
        .output()
        .unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        said.contains("`causeway=loud` is no filter of the log"),
        "{said}"
    );
}

#[test]
fn the_demonstration_works_from_any_directory() {
    let directory = tempfile::tempdir().unwrap();
    let demo = causeway()
        .arg("demo")
        .current_dir(directory.path())
        .output()
        .unwrap();
    let said = String::from_utf8(demo.stdout).unwrap();
    assert_eq!(
        demo.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&demo.stderr)
    );
    assert!(said.contains("16 paths in `acme` at revision 1"), "{said}");
}

#[test]
fn settings_are_checked_with_every_file_that_they_name_and_nothing_is_opened() {
    let directory = tempfile::tempdir().unwrap();
    let check = |text: &str| {
        let config = directory.path().join("c.toml");
        std::fs::write(&config, text).unwrap();
        let checked = causeway()
            .args(["config", "check", "--config"])
            .arg(config)
            .current_dir(directory.path())
            .output()
            .unwrap();
        let said = [checked.stdout, checked.stderr].concat();
        (checked.status.code(), String::from_utf8(said).unwrap())
    };
    let (code, said) = check("data_dir = 'topologies'");
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(
        said,
        "listens on 127.0.0.1:50151\n\
         speaks in the clear\n\
         answers callers that it does not know\n\
         has no policies: everybody may do everything\n\
         keeps its topologies in `topologies`\n"
    );
    for (text, named) in [
        ("liste = '127.0.0.1:1'", "liste"),
        ("prices = 'none.toml'", "none.toml"),
        ("[log]\nfilter = 'causeway=loud'", "causeway=loud"),
        ("[tls]\ncertificate = 'a.crt'\nkey = 'a.key'", "a.crt"),
        ("[authorization]\npolicies = 'none.cedar'", "none.cedar"),
        ("[admission]\ncalls = 0", "admission.calls"),
    ] {
        let (code, said) = check(text);
        assert_eq!(code, Some(1), "{text}: {said}");
        assert!(said.contains(named), "{text}: {said}");
    }
    assert!(!directory.path().join("topologies").exists());
}
