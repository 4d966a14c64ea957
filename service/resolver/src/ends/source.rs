//! Where the packets of a flow start.

use std::net::IpAddr;

use causeway_model::flow::{Flow, FlowEnd};
use causeway_model::ids::ResourceId;
use causeway_model::resource::{Body, Kind};
use causeway_model::trace::{Addr, Code, Verdict};

use crate::network::Network;
use crate::packet::{is_private_address, is_unrouted};
use crate::table::{InterfaceIx, ResourceIx, VpcIx};

use super::{Settled, Source, gateway, interface_of, settled, unsupported};

/// The sources of a flow: several if more than one VPC holds its source address.
pub(super) fn all(
    network: &Network,
    flow: &Flow,
    held: Option<ResourceIx>,
) -> Settled<Vec<Source>> {
    match &flow.source {
        FlowEnd::Internet => Ok(vec![Source::Outside(Addr::Internet, None)]),
        FlowEnd::Address(address) => of_address(network, *address),
        FlowEnd::Resource(id) => match held {
            Some(at) if gateway::is_gate(network, at) => super::beyond::of_gate(network, at),
            Some(_) | None => of_resource(network, id, held).map(|source| vec![source]),
        },
        FlowEnd::Name(name) => {
            let detail = format!("`{name}`: a source is a resource, an address or `internet`");
            let code = Code::NoSourceOrDestination;
            settled(Verdict::Undetermined, code, None, detail)
        }
    }
}

fn of_address(network: &Network, address: IpAddr) -> Settled<Vec<Source>> {
    if let Some((interface, _)) = network.by_public.get(&address) {
        return of_interface(network, *interface).map(|source| vec![source]);
    }
    let vpcs = (0..network.frame.vpcs.len()).map(VpcIx::of);
    let held = vpcs.filter_map(|vpc| network.by_address.get(&(vpc, address)).copied());
    let held = held.map(|interface| of_interface(network, interface));
    let held = held.collect::<Settled<Vec<Source>>>()?;
    if !held.is_empty() {
        return Ok(held);
    }
    let is_nobody = is_unrouted(address) || network.idle.contains(&address);
    let premises = super::beyond::sources(network, address);
    if !premises.is_empty() && !is_nobody {
        return Ok(premises);
    }
    if is_private_address(address) || is_nobody {
        let detail = format!("no interface of the topology has the address {address}");
        let code = Code::NoSourceOrDestination;
        return settled(Verdict::Undetermined, code, None, detail);
    }
    Ok(vec![Source::Outside(Addr::Ip(address), None)])
}

fn of_resource(network: &Network, id: &ResourceId, held: Option<ResourceIx>) -> Settled<Source> {
    let Some((at, resource)) = held.and_then(|at| Some((at, network.resource(at)?))) else {
        return settled(
            Verdict::Undetermined,
            Code::UnknownResource,
            None,
            id.to_string(),
        );
    };
    if matches!(resource.body, Body::Instance(_) | Body::NetworkInterface(_)) {
        of_interface(network, interface_of(network, at)?)
    } else if matches!(resource.body, Body::InternetGateway(_)) {
        Ok(Source::Outside(Addr::Internet, Some(at)))
    } else if matches!(
        resource.body,
        Body::VpcEndpoint(_) | Body::VpcEndpointService(_)
    ) {
        of_endpoint(at)
    } else {
        silent(network, at)
    }
}

/// What opens no connections, or none that are walked.
fn silent(network: &Network, at: ResourceIx) -> Settled<Source> {
    let kind = network.resource(at).map(|resource| resource.kind());
    let never = |words: &str| settled(Verdict::Unreachable, Code::NoPath, Some(at), words);
    match kind {
        Some(Kind::NatGateway) => {
            never("a NAT gateway opens no connections: it translates those of others")
        }
        Some(Kind::EgressOnlyInternetGateway) => {
            never("an egress-only internet gateway lets nothing in but replies")
        }
        Some(Kind::LoadBalancer) => {
            let detail =
                "what a load balancer sends by itself, health checks included, is not walked";
            let code = Code::UnsupportedComponent;
            settled(Verdict::Undetermined, code, Some(at), detail)
        }
        Some(_) | None => unsupported(network, at, "source"),
    }
}

/// An interface that an endpoint or a NAT gateway uses opens no connections of its own.
fn of_interface(network: &Network, own: InterfaceIx) -> Settled<Source> {
    let user = network.interface(own).and_then(|interface| interface.user);
    let user = user.and_then(|at| Some((at, network.resource(at)?.kind())));
    match user {
        Some((at, Kind::VpcEndpoint)) => of_endpoint(at),
        Some((at, _)) => silent(network, at),
        None => Ok(Source::Interface(own)),
    }
}

fn of_endpoint(at: ResourceIx) -> Settled<Source> {
    let detail = "an endpoint answers its consumers and never opens a connection";
    let code = Code::VpceServiceCannotInitiate;
    settled(Verdict::Unreachable, code, Some(at), detail)
}
