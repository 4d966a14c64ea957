//! Routes that lead through a device and back into the same subnet: endpoints of Gateway Load Balancers and of Network Firewalls, and
//! appliances behind an interface (VPC guide, "Middlebox routing", "Gateway route tables").

use causeway_model::resource::Body;
use causeway_model::resources::RouteTable;
use causeway_model::resources::routing::{Route, RouteTableAssociation, RouteTarget};
use causeway_model::trace::{Code, Stage};

use crate::table::{Action, PlaceIx, ResourceIx, Rule, SubnetIx, VpcIx};

use super::appliance;
use super::builder::{Builder, Key};

/// Where a route to a device leads; none if its target is no device.
pub(crate) fn leads_to(builder: &mut Builder, target: &RouteTarget, vpc: VpcIx) -> Option<Action> {
    match target {
        RouteTarget::VpcEndpoint(id) => {
            let place = builder.known.inspections.get(id.as_resource_id())?;
            Some(Action::Forward(*place))
        }
        RouteTarget::NetworkInterface(id) => {
            let (at, held) = builder.find(id)?;
            let Body::NetworkInterface(interface) = &held.body else {
                return None;
            };
            let may = appliance::may_forward(interface);
            may.then(|| appliance::leads_to(builder, at, vpc))
        }
        RouteTarget::Instance(id) => {
            let (at, _) = builder.find(id)?;
            Some(appliance::instance_leads_to(builder, at, vpc))
        }
        // A route server has learned the address from the appliance that has it (VPC guide, "VPC Route Server").
        RouteTarget::IpAddress(address) => {
            let own = builder.holder(vpc, *address)?;
            let at = builder.network.interface(own)?.resource;
            let held = &builder.network.resource(at)?.body;
            let may = matches!(held, Body::NetworkInterface(held) if appliance::may_forward(held));
            may.then(|| appliance::leads_to(builder, at, vpc))
        }
        RouteTarget::Local
        | RouteTarget::InternetGateway(_)
        | RouteTarget::VpnGateway(_)
        | RouteTarget::NatGateway(_)
        | RouteTarget::VpcPeeringConnection(_)
        | RouteTarget::TransitGateway(_)
        | RouteTarget::EgressOnlyInternetGateway(_)
        | RouteTarget::LocalGateway(_)
        | RouteTarget::CarrierGateway(_)
        | RouteTarget::CoreNetwork(_)
        | RouteTarget::OdbNetwork(_) => None,
    }
}

/// What a route of a gateway's own table makes of a route to a device: one that it redirects to, and for an interface the way in from the
/// edge. A virtual private gateway drops what its table would send to an endpoint.
pub(crate) fn at_edge(
    builder: &mut Builder,
    table: &RouteTable,
    route: &Route,
    mut rule: Rule,
) -> Rule {
    let has =
        |is_wanted: fn(&RouteTableAssociation) -> bool| table.associations.iter().any(is_wanted);
    let is_of_internet = has(|own| matches!(own, RouteTableAssociation::InternetGateway(_)));
    let is_of_vpn = has(|own| matches!(own, RouteTableAssociation::VpnGateway(_)));
    let is_to_endpoint = matches!(route.target, Some(RouteTarget::VpcEndpoint(_)));
    if is_of_vpn && is_to_endpoint && !matches!(rule.action, Action::Drop(_)) {
        rule.action = Action::Drop(Code::NoPossibleDestination);
        rule.label = format!("{}: a virtual private gateway drops it", rule.label).into();
    }
    let Action::Forward(place) = rule.action else {
        return rule;
    };
    if is_of_internet {
        builder.frame().redirections.insert(place);
        if let Some(own) = builder.appliance(place) {
            rule.action = Action::Forward(builder.place(Key::ApplianceAtEdge(own)));
        }
    }
    rule
}

/// Makes the places of the endpoint itself: where routes lead to, and where packets come back.
pub(crate) fn gate(
    builder: &mut Builder,
    [entry, back]: [Key; 2],
    at: ResourceIx,
    subnet: SubnetIx,
) -> [PlaceIx; 2] {
    let out = builder.place(Key::SubnetOut(subnet));
    let leave = builder.always(
        Stage::Forwarding,
        Action::Forward(out),
        "back at the endpoint, to its subnet",
    );
    let back = builder.fill(back, at, vec![leave]);
    let entry = builder.place(entry);
    for place in [entry, back] {
        builder.edit(place, |place| {
            place.keeps_groups = false;
            place.device = Some(entry);
        });
    }
    builder.edit(back, |place| place.link = Some(subnet));
    [entry, back]
}
