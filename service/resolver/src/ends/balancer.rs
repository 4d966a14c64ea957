//! A load balancer as the destination of a flow: the addresses of its nodes.

use causeway_model::resources::LoadBalancer;
use causeway_model::resources::load_balancers::LoadBalancerType;
use causeway_model::trace::{Addr, Code, Verdict};

use crate::network::Network;
use crate::table::ResourceIx;

use super::target::public_address;
use super::{Must, Settled, Source, Target, settled};

/// The nodes of a load balancer: from inside at their private addresses, from outside at their public ones.
pub(super) fn of_balancer(
    network: &Network,
    at: ResourceIx,
    balancer: &LoadBalancer,
    source: &Source,
) -> Settled<Vec<Target>> {
    if balancer.r#type == LoadBalancerType::Gateway {
        let detail = "a Gateway Load Balancer is reached through its endpoints alone";
        let code = Code::NoPossibleDestination;
        return settled(Verdict::Unreachable, code, Some(at), detail);
    }
    let nodes = network.frame.nodes.get(&at).into_iter().flatten();
    let nodes = nodes.filter_map(|own| Some((*own, network.interface(*own)?)));
    let mut targets = Vec::new();
    let mut is_known = !balancer.availability_zones.is_empty();
    for (own, node) in nodes {
        let address = match source {
            Source::Interface(_) | Source::Beyond(..) => node.addresses.first().copied(),
            Source::Outside(from, _) => public_address(network, node, from),
        };
        is_known &= !node.addresses.is_empty();
        targets.extend(address.map(|address| Target {
            address: Addr::Ip(address),
            must: Must::Pass(at),
            interface: Some(own),
        }));
    }
    if !is_known {
        let detail = "the topology does not hold the addresses of all nodes";
        let code = Code::UnknownResource;
        return settled(Verdict::Undetermined, code, Some(at), detail);
    }
    if targets.is_empty() {
        let code = Code::IgwPrivateIpAssociationForIngress;
        let detail = "no node has a public address of the packet's family";
        return settled(Verdict::Unreachable, code, Some(at), detail);
    }
    Ok(targets)
}
