//! Network interfaces and instances (EC2 guide, "Elastic network interfaces").
//!
//! A packet leaves an interface through its security groups into its subnet, and arrives through them. What happens at the end depends
//! on what uses the interface. An instance that does not run, and an interface that is attached to nothing, send and take nothing.

use std::net::IpAddr;
use std::sync::Arc;

use causeway_model::ids::ResourceId;
use causeway_model::resource::{Body, Kind, Resource};
use causeway_model::resources::NetworkInterface;
use causeway_model::resources::interfaces::{
    InstanceState, NetworkInterfaceStatus, NetworkInterfaceType,
};
use causeway_model::trace::{Code, Stage};

use crate::network::Interface;
use crate::table::{
    Action, Addresses, End, GroupIx, InterfaceIx, ResourceIx, Rule, SubnetIx, TableIx, VpcIx,
};

use super::builder::{Builder, Key, pick};
use super::known::Shared;
use super::{elastic_ip, instance, security_group};

pub(crate) fn register(builder: &mut Builder) {
    note_users(builder);
    for (at, interface) in all(builder) {
        let Some(subnet) = builder.subnet(&interface.subnet_id) else {
            continue;
        };
        let Some(vpc) = builder.vpc(&interface.vpc_id) else {
            continue;
        };
        let groups = groups(builder, &interface);
        let new = add(
            builder,
            (at, vpc, subnet),
            addresses(&interface).into(),
            groups,
        );
        let id: ResourceId = (&interface.network_interface_id).into();
        let user = builder.known.users.get(&id).copied();
        set_user(builder, new, user);
        for (private, public) in pairs(builder, &interface) {
            pair(builder, new, private, public);
        }
        if let Some(instance) = &interface.instance_id {
            instance::attach(builder, instance.as_resource_id(), new);
        }
    }
    for (at, address) in builder.each(pick!(Address)) {
        elastic_ip::note(builder, at, &address);
        elastic_ip::pair(builder, &address);
    }
}

/// The addresses of an interface inside its VPC, the primary one first.
pub(crate) fn addresses(interface: &NetworkInterface) -> Vec<IpAddr> {
    let own = interface.private_ip_addresses.iter();
    let own = own.map(|own| own.private_ip_address);
    let own = own.chain(interface.ipv6_addresses.iter().copied());
    own.collect()
}

/// The security groups of an interface; where an endpoint's interface names none, the endpoint does.
pub(crate) fn groups(builder: &mut Builder, interface: &NetworkInterface) -> Arc<[GroupIx]> {
    let user = user_of(builder, interface);
    let mut ids = interface.group_ids.clone();
    if let Some(Body::VpcEndpoint(endpoint)) = user.as_ref().map(|user| &user.body)
        && ids.is_empty()
    {
        ids.clone_from(&endpoint.group_ids);
    }
    if let Some(Body::LoadBalancer(balancer)) = user.as_ref().map(|user| &user.body)
        && ids.is_empty()
    {
        ids.clone_from(&balancer.security_groups);
    }
    let groups = ids.iter().map(|id| builder.group(id.as_resource_id()));
    let groups: Vec<GroupIx> = groups.collect();
    builder.group_set(&groups)
}

fn user_of(builder: &Builder, interface: &NetworkInterface) -> Option<Arc<Resource>> {
    let id = interface.network_interface_id.as_resource_id();
    let at = builder.known.users.get(id)?;
    builder.network.resource(*at).cloned()
}

/// Notes what uses an interface. An endpoint's does not know senders over a transit gateway by their groups (Transit Gateways guide,
/// "Security group referencing").
pub(crate) fn set_user(builder: &mut Builder, interface: InterfaceIx, user: Option<ResourceIx>) {
    let Some(user) = user else { return };
    if let Some(interface) = builder.network.interfaces.get_mut(interface.index()) {
        interface.user = Some(user);
    }
    let user = builder.network.resource(user);
    if user.is_some_and(|user| user.kind() == Kind::VpcEndpoint) {
        let entry = builder.place(Key::InterfaceIn(interface));
        builder.edit(entry, |place| place.sees_groups_over_hubs = false);
    }
}

/// The pairs of addresses of an interface with those it has in the internet. The IPv6 addresses of endpoints are never reached from there
/// (PrivateLink guide, "IP address types").
pub(crate) fn pairs(builder: &Builder, interface: &NetworkInterface) -> Vec<(IpAddr, IpAddr)> {
    let user = user_of(builder, interface);
    let is_endpoint = user.is_some_and(|user| user.kind() == Kind::VpcEndpoint);
    let own = interface.private_ip_addresses.iter();
    let own = own.filter_map(|own| Some((own.private_ip_address, own.public_ip?)));
    let is_reached = !interface.deny_all_igw_traffic && !is_endpoint;
    let ipv6 = interface.ipv6_addresses.iter().filter(|_| is_reached);
    own.chain(ipv6.map(|own| (*own, *own))).collect()
}

