//! The targets of a node: which listener takes a packet, and which of the registered targets may get it.
//!
//! Targets that are being removed, or are not in use, get nothing; those that are not healthy get something only if no other is left
//! (the load balancer fails open). Without cross-zone balancing a node sends to the targets of its own zone alone.

use std::net::IpAddr;

use causeway_model::Protocol;
use causeway_model::fields::Setting;
use causeway_model::protocol::{PortRange, ProtocolMatch};
use causeway_model::resources::TargetGroup;
use causeway_model::resources::load_balancers::{
    Listener, LoadBalancerType, Target, TargetHealthState, TargetType,
};
use causeway_model::trace::{Addr, Code};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::table::{Action, AddressMatch, End, InterfaceIx, Match, Rewrite, Rule};

use super::super::builder::{Builder, Key};
use super::super::zone::Zone;
use super::Fleet;
use super::node::Node;

/// How packets come to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entrance {
    /// To the address of its interface.
    Address,
    /// Through this interface of an endpoint.
    Endpoint(InterfaceIx),
}

/// The rules of a node.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// One for each target of each listener, the node's own zone first.
    pub(super) choice: Vec<Rule>,
    /// What is said of a packet once its target is chosen.
    pub(super) admission: Vec<Rule>,
}

/// A target, found in the topology.
#[derive(Debug)]
struct Place {
    /// Where packets for it go; none where the topology does not tell.
    address: Option<IpAddr>,
    port: u16,
    /// Its zone; none for one that every zone may use.
    zone: Option<Zone>,
    state: Option<TargetHealthState>,
    words: String,
}

/// What a target group is used for.
#[derive(Debug, Clone, Copy)]
struct Use<'u> {
    node: &'u Node<'u>,
    listener: &'u Listener,
    group: &'u TargetGroup,
    protocol: Protocol,
    entrance: Entrance,
}

pub(super) fn rules(
    builder: &mut Builder,
    fleet: &Fleet,
    node: &Node<'_>,
    entrance: Entrance,
) -> Found {
    let mut found = Found::default();
    for listener in &node.balancer.listeners {
        for protocol in protocols(&listener.protocol) {
            of_listener(
                builder,
                fleet,
                (node, listener, *protocol, entrance),
                &mut found,
            );
        }
    }
    found
}

/// The protocols that a listener or a target group is for.
fn protocols(word: &str) -> &'static [Protocol] {
    match word.to_ascii_uppercase().as_str() {
        "TCP" | "TLS" | "HTTP" | "HTTPS" => &[Protocol::TCP],
        "UDP" | "QUIC" => &[Protocol::UDP],
        "TCP_UDP" | "TCP_QUIC" => &[Protocol::TCP, Protocol::UDP],
        _ => &[],
    }
}

fn taken(listener: &Listener, protocol: Protocol) -> Match {
    Match {
        protocol: ProtocolMatch::Is(protocol),
        destination_ports: PortRange::one(listener.port),
        ..Match::ANY
    }
}

fn of_listener(
    builder: &mut Builder,
    fleet: &Fleet,
    (node, listener, protocol, entrance): (&Node<'_>, &Listener, Protocol, Entrance),
    found: &mut Found,
) {
    let words = format!("listener {} {}", listener.protocol, listener.port);
    let matches = taken(listener, protocol);
    if listener.target_group_arns.is_empty() {
        // An Application Load Balancer may answer by itself, or redirect.
        let (action, label) = if node.balancer.r#type == LoadBalancerType::Application {
            let action = Action::Unknown(Code::UnsupportedComponent);
            (action, "what it does instead is not known")
        } else {
            let action = Action::Drop(Code::Elbv2ListenerHasNoTg);
            (action, "there is none")
        };
        let label = format!("{words} forwards to no target group: {label}");
        found.choice.push(Rule::when(matches, action, label));
        return;
    }
    for arn in &listener.target_group_arns {
        let Some(group) = fleet.groups.get(arn.as_resource_id()) else {
            let label = format!("{words}: {arn} is not in the topology");
            let action = Action::Unknown(Code::UnknownResource);
            found
                .choice
                .push(Rule::when(matches.clone(), action, label));
            continue;
        };
        let own = Use {
            node,
            listener,
            group,
            protocol,
            entrance,
        };
        of_group(builder, fleet, own, found);
    }
}

