//! What is known of a whole network before ends are compared: its atoms, and who is not like others whatever the rules are.

use std::net::IpAddr;

use rustc_hash::FxHashSet;

use crate::network::Network;
use crate::table::{Action, End, InterfaceIx, Place, PlaceIx, Rule, VpcIx};

use super::atoms::{Atom, Atoms};

/// What is known of a network. It is made once, when somebody first asks.
#[derive(Debug)]
pub(crate) struct Ground {
    atoms: Atoms,
    /// Interfaces that something names: a rule, a place, a device, a load balancer, or an address that is not theirs.
    named: FxHashSet<InterfaceIx>,
    /// Addresses that stand for several things.
    shared: FxHashSet<IpAddr>,
}

impl Ground {
    pub(super) fn of(network: &Network) -> Self {
        let mut ground = Self {
            atoms: Atoms::of(network),
            named: FxHashSet::default(),
            shared: FxHashSet::default(),
        };
        ground.named_by_places(network);
        for table in network.tables.iter() {
            let rules = table.rules.iter().chain([&table.otherwise]);
            rules.for_each(|rule| ground.named_by_rule(network, rule));
        }
        let nodes = network.frame.nodes.values().flatten();
        ground.named.extend(nodes);
        ground.shared_addresses(network);
        ground.named_by_pairs(network);
        ground
    }

    /// Whether something names an interface.
    pub(super) fn is_named(&self, own: InterfaceIx) -> bool {
        self.named.contains(&own)
    }

    /// The atom of an address; none if it may stand for something else too.
    pub(super) fn atom(&self, address: IpAddr) -> Option<Atom> {
        let atom = self.atoms.atom(address)?;
        (!self.shared.contains(&address)).then_some(atom)
    }

    /// Places name interfaces beside the two places that are each one's own.
    fn named_by_places(&mut self, network: &Network) {
        for at in (0..network.places.len()).map(PlaceIx::of) {
            let Some(Place {
                interface,
                sender,
                device,
                ..
            }) = network.place(at)
            else {
                continue;
            };
            self.named.extend(*sender);
            if let Some(own) = interface {
                let held = network.interface(*own);
                if held.is_none_or(|held| held.exit != at && held.entry != at) {
                    self.named.insert(*own);
                }
            }
            if let Some(device) = device {
                self.named_by_way(network, *device);
            }
        }
    }

    fn named_by_rule(&mut self, network: &Network, rule: &Rule) {
        match &rule.action {
            Action::Forward(to) => self.named_by_way(network, *to),
            Action::Rewrite(rewrite) => {
                if let Some(back) = rewrite.back {
                    self.named_by_way(network, back);
                }
            }
            Action::Deliver(
                End::Internet(back)
                | End::OnPremises(back)
                | End::Gateway(back)
                | End::ServiceAtGateway(back),
            ) => self.named_by_way(network, *back),
            Action::Deliver(End::Interface | End::ServiceAtInterface)
            | Action::Pass
            | Action::Allow
            | Action::Deny(_)
            | Action::Doubt(_)
            | Action::Inform(_)
            | Action::ByAddress(..)
            | Action::ByPublicAddress
            | Action::PairSource(_)
            | Action::PairDestination(_)
            | Action::Undo
            | Action::Drop(_)
            | Action::Unknown(_) => {}
        }
    }

    fn named_by_way(&mut self, network: &Network, to: PlaceIx) {
        let place = network.place(to);
        self.named.extend(place.and_then(|place| place.interface));
    }

    /// Addresses that several VPCs have, and public ones that are private or IPv6 addresses somewhere, of others.
    fn shared_addresses(&mut self, network: &Network) {
        let held = network.by_address.iter().map(|(key, _)| key);
        let held = held.chain(network.public_of.iter().map(|(key, _)| key));
        let mut held: Vec<(IpAddr, VpcIx)> = held.map(|(vpc, address)| (*address, *vpc)).collect();
        held.sort_unstable();
        held.dedup();
        let twice = held.windows(2).filter_map(|pair| match pair {
            [(one, _), (other, _)] if one == other => Some(*one),
            _ => None,
        });
        self.shared.extend(twice);
        for (public, (_, private)) in network.by_public.iter() {
            let place = held.partition_point(|(address, _)| address < public);
            let is_held = held
                .get(place)
                .is_some_and(|(address, _)| address == public);
            if is_held && private != public {
                self.shared.insert(*public);
            }
        }
    }

    /// Of a pair of addresses each must lead to the other, and the private one be its holder's. An address that two claim is nobody's to be alike by.
    fn named_by_pairs(&mut self, network: &Network) {
        for (public, (own, private)) in network.by_public.iter() {
            let vpc = network.interface(*own).map(|own| own.vpc);
            let is_mutual = vpc.is_some_and(|vpc| {
                let key = (vpc, *private);
                network.public_of.get(&key) == Some(public)
                    && network.by_address.get(&key) == Some(own)
            });
            if !is_mutual {
                self.named.insert(*own);
                self.shared.insert(*public);
            }
        }
        for (key, public) in network.public_of.iter() {
            let holder = network.by_address.get(key);
            let paired = network.by_public.get(public);
            let is_mutual =
                paired.is_some_and(|(own, private)| Some(own) == holder && *private == key.1);
            if !is_mutual {
                self.named.extend(holder);
                self.shared.insert(*public);
            }
        }
        for at in 0..network.interfaces.len() {
            let own = InterfaceIx::of(at);
            let Some(held) = network.interface(own) else {
                continue;
            };
            let is_own =
                |address: &&IpAddr| network.by_address.get(&(held.vpc, **address)) == Some(&own);
            // Who has the address is not like others either: it stands for the other claimant, too.
            let mut others = held.addresses.iter().filter(|address| !is_own(address));
            if let Some(first) = others.next() {
                self.named.insert(own);
                self.shared.extend([first].into_iter().chain(others));
            }
        }
    }
}
