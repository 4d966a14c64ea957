//! The ends of a flow: where its packet starts, and which addresses it goes to.

mod balancer;
mod beyond;
mod gateway;
mod source;
mod target;

use std::net::IpAddr;

use causeway_model::Protocol;
use causeway_model::flow::{Flow, FlowEnd};
use causeway_model::trace::{Addr, Code, Header, Verdict};

use crate::ResolveError;
use crate::network::{Interface, Network};
use crate::packet::{Packet, is_private_address};
use crate::table::{InterfaceIx, PlaceIx, ResourceIx, VpcIx};

/// What can be said of a flow before a packet is sent.
#[derive(Debug)]
pub(crate) enum Plan {
    /// Packets to send, the preferred one first, and what is to be told beside.
    Send(Vec<Begin>, Option<Remark>),
    /// The answer.
    Settled(Verdict, Remark),
}

/// A code with the resource it is about, and the evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remark {
    pub(crate) code: Code,
    pub(crate) resource: Option<ResourceIx>,
    pub(crate) detail: String,
}

/// A packet to send, and what its arrival must look like.
#[derive(Debug, Clone)]
pub(crate) struct Begin {
    pub(crate) at: PlaceIx,
    pub(crate) packet: Packet,
    /// The interface it starts from; none for the internet.
    pub(crate) from: Option<InterfaceIx>,
    pub(crate) must: Must,
    /// Whether it starts beyond a connection, a gateway or an attachment: on premises, or elsewhere that nobody looks into.
    pub(crate) comes_by_gate: bool,
    /// How good the connection from there is for the destination; 0 if it starts elsewhere.
    grade: u8,
    /// Whether source and destination are in one zone.
    is_zonal: bool,
}

/// What must hold of a way's end for it to be the one that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Must {
    /// Nothing more than to arrive.
    Arrive,
    /// It ends at this interface.
    EndAt(InterfaceIx),
    /// It passes this resource.
    Pass(ResourceIx),
}

/// Where packets come from.
#[derive(Debug, Clone)]
enum Source {
    Interface(InterfaceIx),
    /// From outside: an address, or any; by this gateway, or by any.
    Outside(Addr, Option<ResourceIx>),
    /// From premises, or from beyond a gateway: an address, by this place of `Network::origins`.
    Beyond(Addr, usize),
}

/// One address that packets go to.
#[derive(Debug, Clone)]
struct Target {
    address: Addr,
    must: Must,
    interface: Option<InterfaceIx>,
}

impl Target {
    /// The family of its address, where that or what must be passed tells it.
    fn is_ipv6(&self, network: &Network) -> Option<bool> {
        let of_gateway = || match self.must {
            Must::Pass(at) => gateway::is_ipv6(network, at),
            Must::Arrive | Must::EndAt(_) => None,
        };
        beyond::is_ipv6(&self.address).or_else(of_gateway)
    }
}

type Settled<T> = Result<T, (Verdict, Remark)>;

/// What to send for a flow.
pub(crate) fn plan(network: &Network, flow: &Flow) -> Result<Plan, ResolveError> {
    let from = held(network, &flow.source)?;
    let to = held(network, &flow.destination)?;
    let sources = source::all(network, flow, from);
    Ok(
        match sources.and_then(|sources| begins(network, (flow, to), &sources)) {
            Ok((begins, remark)) => Plan::Send(begins, remark),
            Err((verdict, remark)) => Plan::Settled(verdict, remark),
        },
    )
}

/// The handle of an end that is a resource.
fn held(network: &Network, end: &FlowEnd) -> Result<Option<ResourceIx>, ResolveError> {
    let FlowEnd::Resource(id) = end else {
        return Ok(None);
    };
    match network.find(id.as_str()) {
        Some(at) => Ok(Some(at)),
        None => Err(ResolveError::UnknownResource { id: id.clone() }),
    }
}

fn begins(
    network: &Network,
    (flow, to): (&Flow, Option<ResourceIx>),
    sources: &[Source],
) -> Settled<(Vec<Begin>, Option<Remark>)> {
    let mut begins = Vec::new();
    let mut told = None;
    for source in sources {
        let (targets, remark) = target::all(network, (flow, to), source)?;
        told = told.or(remark);
        let own = begins_from(network, flow, source, &targets)?;
        if begins.is_empty() {
            begins = own;
        } else {
            begins.extend(own);
        }
    }
    beyond::prefer_good(&mut begins);
    begins.sort_by(|one, other| {
        (!one.is_zonal, &one.packet.header.destination)
            .cmp(&(!other.is_zonal, &other.packet.header.destination))
    });
    Ok((begins, told))
}

