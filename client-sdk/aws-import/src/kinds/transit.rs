//! VPC peering, and transit gateways with attachments and route tables.

use causeway_proto::v1;
use v1::transit_gateway_route::Destination;

use crate::record::{Record, sorted};
use crate::warning::Warning;

pub(super) fn peering(id: &str, record: &Record<'_>) -> Option<v1::VpcPeeringConnection> {
    let status = record.child("Status");
    Some(v1::VpcPeeringConnection {
        vpc_peering_connection_id: id.to_owned(),
        requester_vpc_info: Some(vpc_info(record, "RequesterVpcInfo")?),
        accepter_vpc_info: Some(vpc_info(record, "AccepterVpcInfo")?),
        status: status
            .map(|status| status.choice("Code", v1::VpcPeeringConnectionState::Failed))
            .unwrap_or_default(),
    })
}

fn vpc_info(record: &Record<'_>, field: &str) -> Option<v1::VpcPeeringConnectionVpcInfo> {
    let Some(side) = record.child(field) else {
        return record.required(field).and(None);
    };
    let options = side.child("PeeringOptions");
    let mut cidr_blocks = side.pick_cidrs("CidrBlockSet", "CidrBlock");
    cidr_blocks.extend(side.pick_cidrs("Ipv6CidrBlockSet", "Ipv6CidrBlock"));
    cidr_blocks.extend(side.cidr("CidrBlock"));
    Some(v1::VpcPeeringConnectionVpcInfo {
        vpc_id: side.required("VpcId")?,
        owner_id: side.text("OwnerId"),
        region: side.text("Region"),
        cidr_blocks: sorted(cidr_blocks),
        allow_dns_resolution_from_remote_vpc: options
            .and_then(|options| options.flag("AllowDnsResolutionFromRemoteVpc"))
            .unwrap_or_default(),
    })
}

pub(super) fn gateway(id: &str, record: &Record<'_>) -> Option<v1::TransitGateway> {
    let options = record.child("Options");
    let switch = |field: &str| options.as_ref().and_then(|options| options.switch(field));
    Some(v1::TransitGateway {
        transit_gateway_id: id.to_owned(),
        amazon_side_asn: options
            .as_ref()
            .and_then(|options| options.number("AmazonSideAsn"))
            .unwrap_or_default(),
        transit_gateway_cidr_blocks: options
            .as_ref()
            .map(|item| item.text_set("TransitGatewayCidrBlocks"))
            .unwrap_or_default(),
        vpn_ecmp_support: switch("VpnEcmpSupport").unwrap_or_default(),
        dns_support: switch("DnsSupport").unwrap_or_default(),
        security_group_referencing_support: switch("SecurityGroupReferencingSupport"),
    })
}

/// An attachment as up to three calls show it: the general one, the one for VPCs, the one for peerings.
pub(super) fn attachment(id: &str, record: &Record<'_>) -> Option<v1::TransitGatewayAttachment> {
    let (requester, accepter) = (
        record.child("RequesterTgwInfo"),
        record.child("AccepterTgwInfo"),
    );
    let side = |side: &Option<Record<'_>>, field: &str| {
        side.as_ref()
            .map(|side| side.text(field))
            .unwrap_or_default()
    };
    let resource_type = resource_type(record, accepter.is_some())?;
    let is_peering = resource_type == i32::from(v1::TransitGatewayAttachmentResourceType::Peering);
    // Both ends of a peering list it, each with itself as the gateway; the end that asked is the gateway here.
    let first = |names: [&str; 2]| {
        names
            .iter()
            .find_map(|name| record.word(name))
            .unwrap_or_default()
            .to_owned()
    };
    let or = |given: String, otherwise: String| if given.is_empty() { otherwise } else { given };
    let options = record.child("Options");
    let switch = |field: &str| options.as_ref().and_then(|options| options.switch(field));
    let resource_id = or(
        side(&accepter, "TransitGatewayId"),
        first(["ResourceId", "VpcId"]),
    );
    Some(v1::TransitGatewayAttachment {
        transit_gateway_attachment_id: id.to_owned(),
        transit_gateway_id: or(
            side(&requester, "TransitGatewayId"),
            record.text("TransitGatewayId"),
        ),
        transit_gateway_owner_id: or(
            side(&requester, "OwnerId"),
            record.text("TransitGatewayOwnerId"),
        ),
        resource_type,
        peer_transit_gateway_id: if is_peering {
            resource_id.clone()
        } else {
            String::new()
        },
        resource_id,
        resource_owner_id: or(
            side(&accepter, "OwnerId"),
            first(["ResourceOwnerId", "VpcOwnerId"]),
        ),
        state: record.choice("State", v1::TransitGatewayAttachmentState::Failed),
        association_transit_gateway_route_table_id: associated_table(record),
        subnet_ids: record.text_set("SubnetIds"),
        appliance_mode_support: switch("ApplianceModeSupport").unwrap_or_default(),
        security_group_referencing_support: switch("SecurityGroupReferencingSupport"),
        ipv6_support: switch("Ipv6Support").unwrap_or_default(),
        peer_region: side(&accepter, "Region"),
    })
}

