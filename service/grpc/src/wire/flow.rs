//! Flows as they are asked for.

use causeway_model::flow::{Flow, FlowEnd, FlowPortError};
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
    } = wire;
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
    flow.map_or_else(
        |fault| faults.field(at(fault), |faults| faults.add(fault.to_string())),
        Some,
    )
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

fn end(text: &str, faults: &mut Faults) -> Option<FlowEnd> {
    if text.is_empty() {
        return faults.missing("a resource id, an address or `internet`");
    }
    text.parse().map_or_else(
        |fault: causeway_model::flow::FlowEndError| faults.add(fault.to_string()),
        Some,
    )
}

/// A port of a flow, which is never 0.
fn port(number: Option<u32>, faults: &mut Faults) -> Option<Option<u16>> {
    let Some(number) = number else {
        return Some(None);
    };
    match u16::try_from(number) {
        Ok(port) if port > 0 => Some(Some(port)),
        Ok(_) | Err(_) => faults.add(format!("`{number}` is no port, expected 1 to 65535")),
    }
}
