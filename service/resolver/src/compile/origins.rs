//! Where packets from a user's premises come in: for each connection, the addresses behind it and those it can be used for.

use causeway_model::resource::Body;
use causeway_model::resources::hybrid::{VirtualInterfaceGateway, VpnConnectionGateway};
use causeway_model::resources::routing::RouteState;
use causeway_model::resources::transit::TransitGatewayRouteDestination;
use causeway_model::resources::{VirtualInterface, VpnConnection};
use ipnet::IpNet;

use crate::network::Origin;
use crate::table::ResourceIx;

use super::builder::{Builder, Key, pick};
use super::transit_gateway::Hubs;
use super::{on_premises, vpn_gateway};

pub(crate) fn compile(builder: &mut Builder, hubs: &Hubs) {
    for (at, vpn) in builder.each(pick!(VpnConnection)) {
        let (behind, ahead) = of_vpn(builder, hubs, &vpn);
        add(builder, at, (behind, ahead), on_premises::is_up(&vpn));
    }
    for (at, interface) in builder.each(pick!(VirtualInterface)) {
        let (behind, ahead) = of_interface(builder, hubs, &interface);
        let is_up = interface.available && interface.bgp_up;
        add(builder, at, (behind, ahead), is_up);
    }
}

fn add(
    builder: &mut Builder,
    at: ResourceIx,
    (behind, ahead): (Vec<IpNet>, Vec<IpNet>),
    is_up: bool,
) {
    let place = builder.place(Key::ConnectionIn(at));
    builder.network.origins.push(Origin {
        resource: at,
        at: place,
        behind,
        ahead,
        is_up,
    });
}

fn of_vpn(builder: &Builder, hubs: &Hubs, vpn: &VpnConnection) -> (Vec<IpNet>, Vec<IpNet>) {
    let mut behind = vpn.routes.clone();
    match &vpn.gateway {
        Some(VpnConnectionGateway::VpnGateway(id)) => {
            if behind.is_empty() && !vpn.static_routes_only {
                behind = vpn_gateway::learned(builder, id);
            }
            (behind, of_gateway(builder, id.as_str()))
        }
        Some(VpnConnectionGateway::TransitGateway(_)) => {
            let (learned, ahead) = of_attached(hubs, vpn.vpn_connection_id.as_str());
            behind.extend(learned);
            (behind, ahead)
        }
        None => (behind, Vec::new()),
    }
}

/// The blocks of the VPC of a virtual private gateway.
fn of_gateway(builder: &Builder, id: &str) -> Vec<IpNet> {
    match builder.find(id).map(|(_, held)| &held.body) {
        Some(Body::VpnGateway(gateway)) => vpn_gateway::blocks(builder, gateway),
        Some(_) | None => Vec::new(),
    }
}

fn of_interface(
    builder: &Builder,
    hubs: &Hubs,
    interface: &VirtualInterface,
) -> (Vec<IpNet>, Vec<IpNet>) {
    let mut behind = interface.route_filter_prefixes.clone();
    let is_dim = behind.is_empty();
    let mut ahead = Vec::new();
    match &interface.gateway {
        Some(VirtualInterfaceGateway::VirtualGateway(id)) => {
            if is_dim {
                behind = vpn_gateway::learned(builder, id);
            }
            ahead = of_gateway(builder, id.as_str());
        }
        Some(VirtualInterfaceGateway::DirectConnectGateway(id)) => {
            let Some(Body::DirectConnectGateway(gateway)) =
                builder.find(id).map(|(_, held)| &held.body)
            else {
                return (behind, ahead);
            };
            for association in gateway.associations.iter().filter(|one| one.associated) {
                ahead.extend(on_premises::announced(builder, association));
                let gateway = builder.find(&association.associated_gateway_id);
                if let Some(Body::VpnGateway(gateway)) = gateway.map(|(_, held)| &held.body)
                    && is_dim
                {
                    behind.extend(vpn_gateway::learned(builder, &gateway.vpn_gateway_id));
                }
            }
            if is_dim {
                behind.extend(of_attached(hubs, id.as_str()).0);
            }
        }
        None => {}
    }
    (behind, ahead)
}

/// What routes of transit gateways lead to an attached resource for, and what the tables it consults have routes for.
fn of_attached(hubs: &Hubs, resource: &str) -> (Vec<IpNet>, Vec<IpNet>) {
    let own = hubs.attachments.values().map(|(_, attachment)| attachment);
    let own = own.filter(|attachment| attachment.resource_id == resource);
    let ids: Vec<_> = own
        .map(|attachment| &attachment.transit_gateway_attachment_id)
        .collect();
    let (mut behind, mut ahead) = (Vec::new(), Vec::new());
    for (_, table) in &hubs.tables {
        let consults = ids.iter().any(|id| {
            let named = hubs
                .attachments
                .get(id.as_resource_id())
                .and_then(|(_, own)| own.association_transit_gateway_route_table_id.as_ref());
            table.association_attachment_ids.contains(id)
                || named == Some(&table.transit_gateway_route_table_id)
        });
        let active = table
            .routes
            .iter()
            .filter(|route| route.state == RouteState::Active);
        for route in active {
            let TransitGatewayRouteDestination::Cidr(net) = route.destination else {
                continue;
            };
            let leads_back = ids
                .iter()
                .any(|id| route.transit_gateway_attachment_ids.contains(id));
            if leads_back {
                behind.push(net);
            } else if consults {
                ahead.push(net);
            }
        }
    }
    (behind, ahead)
}
