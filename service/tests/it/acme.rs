//! The example estate over gRPC: the questions of `expected.jsonl`, and the answers that are known to be right.

use std::path::Path;

use causeway_client::{Client, consistency, flow};
use causeway_proto::v1;
use serde_json::Value;

use crate::harness::Served;

fn estate() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/acme"))
}

pub(crate) fn questions() -> Vec<Value> {
    let text = std::fs::read_to_string(estate().join("expected.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn text<'q>(question: &'q Value, key: &str) -> &'q str {
    question[key].as_str().unwrap_or_default()
}

fn texts(question: &Value, key: &str) -> Vec<String> {
    let list = question[key].as_array().into_iter().flatten();
    list.map(|item| item.as_str().unwrap().to_owned()).collect()
}

pub(crate) async fn import(client: &Client) {
    let estate = causeway_aws_import::read_dir(estate()).unwrap();
    let import = client.import("t").scopes(estate.scopes);
    import.send(estate.resources).await.unwrap();
}

pub(crate) fn flow_of(question: &Value) -> v1::Flow {
    let port = u16::try_from(question["port"].as_u64().unwrap()).unwrap();
    flow::tcp(text(question, "from"), text(question, "to"), port)
}

/// What of a right answer is missing from this one.
fn differences(question: &Value, item: &v1::BatchItem) -> Vec<String> {
    let mut differences = Vec::new();
    let mut expect = |holds: bool, what: String| {
        if !holds {
            differences.push(what);
        }
    };
    let verdict = format!("VERDICT_{}", text(question, "verdict"));
    expect(
        item.verdict().as_str_name() == verdict,
        format!("verdict is {:?}", item.verdict()),
    );
    for id in texts(question, "through") {
        expect(
            item.path.contains(&id),
            format!("it does not go through {id}"),
        );
    }
    for id in texts(question, "not_through") {
        expect(!item.path.contains(&id), format!("it goes through {id}"));
    }
    let explanations = &item.answer.as_ref().unwrap().explanations;
    for code in texts(question, "codes") {
        let name = format!("EXPLANATION_CODE_{code}");
        let named = explanations
            .iter()
            .filter(|one| one.code().as_str_name() == name);
        let at = text(question, "at");
        let resources: Vec<&str> = named.map(|one| one.resource_id.as_str()).collect();
        expect(!resources.is_empty(), format!("{code} is not named"));
        expect(
            at.is_empty() || resources.contains(&at),
            format!("{code} is named at {resources:?}, not at {at}"),
        );
    }
    differences
}

#[tokio::test]
async fn the_questions_of_the_example_estate_are_answered_right() {
    let served = Served::start().await;
    import(&served.client).await;
    let questions = questions();
    assert_eq!(questions.len(), 16);
    let flows = questions.iter().map(flow_of).collect::<Vec<_>>();
    let answer = served
        .client
        .batch("t", flows, v1::Detail::Full, consistency::newest())
        .await
        .unwrap();
    for (question, item) in questions.iter().zip(&answer.items) {
        let name = text(question, "name");
        assert_eq!(
            differences(question, item),
            Vec::<String>::new(),
            "{name}: {item:#?}"
        );
    }
}

#[tokio::test]
async fn another_vpc_of_the_example_estate_is_reached_over_its_transit_gateway() {
    let served = Served::start().await;
    import(&served.client).await;
    let directory = "i-c59822779f3b0dd21";
    let sources = ["i-f36d3a46a2feaecd0", "i-8bfa1dae80011dce4"];
    let flows = sources.map(|source| flow::tcp(source, directory, 389));
    let answer = served
        .client
        .batch("t", flows.to_vec(), v1::Detail::Full, consistency::newest())
        .await
        .unwrap();
    let [batch, worker] = answer.items.as_slice() else {
        panic!("{answer:#?}");
    };
    assert_eq!(batch.verdict(), v1::Verdict::Reachable, "{batch:#?}");
    let hub = "tgw-bbec25d9e05b06942";
    assert!(batch.path.iter().any(|id| id == hub), "{batch:#?}");
    assert_eq!(worker.verdict(), v1::Verdict::Unreachable, "{worker:#?}");
    let explanations = &worker.answer.as_ref().unwrap().explanations;
    let codes: Vec<_> = explanations.iter().map(|one| one.code()).collect();
    // The reply comes out of the gateway in the directory's zone, and the network ACL of the worker's own subnet admits none of it.
    assert_eq!(
        codes,
        [
            v1::ExplanationCode::EniSgRulesMismatch,
            v1::ExplanationCode::SubnetAclRestriction
        ]
    );
}

#[tokio::test]
async fn a_second_import_of_the_same_dump_makes_no_revision() {
    let served = Served::start().await;
    import(&served.client).await;
    let estate = causeway_aws_import::read_dir(estate()).unwrap();
    let again = served
        .client
        .import("t")
        .scopes(estate.scopes)
        .send(estate.resources)
        .await
        .unwrap();
    assert!(!again.changed);
    assert_eq!(
        (again.revision, again.created_count, again.deleted_count),
        (1, 0, 0)
    );
}

#[tokio::test]
async fn a_batch_tells_the_whole_answers_that_single_calls_tell_with_less() {
    let served = Served::start().await;
    import(&served.client).await;
    let flows: Vec<_> = questions().iter().map(flow_of).collect();
    let whole = served
        .client
        .batch("t", flows.clone(), v1::Detail::Full, consistency::newest())
        .await
        .unwrap();
    let mut inline = 0;
    for (flow, item) in flows.iter().zip(&whole.items) {
        let alone = served
            .client
            .resolve("t", flow.clone(), consistency::newest())
            .await
            .unwrap();
        inline += hops(&alone);
        assert_eq!(item.answer.as_ref(), Some(&alone));
    }
    let request = v1::BatchResolvePathsRequest {
        topology: "t".to_owned(),
        flows: [flows.clone(), flows].concat(),
        detail: v1::Detail::Full.into(),
        ..v1::BatchResolvePathsRequest::default()
    };
    let sent = served.paths().batch_resolve_paths(request).await.unwrap();
    let sent = sent.into_inner();
    let (one, other) = sent.items.split_at(16);
    assert_eq!(one, other);
    let table = sent.traces.unwrap();
    assert!(
        table.hops.len() < inline,
        "{} of {inline}",
        table.hops.len()
    );
    assert!(table.traces.len() <= 64, "{}", table.traces.len());
}

/// Hops of all traces of an answer.
fn hops(answer: &v1::PathAnswer) -> usize {
    let others = answer.alternatives.iter();
    let others = others.flat_map(|other| [&other.forward, &other.r#return]);
    let traces = [&answer.forward, &answer.r#return]
        .into_iter()
        .chain(others);
    traces.flatten().map(|trace| trace.hops.len()).sum()
}
