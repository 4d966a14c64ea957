//! A node of a load balancer: where packets enter it, and where replies come back to it.

use causeway_model::resources::LoadBalancer;
use causeway_model::resources::load_balancers::LoadBalancerType;
use causeway_model::trace::{Code, Stage};

use crate::table::{
    Action, InterfaceIx, Match, Order, PlaceIx, ResourceIx, Rule, SubnetIx, TableIx,
};

use super::super::builder::{Builder, Key};
use super::super::security_group;
use super::Fleet;
use super::targets::{self, Entrance};

/// A node under construction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'b> {
    /// Where the load balancer stands among all resources.
    pub(super) at: ResourceIx,
    pub(super) balancer: &'b LoadBalancer,
    pub(super) subnet: SubnetIx,
    pub(super) interface: InterfaceIx,
    /// The tables of its security groups, outbound and inbound; none where it has no groups.
    filters: Option<[TableIx; 2]>,
}

impl<'b> Node<'b> {
    fn new(
        builder: &mut Builder,
        (at, balancer): (ResourceIx, &'b LoadBalancer),
        subnet: SubnetIx,
    ) -> Option<Self> {
        let interface = *builder.known.nodes.get(&(at, subnet))?;
        let groups = builder.network.interface(interface)?.groups.clone();
        // A Network Load Balancer without security groups takes everything; an Application Load Balancer always has some.
        let is_open = groups.is_empty() && balancer.r#type == LoadBalancerType::Network;
        let filters = (!is_open).then(|| security_group::tables(builder, &groups));
        Some(Self {
            at,
            balancer,
            subnet,
            interface,
            filters,
        })
    }

    fn fill(&self, builder: &mut Builder, key: Key, tables: Vec<Option<TableIx>>) -> PlaceIx {
        let place = builder.fill(key, self.at, tables.into_iter().flatten().collect());
        let (interface, subnet) = (self.interface, self.subnet);
        let speaks = self.filters.map(|_| interface);
        builder.edit(place, |place| {
            place.interface = Some(interface);
            place.link = Some(subnet);
            place.sender = speaks;
            place.keeps_groups = false;
        });
        place
    }

    fn state(&self, builder: &mut Builder) -> TableIx {
        let is_good = super::is_in_service(self.balancer);
        let state = self.balancer.state.as_str().replace('_', " ");
        builder.state(is_good, Code::BadState, state)
    }

    fn leave(&self, builder: &mut Builder) -> TableIx {
        let out = builder.place(Key::SubnetOut(self.subnet));
        let action = Action::Forward(out);
        builder.always(Stage::Forwarding, action, "to the node's subnet")
    }

    /// The tables from the listener to the target.
    fn choice(&self, builder: &mut Builder, fleet: &Fleet, entrance: Entrance) -> [TableIx; 2] {
        let found = targets::rules(builder, fleet, self, entrance);
        let otherwise = if self.balancer.listeners.is_empty() {
            let label = "the topology names no listener of the load balancer";
            Rule::always(Action::Unknown(Code::UnknownResource), label)
        } else {
            let label = "no listener takes the protocol and port";
            Rule::always(Action::Drop(Code::Elbv2ListenersMismatch), label)
        };
        let choice = builder.choice(Order::Each, found.choice, otherwise);
        let pass = Rule::always(Action::Pass, "");
        let admission = builder.ordered(Stage::Admission, found.admission, pass);
        [choice, admission]
    }
}

/// The node as an address of its own: packets arrive by its interface, replies to its own address too.
pub(super) fn compile(
    builder: &mut Builder,
    fleet: &Fleet,
    balancer: (ResourceIx, &LoadBalancer),
    subnet: SubnetIx,
) {
    let Some(node) = Node::new(builder, balancer, subnet) else {
        return;
    };
    stand_in(builder, &node);
    let reply = Match {
        is_reply: Some(true),
        ..Match::ANY
    };
    let words = "back to who opened the connection";
    let undo = Rule::when(reply.clone(), Action::Undo, words);
    let pass = || Rule::always(Action::Pass, "");
    let undo = builder.ordered(Stage::Translation, vec![undo], pass());
    let out = builder.place(Key::SubnetOut(subnet));
    let answer = Rule::when(reply, Action::Forward(out), "to the node's subnet");
    let answer = builder.ordered(Stage::Forwarding, vec![answer], pass());
    let state = node.state(builder);
    let [choice, admission] = node.choice(builder, fleet, Entrance::Address);
    let leave = node.leave(builder);
    let filter = node.filters.map(|[out, _]| out);
    let tables = [state, undo, answer, choice, admission].map(Some);
    let mut tables = tables.to_vec();
    tables.extend([filter, Some(leave)]);
    node.fill(builder, Key::LoadBalancer(node.at, subnet, None), tables);
    back(builder, &node, None, leave);
}

/// The node as an endpoint's interface meets it: the client's address is hidden from the target, and replies go back to the endpoint.
pub(crate) fn behind_endpoint(
    builder: &mut Builder,
    fleet: &Fleet,
    balancer: (ResourceIx, &LoadBalancer),
    (subnet, endpoint): (SubnetIx, InterfaceIx),
) -> PlaceIx {
    let key = Key::LoadBalancer(balancer.0, subnet, Some(endpoint));
    let Some(node) = Node::new(builder, balancer, subnet) else {
        return builder.place(key);
    };
    let state = node.state(builder);
    let setting = balancer
        .1
        .enforce_security_group_inbound_rules_on_private_link_traffic;
    let filters = node.filters.filter(|_| setting.or(true));
    let filter_in = filters.map(|[_, inward]| inward);
    let [choice, admission] = node.choice(builder, fleet, Entrance::Endpoint(endpoint));
    let filter_out = node.filters.map(|[out, _]| out);
    let leave = node.leave(builder);
    let tables = vec![
        Some(state),
        filter_in,
        Some(choice),
        Some(admission),
        filter_out,
        Some(leave),
    ];
    let place = node.fill(builder, key, tables);
    let exit = builder.place(Key::InterfaceOut(endpoint));
    let words = "back to the endpoint's interface";
    let home = builder.always(Stage::Forwarding, Action::Forward(exit), words);
    back(builder, &node, Some(endpoint), home);
    place
}

/// Where replies come back to that no interface's address leads to the node.
fn back(builder: &mut Builder, node: &Node<'_>, endpoint: Option<InterfaceIx>, home: TableIx) {
    let acl_in = builder.acl_in(node.subnet);
    let words = "back to who opened the connection";
    let undo = builder.always(Stage::Translation, Action::Undo, words);
    let key = Key::LoadBalancerBack(node.at, node.subnet, endpoint);
    node.fill(builder, key, vec![acl_in, Some(undo), Some(home)]);
}

/// The interface that stands for the node, where the topology does not hold it.
fn stand_in(builder: &mut Builder, node: &Node<'_>) {
    let held = builder.network.interface(node.interface);
    if held.is_none_or(|held| held.resource != node.at) {
        return;
    }
    let own = builder.place(Key::LoadBalancer(node.at, node.subnet, None));
    let words = "to the load balancer";
    let arrive = builder.always(Stage::Delivery, Action::Forward(own), words);
    let leave = node.leave(builder);
    let [out, inward] = [0, 1].map(|at| node.filters.and_then(|both| both.get(at).copied()));
    for (key, tables) in [
        (Key::InterfaceIn(node.interface), vec![inward, Some(arrive)]),
        (Key::InterfaceOut(node.interface), vec![out, Some(leave)]),
    ] {
        let place = node.fill(builder, key, tables);
        builder.edit(place, |place| {
            place.sender = None;
            place.keeps_groups = true;
        });
    }
}

/// Whether a node has targets for some listener, as far as is known.
pub(super) fn is_served(builder: &mut Builder, at: ResourceIx, subnet: SubnetIx) -> bool {
    let place = builder.place(Key::LoadBalancer(at, subnet, None));
    let place = builder.network.place(place);
    let tables = place.into_iter().flat_map(|place| place.tables.iter());
    let mut tables = tables.filter_map(|table| builder.network.table(*table));
    let choice = tables.find(|table| table.stage == Stage::Choice);
    choice.is_none_or(|table| {
        let mut rules = table.rules.iter();
        rules.any(|rule| !matches!(rule.action, Action::Drop(_)))
    })
}