/// The packets from one source. A target of a family that the source does not have is passed over, if there are others.
fn begins_from(
    network: &Network,
    flow: &Flow,
    source: &Source,
    targets: &[Target],
) -> Settled<Vec<Begin>> {
    if let [target] = targets {
        return begin(network, flow, source, target).map(|begin| vec![begin]);
    }
    let tried: Vec<_> = targets
        .iter()
        .map(|target| begin(network, flow, source, target))
        .collect();
    if tried.iter().any(Result::is_ok) {
        return Ok(tried.into_iter().flatten().collect());
    }
    let nothing = || {
        let detail = "the topology names no address of the destination";
        settled(
            Verdict::Undetermined,
            Code::UnknownDestination,
            None,
            detail,
        )
    };
    tried
        .into_iter()
        .next()
        .map_or_else(nothing, |failed| failed.map(|begin| vec![begin]))
}

fn settled<T>(
    verdict: Verdict,
    code: Code,
    resource: Option<ResourceIx>,
    detail: impl Into<String>,
) -> Settled<T> {
    Err((
        verdict,
        Remark {
            code,
            resource,
            detail: detail.into(),
        },
    ))
}

fn unsupported<T>(network: &Network, at: ResourceIx, role: &str) -> Settled<T> {
    let kind = network
        .resource(at)
        .map_or("resource", |resource| resource.kind().as_str())
        .replace('_', " ");
    let detail = format!("a {kind} neither sends nor takes packets: it cannot be the {role}");
    let code = Code::UnsupportedComponent;
    settled(Verdict::Undetermined, code, Some(at), detail)
}

/// The interface that an instance or an interface sends and receives with.
fn interface_of(network: &Network, at: ResourceIx) -> Settled<InterfaceIx> {
    match network.primary(at) {
        Some(interface) => Ok(interface),
        None => settled(
            Verdict::Undetermined,
            Code::UnassociatedComponent,
            Some(at),
            "the topology holds no interface of it",
        ),
    }
}

fn address_of_family(interface: &Interface, is_ipv6: bool) -> Option<IpAddr> {
    interface
        .addresses
        .iter()
        .find(|address| address.is_ipv6() == is_ipv6)
        .copied()
}

fn begin(network: &Network, flow: &Flow, source: &Source, target: &Target) -> Settled<Begin> {
    match source {
        Source::Interface(from) => begin_inside(network, flow, *from, target),
        Source::Outside(address, gateway) => {
            begin_outside(network, flow, (address, *gateway), target)
        }
        Source::Beyond(address, origin) => beyond::begin(network, flow, (address, *origin), target),
    }
}

/// The header of a flow's packets. Who asks for ICMP between IPv6 addresses means that of IPv6.
fn header(flow: &Flow, source: Addr, destination: Addr, is_ipv6: bool) -> Header {
    let protocol = match flow.protocol() {
        Protocol::ICMP if is_ipv6 => Protocol::ICMPV6,
        other => other,
    };
    Header {
        source,
        destination,
        protocol,
        source_ports: flow.source_ports(),
        destination_ports: flow.destination_ports(),
    }
}

fn begin_inside(
    network: &Network,
    flow: &Flow,
    from: InterfaceIx,
    target: &Target,
) -> Settled<Begin> {
    let Some(interface) = network.interface(from) else {
        return settled(
            Verdict::Undetermined,
            Code::UnassociatedComponent,
            None,
            "the source has no interface",
        );
    };
    let asked = asked_address(network, flow);
    let is_asked = |own: &IpAddr| asked.is_none_or(|asked| asked == *own);
    let mut addresses = interface.addresses.iter().copied().filter(is_asked);
    let wanted = target.is_ipv6(network);
    let own = addresses.find(|own| wanted.is_none_or(|wanted| own.is_ipv6() == wanted));
    let Some(own) = own else {
        let detail = "the source has no address of the destination's family";
        return settled(
            Verdict::Unreachable,
            Code::UnassociatedComponent,
            Some(interface.resource),
            detail,
        );
    };
    if matches!(target.address, Addr::Ip(address) if interface.addresses.contains(&address)) {
        let detail = "source and destination are one interface: the packet never leaves it";
        let code = Code::UnsupportedComponent;
        return settled(
            Verdict::Undetermined,
            code,
            Some(interface.resource),
            detail,
        );
    }
    let packet = Packet {
        header: header(flow, Addr::Ip(own), target.address.clone(), own.is_ipv6()),
        is_ipv6: own.is_ipv6(),
        is_reply: false,
        sender: Some(from),
        zone: None,
    };
    Ok(Begin {
        at: interface.exit,
        packet,
        from: Some(from),
        must: target.must,
        comes_by_gate: false,
        grade: 0,
        is_zonal: share_zone(network, from, interface.vpc, target),
    })
}