fn of_group(builder: &mut Builder, fleet: &Fleet, own: Use<'_>, found: &mut Found) {
    let group = own.group;
    let mut end = |action, label: String| {
        let label = format!("{} {label}", group.target_group_name);
        let matches = taken(own.listener, own.protocol);
        found.choice.push(Rule::when(matches, action, label));
    };
    let takes = protocols(&group.protocol);
    if !takes.is_empty() && !takes.contains(&own.protocol) {
        let label = format!("takes {} alone", group.protocol);
        return end(Action::Drop(Code::Elbv2ListenerRequiresTgAccept), label);
    }
    if !group.targets_known {
        let label = "has targets that are not known".to_owned();
        return end(Action::Unknown(Code::UnknownResource), label);
    }
    if group.targets.is_empty() {
        let label = "has no targets".to_owned();
        return end(Action::Drop(Code::Elbv2ListenerHasNoTg), label);
    }
    match usable(builder, fleet, own) {
        Ok(places) => {
            for place in places {
                to_target(builder, own, &place, found);
            }
        }
        Err((code, label)) => end(Action::Drop(code), label),
    }
}

/// The targets that the node may send to, those of its own zone first; or why there are none.
fn usable(
    builder: &mut Builder,
    fleet: &Fleet,
    own: Use<'_>,
) -> Result<Vec<Place>, (Code, String)> {
    let node = own.node;
    let crosses = node.balancer.cross_zone_enabled;
    let crosses = crosses.or(node.balancer.r#type == LoadBalancerType::Application);
    let home = fleet.zones.of_subnet(node.subnet);
    let zones = super::nodes(builder, node.at);
    let zones: Vec<&Zone> = zones
        .into_iter()
        .filter_map(|(subnet, _)| fleet.zones.of_subnet(subnet))
        .collect();
    let mut places = Vec::new();
    for target in &own.group.targets {
        places.extend(find(builder, fleet, own, target));
    }
    places.retain(|place| {
        !matches!(
            place.state,
            Some(TargetHealthState::Draining | TargetHealthState::Unused)
        )
    });
    if places.is_empty() {
        let label = "has no target that is in use".to_owned();
        return Err((Code::Elbv2NoTargetsInAz, label));
    }
    // A zone that cannot be compared is no reason to leave a target out.
    let is_at = |place: &Place, zone: &Zone| match &place.zone {
        None => true,
        Some(own) => own.is(zone) != Some(false),
    };
    places.retain(|place| zones.is_empty() || zones.iter().any(|zone| is_at(place, zone)));
    if places.is_empty() {
        let label = "has targets only in zones that the load balancer is not enabled in".to_owned();
        return Err((Code::ElbInstalledAzRestriction, label));
    }
    let is_home = |place: &Place| home.is_none_or(|home| is_at(place, home));
    if !crosses {
        places.retain(is_home);
    }
    if places.is_empty() {
        let zone = home.map(ToString::to_string).unwrap_or_default();
        let label = format!("has targets only in other zones than {zone}, and cross-zone is off");
        return Err((Code::ElbNotCrosszone, label));
    }
    let is_well = |place: &Place| {
        matches!(
            place.state,
            None | Some(TargetHealthState::Healthy | TargetHealthState::Unavailable)
        )
    };
    if places.iter().any(is_well) {
        places.retain(is_well);
    }
    places.sort_by_key(|place| !is_home(place));
    Ok(places)
}

/// What a target is in the topology: several places where it is a load balancer itself.
fn find(builder: &Builder, fleet: &Fleet, own: Use<'_>, target: &Target) -> Vec<Place> {
    let port = if target.port == 0 {
        own.group.port
    } else {
        target.port
    };
    let place = |address, zone, of: &str| Place {
        address,
        port,
        zone,
        state: target.state,
        words: words(own, target, port, of),
    };
    let named = target.availability_zone.as_ref();
    let named = fleet.zones.named_by(builder, own.node.at, named);
    match own.group.target_type {
        TargetType::Instance => {
            let found = builder.find(&target.id).map(|(at, _)| at);
            let found = found.and_then(|at| builder.network.primary(at));
            let found = found.and_then(|own| builder.network.interface(own));
            let address = found.and_then(|found| found.addresses.first().copied());
            let zone = found.and_then(|found| fleet.zones.of_subnet(found.subnet).cloned());
            vec![place(address, zone.or(named), "")]
        }
        TargetType::Ip => {
            let address: Option<IpAddr> = target.id.parse().ok();
            let held = address.and_then(|address| zone_of(builder, fleet, own, address));
            vec![place(address, held.or(named), "")]
        }
        TargetType::Alb => {
            let balancer = builder.find(&target.id).map(|(at, _)| at);
            let nodes = balancer.map(|at| super::nodes(builder, at));
            let nodes = nodes.filter(|nodes| !nodes.is_empty());
            nodes.map_or_else(
                || vec![place(None, None, "")],
                |nodes| {
                    let nodes = nodes.into_iter().map(|(subnet, node)| {
                        let node = builder.network.interface(node);
                        let address = node.and_then(|node| node.addresses.first().copied());
                        let zone = fleet.zones.of_subnet(subnet).cloned();
                        let at = zone.as_ref().map(|zone| format!(" in {zone}"));
                        place(address, zone, &at.unwrap_or_default())
                    });
                    nodes.collect()
                },
            )
        }
        TargetType::Lambda => vec![place(None, None, "")],
    }
}

/// The zone of an address of the load balancer's VPC.
fn zone_of(builder: &Builder, fleet: &Fleet, own: Use<'_>, address: IpAddr) -> Option<Zone> {
    let vpc = builder.network.subnet(own.node.subnet)?.vpc;
    let holder = builder.holder(vpc, address);
    if let Some(holder) = holder.and_then(|own| builder.network.interface(own)) {
        return fleet.zones.of_subnet(holder.subnet).cloned();
    }
    let subnets = (0..).zip(&builder.network.frame.subnets);
    let mut subnets = subnets.filter(|(_, subnet)| subnet.vpc == vpc);
    let holds = |block: &IpNet| block.contains(&address);
    let (index, _) = subnets.find(|(_, subnet)| subnet.cidr_blocks.iter().any(holds))?;
    let zone = fleet.zones.of_subnet(crate::table::SubnetIx::of(index));
    zone.cloned()
}

fn words(own: Use<'_>, target: &Target, port: u16, of: &str) -> String {
    let is_lambda = own.group.target_type == TargetType::Lambda;
    let port = if is_lambda {
        String::new()
    } else {
        format!(" port {port}")
    };
    let state = match target.state {
        None | Some(TargetHealthState::Healthy) => String::new(),
        Some(state) => format!(", {state}"),
    };
    let group = &own.group.target_group_name;
    format!("{}{of}{port} of {group}{state}", target.id)
}

fn to_target(builder: &mut Builder, own: Use<'_>, place: &Place, found: &mut Found) {
    let matches = taken(own.listener, own.protocol);
    let label = place.words.clone();
    let mut push = |matches, action, label| found.choice.push(Rule::when(matches, action, label));
    if own.group.target_type == TargetType::Lambda {
        return push(matches, Action::Deliver(End::ServiceAtInterface), label);
    }
    let Some(address) = place.address else {
        let label = format!("{label}, of which the topology holds no address");
        return push(matches, Action::Unknown(Code::UnknownResource), label);
    };
    let Some(source) = source(builder, own.node, address.is_ipv6()) else {
        let label = format!("{label}: the node has no address of its family");
        return push(matches, Action::Unknown(Code::UnsupportedComponent), label);
    };
    let endpoint = match own.entrance {
        Entrance::Address => None,
        Entrance::Endpoint(endpoint) => Some(endpoint),
    };
    let back = Key::LoadBalancerBack(own.node.at, own.node.subnet, endpoint);
    let back = builder.place(back);
    let is_own = matches!(source, Addr::Ip(_)) && endpoint.is_none();
    let proxy = Rewrite {
        source: Some(source),
        back: (!is_own).then_some(back),
        skips_routes: false,
        destination: Some((address, Some(place.port))),
    };
    let proxy = |matches| {
        Rule::when(
            matches,
            Action::Rewrite(Box::new(proxy.clone())),
            place.words.clone(),
        )
    };
    if endpoint.is_some() || !keeps_client(own) {
        found.choice.push(proxy(matches));
        if endpoint.is_none() {
            found.admission.extend(assumption(own, address));
        }
        return;
    }
    // Between the families a client's address cannot be kept.
    let [same, other] = families(address.is_ipv6()).map(|net| Match {
        source: AddressMatch::Net(net),
        ..matches.clone()
    });
    let kept = Rewrite {
        source: None,
        back: Some(back),
        skips_routes: true,
        destination: Some((address, Some(place.port))),
    };
    let label = format!("{}, the client's address is kept", place.words);
    let kept = Rule::when(same, Action::Rewrite(Box::new(kept)), label);
    found.choice.extend([kept, proxy(other)]);
    found.admission.extend(admission(own, address));
}

/// What is said of a packet that keeps its client's address, on its way to this target.
fn admission(own: Use<'_>, address: IpAddr) -> Vec<Rule> {
    let only = AddressMatch::Net(IpNet::from(address));
    let itself = Match {
        source: only.clone(),
        ..Match::to(only)
    };
    let label = "the target is the client itself, and would answer past the load balancer";
    let mut rules = vec![Rule::when(
        itself,
        Action::Drop(Code::NoPossibleDestination),
        label,
    )];
    rules.extend(assumption(own, address));
    rules
}

/// What is taken for granted of a target whose group's attributes are not known.
fn assumption(own: Use<'_>, address: IpAddr) -> Option<Rule> {
    let is_network = own.node.balancer.r#type == LoadBalancerType::Network;
    let is_told = own.group.preserve_client_ip_enabled != Setting::Default;
    if is_told || !is_network || !is_free(own) {
        return None;
    }
    let (code, words) = if keeps_client(own) {
        (Code::MissingTargetGroupAttributes, "kept")
    } else {
        (Code::AssumptionPreserveClientIpIsDisabled, "not kept")
    };
    let name = &own.group.target_group_name;
    let label = format!(
        "{name}: its attributes are not known, so clients' addresses are {words}, as by default"
    );
    let only = AddressMatch::Net(IpNet::from(address));
    Some(Rule::when(Match::to(only), Action::Inform(code), label))
}

/// Whether a Network Load Balancer lets users choose if the client's address is kept.
fn is_free(own: Use<'_>) -> bool {
    let is_udp = protocols(&own.group.protocol).contains(&Protocol::UDP);
    let is_chosen = matches!(own.group.target_type, TargetType::Instance | TargetType::Ip);
    is_chosen && !is_udp
}

/// Whether targets see the client's address (NLB guide, "Client IP preservation").
fn keeps_client(own: Use<'_>) -> bool {
    if own.node.balancer.r#type != LoadBalancerType::Network {
        return false;
    }
    let setting = own.group.preserve_client_ip_enabled;
    !is_free(own) || setting.or(own.group.target_type == TargetType::Instance)
}

/// All addresses of a family, and all of the other one.
fn families(is_ipv6: bool) -> [IpNet; 2] {
    let (v4, v6) = (IpNet::V4(Ipv4Net::default()), IpNet::V6(Ipv6Net::default()));
    if is_ipv6 { [v6, v4] } else { [v4, v6] }
}

/// The address that targets see: the node's own, else one of its subnet.
fn source(builder: &Builder, node: &Node<'_>, is_ipv6: bool) -> Option<Addr> {
    let own = builder.network.interface(node.interface)?;
    let mut own = own.addresses.iter();
    if let Some(own) = own.find(|own| own.is_ipv6() == is_ipv6) {
        return Some(Addr::Ip(*own));
    }
    let subnet = builder.network.subnet(node.subnet)?;
    let mut blocks = subnet.cidr_blocks.iter();
    let block = blocks.find(|block| block.addr().is_ipv6() == is_ipv6)?;
    Some(Addr::Within(*block))
}
