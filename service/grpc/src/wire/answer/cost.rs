//! What ways cost, as it is sent.

use causeway_model::price::{Cost, CostComponent, CostItem, Price};
use causeway_proto::v1;

use crate::wire::Wire;
use crate::wire::macros::names;

names! {
    CostItem = v1::CostItem, required {
        InterfaceEndpoint, CrossRegionEndpoint, LatticeEndpoint, GatewayLoadBalancerEndpoint, GatewayEndpoint, NatGateway, PublicIpv4Address,
        TransitGatewayAttachment, VpnConnection, DirectConnect, NetworkLoadBalancer, ApplicationLoadBalancer, GatewayLoadBalancer,
        NetworkFirewall, InternetEgress, ZoneTransfer, RegionTransfer,
    }
}

pub(super) fn cost(cost: &Cost) -> v1::Cost {
    let Cost {
        currency,
        per_hour,
        per_gb_forward,
        per_gb_return,
        is_complete,
        components,
    } = cost;
    v1::Cost {
        currency: currency.clone(),
        per_hour: amount(*per_hour),
        per_gb_forward: amount(*per_gb_forward),
        per_gb_return: amount(*per_gb_return),
        complete: *is_complete,
        components: components.iter().map(component).collect(),
    }
}

fn component(component: &CostComponent) -> v1::CostComponent {
    let CostComponent {
        item,
        resource,
        region,
        per_hour,
        per_gb_forward,
        per_gb_return,
        basis,
    } = component;
    let (resource_id, resource_kind, name) = super::named(resource.as_ref());
    v1::CostComponent {
        item: item.render(),
        resource_id,
        resource_kind,
        name,
        region: region.as_ref().map(ToString::to_string).unwrap_or_default(),
        per_hour: per_hour.map(amount),
        per_gb_forward: per_gb_forward.map(amount),
        per_gb_return: per_gb_return.map(amount),
        basis: basis.clone(),
    }
}

/// An amount as the nearest number to how it is written: a sum of exact billionths, so that nothing but the last step is inexact.
fn amount(price: Price) -> f64 {
    price.to_string().parse().unwrap_or(f64::MAX)
}