/// Adds an interface with its addresses.
pub(crate) fn add(
    builder: &mut Builder,
    (resource, vpc, subnet): (ResourceIx, VpcIx, SubnetIx),
    addresses: Addresses,
    groups: Arc<[GroupIx]>,
) -> InterfaceIx {
    let (exit, entry) = (builder.add_place(), builder.add_place());
    let new = InterfaceIx::of(builder.network.interfaces.len());
    hold(builder, new, vpc, &addresses);
    builder.network.interfaces.push(Interface {
        resource,
        vpc,
        subnet,
        addresses,
        groups,
        user: None,
        exit,
        entry,
    });
    if let Some(slot) = builder.network.resources.get_mut(resource.index()) {
        slot.primary.get_or_insert(new);
    }
    new
}

/// Notes that an interface has addresses in a VPC.
pub(crate) fn hold(builder: &mut Builder, own: InterfaceIx, vpc: VpcIx, addresses: &[IpAddr]) {
    for address in addresses {
        let key = (vpc, *address);
        let held = builder.network.by_address.insert_first(key, own);
        if held.is_some_and(|held| held != own) {
            builder.note(|read| _ = read.contested.insert(key));
            builder.give_up();
        }
    }
}

/// Pairs a private address of an interface with a public one, where something else than the interface and its Elastic IP addresses says so.
pub(crate) fn pair_for(builder: &mut Builder, own: InterfaceIx, private: IpAddr, public: IpAddr) {
    builder.note(|read| _ = read.interfaces.insert(own));
    pair(builder, own, private, public);
}

/// Pairs a private address of an interface with a public one.
pub(crate) fn pair(builder: &mut Builder, own: InterfaceIx, private: IpAddr, public: IpAddr) {
    let Some(vpc) = builder.network.interface(own).map(|own| own.vpc) else {
        return;
    };
    let key = (vpc, private);
    let network = &mut builder.network;
    let other = network.public_of.insert_first(key, public);
    let other = other.and_then(|other| network.by_public.get(&other));
    let is_contested = other.is_some_and(|(holder, _)| *holder != own);
    let held = network.by_public.insert_first(public, (own, private));
    if is_contested {
        builder.note(|read| _ = read.contested.insert(key));
        builder.give_up();
    }
    if held.is_some_and(|(holder, _)| holder != own) {
        builder.note(|read| _ = read.contested_public.insert(public));
        builder.give_up();
    }
}

fn all(builder: &Builder) -> Vec<(ResourceIx, NetworkInterface)> {
    builder.each(pick!(NetworkInterface))
}

pub(crate) fn compile(builder: &mut Builder) {
    let own = Rule::always(Action::Deliver(End::Interface), "own address");
    let deliver = builder.ordered(Stage::Delivery, Vec::new(), own);
    let code = Code::BadStateAttachment;
    let deny = Rule::always(Action::Deny(code), "the interface is attached to nothing");
    let unattached = builder.ordered(Stage::State, Vec::new(), deny);
    builder.learn().shared = Some(Shared {
        deliver,
        unattached,
    });
    for (at, interface) in all(builder) {
        let id = interface.network_interface_id.as_resource_id();
        if let Some(own) = builder.own_interface(id) {
            places(builder, (at, own), &interface);
        }
    }
}

/// Fills the places of an interface.
pub(crate) fn places(
    builder: &mut Builder,
    (at, own): (ResourceIx, InterfaceIx),
    interface: &NetworkInterface,
) {
    let Some(entry) = builder.network.interface(own).cloned() else {
        return;
    };
    let is_filtered = !is_unfiltered(interface, &entry.groups);
    let filters = is_filtered.then(|| security_group::tables(builder, &entry.groups));
    let state = state(builder, interface);
    let leave = builder.network.subnet(entry.subnet).map(|own| own.leave);
    let arrive = delivery(builder, interface);
    let out = [state, filters.map(|[out, _]| out), leave];
    let inward = [filters.map(|[_, inward]| inward), state, Some(arrive)];
    for (place, tables) in [(entry.exit, out), (entry.entry, inward)] {
        builder.edit(place, |place| {
            place.resource = Some(at);
            place.tables = tables.into_iter().flatten().collect();
            place.interface = Some(own);
            place.link = Some(entry.subnet);
        });
    }
}

