//! Transit gateways with attachments and route tables, and the ways to premises.

use causeway_model::fields::Setting;
use causeway_model::ids::TransitGatewayAttachmentId;
use causeway_model::resource::Body;
use causeway_model::resources::hybrid::{
    DirectConnectGatewayAssociation, VgwTelemetry, VirtualInterfaceGateway, VirtualInterfaceType,
    VpnConnectionGateway, VpnConnectionState,
};
use causeway_model::resources::routing::RouteState;
use causeway_model::resources::transit::{
    TransitGatewayAttachmentResourceType, TransitGatewayAttachmentState, TransitGatewayRoute,
    TransitGatewayRouteDestination, TransitGatewayRouteType,
};
use causeway_model::resources::{
    CustomerGateway, DirectConnectGateway, TransitGateway, TransitGatewayAttachment,
    TransitGatewayRouteTable, VirtualInterface, VpnConnection,
};

use super::super::line::{Line, read, read_all, read_ids};
use super::name;

pub(super) fn resource(kind: &str, line: &mut Line<'_>) -> Result<Body, String> {
    match kind {
        "tgw" => transit_gateway(line),
        "attach" => attachment(line),
        "tgw-routes" => route_table(line),
        "vpn" => vpn_connection(line),
        "cgw" => customer_gateway(line),
        "dxgw" => direct_connect_gateway(line),
        _ => virtual_interface(line),
    }
}

/// `tgw NAME [sg-refs=on|off]`
fn transit_gateway(line: &mut Line<'_>) -> Result<Body, String> {
    Ok(TransitGateway {
        transit_gateway_id: read(&format!("tgw-{}", line.word("the name")?))?,
        amazon_side_asn: 64512,
        transit_gateway_cidr_blocks: Vec::new(),
        vpn_ecmp_support: false,
        dns_support: false,
        security_group_referencing_support: name(line.option("sg-refs"), Setting::Default)?,
    }
    .into())
}

/// `attach NAME TGW TYPE RESOURCE-ID [subnets=A,B] [table=NAME] [state=STATE] [appliance=on] [sg-refs=on|off]`
fn attachment(line: &mut Line<'_>) -> Result<Body, String> {
    let (own, gateway) = (line.word("the name")?, line.word("the transit gateway")?);
    let resource_type = name(
        Some(line.word("the type")?),
        TransitGatewayAttachmentResourceType::Vpc,
    )?;
    let resource_id = line.word("the id of what is attached")?.to_owned();
    let is_peering = resource_type == TransitGatewayAttachmentResourceType::Peering;
    let table = line.option("table").map(|name| format!("tgw-rtb-{name}"));
    let state = TransitGatewayAttachmentState::Available;
    Ok(TransitGatewayAttachment {
        transit_gateway_attachment_id: read(&format!("tgw-attach-{own}"))?,
        transit_gateway_id: Some(read(&format!("tgw-{gateway}"))?),
        transit_gateway_owner_id: None,
        resource_type,
        peer_transit_gateway_id: is_peering.then(|| read(&resource_id)).transpose()?,
        resource_id,
        resource_owner_id: None,
        state: name(line.option("state"), state)?,
        association_transit_gateway_route_table_id: table.as_deref().map(read).transpose()?,
        subnet_ids: read_ids("subnet-", line.list("subnets"))?,
        appliance_mode_support: line.option("appliance") == Some("on"),
        security_group_referencing_support: name(line.option("sg-refs"), Setting::Default)?,
        ipv6_support: false,
        peer_region: None,
    }
    .into())
}

/// `tgw-routes NAME TGW [for=A,B]: DESTINATION -> ATTACHMENT[+ATTACHMENT]|nothing [propagated] [blackhole|filtered], ...`, or `: unknown`
fn route_table(line: &mut Line<'_>) -> Result<Body, String> {
    let (own, gateway) = (line.word("the name")?, line.word("the transit gateway")?);
    let routes_known = line.rest != "unknown";
    let routes = if routes_known { line.rest } else { "" };
    let routes = routes.split(", ").filter(|route| !route.is_empty());
    Ok(TransitGatewayRouteTable {
        transit_gateway_route_table_id: read(&format!("tgw-rtb-{own}"))?,
        transit_gateway_id: Some(read(&format!("tgw-{gateway}"))?),
        association_attachment_ids: read_ids("tgw-attach-", line.list("for"))?,
        propagation_attachment_ids: Vec::new(),
        routes_known,
        routes: routes.map(route).collect::<Result<_, String>>()?,
    }
    .into())
}

