//! Network interfaces and instances (EC2 guide, "Elastic network interfaces").
//!
//! A packet leaves an interface through its security groups into its subnet, and arrives through them. What happens at the end depends
//! on what uses the interface. An instance that does not run, and an interface that is attached to nothing, send and take nothing.

use std::net::IpAddr;

use causeway_model::ids::ResourceId;
use causeway_model::resource::{Body, Kind};
use causeway_model::resources::interfaces::{
    InstanceState, NetworkInterfaceStatus, NetworkInterfaceType,
};
use causeway_model::resources::{Address, NetworkInterface};
use causeway_model::trace::{Code, Stage};

use crate::network::Interface;
use crate::table::{Action, End, GroupIx, InterfaceIx, ResourceIx, Rule, SubnetIx, TableIx, VpcIx};

use super::builder::{Builder, Key, pick};
use super::security_group;

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
        let own = interface.private_ip_addresses.iter();
        let addresses = own.map(|own| own.private_ip_address);
        let addresses = addresses.chain(interface.ipv6_addresses.iter().copied());
        let new = add(builder, (at, vpc, subnet), addresses.collect(), groups);
        let id: ResourceId = (&interface.network_interface_id).into();
        let user = builder.users.get(&id).copied();
        set_user(builder, new, user);
        builder.interfaces.insert(id, new);
        pair_all(builder, &interface, new);
        note_instance(builder, &interface, new);
    }
    for (_, address) in builder.each(pick!(Address)) {
        pair_address(builder, &address);
    }
}

/// The security groups of an interface; where an endpoint's interface names none, the endpoint does.
fn groups(builder: &mut Builder, interface: &NetworkInterface) -> Vec<GroupIx> {
    let user = builder
        .users
        .get(interface.network_interface_id.as_resource_id());
    let user = user.and_then(|at| builder.network.resource(*at)).cloned();
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
    ids.iter()
        .map(|id| builder.group(id.as_resource_id()))
        .collect()
}

/// Notes what uses an interface. An endpoint's does not know senders over a transit gateway by their groups (Transit Gateways guide,
/// "Security group referencing").
pub(crate) fn set_user(builder: &mut Builder, interface: InterfaceIx, user: Option<ResourceIx>) {
    if let Some(interface) = builder.network.interfaces.get_mut(interface.index()) {
        interface.user = user;
    }
    let user = user.and_then(|at| builder.network.resource(at));
    if user.is_some_and(|user| user.kind() == Kind::VpcEndpoint) {
        let entry = builder.place(Key::InterfaceIn(interface));
        builder.edit(entry, |place| place.sees_groups_over_hubs = false);
    }
}

/// Pairs the addresses of an interface with those it has in the internet. The IPv6 addresses of endpoints are never reached from there
/// (PrivateLink guide, "IP address types").
fn pair_all(builder: &mut Builder, interface: &NetworkInterface, new: InterfaceIx) {
    let user = builder
        .users
        .get(interface.network_interface_id.as_resource_id());
    let user = user.and_then(|at| builder.network.resource(*at));
    let is_endpoint = user.is_some_and(|user| user.kind() == Kind::VpcEndpoint);
    for own in &interface.private_ip_addresses {
        if let Some(public) = own.public_ip {
            pair(builder, new, own.private_ip_address, public);
        }
    }
    for own in &interface.ipv6_addresses {
        if !interface.deny_all_igw_traffic && !is_endpoint {
            pair(builder, new, *own, *own);
        }
    }
}

/// Pairs what an Elastic IP address is associated with: the primary address of the interface, if it names none.
fn pair_address(builder: &mut Builder, address: &Address) {
    let interface = address.network_interface_id.as_ref();
    let interface = interface.and_then(|id| builder.interfaces.get(id.as_resource_id()).copied());
    if address.network_interface_id.is_none() {
        builder.network.idle.insert(address.public_ip);
    }
    let Some(own) = interface else { return };
    let primary = builder
        .network
        .interface(own)
        .and_then(|own| own.addresses.first().copied());
    if let Some(private) = address.private_ip_address.or(primary) {
        pair(builder, own, private, address.public_ip);
    }
}

/// Adds an interface with its addresses.
pub(crate) fn add(
    builder: &mut Builder,
    (resource, vpc, subnet): (ResourceIx, VpcIx, SubnetIx),
    addresses: Vec<IpAddr>,
    groups: Vec<GroupIx>,
) -> InterfaceIx {
    let new = InterfaceIx::of(builder.network.interfaces.len());
    for address in &addresses {
        builder
            .network
            .by_address
            .entry((vpc, *address))
            .or_insert(new);
    }
    let exit = builder.place(Key::InterfaceOut(new));
    let entry = builder.place(Key::InterfaceIn(new));
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
    builder.network.primary.entry(resource).or_insert(new);
    new
}

