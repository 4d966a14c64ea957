//! What a matrix is asked for, and its packed cells.

use causeway_engine::{EndFilter, EndKind, EndSelector, Filter, MatrixQuestion};
use causeway_model::flow::{FlowEnd, FlowPortError, Service};
use causeway_model::protocol::Protocol;
use causeway_model::resource::Kind;
use causeway_model::trace::Verdict;
use causeway_proto::v1;

use crate::faults::Faults;
use crate::wire::{Wire, flow};

/// Most selectors of an axis, those of them that are filters, and most services.
const MAX_SELECTORS: usize = 100_000;
const MAX_FILTERS: usize = 100;
const MAX_SERVICES: usize = 1_000;

/// Reads what is asked for; of the two axes, then the services.
pub(crate) fn question(
    [sources, destinations]: [Vec<v1::EndSelector>; 2],
    services: Vec<v1::MatrixService>,
    faults: &mut Faults,
) -> Option<MatrixQuestion> {
    let sources = faults.field("sources", |faults| selectors(sources, faults));
    let destinations = faults.field("destinations", |faults| selectors(destinations, faults));
    let services = faults.field("services", |faults| all_services(services, faults));
    Some(MatrixQuestion {
        sources: sources?,
        destinations: destinations?,
        services: services?,
    })
}

fn selectors(wire: Vec<v1::EndSelector>, faults: &mut Faults) -> Option<Vec<EndSelector>> {
    let is_filter =
        |one: &&v1::EndSelector| matches!(one.selector, Some(v1::end_selector::Selector::All(_)));
    let filters = wire.iter().filter(is_filter).count();
    if filters > MAX_FILTERS {
        return faults.add(format!(
            "has {filters} filters, the maximum is {MAX_FILTERS}"
        ));
    }
    each(wire, ("selector", MAX_SELECTORS), faults, selector)
}

/// Reads the items of a list that is not empty.
fn each<P, T>(
    wire: Vec<P>,
    (what, maximum): (&str, usize),
    faults: &mut Faults,
    read: impl Fn(P, &mut Faults) -> Option<T>,
) -> Option<Vec<T>> {
    let count = wire.len();
    if count == 0 {
        return faults.missing(&format!("at least one {what}"));
    }
    if count > maximum {
        return faults.add(format!("has {count} items, the maximum is {maximum}"));
    }
    let items = wire.into_iter().enumerate();
    // All of them are read, so that every fault is told.
    let items: Vec<Option<T>> = items
        .map(|(index, item)| faults.item(index, |faults| read(item, faults)))
        .collect();
    items.into_iter().collect()
}

fn selector(wire: v1::EndSelector, faults: &mut Faults) -> Option<EndSelector> {
    use v1::end_selector::Selector;
    let v1::EndSelector { selector } = wire;
    match selector {
        Some(Selector::End(text)) => faults
            .field("end", |faults| one(&text, faults))
            .map(EndSelector::One),
        Some(Selector::All(wire)) => faults
            .field("all", |faults| filter(wire, faults))
            .map(EndSelector::All),
        None => faults.missing("one of end and all"),
    }
}

fn one(text: &str, faults: &mut Faults) -> Option<FlowEnd> {
    let end = flow::end(text, faults)?;
    if matches!(end, FlowEnd::Name(_)) {
        return faults.add(format!(
            "`{end}` is a DNS name, which each source may resolve in another way; an end of a matrix is a resource id, an address or `internet`"
        ));
    }
    Some(end)
}

fn filter(wire: v1::EndFilter, faults: &mut Faults) -> Option<EndFilter> {
    let v1::EndFilter {
        kind: _,
        vpc_id,
        subnet_id,
        security_group_id,
        owner_id,
        region,
        tags,
    } = wire;
    let kind = faults.field("kind", |faults| kind(wire.kind, faults));
    let vpc = faults.field("vpc_id", |faults| Wire::parse(vpc_id, faults));
    let subnet = faults.field("subnet_id", |faults| Wire::parse(subnet_id, faults));
    let group = faults.field("security_group_id", |faults| {
        Wire::parse(security_group_id, faults)
    });
    let owner = faults.field("owner_id", |faults| Wire::parse(owner_id, faults));
    let region = faults.field("region", |faults| Wire::parse(region, faults));
    let tags = faults.field("tags", |faults| Wire::parse(tags, faults));
    Some(EndFilter {
        kind: kind?,
        of: Filter {
            kinds: Vec::new(),
            vpc: vpc?,
            owner: owner?,
            region: region?,
            tags: tags?,
        },
        subnet: subnet?,
        group: group?,
    })
}

fn kind(wire: i32, faults: &mut Faults) -> Option<EndKind> {
    match Option::<Kind>::parse(wire, faults)? {
        None | Some(Kind::NetworkInterface) => Some(EndKind::Interfaces),
        Some(Kind::Instance) => Some(EndKind::Instances),
        Some(other) => faults.add(format!(
            "a filter chooses network interfaces or instances, found {other}"
        )),
    }
}

fn all_services(wire: Vec<v1::MatrixService>, faults: &mut Faults) -> Option<Vec<Service>> {
    let services = each(wire, ("service", MAX_SERVICES), faults, service)?;
    let mut seen = std::collections::BTreeSet::new();
    let twice = services.iter().position(|service| !seen.insert(*service));
    match twice {
        Some(index) => faults.item(index, |faults| faults.add("is there already")),
        None => Some(services),
    }
}

fn service(wire: v1::MatrixService, faults: &mut Faults) -> Option<Service> {
    let v1::MatrixService {
        protocol,
        destination_port,
    } = wire;
    let protocol = faults.field("protocol", |faults| {
        Option::<Protocol>::parse(protocol, faults)
    });
    faults.field("destination_port", |faults| {
        let port = flow::port(destination_port, faults);
        let made = Service::new(protocol?.unwrap_or(Protocol::TCP), port?);
        made.map_or_else(|fault: FlowPortError| faults.add(fault.to_string()), Some)
    })
}

/// A service as it is told.
pub(crate) fn told(service: Service) -> v1::MatrixService {
    v1::MatrixService {
        protocol: service.protocol().to_string(),
        destination_port: service.port().map(u32::from),
    }
}

/// Verdicts, two bits each, four in a byte, the first in the lowest bits.
pub(crate) fn packed(verdicts: &[Verdict]) -> Vec<u8> {
    let byte = |four: &[Verdict]| {
        four.iter()
            .rev()
            .fold(0, |byte, verdict| byte << 2 | bits(*verdict))
    };
    verdicts.chunks(4).map(byte).collect()
}

fn bits(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Reachable => 0,
        Verdict::Unreachable => 1,
        Verdict::Ambiguous => 2,
        Verdict::Undetermined => 3,
    }
}