fn resource_type(record: &Record<'_>, has_accepter: bool) -> Option<i32> {
    let implied = if has_accepter {
        Some(v1::TransitGatewayAttachmentResourceType::Peering)
    } else if record.has("VpcId") {
        Some(v1::TransitGatewayAttachmentResourceType::Vpc)
    } else {
        None
    };
    match implied {
        Some(implied) if !record.has("ResourceType") => Some(implied.into()),
        _ => record.required_choice::<v1::TransitGatewayAttachmentResourceType>("ResourceType"),
    }
}

fn associated_table(record: &Record<'_>) -> String {
    let association = record.child("Association").filter(is_associated);
    association
        .map(|association| association.text("TransitGatewayRouteTableId"))
        .unwrap_or_default()
}

fn is_associated(association: &Record<'_>) -> bool {
    association
        .word("State")
        .is_none_or(|state| state == "associated")
}

/// A route table with what its associations, propagations and routes say. Static routes alone stand in `routes` too;
/// whether they can be completed is seen later, beside the attachments.
pub(super) fn table(id: &str, record: &Record<'_>) -> Option<v1::TransitGatewayRouteTable> {
    let is_whole = !record.has("RoutesTruncated") && !record.has("StaticRoutesTruncated");
    let routes_known = record.has("Routes") && is_whole;
    let given = if record.has("Routes") {
        "Routes"
    } else {
        "StaticRoutes"
    };
    if !record.has(given) {
        record.warn(Warning::DetailMissing {
            resource_id: id.to_owned(),
            what: "its routes are",
            call: "search-transit-gateway-routes",
        });
    }
    let routes = if is_whole {
        record.children(given)
    } else {
        Vec::new()
    };
    let mut routes: Vec<_> = routes.iter().filter_map(route).collect();
    routes.sort_by_key(route_order);
    Some(v1::TransitGatewayRouteTable {
        transit_gateway_route_table_id: id.to_owned(),
        transit_gateway_id: record.text("TransitGatewayId"),
        association_attachment_ids: attachments(record, "Associations", "associated"),
        propagation_attachment_ids: attachments(record, "Propagations", "enabled"),
        routes_known,
        routes,
    })
}

fn attachments(record: &Record<'_>, field: &str, state: &str) -> Vec<String> {
    let items = record.children(field);
    let in_force = items
        .iter()
        .filter(|item| item.word("State").is_none_or(|word| word == state));
    sorted(
        in_force
            .filter_map(|item| item.word("TransitGatewayAttachmentId"))
            .map(str::to_owned)
            .collect(),
    )
}

fn route(record: &Record<'_>) -> Option<v1::TransitGatewayRoute> {
    if matches!(record.word("State"), Some("deleting" | "deleted")) {
        return None;
    }
    let destination = if let Some(list) = record.word("PrefixListId") {
        Destination::PrefixListId(list.to_owned())
    } else {
        record.required("DestinationCidrBlock")?;
        Destination::DestinationCidrBlock(record.cidr("DestinationCidrBlock")?)
    };
    Some(v1::TransitGatewayRoute {
        destination: Some(destination),
        transit_gateway_attachment_ids: record
            .pick("TransitGatewayAttachments", "TransitGatewayAttachmentId"),
        r#type: record.required_choice::<v1::TransitGatewayRouteType>("Type")?,
        state: record.choice("State", v1::RouteState::Blackhole),
    })
}

/// Routes in an order that does not hang on the answer's.
pub(crate) fn route_order(route: &v1::TransitGatewayRoute) -> (String, i32) {
    let destination = match &route.destination {
        Some(Destination::DestinationCidrBlock(text) | Destination::PrefixListId(text)) => {
            text.clone()
        }
        None => String::new(),
    };
    (destination, route.r#type)
}
