//! A table of traces gives back what it was made of, and nothing that it does not hold.

use causeway_proto::v1;

use super::put_back;

fn header(source: &str) -> v1::Header {
    v1::Header {
        source: source.to_owned(),
        ..v1::Header::default()
    }
}

fn hop(id: &str, before: u32, after: Option<u32>) -> v1::SharedHop {
    v1::SharedHop {
        resource_id: id.to_owned(),
        steps: vec![v1::SharedStep {
            rule: format!("rule of {id}"),
            before,
            after,
            ..v1::SharedStep::default()
        }],
        ..v1::SharedHop::default()
    }
}

fn table() -> v1::TraceTable {
    let trace = |hops: &[u32], source: &str| v1::SharedTrace {
        hops: hops.to_vec(),
        headers: vec![header(source), header("54.0.0.1")],
        disposition: v1::Disposition::Delivered.into(),
    };
    v1::TraceTable {
        traces: vec![trace(&[0, 1], "10.0.0.1"), trace(&[1, 0], "10.0.0.2")],
        hops: vec![hop("a", 0, None), hop("b", 0, Some(1))],
    }
}

fn item(forward: u32, other: u32) -> v1::BatchItem {
    let other = v1::Alternative {
        return_trace: Some(other),
        ..v1::Alternative::default()
    };
    v1::BatchItem {
        answer: Some(v1::PathAnswer {
            forward_trace: Some(forward),
            alternatives: vec![other],
            ..v1::PathAnswer::default()
        }),
        ..v1::BatchItem::default()
    }
}

#[test]
fn answers_get_their_traces_with_the_headers_of_each() {
    let mut items = [item(1, 0), v1::BatchItem::default()];
    put_back("Batch", &mut items, Some(table())).unwrap();
    let answer = items[0].answer.as_ref().unwrap();
    let forward = answer.forward.as_ref().unwrap();
    let ids: Vec<_> = forward.hops.iter().map(|hop| &*hop.resource_id).collect();
    assert_eq!(ids, ["b", "a"]);
    let step = &forward.hops[0].steps[0];
    assert_eq!(
        (&*step.rule, &step.before, &step.after),
        (
            "rule of b",
            &Some(header("10.0.0.2")),
            &Some(header("54.0.0.1"))
        )
    );
    assert_eq!(forward.hops[1].steps[0].after, None);
    assert_eq!(forward.disposition(), v1::Disposition::Delivered);
    let back = answer.alternatives[0].r#return.as_ref().unwrap();
    assert_eq!(back.hops[0].resource_id, "a");
    assert_eq!(
        (answer.forward_trace, answer.alternatives[0].return_trace),
        (None, None)
    );
}

#[test]
fn an_answer_that_names_what_is_not_there_is_incomplete() {
    let mut without_hop = table();
    without_hop.hops.pop();
    let mut without_header = table();
    without_header.traces[0].headers.pop();
    for (table, place) in [
        (Some(table()), 2),
        (None, 0),
        (Some(without_hop), 0),
        (Some(without_header), 0),
    ] {
        let mut items = [item(place, place)];
        assert!(put_back("Batch", &mut items, table).is_err());
    }
}