/// Whether an interface is of a kind that has no security groups (NAT gateway, Gateway Load Balancer endpoint).
fn is_unfiltered(interface: &NetworkInterface, groups: &[GroupIx]) -> bool {
    if interface.interface_type == NetworkInterfaceType::NetworkLoadBalancer {
        return groups.is_empty();
    }
    let is_gateway = matches!(
        interface.interface_type,
        NetworkInterfaceType::NatGateway
            | NetworkInterfaceType::GatewayLoadBalancerEndpoint
            | NetworkInterfaceType::GatewayLoadBalancer
            | NetworkInterfaceType::TransitGateway
    );
    is_gateway && interface.group_ids.is_empty()
}

/// A table that notes what keeps the interface from working; none while it works.
fn state(builder: &mut Builder, interface: &NetworkInterface) -> Option<TableIx> {
    if interface.status == NetworkInterfaceStatus::Available {
        return builder.known.shared.map(|shared| shared.unattached);
    }
    let (at, resource) = builder.own(interface.instance_id.as_ref()?)?;
    let Body::Instance(instance) = &resource.body else {
        return None;
    };
    if instance.state == InstanceState::Running {
        return None;
    }
    let label = format!("{} is {}", instance.instance_id, instance.state);
    let table = builder.always(Stage::State, Action::Deny(Code::BadState), label);
    builder.set_owner(table, at);
    Some(table)
}

fn delivery(builder: &mut Builder, interface: &NetworkInterface) -> TableIx {
    if let Some(action) = user(builder, interface) {
        return builder.always(Stage::Delivery, action, "to what uses the interface");
    }
    if let Some(shared) = builder.known.shared.filter(|_| is_plain(interface)) {
        return shared.deliver;
    }
    let (action, label) = match interface.interface_type {
        NetworkInterfaceType::Interface
        | NetworkInterfaceType::Lambda
        | NetworkInterfaceType::Efa
        | NetworkInterfaceType::Trunk
        | NetworkInterfaceType::Branch => {
            (Action::Deliver(End::Interface), "own address".to_owned())
        }
        NetworkInterfaceType::VpcEndpoint
        | NetworkInterfaceType::NatGateway
        | NetworkInterfaceType::NetworkLoadBalancer
        | NetworkInterfaceType::LoadBalancer => (
            Action::Unknown(Code::UnknownResource),
            "what uses the interface is not in the topology".to_owned(),
        ),
        NetworkInterfaceType::GatewayLoadBalancerEndpoint
        | NetworkInterfaceType::GatewayLoadBalancer
        | NetworkInterfaceType::TransitGateway
        | NetworkInterfaceType::Other => {
            let words = interface.interface_type.as_str().replace('_', " ");
            let label = format!("what an interface of type {words} does is not known yet");
            (Action::Unknown(Code::UnsupportedComponent), label)
        }
    };
    builder.always(Stage::Delivery, action, label)
}

/// Whether an interface is of a type whose packets are for itself.
pub(crate) fn is_plain(interface: &NetworkInterface) -> bool {
    matches!(
        interface.interface_type,
        NetworkInterfaceType::Interface
            | NetworkInterfaceType::Lambda
            | NetworkInterfaceType::Efa
            | NetworkInterfaceType::Trunk
            | NetworkInterfaceType::Branch
    )
}

/// To the endpoint or NAT gateway that uses an interface.
fn user(builder: &mut Builder, interface: &NetworkInterface) -> Option<Action> {
    let id = interface.network_interface_id.as_resource_id();
    let at = *builder.known.users.get(id)?;
    if builder.network.resource(at)?.kind() == Kind::LoadBalancer {
        let own = builder.own_interface(id)?;
        return super::load_balancer::place_of(builder, at, own).map(Action::Forward);
    }
    let key = if builder.network.resource(at)?.kind() == Kind::VpcEndpoint {
        Key::Endpoint(at)
    } else {
        Key::NatGatewayBack(at)
    };
    Some(Action::Forward(builder.place(key)))
}

/// Notes which endpoint or NAT gateway uses which interface.
fn note_users(builder: &mut Builder) {
    for (at, endpoint) in builder.each(pick!(VpcEndpoint)) {
        let interfaces = endpoint.network_interface_ids.iter();
        builder
            .learn()
            .users
            .extend(interfaces.map(|id| (id.into(), at)));
    }
    for (at, nat) in builder.each(pick!(NatGateway)) {
        let addresses = nat.nat_gateway_addresses.iter();
        let interfaces = addresses.filter_map(|address| address.network_interface_id.as_ref());
        builder
            .learn()
            .users
            .extend(interfaces.map(|id| (id.into(), at)));
    }
    super::load_balancer::note_users(builder);
}
