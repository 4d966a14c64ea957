//! `run`, `compare` and `find-capacity` as their users start them.

use std::path::Path;

use causeway_client::Client;
use serde_json::Value;
use tempfile::TempDir;

use crate::served;

const SCENARIO: &str = "
most_under_way = 50
[estate]
interfaces = 60
count = 200
[mix]
single = 3
batch = 1
[batch]
sizes = [20]
[[phases]]
steps = { levels = [20, 40], seconds = 0.5 }
";

fn scenario(directory: &TempDir, text: &str) -> String {
    let path = directory.path().join("scenario.toml");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn read(path: &Path) -> Value {
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_of_one_scenario_are_compared_and_the_same_seed_asks_the_same() {
    let directory = TempDir::new().unwrap();
    let scenario = scenario(&directory, SCENARIO);
    let endpoint = served::serve().await;
    let [before, now] = ["before", "now"].map(|name| directory.path().join(name));
    for path in [&before, &now] {
        let words = format!("run {scenario} --json {}", path.display());
        let printed = served::succeed(&endpoint, &words).await;
        for line in [
            "total",
            "single",
            "step 2 at 40",
            "of 30 intended",
            "generator: ",
        ] {
            assert!(printed.contains(line), "{line}: {printed}");
        }
    }
    let counts = |path| {
        let results = read(path);
        let kinds = results["runs"][0]["kinds"].as_object().unwrap();
        let counts = kinds.values().map(|figures| figures["intended"].as_u64());
        counts.collect::<Vec<_>>()
    };
    assert_eq!(counts(&before), counts(&now));
    // Nothing is beyond a tolerance of ten times, and no tolerance at all finds a difference in some figure.
    let words = format!("{} {} --tolerance 1000", before.display(), now.display());
    let compared = compare(&words).await;
    assert_eq!(compared.0, Some(0), "{}", compared.1);
    assert!(compared.1.contains("p99"), "{}", compared.1);
}

async fn compare(words: &str) -> (Option<i32>, String) {
    let mut command = served::loadtest();
    let command = command.arg("compare").args(words.split_whitespace());
    let output = command.output().await.unwrap();
    let mut said = String::from_utf8(output.stdout).unwrap();
    said.push_str(&String::from_utf8(output.stderr).unwrap());
    (output.status.code(), said)
}

/// The second file is the first one with a tenth of what it answered.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_worse_ends_with_two_and_another_scenario_with_one() {
    let directory = TempDir::new().unwrap();
    let scenario = scenario(&directory, SCENARIO);
    let endpoint = served::serve().await;
    let path = |name: &str| directory.path().join(name);
    let (before, worse, other) = (path("before"), path("worse"), path("other"));
    let words = format!("run {scenario} --json {}", before.display());
    served::succeed(&endpoint, &words).await;
    let mut results = read(&before);
    results["runs"][0]["total"]["answeredPerSecond"] = 0.1.into();
    std::fs::write(&worse, results.to_string()).unwrap();
    results["scenario"]["connections"] = 3.into();
    std::fs::write(&other, results.to_string()).unwrap();
    let (code, said) = compare(&format!("{} {}", before.display(), worse.display())).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("1 worse, by more than noise: answered per second"),
        "{said}"
    );
    let (code, said) = compare(&format!("{} {}", before.display(), other.display())).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("`connections` differs"), "{said}");
    let (code, said) = compare(&format!("{} {scenario}", before.display())).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("holds no results"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistyped_key_is_told_with_its_line_and_nothing_is_sent() {
    let directory = TempDir::new().unwrap();
    let scenario = scenario(&directory, &SCENARIO.replace("batch = 1", "bach = 1"));
    // Nobody listens there: the file is read first.
    let output = served::run("http://127.0.0.1:1", &format!("run {scenario}")).await;
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("line 8: unknown field `bach`"), "{said}");
}

/// Nothing is fast enough for a hundredth of a millisecond, and everything for an hour.
#[tokio::test(flavor = "multi_thread")]
async fn a_capacity_is_told_for_each_number_of_connections_or_that_there_is_none() {
    let directory = TempDir::new().unwrap();
    let scenario = scenario(&directory, SCENARIO);
    let endpoint = served::serve().await;
    let path = |name: &str| directory.path().join(name);
    let (json, html) = (path("json"), path("html"));
    let words = format!(
        "find-capacity {scenario} --p99 3600000 --from 10 --seconds 0.2 --probes 2 --connections 1,2 --json {} --html {}",
        json.display(),
        html.display()
    );
    let printed = served::succeed(&endpoint, &words).await;
    assert!(printed.contains("| 60 | 1 | 20 |"), "{printed}");
    let results = read(&json);
    let rows = results["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[1]["connections"], 2);
    assert_eq!(rows[1]["probes"].as_array().unwrap().len(), 2);
    let page = std::fs::read_to_string(html).unwrap();
    assert!(page.contains("Throughput against latency"), "{page}");
    let words = format!("find-capacity {scenario} --p99 0.01 --from 10 --seconds 0.2 --probes 2");
    let output = served::run(&endpoint, &words).await;
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("does not keep a p99 of 0.01 ms"), "{said}");
}

/// Questions are made up from its interfaces, and changes go to a fork, which is gone afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn a_topology_that_is_there_is_asked_and_left_as_it_is() {
    let directory = TempDir::new().unwrap();
    let endpoint = served::serve().await;
    served::succeed(&endpoint, "estate --topology mine --interfaces 40").await;
    let client = Client::connect(endpoint.clone()).await.unwrap();
    let before = client.list_topologies().await.unwrap();
    let text = SCENARIO.replace("interfaces = 60", "topology = \"mine\"");
    let text = text.replace("batch = 1", "batch = 1\nmutate = 2\nwatch = 1");
    let scenario = scenario(&directory, &text);
    let json = directory.path().join("json");
    let words = format!("run {scenario} --json {}", json.display());
    served::succeed(&endpoint, &words).await;
    let results = read(&json);
    let run = &results["runs"][0];
    for kind in ["single", "batch", "mutate", "watch"] {
        let figures = &run["kinds"][kind];
        assert!(figures["intended"].as_u64() > Some(0), "{kind}: {run}");
        assert!(figures["outcomes"].get("error").is_none(), "{kind}: {run}");
    }
    assert_eq!(client.list_topologies().await.unwrap(), before);
    for command in ["run", "find-capacity"] {
        let output = served::run(&endpoint, &format!("{command} {scenario} --interfaces 9")).await;
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("names the topology `mine`"), "{said}");
    }
}
