//! Which addresses the packets of a flow go to.

use std::net::IpAddr;

use causeway_model::flow::{Flow, FlowEnd};
use causeway_model::ids::{DnsName, ResourceId};
use causeway_model::resource::{Body, Kind};
use causeway_model::resources::endpoints::VpcEndpointType;
use causeway_model::resources::{VpcEndpoint, VpcEndpointService};
use causeway_model::trace::{Addr, Code, Verdict};

use crate::dns::{self, Resolved, service_of_name};
use crate::network::{Interface, Network};
use crate::packet::is_unrouted;
use crate::table::{InterfaceIx, ResourceIx};

use super::{
    Must, Remark, Settled, Source, Target, address_of_family, beyond, gateway, interface_of,
    settled, unsupported,
};

/// The targets of a flow from one source, and what is to be told beside.
pub(super) fn all(
    network: &Network,
    (flow, held): (&Flow, Option<ResourceIx>),
    source: &Source,
) -> Settled<(Vec<Target>, Option<Remark>)> {
    match &flow.destination {
        FlowEnd::Internet => Ok((vec![arrive(Addr::Internet)], None)),
        FlowEnd::Address(address) if is_unrouted(*address) => unrouted(*address),
        FlowEnd::Address(address) if is_kept(network, source, *address) => kept(*address),
        FlowEnd::Address(address) => Ok((vec![arrive(Addr::Ip(*address))], None)),
        FlowEnd::Resource(id) => {
            of_resource(network, (id, held), source).map(|targets| (targets, None))
        }
        FlowEnd::Name(name) => {
            let vpc = match source {
                Source::Interface(at) => network.interface(*at).map(|interface| interface.vpc),
                Source::Outside(..) | Source::Beyond(..) => None,
            };
            named((network, source), name, dns::resolve(network, vpc, name))
        }
    }
}

/// The targets that a name stands for.
fn named(
    (network, source): (&Network, &Source),
    name: &DnsName,
    resolved: Resolved,
) -> Settled<(Vec<Target>, Option<Remark>)> {
    let because = |why: &str| {
        if why.is_empty() {
            String::new()
        } else {
            format!(": {why}")
        }
    };
    match resolved {
        Resolved::To(addresses, disabled) => {
            let mut all = addresses.iter();
            let not_walked = all.find_map(|address| match address {
                Addr::Ip(address) if is_unrouted(*address) => Some(unrouted(*address)),
                Addr::Ip(address) if is_kept(network, source, *address) => Some(kept(*address)),
                Addr::Ip(_) | Addr::Internet | Addr::Within(_) | Addr::Service(_) => None,
            });
            if let Some(answer) = not_walked {
                return answer;
            }
            let targets = addresses.into_iter().map(arrive);
            let remark = disabled.map(|at| private_dns_is_off(network, at));
            Ok((targets.collect(), remark))
        }
        Resolved::Nothing(code, at, why) => settled(
            Verdict::Unreachable,
            code,
            at,
            format!("`{name}` does not resolve{}", because(why)),
        ),
        Resolved::Unknown(code, at, why) => settled(
            Verdict::Undetermined,
            code,
            at,
            format!("what `{name}` resolves to is not known{}", because(why)),
        ),
    }
}

fn arrive(address: Addr) -> Target {
    Target {
        address,
        must: Must::Arrive,
        interface: None,
    }
}

fn unrouted<T>(address: IpAddr) -> Settled<T> {
    settled(
        Verdict::Undetermined,
        Code::UnsupportedComponent,
        None,
        format!(
            "{address} is no address that routers forward to: link-local, AWS's own, loopback, multicast or reserved"
        ),
    )
}

/// Whether an address is one that AWS keeps for itself in the source's VPC, where its DNS server and its routers answer.
fn is_kept(network: &Network, source: &Source, address: IpAddr) -> bool {
    let vpc = match source {
        Source::Interface(at) => network.interface(*at).map(|interface| interface.vpc),
        Source::Outside(..) | Source::Beyond(..) => None,
    };
    vpc.is_some_and(|vpc| {
        let is_held = network.by_address.contains_key(&(vpc, address));
        !is_held && network.is_reserved(vpc, address)
    })
}

