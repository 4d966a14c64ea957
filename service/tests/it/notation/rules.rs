//! What stands after the colon: routes, and rules of network ACLs and security groups.

use causeway_model::ids::PrefixListId;
use causeway_model::protocol::{PortRange, Protocol, ProtocolMatch};
use causeway_model::resources::filters::{
    IcmpTypeCode, IpPermission, NetworkAclEntry, RuleAction, UserIdGroupPair,
};
use causeway_model::resources::routing::{
    Route, RouteDestination, RouteOrigin, RouteState, RouteTarget,
};

use super::line::read;

/// `DESTINATION -> TARGET [blackhole|filtered] [propagated]`, between commas.
pub(super) fn routes(text: &str) -> Result<Vec<Route>, String> {
    let routes = text.split(", ").filter(|route| !route.is_empty());
    routes.map(route).collect()
}

fn route(text: &str) -> Result<Route, String> {
    let (destination, rest) = text
        .split_once(" -> ")
        .ok_or("expected `DESTINATION -> TARGET`")?;
    let mut words = rest.split_whitespace();
    let target = words.next().ok_or("a route names no target")?;
    let (mut state, mut origin) = (RouteState::Active, RouteOrigin::CreateRoute);
    for word in words {
        match word {
            "blackhole" => state = RouteState::Blackhole,
            "filtered" => state = RouteState::Filtered,
            "propagated" => origin = RouteOrigin::EnableVgwRoutePropagation,
            _ => return Err(format!("`{word}` says nothing of a route")),
        }
    }
    let destination = if destination.starts_with("pl-") {
        RouteDestination::PrefixList(read(destination)?)
    } else {
        RouteDestination::Cidr(read(destination)?)
    };
    Ok(Route {
        destination,
        target: target_of(target)?,
        state,
        origin,
    })
}

fn target_of(word: &str) -> Result<Option<RouteTarget>, String> {
    let prefix = word.split('-').next().unwrap_or_default();
    Ok(Some(match prefix {
        "nothing" => return Ok(None),
        "local" => RouteTarget::Local,
        "igw" => RouteTarget::InternetGateway(read(word)?),
        "nat" => RouteTarget::NatGateway(read(word)?),
        "pcx" => RouteTarget::VpcPeeringConnection(read(word)?),
        "vpce" => RouteTarget::VpcEndpoint(read(word)?),
        "eni" => RouteTarget::NetworkInterface(read(word)?),
        "i" => RouteTarget::Instance(read(word)?),
        "tgw" => RouteTarget::TransitGateway(read(word)?),
        "vgw" => RouteTarget::VpnGateway(read(word)?),
        "eigw" => RouteTarget::EgressOnlyInternetGateway(read(word)?),
        "lgw" => RouteTarget::LocalGateway(read(word)?),
        "cagw" => RouteTarget::CarrierGateway(read(word)?),
        _ if word.contains(":core-network/") => RouteTarget::CoreNetwork(read(word)?),
        _ if word.contains(":odb-network/") => RouteTarget::OdbNetwork(read(word)?),
        _ => RouteTarget::IpAddress(read(word)?),
    }))
}

/// `in|out NUMBER allow|deny SERVICE from|to CIDR`, between semicolons.
pub(super) fn entries(text: &str) -> Result<Vec<NetworkAclEntry>, String> {
    let entries = text.split("; ").filter(|entry| !entry.is_empty());
    entries.map(entry).collect()
}

fn entry(text: &str) -> Result<NetworkAclEntry, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [direction, number, action, service, _, cidr] = words.as_slice() else {
        let form = "in|out NUMBER allow|deny SERVICE from|to CIDR";
        return Err(format!("`{text}`: expected `{form}`"));
    };
    let (protocol, port_range, icmp_type_code) = service_of(service)?;
    Ok(NetworkAclEntry {
        rule_number: read(number)?,
        egress: is_out(direction)?,
        protocol,
        rule_action: match *action {
            "allow" => RuleAction::Allow,
            "deny" => RuleAction::Deny,
            _ => return Err(format!("`{action}`: expected `allow` or `deny`")),
        },
        cidr_block: read(cidr)?,
        port_range,
        icmp_type_code,
    })
}

/// `in|out SERVICE from|to CIDR|sg-...|pl-...`, between semicolons: those that enter, those that leave.
pub(super) fn permissions(text: &str) -> Result<[Vec<IpPermission>; 2], String> {
    let (mut inward, mut outward) = (Vec::new(), Vec::new());
    for rule in text.split("; ").filter(|rule| !rule.is_empty()) {
        let words: Vec<&str> = rule.split_whitespace().collect();
        let [direction, service, _, peer] = words.as_slice() else {
            let form = "in|out SERVICE from|to CIDR|sg-...|pl-...";
            return Err(format!("`{rule}`: expected `{form}`"));
        };
        let all = if is_out(direction)? {
            &mut outward
        } else {
            &mut inward
        };
        all.push(permission(service, peer)?);
    }
    Ok([inward, outward])
}

fn permission(service: &str, peer: &str) -> Result<IpPermission, String> {
    let (ip_protocol, ports, icmp_type_code) = service_of(service)?;
    let mut permission = IpPermission {
        ip_protocol,
        ports,
        icmp_type_code,
        ip_ranges: Vec::new(),
        prefix_list_ids: Vec::new(),
        user_id_group_pairs: Vec::new(),
    };
    if peer.starts_with("sg-") {
        permission.user_id_group_pairs.push(UserIdGroupPair {
            group_id: read(peer)?,
            user_id: None,
            vpc_id: None,
            vpc_peering_connection_id: None,
        });
    } else if peer.starts_with("pl-") {
        permission.prefix_list_ids.push(read::<PrefixListId>(peer)?);
    } else {
        permission.ip_ranges.push(read(peer)?);
    }
    Ok(permission)
}

fn is_out(direction: &str) -> Result<bool, String> {
    match direction {
        "in" => Ok(false),
        "out" => Ok(true),
        _ => Err(format!("`{direction}`: expected `in` or `out`")),
    }
}

type Service = (ProtocolMatch, Option<PortRange>, Option<IcmpTypeCode>);

/// `all`, `tcp`, `tcp/443`, `tcp/1-1023`, `icmp`, `icmp/8` (the type), or a number.
fn service_of(word: &str) -> Result<Service, String> {
    let (protocol, detail) = word.split_once('/').unwrap_or((word, ""));
    let protocol: ProtocolMatch = read(protocol)?;
    if detail.is_empty() {
        return Ok((protocol, None, None));
    }
    if matches!(
        protocol,
        ProtocolMatch::Is(Protocol::ICMP | Protocol::ICMPV6)
    ) {
        let (r#type, code) = (read(detail)?, -1);
        return Ok((protocol, None, Some(IcmpTypeCode { r#type, code })));
    }
    let (from, to) = detail.split_once('-').unwrap_or((detail, detail));
    let ports = PortRange::new(read(from)?, read(to)?);
    Ok((
        protocol,
        Some(ports.ok_or("the ports are the wrong way round")?),
        None,
    ))
}
