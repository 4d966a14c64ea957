//! Routes that lead through a device and back into the same subnet: endpoints of Gateway Load Balancers and of Network Firewalls, and
//! appliances behind an interface (VPC guide, "Middlebox routing", "Gateway route tables").

use causeway_model::resources::routing::RouteTarget;
use causeway_model::trace::Stage;

use crate::table::{Action, PlaceIx, ResourceIx, SubnetIx, TableIx, VpcIx};

use super::builder::{Builder, Key};

/// Where a route to a device leads; none if its target is no device.
pub(crate) fn leads_to(
    builder: &mut Builder,
    target: &RouteTarget,
    _vpc: VpcIx,
) -> Option<Action> {
    match target {
        RouteTarget::VpcEndpoint(id) => {
            let place = builder.inspections.get(id.as_resource_id())?;
            Some(Action::Forward(*place))
        }
        _ => None,
    }
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

/// The network ACL that packets meet when they enter a subnet.
pub(crate) fn acl_in(builder: &mut Builder, subnet: SubnetIx) -> Option<TableIx> {
    let entry = builder.place(Key::SubnetIn(subnet));
    builder.network.place(entry)?.tables.first().copied()
}
