//! Appliances behind an interface: NAT instances and middleboxes that a route leads to (VPC guide, "Middlebox routing", "NAT instances").
//!
//! A packet is routed to the interface, through the network ACL of its subnet and its security groups, and is dropped there unless the
//! interface's source/destination check is off. What the software behind it does cannot be known. It is taken to forward the packet
//! unchanged, out of the same interface and through its security groups, by the route table of its subnet. Only where the packet goes on
//! to a public address and the interface has one itself, the appliance may as well be a NAT instance: then both are walked, and nobody
//! knows which is real. Who looks at it behind the appliance does not know its security groups any more.

use causeway_model::fields::Setting;
use causeway_model::resources::NetworkInterface;
use causeway_model::resources::interfaces::NetworkInterfaceType;
use causeway_model::trace::{Code, Stage};
use ipnet::IpNet;

use crate::packet::{RFC1918, RFC6598};
use crate::table::{
    Action, AddressMatch, InterfaceIx, Match, Order, PlaceIx, ResourceIx, Rewrite, Rule, SubnetIx,
    TableIx, VpcIx,
};

use super::builder::{Builder, Key, pick};
use super::instance;

/// Where a route to an interface leads.
pub(crate) fn leads_to(builder: &mut Builder, at: ResourceIx, vpc: VpcIx) -> Action {
    let own = builder.network.primary(at);
    let found = own.and_then(|own| Some((own, builder.network.interface(own)?)));
    match found {
        Some((own, entry)) if entry.vpc == vpc && entry.resource == at && entry.user.is_none() => {
            Action::Forward(builder.place(Key::Appliance(own)))
        }
        Some((_, entry)) if entry.resource == at && entry.vpc != vpc => {
            Action::Drop(Code::NoPossibleDestination)
        }
        _ => Action::Unknown(Code::UnsupportedComponent),
    }
}

/// Where a route to an instance leads: AWS takes such a route for an instance with one interface alone.
pub(crate) fn instance_leads_to(builder: &mut Builder, at: ResourceIx, vpc: VpcIx) -> Action {
    let Some(id) = builder.network.resource(at).map(|own| own.id().clone()) else {
        return Action::Unknown(Code::UnknownResource);
    };
    let own = instance::interfaces(&builder.network, &id);
    let own = own.iter().filter_map(|own| builder.network.interface(*own));
    let own: Vec<ResourceIx> = own.map(|own| own.resource).collect();
    match own.as_slice() {
        [only] => leads_to(builder, *only, vpc),
        [] => several(
            builder,
            at,
            "the topology holds no interface of the instance",
        ),
        _ => several(builder, at, "the instance has several interfaces"),
    }
}

/// The place of an instance of which nobody knows by which interface it is reached.
fn several(builder: &mut Builder, at: ResourceIx, label: &'static str) -> Action {
    let unknown = Action::Unknown(Code::UnknownResource);
    let table = builder.always(Stage::Forwarding, unknown, label);
    Action::Forward(builder.fill(Key::Unsupported(at), at, vec![table]))
}

/// Makes the places of every interface that a route could lead to.
pub(crate) fn compile(builder: &mut Builder) {
    for (at, interface) in builder.each(pick!(NetworkInterface)) {
        let interface: NetworkInterface = interface;
        let own = builder.own_interface(interface.network_interface_id.as_resource_id());
        let Some(own) = own else { continue };
        let is_routed = [Key::Appliance(own), Key::ApplianceAtEdge(own)]
            .iter()
            .any(|key| builder.has_place(*key));
        if is_routed {
            appliance(builder, (at, &interface), own);
        }
    }
}

fn appliance(builder: &mut Builder, (at, held): (ResourceIx, &NetworkInterface), own: InterfaceIx) {
    let Some(entry) = builder.network.interface(own) else {
        return;
    };
    let (subnet, vpc, addresses) = (entry.subnet, entry.vpc, entry.addresses.clone());
    builder.note(|read| _ = read.interfaces.insert(own));
    let arrive = builder.place(Key::SubnetIn(subnet));
    let to_itself = addresses.iter().map(|address| {
        let matches = Match::to(AddressMatch::Net(IpNet::from(*address)));
        Rule::when(matches, Action::Forward(arrive), "its own address")
    });
    let to_itself = to_itself.collect();
    let others = Rule::always(Action::Pass, "for others");
    let to_itself = builder.ordered(Stage::Forwarding, to_itself, others);
    let device = builder.place(Key::Appliance(own));
    let check = check(builder, held);
    let passing = passing(builder, own, vpc);
    let mut tables: Vec<TableIx> = builder.acl_in(subnet).into_iter().collect();
    tables.extend(groups_in(builder, own));
    tables.extend(check);
    tables.extend(passing);
    let through = builder.fill(Key::ApplianceThrough(own), at, tables);
    let onward = builder.always(Stage::Forwarding, Action::Forward(through), "");
    builder.fill(Key::Appliance(own), at, vec![to_itself, onward]);
    let edge = edge(builder, (vpc, held));
    builder.fill(Key::ApplianceAtEdge(own), at, vec![to_itself, edge, onward]);
    let back = back(builder, at, own, subnet);
    for place in [through, back] {
        builder.edit(place, |place| {
            place.interface = Some(own);
            place.link = Some(subnet);
            place.keeps_groups = false;
            place.device = Some(device);
        });
    }
    let id = &held.network_interface_id;
    let assumption =
        format!("{id}: the appliance is taken to forward what it is not known to drop");
    builder.frame().assumptions.push(assumption);
}