fn route(text: &str) -> Result<TransitGatewayRoute, String> {
    let form = "DESTINATION -> ATTACHMENT[+ATTACHMENT]|nothing [propagated] [blackhole|filtered]";
    let (destination, rest) = text
        .split_once(" -> ")
        .ok_or_else(|| format!("`{text}`: expected `{form}`"))?;
    let mut words = rest.split_whitespace();
    let targets = words.next().ok_or("a route names no attachment")?;
    let targets = targets.split('+').filter(|name| *name != "nothing");
    let targets = targets.map(|name| read(&format!("tgw-attach-{name}")));
    let attachments: Vec<TransitGatewayAttachmentId> = targets.collect::<Result<_, String>>()?;
    let (mut r#type, mut state) = (TransitGatewayRouteType::Static, RouteState::Active);
    for word in words {
        match word {
            "propagated" => r#type = TransitGatewayRouteType::Propagated,
            "blackhole" => state = RouteState::Blackhole,
            "filtered" => state = RouteState::Filtered,
            _ => return Err(format!("`{word}` says nothing of a route")),
        }
    }
    let destination = if destination.starts_with("pl-") {
        TransitGatewayRouteDestination::PrefixList(read(destination)?)
    } else {
        TransitGatewayRouteDestination::Cidr(read(destination)?)
    };
    Ok(TransitGatewayRoute {
        destination,
        transit_gateway_attachment_ids: attachments,
        r#type,
        state,
    })
}

/// `vpn NAME vgw-...|tgw-...|- [static] [routes=CIDR,CIDR] [tunnels=up,down] [state=STATE] [cgw=NAME]`
fn vpn_connection(line: &mut Line<'_>) -> Result<Body, String> {
    let (own, gateway) = (line.word("the name")?, line.word("the gateway")?);
    let gateway = match gateway.split_once('-') {
        Some(("vgw", _)) => Some(VpnConnectionGateway::VpnGateway(read(gateway)?)),
        Some(("tgw", _)) => Some(VpnConnectionGateway::TransitGateway(read(gateway)?)),
        _ => None,
    };
    let customer = line.option("cgw").map(|name| format!("cgw-{name}"));
    let tunnels = line.list("tunnels").split(',');
    let tunnels = tunnels.filter(|word| !word.is_empty());
    Ok(VpnConnection {
        vpn_connection_id: read(&format!("vpn-{own}"))?,
        customer_gateway_id: customer.as_deref().map(read).transpose()?,
        gateway,
        state: name(line.option("state"), VpnConnectionState::Available)?,
        static_routes_only: line.flag("static"),
        routes: read_all(line.list("routes"))?,
        vgw_telemetry: tunnels
            .map(|word| VgwTelemetry {
                outside_ip_address: None,
                up: word == "up",
                accepted_route_count: 0,
            })
            .collect(),
    }
    .into())
}

/// `cgw NAME`
fn customer_gateway(line: &mut Line<'_>) -> Result<Body, String> {
    Ok(CustomerGateway {
        customer_gateway_id: read(&format!("cgw-{}", line.word("the name")?))?,
        ip_address: None,
        bgp_asn: 65000,
    }
    .into())
}

/// `dxgw ID: GATEWAY-ID [CIDR+CIDR] [associating], ...`, the associations with their allowed prefixes
fn direct_connect_gateway(line: &mut Line<'_>) -> Result<Body, String> {
    let associations = line.rest.split(", ").filter(|words| !words.is_empty());
    let associations = associations.map(|words| {
        let mut words = words.split_whitespace();
        let mut association = DirectConnectGatewayAssociation {
            associated_gateway_id: read(words.next().unwrap_or_default())?,
            allowed_prefixes: Vec::new(),
            associated: true,
        };
        for word in words {
            if word == "associating" {
                association.associated = false;
            } else {
                association.allowed_prefixes = read_all(&word.replace('+', ","))?;
            }
        }
        Ok(association)
    });
    let associations = associations.collect::<Result<_, String>>()?;
    Ok(DirectConnectGateway {
        direct_connect_gateway_id: read(line.word("the id")?)?,
        amazon_side_asn: 64512,
        associations,
    }
    .into())
}

/// `vif NAME private|public|transit GATEWAY-ID|- [prefixes=CIDR,CIDR] [down] [bgp-down]`
fn virtual_interface(line: &mut Line<'_>) -> Result<Body, String> {
    let own = line.word("the name")?;
    let r#type = line.word("the type")?;
    let gateway = line.word("the gateway")?;
    Ok(VirtualInterface {
        virtual_interface_id: read(&format!("dxvif-{own}"))?,
        virtual_interface_type: name(Some(r#type), VirtualInterfaceType::Private)?,
        gateway: match gateway {
            "-" => None,
            _ if gateway.starts_with("vgw-") => {
                Some(VirtualInterfaceGateway::VirtualGateway(read(gateway)?))
            }
            _ => Some(VirtualInterfaceGateway::DirectConnectGateway(read(
                gateway,
            )?)),
        },
        available: !line.flag("down"),
        bgp_up: !line.flag("bgp-down"),
        route_filter_prefixes: read_all(line.list("prefixes"))?,
    }
    .into())
}
