//! Which attachments and route tables there are, and which of them belong together.

use std::collections::BTreeMap;

use causeway_model::ids::{ResourceId, TransitGatewayRouteTableId};
use causeway_model::resources::transit::{
    TransitGatewayAttachmentResourceType as Attached, TransitGatewayAttachmentState,
};
use causeway_model::resources::{TransitGatewayAttachment, TransitGatewayRouteTable};

use crate::table::ResourceIx;

use super::super::builder::{Builder, pick};

/// Attachments and route tables, as they refer to each other.
#[derive(Debug)]
pub(crate) struct Hubs {
    pub(crate) attachments: BTreeMap<ResourceId, (ResourceIx, TransitGatewayAttachment)>,
    pub(crate) tables: Vec<(ResourceIx, TransitGatewayRouteTable)>,
}

impl Hubs {
    pub(crate) fn gather(builder: &Builder) -> Self {
        let attachments = builder.each(pick!(TransitGatewayAttachment));
        let by_id = attachments.into_iter().map(|(at, attachment)| {
            let id = attachment.transit_gateway_attachment_id.as_resource_id();
            (id.clone(), (at, attachment))
        });
        Self {
            attachments: by_id.collect(),
            tables: builder.each(pick!(TransitGatewayRouteTable)),
        }
    }

    /// The attachment that attaches a resource to a gateway; one that carries traffic is preferred.
    pub(crate) fn of(
        &self,
        gateway: &ResourceId,
        kind: Attached,
        resource: &str,
    ) -> Option<(ResourceIx, &TransitGatewayAttachment)> {
        let all = self.attachments.values().filter(|(_, attachment)| {
            let own = attachment.transit_gateway_id.as_ref();
            own.is_some_and(|own| own.as_resource_id() == gateway)
                && attachment.resource_type == kind
                && attachment.resource_id == resource
        });
        all.map(|(at, attachment)| (*at, attachment))
            .min_by_key(|(_, attachment)| !carries(attachment))
    }

    /// The table that an attachment consults in a gateway; nothing for what a topology without the gateway's tables cannot tell.
    pub(super) fn association(
        &self,
        gateway: &ResourceId,
        attachment: &TransitGatewayAttachment,
    ) -> Association {
        let is_own = |table: &TransitGatewayRouteTable| {
            let own = table.transit_gateway_id.as_ref();
            own.is_some_and(|own| own.as_resource_id() == gateway)
        };
        let id = &attachment.transit_gateway_attachment_id;
        let named = attachment
            .association_transit_gateway_route_table_id
            .as_ref();
        let is_named = |table: &TransitGatewayRouteTable| {
            named == Some(&table.transit_gateway_route_table_id)
                || table.association_attachment_ids.contains(id)
        };
        let mut own = self.tables.iter().filter(|(_, table)| is_own(table));
        if let Some((at, _)) = own.clone().find(|(_, table)| is_named(table)) {
            return Association::With(*at);
        }
        let near = attachment.transit_gateway_id.as_ref();
        let is_near = near.is_some_and(|near| near.as_resource_id() == gateway);
        match named.filter(|_| is_near) {
            Some(named) => Association::NotHeld(named.clone()),
            None if own.next().is_some() => Association::None,
            None => Association::Unknown,
        }
    }
}

/// With which route table an attachment is associated.
pub(super) enum Association {
    With(ResourceIx),
    /// One that the topology does not hold.
    NotHeld(TransitGatewayRouteTableId),
    None,
    /// The topology holds no route table of the gateway.
    Unknown,
}

/// Whether an attachment is in a state that carries traffic.
pub(super) fn carries(attachment: &TransitGatewayAttachment) -> bool {
    matches!(
        attachment.state,
        TransitGatewayAttachmentState::Available | TransitGatewayAttachmentState::Modifying
    )
}