fn groups_in(builder: &mut Builder, own: InterfaceIx) -> Option<TableIx> {
    let inward = builder.place(Key::InterfaceIn(own));
    let first = *builder.network.place(inward)?.tables.first()?;
    let stage = builder.network.table(first)?.stage;
    (stage == Stage::SecurityGroupIn).then_some(first)
}

/// With its source/destination check on, an interface takes packets for its own addresses alone.
fn check(builder: &mut Builder, held: &NetworkInterface) -> Option<TableIx> {
    let is_on = held.source_dest_check.or(true);
    let words = match held.source_dest_check {
        Setting::Default => "on by default",
        Setting::On => "on",
        Setting::Off => "off",
    };
    let action = if is_on {
        Action::Deny(Code::EniSourceDestCheckRestriction)
    } else {
        Action::Allow
    };
    let label = format!("source/destination check is {words}");
    Some(builder.always(Stage::SourceDestCheck, action, label))
}

/// What the appliance does with the packet: sends it on as it is; or it may be a NAT instance.
fn passing(builder: &mut Builder, own: InterfaceIx, vpc: VpcIx) -> Vec<TableIx> {
    let leave = builder.place(Key::InterfaceOut(own));
    let onward = builder.always(
        Stage::Forwarding,
        Action::Forward(leave),
        "the appliance sends it on",
    );
    let addresses = builder
        .network
        .interface(own)
        .map(|own| own.addresses.clone());
    let mut paired = addresses.iter().flat_map(|own| own.iter());
    let paired =
        paired.find(|address| address.is_ipv4() && builder.public_of(vpc, **address).is_some());
    let Some(&address) = paired else {
        return vec![onward];
    };
    let back = builder.place(Key::ApplianceBack(own));
    let rewrite = Rewrite {
        back: Some(back),
        skips_routes: false,
        ..Rewrite::source(address)
    };
    let private = RFC1918.iter().chain([&RFC6598]).map(|net| {
        let matches = Match::to(AddressMatch::Net(IpNet::V4(*net)));
        Rule::when(matches, Action::Forward(leave), "the appliance sends it on")
    });
    let ipv6: AddressMatch = AddressMatch::Net(IpNet::V6(ipnet::Ipv6Net::default()));
    let ipv6 = Rule::when(
        Match::to(ipv6),
        Action::Forward(leave),
        "the appliance sends it on",
    );
    let replies = Rule::when(
        Match {
            is_reply: Some(true),
            ..Match::ANY
        },
        Action::Forward(leave),
        "the appliance sends it on",
    );
    let rules = private.chain([ipv6, replies]).collect();
    let public = Rule::always(Action::Pass, "to a public address");
    let plain = builder.ordered(Stage::Forwarding, rules, public);
    let choice = either(builder, leave, rewrite);
    vec![plain, choice, onward]
}

/// It may forward the packet as it is, or translate its source.
fn either(builder: &mut Builder, leave: PlaceIx, rewrite: Rewrite) -> TableIx {
    let as_is = "the appliance forwards it as it is";
    let translated = "the appliance is a NAT instance: source becomes its own";
    let rules = vec![
        Rule::always(Action::Forward(leave), as_is),
        Rule::always(Action::Rewrite(Box::new(rewrite)), translated),
    ];
    let order = Order::OneOf(Code::UnsupportedComponent);
    builder.choice(order, rules, Rule::always(Action::Pass, ""))
}

/// An interface that a gateway's route table leads to needs a public address to take part in IPv4 traffic of the internet.
fn edge(builder: &mut Builder, (vpc, held): (VpcIx, &NetworkInterface)) -> TableIx {
    let addresses = held.private_ip_addresses.iter();
    let has_public = addresses.into_iter().any(|own| {
        let own = own.private_ip_address;
        builder.public_of(vpc, own).is_some()
    });
    if has_public {
        return builder.always(Stage::Admission, Action::Pass, "");
    }
    let ipv4 = AddressMatch::Net(IpNet::V4(ipnet::Ipv4Net::default()));
    let deny = Rule::when(
        Match::to(ipv4),
        Action::Deny(Code::IngressRtbNoPublicIp),
        "the interface has no public address",
    );
    let otherwise = Rule::always(Action::Pass, "");
    builder.ordered(Stage::Admission, vec![deny], otherwise)
}

/// Where replies come back to a NAT instance.
fn back(builder: &mut Builder, at: ResourceIx, own: InterfaceIx, subnet: SubnetIx) -> PlaceIx {
    let label = "back to who opened the connection";
    let undo = builder.always(Stage::Translation, Action::Undo, label);
    let leave = builder.place(Key::InterfaceOut(own));
    let label = "the appliance sends it on";
    let onward = builder.always(Stage::Forwarding, Action::Forward(leave), label);
    let mut tables: Vec<TableIx> = builder.acl_in(subnet).into_iter().collect();
    tables.extend(groups_in(builder, own));
    tables.extend([undo, onward]);
    builder.fill(Key::ApplianceBack(own), at, tables)
}

/// Whether an interface is of a type that an appliance has.
pub(crate) fn may_forward(interface: &NetworkInterface) -> bool {
    matches!(
        interface.interface_type,
        NetworkInterfaceType::Interface
            | NetworkInterfaceType::Efa
            | NetworkInterfaceType::Trunk
            | NetworkInterfaceType::Branch
    )
}
