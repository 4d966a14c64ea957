//! Ends of flows that are alike: the verdict from or to one of them is that of the other, whatever the other end is. Decision 0024 says why.
//!
//! Two interfaces are alike if all that a walk reads of them is the same, the addresses left aside, and no rule tells their addresses apart. What is not proven to be alike is a
//! class of its own.

mod atoms;
mod ground;

use std::net::IpAddr;
use std::sync::Arc;

use causeway_model::flow::FlowEnd;
use causeway_model::resource::Body;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::network::{Interface, Network};
use crate::table::{GroupIx, InterfaceIx, Place, PlaceIx, SubnetIx, TableIx, Tables, VpcIx};

use atoms::Atom;
pub(crate) use ground::Ground;

/// What an end of a flow is, among some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Like {
    class: usize,
    own: usize,
}

/// What an end stands for: an instance for its primary interface.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Thing<'e> {
    Interface(InterfaceIx),
    Other(&'e FlowEnd),
}

/// What all members of a class have.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Class<'e> {
    Alike(Traits),
    Alone(Thing<'e>),
}

/// All that a walk reads of an interface that nothing names, but its identity and its very addresses.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Traits {
    vpc: VpcIx,
    subnet: SubnetIx,
    groups: Arc<[GroupIx]>,
    /// The tables that its packets pass as they leave, and as they arrive.
    exit: Vec<TableIx>,
    entry: Vec<TableIx>,
    addresses: Vec<(Atom, Paired)>,
}

/// The public address of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Paired {
    No,
    WithItself,
    With(Atom),
}

// === impl Like ===

impl Like {
    /// The number of its class.
    pub(crate) fn class(self) -> usize {
        self.class
    }

    /// Whether two ends stand for one thing.
    pub(crate) fn is_same(self, other: Self) -> bool {
        self.own == other.own
    }
}

/// What each of some ends is: of the sources in order, then of the destinations.
pub(crate) fn alike(network: &Network, ends: [&[FlowEnd]; 2]) -> Vec<Like> {
    let ground = network.ground.get_or_init(|| Ground::of(network));
    let all = || ends.into_iter().flatten();
    // An address stands for who has it, so that those who have it are not like others.
    let asked = all().filter_map(|end| match end {
        FlowEnd::Address(address) => Some(*address),
        FlowEnd::Resource(_) | FlowEnd::Internet | FlowEnd::Name(_) => None,
    });
    let asked: FxHashSet<IpAddr> = asked.collect();
    let mut things: FxHashMap<Thing<'_>, Like> = FxHashMap::default();
    let mut classes: FxHashMap<Class<'_>, usize> = FxHashMap::default();
    let mut like = |end| {
        let thing = thing(network, end);
        if let Some(known) = things.get(&thing) {
            return *known;
        }
        let traits = match thing {
            Thing::Interface(own) => traits((network, ground), own, &asked),
            Thing::Other(_) => None,
        };
        let class = traits.map_or_else(|| Class::Alone(thing.clone()), Class::Alike);
        let next = classes.len();
        let like = Like {
            class: *classes.entry(class).or_insert(next),
            own: things.len(),
        };
        things.insert(thing, like);
        like
    };
    all().map(&mut like).collect()
}

fn thing<'e>(network: &Network, end: &'e FlowEnd) -> Thing<'e> {
    let FlowEnd::Resource(id) = end else {
        return Thing::Other(end);
    };
    let found = network.find(id.as_str());
    let found = found.and_then(|at| Some((at, &network.resource(at)?.body)));
    let own = match found {
        Some((at, Body::NetworkInterface(_) | Body::Instance(_))) => network.primary(at),
        Some(_) | None => None,
    };
    own.map_or(Thing::Other(end), Thing::Interface)
}

/// What an interface has in common with those that are like it; none if nobody is.
fn traits(
    (network, ground): (&Network, &Ground),
    own: InterfaceIx,
    asked: &FxHashSet<IpAddr>,
) -> Option<Traits> {
    if ground.is_named(own) {
        return None;
    }
    let Interface {
        resource: _,
        vpc,
        subnet,
        addresses,
        groups,
        user: None,
        exit,
        entry,
    } = network.interface(own)?
    else {
        return None;
    };
    let is_alone = |address: &IpAddr| asked.contains(address) || network.idle.contains(address);
    let paired = addresses.iter().map(|address| {
        let public = network.public_of.get(&(*vpc, *address));
        let atom = ground.atom(*address)?;
        if is_alone(address) || public.is_some_and(is_alone) {
            return None;
        }
        let paired = match public {
            None => Paired::No,
            Some(public) if public == address => Paired::WithItself,
            Some(public) => Paired::With(ground.atom(*public)?),
        };
        Some((atom, paired))
    });
    Some(Traits {
        vpc: *vpc,
        subnet: *subnet,
        groups: Arc::clone(groups),
        exit: tables(network, (own, *subnet), *exit)?,
        entry: tables(network, (own, *subnet), *entry)?,
        addresses: paired.collect::<Option<_>>()?,
    })
}

/// The tables of a place of an interface; none if anything else is there to know of the place.
fn tables(
    network: &Network,
    (own, subnet): (InterfaceIx, SubnetIx),
    at: PlaceIx,
) -> Option<Vec<TableIx>> {
    let usual = Place::empty();
    let Place {
        resource: _,
        tables,
        link,
        interface,
        keeps_groups,
        groups_of: None,
        sender: None,
        sees_groups_over_hubs,
        lost_groups,
        is_zonal: false,
        zone: None,
        device: None,
    } = network.place(at)?
    else {
        return None;
    };
    let is_usual = *link == Some(subnet)
        && *interface == Some(own)
        && *keeps_groups == usual.keeps_groups
        && *sees_groups_over_hubs == usual.sees_groups_over_hubs
        && *lost_groups == usual.lost_groups;
    let tables: &Tables = tables;
    is_usual.then(|| tables.to_vec())
}

#[cfg(test)]
mod tests;
