//! Fills in what takes more than one resource to tell. Knows how resources hang together; must not know JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use causeway_proto::v1::resource::Kind;
use causeway_proto::v1::{
    self, ResourceKind, TransitGatewayAttachmentResourceType as AttachmentType,
};
use ipnet::IpNet;

use crate::gather::{Key, Zone};
use crate::kinds::route_order;
use crate::locator::Locator;
use crate::notes::Notes;
use crate::record::sorted;
use crate::warning::Warning;

/// A resource that was read, and what its record had.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) resource: v1::Resource,
    /// The file of its best view.
    pub(crate) file: Arc<str>,
    /// Whether a transit gateway route table's associations were given.
    pub(crate) has_associations: bool,
    /// Whether its static routes were given, and not all routes.
    pub(crate) has_static_routes_alone: bool,
    /// Whether its propagations were given.
    pub(crate) has_propagations: bool,
}

type Resources = BTreeMap<Key, Built>;

/// Gives subnets that name their zone but not its id the id that their account sees under that name.
pub(crate) fn zones(built: &mut Resources, zones: &[Zone], locator: &Locator) {
    let mut ids: BTreeMap<(Option<&str>, &str), &str> = BTreeMap::new();
    for zone in zones {
        let owner = locator
            .asker(zone.source)
            .and_then(|asker| asker.owner.as_deref());
        ids.insert((owner, &zone.name), &zone.id);
    }
    for built in built.values_mut() {
        if let Some(Kind::Subnet(subnet)) = &mut built.resource.kind
            && subnet.availability_zone_id.is_empty()
            && let Some(id) = ids.get(&(
                Some(built.resource.owner_id.as_str()),
                subnet.availability_zone.as_str(),
            ))
        {
            subnet.availability_zone_id = (*id).to_owned();
        }
    }
}

/// An endpoint names the Region of its service only where that is another.
pub(crate) fn endpoints(built: &mut Resources) {
    for built in built.values_mut() {
        if let Some(Kind::VpcEndpoint(endpoint)) = &mut built.resource.kind
            && endpoint.service_region == built.resource.region
        {
            endpoint.service_region.clear();
        }
    }
}

/// What the route tables of transit gateways need to know of attachments.
struct Attachment {
    table: String,
    /// CIDR blocks it propagates; nothing when that cannot be known.
    cidr_blocks: Option<Vec<String>>,
}

/// Tells associations from both sides, and completes tables of which the static routes alone were given.
pub(crate) fn transit_tables(built: &mut Resources, notes: &Notes) {
    let attachments = attachments(built);
    let mut tables: BTreeMap<String, String> = BTreeMap::new();
    for built in built.values_mut() {
        let Some(Kind::TransitGatewayRouteTable(table)) = &mut built.resource.kind else {
            continue;
        };
        if !built.has_associations {
            let here = |(_, attachment): &(&String, &Attachment)| {
                attachment.table == table.transit_gateway_route_table_id
            };
            table.association_attachment_ids = attachments
                .iter()
                .filter(here)
                .map(|(id, _)| id.clone())
                .collect();
        }
        if built.has_static_routes_alone {
            let propagated = built
                .has_propagations
                .then(|| propagated(table, &attachments))
                .flatten();
            complete(table, propagated, notes);
        }
        for attachment in &table.association_attachment_ids {
            tables.insert(
                attachment.clone(),
                table.transit_gateway_route_table_id.clone(),
            );
        }
    }
    for built in built.values_mut() {
        if let Some(Kind::TransitGatewayAttachment(attachment)) = &mut built.resource.kind
            && attachment
                .association_transit_gateway_route_table_id
                .is_empty()
            && let Some(table) = tables.get(&attachment.transit_gateway_attachment_id)
        {
            attachment
                .association_transit_gateway_route_table_id
                .clone_from(table);
        }
    }
}

fn attachments(built: &Resources) -> BTreeMap<String, Attachment> {
    let vpc = |id: &str| {
        let built = built.get(&(ResourceKind::Vpc, id.to_owned()))?;
        let Some(Kind::Vpc(vpc)) = &built.resource.kind else {
            return None;
        };
        Some(&vpc.cidr_blocks)
    };
    let mut attachments = BTreeMap::new();
    for built in built.values() {
        let Some(Kind::TransitGatewayAttachment(attachment)) = &built.resource.kind else {
            continue;
        };
        let is_vpc = attachment.resource_type() == AttachmentType::Vpc;
        let blocks = if is_vpc {
            vpc(&attachment.resource_id)
        } else {
            None
        };
        let carried = |block: &&String| attachment.ipv6_support || !block.contains(':');
        let cidr_blocks = blocks.map(|blocks| blocks.iter().filter(carried).cloned().collect());
        let table = attachment
            .association_transit_gateway_route_table_id
            .clone();
        attachments.insert(
            attachment.transit_gateway_attachment_id.clone(),
            Attachment { table, cidr_blocks },
        );
    }
    attachments
}