fn kept<T>(address: IpAddr) -> Settled<T> {
    settled(
        Verdict::Undetermined,
        Code::UnsupportedComponent,
        None,
        format!(
            "AWS keeps {address} for itself: no security group or network ACL filters what is for its DNS server and its routers"
        ),
    )
}

fn private_dns_is_off(network: &Network, at: ResourceIx) -> Remark {
    let kind = network.resource(at).map(|resource| resource.kind());
    let detail = if kind == Some(Kind::HostedZone) {
        "the hosted zone would answer if the VPC's enableDnsHostnames were on"
    } else {
        "the name would resolve to the endpoint if its private DNS and the VPC's enableDnsHostnames were on"
    };
    Remark {
        code: Code::DnsPrivateNameDisabled,
        resource: Some(at),
        detail: detail.to_owned(),
    }
}

fn of_resource(
    network: &Network,
    (id, held): (&ResourceId, Option<ResourceIx>),
    source: &Source,
) -> Settled<Vec<Target>> {
    let Some((at, resource)) = held.and_then(|at| Some((at, network.resource(at)?))) else {
        return settled(
            Verdict::Undetermined,
            Code::UnknownResource,
            None,
            id.to_string(),
        );
    };
    if matches!(resource.body, Body::Instance(_) | Body::NetworkInterface(_)) {
        let own = interface_of(network, at)?;
        of_interface(network, at, own, source).map(|target| vec![target])
    } else if matches!(resource.body, Body::InternetGateway(_)) {
        let must = Must::Pass(at);
        Ok(vec![Target {
            address: Addr::Internet,
            must,
            interface: None,
        }])
    } else if let Body::VpcEndpoint(endpoint) = &resource.body {
        of_endpoint(network, at, endpoint)
    } else if let Body::LoadBalancer(balancer) = &resource.body {
        super::balancer::of_balancer(network, at, balancer, source)
    } else if let Body::VpcEndpointService(service) = &resource.body {
        of_service(network, at, service, source)
    } else if gateway::is_public_interface(network, at) {
        let detail = "whether what AWS sends to addresses behind a public virtual interface takes it is for the routes that it announces, which the topology does not hold";
        let code = Code::UnsupportedComponent;
        settled(Verdict::Undetermined, code, Some(at), detail)
    } else if gateway::is_gate(network, at) {
        beyond::targets(network, at, source)
    } else if let Some(targets) = gateway::way_out(network, at, source) {
        targets
    } else {
        unsupported(network, at, "destination")
    }
}

/// The address of an interface that packets from there would be sent to: the private one from inside, the public one from outside.
fn of_interface(
    network: &Network,
    at: ResourceIx,
    own: InterfaceIx,
    source: &Source,
) -> Settled<Target> {
    let interface = network.interface(own);
    let address = interface.and_then(|interface| match source {
        Source::Interface(from) => {
            let from = network.interface(*from)?;
            let mut addresses = interface.addresses.iter().copied();
            addresses.find(|address| address_of_family(from, address.is_ipv6()).is_some())
        }
        Source::Outside(from, _) => public_address(network, interface, from),
        Source::Beyond(from, _) => {
            address_of_family(interface, beyond::is_ipv6(from).unwrap_or(false))
        }
    });
    match (address, source) {
        (Some(address), _) => Ok(Target {
            address: Addr::Ip(address),
            // What uses an interface may hand the packet on.
            must: if interface.is_some_and(|own| own.user.is_some()) {
                Must::Pass(at)
            } else {
                Must::EndAt(own)
            },
            interface: Some(own),
        }),
        (None, Source::Interface(_) | Source::Beyond(..)) => {
            let detail = "it has no address of the packet's family";
            settled(
                Verdict::Unreachable,
                Code::UnassociatedComponent,
                Some(at),
                detail,
            )
        }
        (None, Source::Outside(..)) => {
            let code = Code::IgwPrivateIpAssociationForIngress;
            let detail = "it has no public address of the packet's family";
            settled(Verdict::Unreachable, code, Some(at), detail)
        }
    }
}

/// The public address of an interface, of the family that packets from outside are of.
pub(super) fn public_address(
    network: &Network,
    interface: &Interface,
    from: &Addr,
) -> Option<IpAddr> {
    let own = interface.addresses.iter();
    let mut public = own.filter_map(|own| network.public_of.get(&(interface.vpc, *own)).copied());
    public.find(|public| match from {
        Addr::Ip(from) => from.is_ipv6() == public.is_ipv6(),
        Addr::Within(from) => from.addr().is_ipv6() == public.is_ipv6(),
        Addr::Internet | Addr::Service(_) => true,
    })
}

