//! Cases for the fuzzer: a network and flows through it, as JSON, so that one that fails is a text to read.
//!
//! A case is `{"resources": [...], "flows": [...]}`: resources by the fields of the model, flows as [`flow`] reads them. What cannot be read, or is not
//! well-formed, is left out: the service would refuse it.

pub mod mutate;

use std::borrow::Cow;

use causeway_model::fields::{Field, Value};
use causeway_model::flow::{Constraints, Flow, Request};
use causeway_model::{Change, ChangeSet, Resource, Snapshot};
use causeway_resolver::{Depth, Network};
use serde_json::{Map, Number};

/// Resources that are read of a case.
const MAX_RESOURCES: usize = 300;

/// Flows that are walked of a case.
const MAX_FLOWS: usize = 12;

/// More hops than any trace may have.
const TOO_MANY_HOPS: usize = 1000;

/// A case as the mutator changes it.
#[must_use]
pub fn read(data: &[u8]) -> Option<Value> {
    serde_json::from_slice(data).ok().map(value)
}

/// A case as it is kept.
#[must_use]
pub fn write(case: &Value) -> Vec<u8> {
    json(case).to_string().into_bytes()
}

/// Walks the flows of a case by both walks, in both depths.
///
/// # Panics
/// If they differ, or an answer has no end: that is what the fuzzer is to find.
pub fn check(case: Value) {
    let Value::Record(parts) = case else { return };
    let (mut resources, mut flows) = (Vec::new(), Vec::new());
    for (name, part) in parts {
        match (name.as_ref(), part) {
            ("resources", Value::List(list)) => resources = list,
            ("flows", Value::List(list)) => flows = list,
            _ => {}
        }
    }
    resources.truncate(MAX_RESOURCES);
    let resources = resources.into_iter();
    let resources = resources.filter_map(|resource| Resource::from_value(resource).ok());
    let network = Network::compile(&snapshot(resources.collect()));
    for flow in flows.into_iter().filter_map(flow).take(MAX_FLOWS) {
        compare(&network, &flow);
    }
}

fn compare(network: &Network, flow: &Flow) {
    let full = network.resolve(flow, Depth::Full);
    assert_eq!(
        full,
        network.resolve_naively(flow, Depth::Full),
        "the naive walk answers something else: {flow:?}"
    );
    let short = network.resolve(flow, Depth::Verdict);
    match (&full, &short) {
        (Ok(full), Ok(short)) => {
            assert_eq!(full.verdict, short.verdict, "without traces: {flow:?}");
            let ways = full.alternatives.iter();
            let traces = ways.flat_map(|way| [&way.forward, &way.reply]);
            let traces = traces.chain([&full.forward, &full.reply]).flatten();
            for trace in traces {
                assert!(trace.hops.len() < TOO_MANY_HOPS, "no end: {flow:?}");
            }
        }
        _ => assert_eq!(full, short, "without traces: {flow:?}"),
    }
}

/// The state with all resources that are well-formed together.
fn snapshot(mut resources: Vec<Resource>) -> Snapshot {
    loop {
        let changes = resources.iter().cloned().map(Change::put);
        let changes = ChangeSet {
            changes: changes.collect(),
        };
        match Snapshot::default().apply(&changes) {
            Ok((snapshot, _)) => return snapshot,
            Err(faults) => {
                let mut place = 0..;
                resources.retain(|_| {
                    let at = place.next();
                    faults.iter().all(|fault| Some(fault.change) != at)
                });
            }
        }
    }
}

/// A flow: `from`, `to`, and what else is wanted of `protocol`, `port`, `source_port`, `principal`, `action`, `resource`, `without`, `through`, `avoiding`.
fn flow(value: Value) -> Option<Flow> {
    let Value::Record(fields) = value else {
        return None;
    };
    let find = |name: &str| {
        let field = fields.iter().find(|(own, _)| own == name);
        field.map(|(_, value)| value.clone())
    };
    let text = |name: &str| match find(name) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    };
    let port = |name: &str| match find(name) {
        Some(Value::Number(port)) => u16::try_from(port).ok(),
        _ => None,
    };
    let texts = |name: &str| match find(name) {
        Some(Value::List(list)) => list
            .into_iter()
            .filter_map(|item| String::from_value(item).ok())
            .collect(),
        _ => Vec::new(),
    };
    let ends = (text("from")?.parse().ok()?, text("to")?.parse().ok()?);
    let protocol = text("protocol").unwrap_or_else(|| "tcp".to_owned());
    let protocol = protocol.parse().ok()?;
    let mut flow = Flow::new(ends, protocol, port("port"), port("source_port")).ok()?;
    let request = (text("principal"), text("action"), text("resource"));
    if let (Some(principal), Some(action), Some(resource)) = request {
        flow.request = Request::new(principal, action, resource).ok();
    }
    flow.constraints = Constraints {
        without: parsed(&texts("without")),
        through: parsed(&texts("through")),
        avoiding: parsed(&texts("avoiding")),
    };
    Some(flow)
}

fn parsed<T: std::str::FromStr>(texts: &[String]) -> Vec<T> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

fn value(json: serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null | serde_json::Value::Bool(false) => Value::Absent,
        serde_json::Value::Bool(true) => Value::True,
        serde_json::Value::Number(number) => Value::Number(number.as_i64().unwrap_or_default()),
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Array(list) => Value::List(list.into_iter().map(value).collect()),
        serde_json::Value::Object(fields) => {
            let fields = fields.into_iter();
            Value::Record(
                fields
                    .map(|(name, field)| (Cow::Owned(name), value(field)))
                    .collect(),
            )
        }
    }
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Absent => serde_json::Value::Null,
        Value::True => serde_json::Value::Bool(true),
        Value::Number(number) => serde_json::Value::Number(Number::from(*number)),
        Value::Text(text) => serde_json::Value::String(text.clone()),
        Value::List(list) => serde_json::Value::Array(list.iter().map(json).collect()),
        Value::Record(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|(name, field)| (name.to_string(), json(field)));
            serde_json::Value::Object(fields.collect::<Map<_, _>>())
        }
    }
}
