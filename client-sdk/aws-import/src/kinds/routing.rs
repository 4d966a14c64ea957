//! Route tables and prefix lists.

use causeway_proto::v1;
use v1::route::{Destination, Target};
use v1::route_table_association::Target as AssociationTarget;

use crate::record::{Record, sorted};
use crate::warning::Warning;

pub(super) fn table(id: &str, record: &Record<'_>) -> Option<v1::RouteTable> {
    let associations = record.children("Associations");
    let mut associations: Vec<_> = associations.iter().filter_map(association).collect();
    associations.sort_by_key(association_order);
    Some(v1::RouteTable {
        route_table_id: id.to_owned(),
        vpc_id: record.required("VpcId")?,
        associations,
        routes: record.children("Routes").iter().filter_map(route).collect(),
        propagating_vgws: record.pick("PropagatingVgws", "GatewayId"),
    })
}

/// An association that is in force.
fn association(record: &Record<'_>) -> Option<v1::RouteTableAssociation> {
    let state = record.child("AssociationState");
    let state = state.as_ref().and_then(|state| state.word("State"));
    if state.is_some_and(|state| state != "associated") {
        return None;
    }
    let target = if record.flag("Main") == Some(true) {
        AssociationTarget::Main(true)
    } else if let Some(subnet) = record.word("SubnetId") {
        AssociationTarget::SubnetId(subnet.to_owned())
    } else {
        AssociationTarget::GatewayId(record.word("GatewayId")?.to_owned())
    };
    Some(v1::RouteTableAssociation {
        target: Some(target),
    })
}

fn association_order(association: &v1::RouteTableAssociation) -> (u8, String) {
    match &association.target {
        Some(AssociationTarget::Main(_)) => (0, String::new()),
        Some(AssociationTarget::SubnetId(id)) => (1, id.clone()),
        Some(AssociationTarget::GatewayId(id)) => (2, id.clone()),
        None => (3, String::new()),
    }
}

fn route(record: &Record<'_>) -> Option<v1::Route> {
    let destination = if let Some(list) = record.word("DestinationPrefixListId") {
        Destination::DestinationPrefixListId(list.to_owned())
    } else if record.has("DestinationIpv6CidrBlock") {
        Destination::DestinationIpv6CidrBlock(record.cidr("DestinationIpv6CidrBlock")?)
    } else {
        record.required("DestinationCidrBlock")?;
        Destination::DestinationCidrBlock(record.cidr("DestinationCidrBlock")?)
    };
    Some(v1::Route {
        destination: Some(destination),
        target: target(record),
        // What is in no known state is not relied on.
        state: record.choice("State", v1::RouteState::Blackhole),
        origin: record.choice("Origin", v1::RouteOrigin::CreateRoute),
    })
}

type Form = fn(String) -> Target;

/// Where a route leads. For an instance AWS prints the instance and its interface: packets go to the interface.
fn target(record: &Record<'_>) -> Option<Target> {
    let forms: [(&str, Form); 13] = [
        ("NetworkInterfaceId", Target::NetworkInterfaceId),
        ("InstanceId", Target::InstanceId),
        ("NatGatewayId", Target::NatGatewayId),
        ("VpcPeeringConnectionId", Target::VpcPeeringConnectionId),
        ("TransitGatewayId", Target::TransitGatewayId),
        (
            "EgressOnlyInternetGatewayId",
            Target::EgressOnlyInternetGatewayId,
        ),
        ("LocalGatewayId", Target::LocalGatewayId),
        ("CarrierGatewayId", Target::CarrierGatewayId),
        ("CoreNetworkArn", Target::CoreNetworkArn),
        ("OdbNetworkArn", Target::OdbNetworkArn),
        ("VpcEndpointId", Target::VpcEndpointId),
        ("IpAddress", Target::IpAddress),
        ("GatewayId", Target::GatewayId),
    ];
    forms
        .iter()
        .find_map(|(field, form)| record.word(field).map(|id| form(id.to_owned())))
}

pub(super) fn prefix_list(id: &str, record: &Record<'_>) -> Option<v1::ManagedPrefixList> {
    let is_whole = !record.has("EntriesTruncated");
    let entries_known = is_whole && (record.has("Entries") || record.has("Cidrs"));
    if !entries_known {
        record.warn(Warning::DetailMissing {
            resource_id: id.to_owned(),
            what: "its entries are",
            call: "get-managed-prefix-list-entries",
        });
    }
    let entries = if record.has("Entries") {
        record.pick_cidrs("Entries", "Cidr")
    } else {
        let cidrs = record.texts("Cidrs");
        let canonical = |cidr: &String| {
            crate::record::canonical_cidr(cidr)
                .or_else(|| record.malformed("Cidrs", "CIDR block", cidr))
        };
        cidrs.iter().filter_map(canonical).collect()
    };
    Some(v1::ManagedPrefixList {
        prefix_list_id: id.to_owned(),
        prefix_list_name: record.text("PrefixListName"),
        entries_known,
        entries: if entries_known {
            sorted(entries)
        } else {
            Vec::new()
        },
    })
}