/// The private address that a flow names as its source, by itself or by the public address that it is paired with.
fn asked_address(network: &Network, flow: &Flow) -> Option<IpAddr> {
    let FlowEnd::Address(address) = flow.source else {
        return None;
    };
    let paired = network.by_public.get(&address);
    Some(paired.map_or(address, |(_, private)| *private))
}

/// Whether the destination is in the source's own zone.
fn share_zone(network: &Network, from: InterfaceIx, vpc: VpcIx, target: &Target) -> bool {
    let held = match target.address {
        Addr::Ip(address) => network.by_address.get(&(vpc, address)).copied(),
        Addr::Internet | Addr::Service(_) | Addr::Within(_) => None,
    };
    let zone = |own| network.subnet(network.interface(own)?.subnet)?.zone_ix;
    let to = target.interface.or(held);
    to.is_some_and(|to| zone(to).is_some() && zone(to) == zone(from))
}

fn begin_outside(
    network: &Network,
    flow: &Flow,
    (address, gateway): (&Addr, Option<ResourceIx>),
    target: &Target,
) -> Settled<Begin> {
    let Addr::Ip(destination) = target.address else {
        let detail = "neither end is in the topology";
        return settled(
            Verdict::Undetermined,
            Code::UnknownDestination,
            None,
            detail,
        );
    };
    if matches!(address, Addr::Ip(source) if source.is_ipv6() != destination.is_ipv6()) {
        let detail = format!("{address} and {destination} are of different families");
        return settled(
            Verdict::Unreachable,
            Code::UnassociatedComponent,
            None,
            detail,
        );
    }
    let (at, own_gateway) = entry(network, destination, gateway)?;
    if gateway.is_some() && gateway != own_gateway {
        let code = Code::IgwPrivateIpAssociationForIngress;
        let detail = format!("{destination} is not of this gateway's VPC");
        return settled(Verdict::Unreachable, code, gateway, detail);
    }
    let is_ipv6 = destination.is_ipv6();
    let packet = Packet {
        header: header(flow, address.clone(), target.address.clone(), is_ipv6),
        is_ipv6,
        is_reply: false,
        sender: None,
        zone: None,
    };
    Ok(Begin {
        at,
        packet,
        from: None,
        must: target.must,
        comes_by_gate: false,
        grade: 0,
        is_zonal: false,
    })
}

/// Where packets from outside for a public address enter, and by which gateway.
fn entry(
    network: &Network,
    destination: IpAddr,
    asked: Option<ResourceIx>,
) -> Settled<(PlaceIx, Option<ResourceIx>)> {
    let code = Code::IgwPrivateIpAssociationForIngress;
    let Some((interface, _)) = network.by_public.get(&destination) else {
        if is_private_address(destination) {
            let detail =
                format!("{destination} is a private address, which nothing outside can reach");
            return settled(Verdict::Unreachable, code, asked, detail);
        }
        let detail = format!("the topology does not hold {destination}");
        return settled(
            Verdict::Undetermined,
            Code::UnknownDestination,
            None,
            detail,
        );
    };
    let vpc = network.interface(*interface);
    let vpc = vpc.and_then(|interface| network.vpc(interface.vpc));
    let entry = vpc.and_then(|vpc| vpc.internet_in);
    match entry.and_then(|at| Some((at, network.place(at)?.resource))) {
        Some(found) => Ok(found),
        None => {
            let resource = vpc.map(|vpc| vpc.resource);
            let detail = "the VPC has no internet gateway";
            settled(Verdict::Unreachable, code, resource, detail)
        }
    }
}
