//! `overload`: more is asked for than the service can do.

use serde_json::Value;
use tempfile::TempDir;

use crate::served;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_much_is_refused_and_told() {
    let directory = TempDir::new().unwrap();
    let file = |name| directory.path().join(name).display().to_string();
    let (questions, report) = (file("questions"), file("report"));
    let endpoint = served::serve().await;
    let estate =
        format!("estate --topology t --interfaces 300 --questions {questions} --count 100");
    served::succeed(&endpoint, &estate).await;
    let pid = std::process::id();
    let words = format!(
        "overload --topology t --questions {questions} --json {report} --per-call 200 --batches 4 --seconds 1 --server-pid {pid}"
    );
    let printed = served::succeed(&endpoint, &words).await;
    for line in ["unloaded", "peak", "loaded", "goodput", "memory"] {
        assert!(printed.contains(line), "{printed}");
    }
    let report: Value = std::fs::read_to_string(report).unwrap().parse().unwrap();
    let figure = |path: &str| report.pointer(path).and_then(Value::as_u64).unwrap();
    for phase in ["unloaded", "peak", "loaded"] {
        let of_phase = |name| figure(&format!("/{phase}/{name}"));
        let ended = of_phase("answeredMicroseconds/count")
            + of_phase("refusedMicroseconds/count")
            + of_phase("failed");
        assert_eq!(of_phase("offered"), ended, "{report}");
        assert_eq!(of_phase("failed"), 0, "{report}");
    }
    // The schedule is kept, however long the answers take.
    let offered = figure("/loaded/offered");
    let peak = figure("/peak/answeredMicroseconds/count");
    assert!(offered > 2 * peak, "{report}");
    assert!(figure("/memoryBytes/0") > 0, "{report}");
}

#[tokio::test]
async fn a_topology_that_is_not_there_is_no_figure() {
    let directory = TempDir::new().unwrap();
    let questions = directory.path().join("questions");
    let question = r#"{"from": "10.0.0.1", "to": "10.0.0.2", "protocol": "tcp", "port": 1}"#;
    std::fs::write(&questions, question).unwrap();
    let words = format!(
        "overload --topology nobody --questions {} --seconds 1",
        questions.display()
    );
    let output = served::run(&served::serve().await, &words).await;
    assert!(!output.status.success());
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.contains("no batch was answered"), "{complaint}");
}