/// The propagated routes of a table, where they can be known: a VPC propagates its CIDR blocks. What a VPN or Direct
/// Connect propagates is not in a dump, and of overlapping VPCs the later one is not propagated, which a dump does not
/// tell either.
fn propagated(
    table: &v1::TransitGatewayRouteTable,
    attachments: &BTreeMap<String, Attachment>,
) -> Option<Vec<v1::TransitGatewayRoute>> {
    let mut routes: Vec<(IpNet, v1::TransitGatewayRoute)> = Vec::new();
    for id in &table.propagation_attachment_ids {
        for block in attachments.get(id)?.cidr_blocks.as_ref()? {
            let net: IpNet = block.parse().ok()?;
            let overlaps = |other: &IpNet| other.contains(&net) || net.contains(other);
            if routes.iter().any(|(other, _)| overlaps(other)) {
                return None;
            }
            routes.push((net, propagated_route(block, id)));
        }
    }
    Some(routes.into_iter().map(|(_, route)| route).collect())
}

fn propagated_route(block: &str, attachment: &str) -> v1::TransitGatewayRoute {
    v1::TransitGatewayRoute {
        destination: Some(
            v1::transit_gateway_route::Destination::DestinationCidrBlock(block.to_owned()),
        ),
        transit_gateway_attachment_ids: vec![attachment.to_owned()],
        r#type: v1::TransitGatewayRouteType::Propagated.into(),
        state: v1::RouteState::Active.into(),
    }
}

/// Adds propagated routes to static ones; a static route stands before a propagated one of the same block.
fn complete(
    table: &mut v1::TransitGatewayRouteTable,
    propagated: Option<Vec<v1::TransitGatewayRoute>>,
    notes: &Notes,
) {
    let Some(mut propagated) = propagated else {
        table.routes.clear();
        return notes.warn(Warning::DetailMissing {
            resource_id: table.transit_gateway_route_table_id.clone(),
            what: "its propagated routes are",
            call: "search-transit-gateway-routes",
        });
    };
    propagated.retain(|route| {
        table
            .routes
            .iter()
            .all(|other| other.destination != route.destination)
    });
    table.routes.extend(propagated);
    table.routes.sort_by_key(route_order);
    table.routes_known = true;
}

/// Warns of resources that lie in something that is not there. Those that are gone anyway are left out: AWS lists them
/// for a while after what they lay in.
pub(crate) fn containers(built: &mut Resources, notes: &Notes) {
    let ids: BTreeSet<String> = built.keys().map(|(_, id)| id.clone()).collect();
    let missing = |built: &Built| {
        let containers = built
            .resource
            .kind
            .as_ref()
            .map(containers_of)
            .unwrap_or_default();
        sorted(containers)
            .into_iter()
            .find(|id| !id.is_empty() && !ids.contains(id))
    };
    built.retain(|(_, id), built| {
        let Some(container_id) = missing(built) else {
            return true;
        };
        let is_gone = built.resource.kind.as_ref().is_some_and(is_gone);
        notes.warn(Warning::ContainerMissing {
            file: Arc::clone(&built.file),
            resource_id: id.clone(),
            container_id,
            is_left_out: is_gone,
        });
        !is_gone
    });
}

fn is_gone(kind: &Kind) -> bool {
    use v1::{InstanceState, NatGatewayState, VpcEndpointState};
    if let Kind::NatGateway(gateway) = kind {
        return matches!(
            gateway.state(),
            NatGatewayState::Deleted | NatGatewayState::Failed
        );
    }
    if let Kind::VpcEndpoint(endpoint) = kind {
        return matches!(
            endpoint.state(),
            VpcEndpointState::Deleted | VpcEndpointState::Failed
        );
    }
    matches!(kind, Kind::Instance(instance) if instance.state() == InstanceState::Terminated)
}

/// What must exist for a resource to exist.
fn containers_of(kind: &Kind) -> Vec<String> {
    match kind {
        Kind::Subnet(it) => vec![it.vpc_id.clone()],
        Kind::RouteTable(it) => vec![it.vpc_id.clone()],
        Kind::NatGateway(it) => vec![it.vpc_id.clone(), it.subnet_id.clone()],
        Kind::NetworkInterface(it) => vec![it.vpc_id.clone(), it.subnet_id.clone()],
        Kind::Instance(it) => vec![it.vpc_id.clone(), it.subnet_id.clone()],
        Kind::SecurityGroup(it) => vec![it.vpc_id.clone()],
        Kind::NetworkAcl(it) => vec![it.vpc_id.clone()],
        Kind::VpcEndpoint(it) => vec![it.vpc_id.clone()],
        Kind::LoadBalancer(it) => vec![it.vpc_id.clone()],
        Kind::TargetGroup(it) => vec![it.vpc_id.clone()],
        Kind::Firewall(it) if it.vpc_id.is_empty() => Vec::new(),
        Kind::Firewall(it) => vec![it.vpc_id.clone()],
        Kind::Vpc(_)
        | Kind::InternetGateway(_)
        | Kind::EgressOnlyInternetGateway(_)
        | Kind::ManagedPrefixList(_)
        | Kind::Address(_)
        | Kind::VpcEndpointService(_)
        | Kind::VpcPeeringConnection(_)
        | Kind::TransitGateway(_)
        | Kind::TransitGatewayAttachment(_)
        | Kind::TransitGatewayRouteTable(_)
        | Kind::VpnGateway(_)
        | Kind::CustomerGateway(_)
        | Kind::VpnConnection(_)
        | Kind::DirectConnectGateway(_)
        | Kind::VirtualInterface(_)
        | Kind::DhcpOptions(_)
        | Kind::HostedZone(_)
        | Kind::ResolverRule(_)
        | Kind::FirewallPolicy(_)
        | Kind::FirewallRuleGroup(_)
        | Kind::VpcBlockPublicAccessOptions(_) => Vec::new(),
    }
}