/// Pairs a private address of an interface with a public one.
pub(crate) fn pair(builder: &mut Builder, interface: InterfaceIx, private: IpAddr, public: IpAddr) {
    let Some(vpc) = builder
        .network
        .interface(interface)
        .map(|interface| interface.vpc)
    else {
        return;
    };
    builder
        .network
        .public_of
        .entry((vpc, private))
        .or_insert(public);
    builder
        .network
        .by_public
        .entry(public)
        .or_insert((interface, private));
}

fn note_instance(builder: &mut Builder, interface: &NetworkInterface, new: InterfaceIx) {
    let Some((instance, _)) = interface
        .instance_id
        .as_ref()
        .and_then(|id| builder.find(id))
    else {
        return;
    };
    let is_primary = interface.device_index == 0;
    let primary = &mut builder.network.primary;
    if is_primary || !primary.contains_key(&instance) {
        primary.insert(instance, new);
    }
}

fn all(builder: &Builder) -> Vec<(ResourceIx, NetworkInterface)> {
    builder.each(pick!(NetworkInterface))
}

pub(crate) fn compile(builder: &mut Builder) {
    for (at, interface) in all(builder) {
        let Some(own) = builder
            .interfaces
            .get(interface.network_interface_id.as_resource_id())
            .copied()
        else {
            continue;
        };
        let Some(entry) = builder.network.interface(own) else {
            continue;
        };
        let (subnet, groups) = (entry.subnet, entry.groups.clone());
        let filters =
            (!is_unfiltered(&interface, &groups)).then(|| security_group::tables(builder, &groups));
        let state = state(builder, &interface);
        let subnet_out = builder.place(Key::SubnetOut(subnet));
        let leave = builder.always(
            Stage::Forwarding,
            Action::Forward(subnet_out),
            "to its subnet",
        );
        let arrive = delivery(builder, &interface);
        let out = [state, filters.map(|[out, _]| out), Some(leave)];
        let inward = [filters.map(|[_, inward]| inward), state, Some(arrive)];
        let out = builder.fill(
            Key::InterfaceOut(own),
            at,
            out.into_iter().flatten().collect(),
        );
        let inward = builder.fill(
            Key::InterfaceIn(own),
            at,
            inward.into_iter().flatten().collect(),
        );
        for place in [out, inward] {
            builder.edit(place, |place| {
                place.interface = Some(own);
                place.link = Some(subnet);
            });
        }
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
        let deny = Rule::always(
            Action::Deny(Code::BadStateAttachment),
            "the interface is attached to nothing",
        );
        return Some(builder.ordered(Stage::State, Vec::new(), deny));
    }
    let (at, resource) = builder.find(interface.instance_id.as_ref()?)?;
    let Body::Instance(instance) = &resource.body else {
        return None;
    };
    if instance.state == InstanceState::Running {
        return None;
    }
    let label = format!("{} is {}", instance.instance_id, instance.state);
    let table = builder.always(Stage::State, Action::Deny(Code::BadState), label);
    if let Some(table) = builder.network.tables.get_mut(table.index()) {
        table.resource = Some(at);
    }
    Some(table)
}

fn delivery(builder: &mut Builder, interface: &NetworkInterface) -> TableIx {
    if let Some(action) = user(builder, interface) {
        return builder.always(Stage::Delivery, action, "to what uses the interface");
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

/// To the endpoint or NAT gateway that uses an interface.
fn user(builder: &mut Builder, interface: &NetworkInterface) -> Option<Action> {
    let id = interface.network_interface_id.as_resource_id();
    let at = *builder.users.get(id)?;
    if builder.network.resource(at)?.kind() == Kind::LoadBalancer {
        let own = *builder.interfaces.get(id)?;
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
        builder.users.extend(interfaces.map(|id| (id.into(), at)));
    }
    for (at, nat) in builder.each(pick!(NatGateway)) {
        let addresses = nat.nat_gateway_addresses.iter();
        let interfaces = addresses.filter_map(|address| address.network_interface_id.as_ref());
        builder.users.extend(interfaces.map(|id| (id.into(), at)));
    }
    super::load_balancer::note_users(builder);
}
