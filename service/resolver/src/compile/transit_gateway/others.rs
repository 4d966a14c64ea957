//! Attachments of which the topology holds only a part: Connect, Client VPN, VPN concentrators, and firewalls (Transit Gateways guide,
//! "Connect attachments"; Network Firewall guide, "Transit gateway-attached firewalls").
//!
//! Packets for Connect ride in GRE on another attachment, its transport; the peers at the end of the tunnel are not the topology's, nor are the
//! clients of a Client VPN or the connections of a concentrator. A firewall that is attached sends what it passes back by its attachment.

use causeway_model::resources::TransitGatewayAttachment;
use causeway_model::resources::transit::TransitGatewayAttachmentResourceType as Attached;
use causeway_model::trace::{Code, Stage};

use crate::table::{Action, TableIx};

use super::super::builder::Builder;
use super::{Hubs, state};

/// What becomes of packets that leave a gateway by such an attachment.
pub(super) fn leave(
    builder: &mut Builder,
    hubs: &Hubs,
    attachment: &TransitGatewayAttachment,
) -> Vec<TableIx> {
    match attachment.resource_type {
        Attached::Connect => connect(builder, hubs, attachment),
        Attached::NetworkFunction => vec![firewall(builder, attachment)],
        Attached::ClientVpn => {
            let label = "which client of the VPN has the address is not the topology's";
            vec![unknown(
                builder,
                Code::UnsupportedComponent,
                label.to_owned(),
            )]
        }
        Attached::VpnConcentrator => {
            let label =
                "which connection of the VPN concentrator leads there is not the topology's";
            vec![unknown(
                builder,
                Code::UnsupportedComponent,
                label.to_owned(),
            )]
        }
        Attached::Vpc | Attached::Vpn | Attached::DirectConnectGateway | Attached::Peering => {
            Vec::new()
        }
    }
}

fn unknown(builder: &mut Builder, code: Code, label: String) -> TableIx {
    builder.always(Stage::Forwarding, Action::Unknown(code), label)
}

/// A Connect attachment carries nothing if its transport does not.
fn connect(
    builder: &mut Builder,
    hubs: &Hubs,
    attachment: &TransitGatewayAttachment,
) -> Vec<TableIx> {
    let id = &attachment.resource_id;
    let held = hubs.attachments.get(id.as_str());
    let Some((transport, held)) = held.map(|(at, held)| (*at, held)) else {
        let label = format!("its transport, {id}, is not in the topology");
        return vec![unknown(builder, Code::UnknownResource, label)];
    };
    let carrier = state(builder, held, Code::BadStateAttachment);
    builder.set_owner(carrier, transport);
    let label = format!("in GRE by {id}, to a peer that is not in the topology");
    vec![carrier, unknown(builder, Code::UnsupportedComponent, label)]
}

/// To the firewall that is attached.
fn firewall(builder: &mut Builder, attachment: &TransitGatewayAttachment) -> TableIx {
    let id = &attachment.transit_gateway_attachment_id;
    match builder.known.inspections.get(id.as_resource_id()) {
        Some(place) => {
            let action = Action::Forward(*place);
            builder.always(Stage::Forwarding, action, "to the firewall")
        }
        None => {
            let label = "the firewall that is attached is not in the topology".to_owned();
            unknown(builder, Code::UnknownResource, label)
        }
    }
}
