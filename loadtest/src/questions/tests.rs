//! Tests of reading questions.

use std::collections::BTreeSet;
use std::error::Error;
use std::io::Write;

use causeway_client::v1::Flow;

use super::{LoadError, Pick, read};

/// The questions of a file with this text, each as `source destination protocol port`.
fn questions(text: &str) -> Result<Vec<String>, LoadError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    Ok(read(file.path())?.iter().map(written).collect())
}

fn written(flow: &Flow) -> String {
    let mut text = format!("{} {} {}", flow.source, flow.destination, flow.protocol);
    text.extend(flow.destination_port.map(|port| format!(" {port}")));
    text.extend(flow.source_port.map(|port| format!(" from {port}")));
    text
}

#[test]
fn lines_of_a_batch_are_flows() {
    let text = r#"
        {"from": "i-1", "to": "10.0.0.5", "protocol": "tcp", "port": 443, "ticket": 7}

        {"from": "internet", "to": "i-2", "protocol": "icmp"}
        {"from": "i-3", "to": "i-2", "protocol": 17, "port": 53, "sourcePort": 5000}
    "#;
    let expected = [
        "i-1 10.0.0.5 tcp 443",
        "internet i-2 icmp",
        "i-3 i-2 17 53 from 5000",
    ];
    assert_eq!(questions(text).unwrap(), expected);
}

#[test]
fn a_bad_line_is_named_with_its_number_and_fault() {
    let good = "{\"from\": \"i-1\", \"to\": \"i-2\", \"port\": 1}\n";
    for (line, fault) in [
        ("[]", "not a JSON object"),
        ("{\"to\": \"i-2\"}", "`from` is missing"),
        ("{\"from\": \"i-1\"}", "`to` is missing"),
        ("{\"from\": 1, \"to\": \"i-2\"}", "`from` is no text: `1`"),
        (
            "{\"from\": \"i-1\", \"to\": \"i-2\", \"port\": 65536}",
            "`port` is no number from 0 to 65535: `65536`",
        ),
    ] {
        let message = questions(&format!("{good}{line}\n"))
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("line 2: ") && message.contains(fault),
            "`{line}` gives `{message}`"
        );
    }
}

#[test]
fn a_file_without_questions_is_an_error() {
    assert!(matches!(
        questions("\n\n"),
        Err(LoadError::NoQuestions { .. })
    ));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = read("no/such/file.jsonl".as_ref()).unwrap_err();
    assert_eq!(error.to_string(), "cannot read `no/such/file.jsonl`");
    assert!(error.source().is_some());
}

#[test]
fn questions_are_repeated_in_their_order() {
    let flow = |source: &str| causeway_client::flow::tcp(source, "i-9", 1);
    let pick = Pick {
        count: 5,
        distinct: false,
        zipf: None,
    };
    let flows = pick.of(&[flow("a"), flow("b")]);
    let sources: Vec<&str> = flows.iter().map(|flow| flow.source.as_str()).collect();
    assert_eq!(sources, ["a", "b", "a", "b", "a"]);
}

#[test]
fn distinct_repetitions_differ_in_their_source_port_alone() {
    let flows = [tcp(443), tcp(80)];
    let pick = Pick {
        count: 5,
        distinct: true,
        zipf: None,
    };
    let repeated = pick.of(&flows);
    let ports: Vec<_> = repeated
        .iter()
        .map(|flow| (flow.source_port, flow.destination_port))
        .collect();
    assert_eq!(
        ports,
        [
            (Some(32768), Some(443)),
            (Some(32768), Some(80)),
            (Some(32769), Some(443)),
            (Some(32769), Some(80)),
            (Some(32770), Some(443)),
        ]
    );
}

#[test]
fn drawn_by_zipfs_law_the_first_questions_come_the_most_often() {
    let questions: Vec<Flow> = (1..=100).map(tcp).collect();
    let pick = Pick {
        count: 1_000,
        distinct: true,
        zipf: Some(1.0),
    };
    let flows = pick.of(&questions);
    let asked = |port| {
        let of_port = flows
            .iter()
            .filter(|flow| flow.destination_port == Some(port));
        of_port.count()
    };
    assert_eq!(flows.len(), 1_000);
    assert!(asked(1) > asked(3) && asked(3) > asked(50));
    let distinct: BTreeSet<_> = flows
        .iter()
        .map(|flow| (flow.source_port, flow.destination_port))
        .collect();
    assert_eq!(distinct.len(), 1_000);
}

fn tcp(port: u32) -> Flow {
    Flow {
        source: "10.0.0.1".to_owned(),
        destination: "10.0.0.2".to_owned(),
        protocol: "tcp".to_owned(),
        destination_port: Some(port),
        source_port: None,
        ..Flow::default()
    }
}
