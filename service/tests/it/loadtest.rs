//! The load generator against the real binary, through a proxy: its bundled scenario, shortly, and what it leaves behind.
#![expect(
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed, in its helpers too"
)]

use std::path::{Path, PathBuf};

use causeway_client::Client;
use causeway_loadtest::Arguments;
use clap::Parser;
use serde_json::Value;

use crate::harness::Process;
use crate::proxy::{Proxy, not_checked};

/// A scenario that lies beside the load generator.
fn scenario(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../loadtest/scenarios")
        .join(name)
}

/// Runs the load generator to its end.
async fn run(words: &[&str], scenario: &Path) {
    let program = ["causeway-loadtest", words[0], scenario.to_str().unwrap()];
    let words = program.iter().chain(&words[1..]);
    let arguments = Arguments::try_parse_from(words).unwrap();
    causeway_loadtest::run(arguments).await.unwrap();
}

fn count(of: &Value, path: &str) -> u64 {
    of.pointer(path).and_then(Value::as_u64).unwrap_or(0)
}

/// That each send that was intended is told, with its outcome.
#[track_caller]
fn check_counts(figures: &Value) {
    let of = |outcome: &str| count(figures, &format!("/outcomes/{outcome}/count"));
    let ended = of("ok") + of("refused") + of("error") + of("deadline");
    assert_eq!(count(figures, "/sent"), ended, "{figures}");
    let intended = count(figures, "/intended");
    assert_eq!(intended, ended + count(figures, "/skipped"), "{figures}");
    assert!(intended > 0 && of("ok") > 0, "{figures}");
    assert_eq!(of("error"), 0, "{figures}");
}

fn check_run(run: &Value) {
    check_counts(&run["total"]);
    let kinds = run["kinds"].as_object().unwrap();
    for kind in ["single", "batch", "stream", "matrix", "mutate", "watch"] {
        check_counts(&kinds[kind]);
    }
    assert_eq!(run["stages"].as_array().unwrap().len(), 2);
    for side in ["client", "service"] {
        assert!(run[side]["cpuSeconds"].is_number(), "{run}");
        assert!(count(run, &format!("/{side}/memoryBytes/1")) > 0, "{run}");
    }
    let ratio = run["cache"]["hitRatio"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&ratio), "{ratio}");
    assert!(run["cache"]["misses"].as_f64().unwrap() > 0.0);
    assert!(count(run, "/watchEvents") > 0, "{run}");
    let histogram = run["total"]["outcomes"]["ok"]["histogram"].as_str();
    assert!(histogram.unwrap().starts_with("HISTF"), "{run}");
}

/// The page is whole by itself.
fn check_page(page: &str) {
    for part in [
        "<!DOCTYPE html>",
        "Latency by percentile",
        "Latency over time",
        "Throughput over time",
        "Memory over time",
        "</html>",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    for foreign in ["<script", "<link", "src=", "@import", "url("] {
        assert!(!page.contains(foreign), "{foreign} is in the page");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bundled_scenario_runs_through_a_proxy_and_leaves_nothing_but_its_estate() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let data = directory.path().join("data");
    let process = Process::serve(&data, &["--metrics-listen", "127.0.0.1:0"]);
    let Some(proxy) = Proxy::start(&[process.address()]) else {
        return not_checked();
    };
    let metrics = format!("http://{}/metrics", process.metrics.as_ref().unwrap());
    let (pid, json, html) = (process.id().to_string(), path("json"), path("html"));
    let words = [
        "run",
        "--endpoint",
        &proxy.endpoint,
        "--seconds",
        "1",
        "--repeat",
        "2",
        "--server-pid",
        &pid,
        "--metrics",
        &metrics,
        "--json",
        &json,
        "--html",
        &html,
    ];
    run(&words, &scenario("mixed.toml")).await;
    let results: Value = std::fs::read_to_string(&json).unwrap().parse().unwrap();
    let runs = results["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2);
    runs.iter().for_each(check_run);
    assert_eq!(results["scenario"]["seed"], 1);
    assert_eq!(results["versions"]["service"], env!("CARGO_PKG_VERSION"));
    check_page(&std::fs::read_to_string(&html).unwrap());
    // The fork that was changed is gone.
    let client = Client::connect(proxy.endpoint.clone()).await.unwrap();
    let topologies = client.list_topologies().await.unwrap();
    let names: Vec<&str> = topologies
        .iter()
        .map(|topology| topology.name.as_str())
        .collect();
    assert_eq!(names, ["loadtest-300"]);
}
