//! Which attachments and route tables there are, and which of them belong together.

use std::collections::{BTreeMap, BTreeSet};

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
    /// The attachments of what is attached, by its id.
    of_resource: BTreeMap<String, Vec<ResourceId>>,
    /// The gateways that have an attachment here.
    attached: BTreeSet<ResourceId>,
    /// The table that an attachment consults in a gateway.
    associated: BTreeMap<(ResourceId, ResourceId), ResourceIx>,
    /// The gateways that have a route table here.
    routed: BTreeSet<ResourceId>,
}

impl Hubs {
    pub(crate) fn gather(builder: &Builder) -> Self {
        let mut hubs = Self {
            attachments: BTreeMap::new(),
            tables: builder.each(pick!(TransitGatewayRouteTable)),
            of_resource: BTreeMap::new(),
            attached: BTreeSet::new(),
            associated: BTreeMap::new(),
            routed: BTreeSet::new(),
        };
        let mut named = BTreeMap::new();
        for (at, table) in &hubs.tables {
            let Some(gateway) = &table.transit_gateway_id else {
                continue;
            };
            let gateway: ResourceId = gateway.into();
            let id = &table.transit_gateway_route_table_id;
            named.insert(id.clone(), (*at, gateway.clone()));
            for attachment in &table.association_attachment_ids {
                let key = (gateway.clone(), attachment.into());
                hubs.associated.entry(key).or_insert(*at);
            }
            hubs.routed.insert(gateway);
        }
        for (at, attachment) in builder.each(pick!(TransitGatewayAttachment)) {
            hubs.add(at, attachment, &named);
        }
        hubs
    }

    fn add(
        &mut self,
        at: ResourceIx,
        attachment: TransitGatewayAttachment,
        named: &BTreeMap<TransitGatewayRouteTableId, (ResourceIx, ResourceId)>,
    ) {
        let id: ResourceId = (&attachment.transit_gateway_attachment_id).into();
        let gateway = attachment.transit_gateway_id.as_ref().map(ResourceId::from);
        let table = attachment
            .association_transit_gateway_route_table_id
            .as_ref();
        let table = table.and_then(|table| named.get(table));
        if let (Some(gateway), Some((table, of))) = (&gateway, table)
            && gateway == of
        {
            let key = (gateway.clone(), id.clone());
            self.associated.insert(key, *table);
        }
        let resource = attachment.resource_id.clone();
        self.of_resource
            .entry(resource)
            .or_default()
            .push(id.clone());
        self.attached.extend(gateway);
        self.attachments.insert(id, (at, attachment));
    }

    /// Whether the topology holds attachments of a gateway.
    pub(super) fn tells_attachments(&self, gateway: &ResourceId) -> bool {
        self.attached.contains(gateway)
    }

    /// The attachments of what is attached.
    pub(crate) fn attaching(
        &self,
        resource: &str,
    ) -> impl Iterator<Item = &(ResourceIx, TransitGatewayAttachment)> {
        let ids = self.of_resource.get(resource).into_iter().flatten();
        ids.filter_map(|id| self.attachments.get(id))
    }

    /// The attachment that attaches a resource to a gateway; one that carries traffic is preferred.
    pub(crate) fn of(
        &self,
        gateway: &ResourceId,
        kind: Attached,
        resource: &str,
    ) -> Option<(ResourceIx, &TransitGatewayAttachment)> {
        let all = self.attaching(resource).filter(|(_, attachment)| {
            let own = attachment.transit_gateway_id.as_ref();
            own.is_some_and(|own| own.as_resource_id() == gateway)
                && attachment.resource_type == kind
        });
        all.map(|(at, attachment)| (*at, attachment))
            .min_by_key(|(_, attachment)| !carries(attachment))
    }

    /// The table that an attachment consults in a gateway, where it is held.
    pub(crate) fn table(
        &self,
        gateway: &ResourceId,
        attachment: &TransitGatewayAttachment,
    ) -> Option<ResourceIx> {
        let id = attachment.transit_gateway_attachment_id.as_resource_id();
        let key = (gateway.clone(), id.clone());
        self.associated.get(&key).copied()
    }

    /// The table that an attachment consults in a gateway; and what a topology without it can tell.
    pub(super) fn association(
        &self,
        gateway: &ResourceId,
        attachment: &TransitGatewayAttachment,
    ) -> Association {
        if let Some(at) = self.table(gateway, attachment) {
            return Association::With(at);
        }
        let near = attachment.transit_gateway_id.as_ref();
        let is_near = near.is_some_and(|near| near.as_resource_id() == gateway);
        let named = attachment
            .association_transit_gateway_route_table_id
            .as_ref();
        match named.filter(|_| is_near) {
            Some(named) => Association::NotHeld(named.clone()),
            None if self.routed.contains(gateway) => Association::None,
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
pub(crate) fn carries(attachment: &TransitGatewayAttachment) -> bool {
    matches!(
        attachment.state,
        TransitGatewayAttachmentState::Available | TransitGatewayAttachmentState::Modifying
    )
}
