//! Flows as they are asked for.

use std::str::FromStr;

use causeway_model::flow::{Constraints, Flow, FlowEnd, FlowPortError, Request, RequestError};
use causeway_model::ids::IdError;
use causeway_model::protocol::Protocol;
use causeway_proto::v1;

use crate::faults::Faults;
use crate::wire::Wire;

/// Reads a flow. A flow has no way back into the contract: answers do not repeat it.
pub(crate) fn parse(wire: v1::Flow, faults: &mut Faults) -> Option<Flow> {
    let v1::Flow {
        source,
        destination,
        protocol,
        destination_port,
        source_port,
        principal,
        action,
        resource,
        without,
        through,
        avoiding,
    } = wire;
    let request = request([principal, action, resource], faults);
    let without = list("without", &without, faults);
    let through = list("through", &through, faults);
    let avoiding = list("avoiding", &avoiding, faults);
    let source = faults.field("source", |faults| source_end(&source, faults));
    let destination = faults.field("destination", |faults| end(&destination, faults));
    let protocol = faults
        .field("protocol", |faults| {
            Option::<Protocol>::parse(protocol, faults)
        })
        .map(|given| given.unwrap_or(Protocol::TCP));
    let destination_port =
        faults.field("destination_port", |faults| port(destination_port, faults));
    let source_port = faults.field("source_port", |faults| port(source_port, faults));
    let (protocol, destination_port, source_port) = (protocol?, destination_port?, source_port?);
    let flow = Flow::new(
        (source?, destination?),
        protocol,
        destination_port,
        source_port,
    );
    let at = |fault| match fault {
        FlowPortError::Unexpected { .. } if destination_port.is_none() => "source_port",
        FlowPortError::Missing { .. } | FlowPortError::Unexpected { .. } => "destination_port",
    };
    let flow = flow.map_or_else(
        |fault| faults.field(at(fault), |faults| faults.add(fault.to_string())),
        Some,
    );
    let constraints = Constraints {
        without: without?,
        through: through?,
        avoiding: avoiding?,
    };
    let (request, mut flow) = (request?, flow?);
    (flow.request, flow.constraints) = (request, constraints);
    Some(flow)
}

/// Who asks for what: all three, or nothing.
fn request(parts: [String; 3], faults: &mut Faults) -> Option<Option<Request>> {
    let names = ["principal", "action", "resource"];
    if parts.iter().all(String::is_empty) {
        return Some(None);
    }
    let missing = names.iter().zip(&parts).filter(|(_, part)| part.is_empty());
    let missing: Vec<&str> = missing.map(|(name, _)| *name).collect();
    for name in &missing {
        faults.field(name, |faults| {
            faults.missing::<()>("all of principal, action and resource, or none of them")
        });
    }
    if !missing.is_empty() {
        return None;
    }
    let [principal, action, resource] = parts;
    match Request::new(principal, action, resource) {
        Ok(request) => Some(Some(request)),
        Err(fault) => {
            let name = match fault {
                RequestError::Principal { .. } => "principal",
                RequestError::Action { .. } => "action",
                RequestError::Resource { .. } => "resource",
            };
            faults.field(name, |faults| faults.add(fault.to_string()))
        }
    }
}

/// How many items each list of constraints may have.
const MAX_CONSTRAINTS: usize = 100;

/// The items of a list of constraints, each once.
fn list<T>(name: &'static str, texts: &[String], faults: &mut Faults) -> Option<Vec<T>>
where
    T: FromStr<Err = IdError> + Ord,
{
    faults.field(name, |faults| {
        if texts.len() > MAX_CONSTRAINTS {
            let count = texts.len();
            return faults.add(format!(
                "has {count} items, the maximum is {MAX_CONSTRAINTS}"
            ));
        }
        let mut found = Vec::new();
        let mut is_whole = true;
        for (index, text) in texts.iter().enumerate() {
            match text.parse::<T>() {
                Ok(item) => found.push(item),
                Err(fault) => {
                    faults.item(index, |faults| faults.add::<()>(fault.to_string()));
                    is_whole = false;
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        is_whole.then_some(found)
    })
}

fn source_end(text: &str, faults: &mut Faults) -> Option<FlowEnd> {
    let end = end(text, faults)?;
    if matches!(end, FlowEnd::Name(_)) {
        return faults.add(format!(
            "`{end}` is a DNS name; a source is a resource id, an address or `internet`"
        ));
    }
    Some(end)
}

pub(crate) fn end(text: &str, faults: &mut Faults) -> Option<FlowEnd> {
    if text.is_empty() {
        return faults.missing("a resource id, an address or `internet`");
    }
    text.parse().map_or_else(
        |fault: causeway_model::flow::FlowEndError| faults.add(fault.to_string()),
        Some,
    )
}

/// A port of a flow, which is never 0.
pub(crate) fn port(number: Option<u32>, faults: &mut Faults) -> Option<Option<u16>> {
    let Some(number) = number else {
        return Some(None);
    };
    match u16::try_from(number) {
        Ok(port) if port > 0 => Some(Some(port)),
        Ok(_) | Err(_) => faults.add(format!("`{number}` is no port, expected 1 to 65535")),
    }
}