fn of_endpoint(network: &Network, at: ResourceIx, endpoint: &VpcEndpoint) -> Settled<Vec<Target>> {
    let must = Must::Pass(at);
    match endpoint.vpc_endpoint_type {
        VpcEndpointType::Interface
        | VpcEndpointType::Resource
        | VpcEndpointType::ServiceNetwork
        | VpcEndpointType::Tunnel => {
            let own = endpoint.network_interface_ids.iter().map(|id| {
                network
                    .find(id.as_str())
                    .map(|at| interface_of(network, at))
            });
            let Some(own) = own
                .collect::<Option<Settled<Vec<_>>>>()
                .filter(|own| !matches!(own, Ok(own) if own.is_empty()))
            else {
                return settled(
                    Verdict::Undetermined,
                    Code::UnknownResource,
                    Some(at),
                    "the topology does not hold the endpoint's interfaces",
                );
            };
            let entries = own?
                .into_iter()
                .filter_map(|own| Some((own, *network.interface(own)?.addresses.first()?)));
            Ok(entries
                .map(|(own, address)| Target {
                    address: Addr::Ip(address),
                    must,
                    interface: Some(own),
                })
                .collect())
        }
        VpcEndpointType::Gateway => {
            let Some(service) = endpoint
                .service_name
                .as_ref()
                .and_then(|name| service_of_name(name.as_str()))
            else {
                return settled(
                    Verdict::Undetermined,
                    Code::VpceServiceNotFound,
                    Some(at),
                    "the endpoint names no AWS service",
                );
            };
            let addresses = dns::service_addresses(network, service);
            Ok(addresses
                .into_iter()
                .map(|address| Target {
                    address,
                    must,
                    interface: None,
                })
                .collect())
        }
        VpcEndpointType::GatewayLoadBalancer => nothing_at(at),
    }
}

/// The endpoints of a service: those in the source's VPC, or all if there are none.
fn of_service(
    network: &Network,
    at: ResourceIx,
    service: &VpcEndpointService,
    source: &Source,
) -> Settled<Vec<Target>> {
    let held = network.frame.endpoints_of.get(&service.service_name);
    let held = held.into_iter().flatten().filter_map(|at| {
        let Body::VpcEndpoint(endpoint) = &network.resource(*at)?.body else {
            return None;
        };
        Some((*at, endpoint.as_ref()))
    });
    let is_meant = |endpoint: &VpcEndpoint| {
        let r#type = service.service_type.map(|one| one.as_str());
        r#type.is_none_or(|one| one == endpoint.vpc_endpoint_type.as_str())
    };
    let all: Vec<_> = held.filter(|(_, endpoint)| is_meant(endpoint)).collect();
    let own = match source {
        Source::Interface(from) => network.interface(*from),
        Source::Outside(..) | Source::Beyond(..) => None,
    };
    let own = own.and_then(|own| network.resource(network.vpc(own.vpc)?.resource));
    let is_near = |endpoint: &VpcEndpoint| {
        own.is_some_and(|own| own.id() == endpoint.vpc_id.as_resource_id())
    };
    let has_near = all.iter().any(|(_, endpoint)| is_near(endpoint));
    let used = all.iter().filter(|(_, one)| !has_near || is_near(one));
    let tried: Vec<_> = used
        .map(|(at, endpoint)| of_endpoint(network, *at, endpoint))
        .collect();
    if tried.iter().any(Result::is_ok) {
        return Ok(tried.into_iter().flatten().flatten().collect());
    }
    tried.into_iter().next().unwrap_or_else(|| {
        let detail = "the topology holds no endpoint of the service";
        let code = Code::UnknownDestination;
        settled(Verdict::Undetermined, code, Some(at), detail)
    })
}

/// Nothing is sent to what routes alone lead to.
fn nothing_at(at: ResourceIx) -> Settled<Vec<Target>> {
    let detail = "a Gateway Load Balancer endpoint is a target of routes: nothing is sent to it";
    let code = Code::NoPossibleDestination;
    settled(Verdict::Unreachable, code, Some(at), detail)
}
