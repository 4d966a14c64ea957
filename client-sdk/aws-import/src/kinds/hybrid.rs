//! Site-to-Site VPN and Direct Connect. The calls of Direct Connect write their names in lowerCamelCase.

use causeway_proto::v1;

use super::gateways::attachments;
use crate::record::{Record, sorted};

pub(super) fn vpn_gateway(id: &str, record: &Record<'_>) -> Option<v1::VpnGateway> {
    Some(v1::VpnGateway {
        vpn_gateway_id: id.to_owned(),
        vpc_attachments: attachments(record, "VpcAttachments"),
        amazon_side_asn: record.number("AmazonSideAsn").unwrap_or_default(),
    })
}

pub(super) fn customer_gateway(id: &str, record: &Record<'_>) -> Option<v1::CustomerGateway> {
    let asn = record
        .number("BgpAsn")
        .or_else(|| record.number("BgpAsnExtended"));
    Some(v1::CustomerGateway {
        customer_gateway_id: id.to_owned(),
        ip_address: record.address("IpAddress").unwrap_or_default(),
        bgp_asn: asn.unwrap_or_default(),
    })
}

pub(super) fn vpn_connection(id: &str, record: &Record<'_>) -> Option<v1::VpnConnection> {
    let vpn_gateway = record
        .word("VpnGatewayId")
        .map(str::to_owned)
        .map(v1::vpn_connection::Gateway::VpnGatewayId);
    let transit = || {
        record
            .word("TransitGatewayId")
            .map(str::to_owned)
            .map(v1::vpn_connection::Gateway::TransitGatewayId)
    };
    let routes = record.children("Routes");
    let in_force = routes
        .iter()
        .filter(|route| route.word("State").is_none_or(|state| state == "available"));
    let options = record.child("Options");
    let mut vgw_telemetry: Vec<_> = record.children("VgwTelemetry").iter().map(tunnel).collect();
    vgw_telemetry.sort_by(|a, b| a.outside_ip_address.cmp(&b.outside_ip_address));
    Some(v1::VpnConnection {
        vpn_connection_id: id.to_owned(),
        customer_gateway_id: record.text("CustomerGatewayId"),
        gateway: vpn_gateway.or_else(transit),
        state: record.choice("State", v1::VpnConnectionState::Deleted),
        static_routes_only: options
            .and_then(|options| options.flag("StaticRoutesOnly"))
            .unwrap_or_default(),
        routes: sorted(
            in_force
                .filter_map(|route| route.cidr("DestinationCidrBlock"))
                .collect(),
        ),
        vgw_telemetry,
    })
}

fn tunnel(record: &Record<'_>) -> v1::VgwTelemetry {
    v1::VgwTelemetry {
        outside_ip_address: record.address("OutsideIpAddress").unwrap_or_default(),
        up: record
            .word("Status")
            .is_some_and(|status| status.eq_ignore_ascii_case("up")),
        accepted_route_count: record.number("AcceptedRouteCount").unwrap_or_default(),
    }
}

pub(super) fn direct_connect_gateway(
    id: &str,
    record: &Record<'_>,
) -> Option<v1::DirectConnectGateway> {
    let associations = record.members("directConnectGatewayAssociations");
    let mut associations: Vec<_> = associations.iter().filter_map(association).collect();
    associations.sort_by(|a, b| a.associated_gateway_id.cmp(&b.associated_gateway_id));
    Some(v1::DirectConnectGateway {
        direct_connect_gateway_id: id.to_owned(),
        amazon_side_asn: record.number("amazonSideAsn").unwrap_or_default(),
        associations,
    })
}

fn association(record: &Record<'_>) -> Option<v1::DirectConnectGatewayAssociation> {
    let gateway = record
        .child("associatedGateway")
        .and_then(|gateway| gateway.word("id"));
    // Before there were transit gateways AWS named the virtual private gateway alone.
    let associated_gateway_id = match gateway {
        Some(gateway) => gateway.to_owned(),
        None => record.required("virtualGatewayId")?,
    };
    Some(v1::DirectConnectGatewayAssociation {
        associated_gateway_id,
        allowed_prefixes: sorted(
            record.pick_cidrs("allowedPrefixesToDirectConnectGateway", "cidr"),
        ),
        associated: record.word("associationState") == Some("associated"),
    })
}

pub(super) fn virtual_interface(id: &str, record: &Record<'_>) -> Option<v1::VirtualInterface> {
    let virtual_gateway = record
        .word("virtualGatewayId")
        .map(str::to_owned)
        .map(v1::virtual_interface::Gateway::VirtualGatewayId);
    let direct_connect = || {
        let id = record.word("directConnectGatewayId")?.to_owned();
        Some(v1::virtual_interface::Gateway::DirectConnectGatewayId(id))
    };
    let peers = record.children("bgpPeers");
    Some(v1::VirtualInterface {
        virtual_interface_id: id.to_owned(),
        virtual_interface_type: record
            .required_choice::<v1::VirtualInterfaceType>("virtualInterfaceType")?,
        gateway: virtual_gateway.or_else(direct_connect),
        available: record.word("virtualInterfaceState") == Some("available"),
        bgp_up: peers
            .iter()
            .any(|peer| peer.word("bgpStatus") == Some("up")),
        route_filter_prefixes: sorted(record.pick_cidrs("routeFilterPrefixes", "cidr")),
    })
}
