//! Atoms: the addresses between two that some rule tells apart. Whatever is asked of an address with others of its atom in view, they answer alike.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use causeway_model::resource::Body;
use causeway_model::resources::transit::TransitGatewayRouteDestination;
use causeway_model::trace::Addr;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::network::{Ahead, Frame, Network, Origin, SubnetEntry, VpcEntry};
use crate::packet::private_blocks;
use crate::table::{Action, AddressMatch, Match, ResourceIx, Rewrite, Rule};

/// Addresses that no rule tells apart, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Atom(usize);

/// Where atoms begin.
#[derive(Debug, Default)]
pub(super) struct Atoms {
    /// In order, each once; IPv4 before IPv6.
    begins: Vec<IpAddr>,
}

/// Blocks whose addresses no router forwards to (`is_unrouted`).
const UNROUTED_V4: [Ipv4Net; 5] = [
    Ipv4Net::new_assert(Ipv4Addr::new(0, 0, 0, 0), 8),
    Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8),
    Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 0, 0), 16),
    Ipv4Net::new_assert(Ipv4Addr::new(224, 0, 0, 0), 4),
    Ipv4Net::new_assert(Ipv4Addr::new(240, 0, 0, 0), 4),
];
const UNROUTED_V6: [Ipv6Net; 4] = [
    Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 127),
    Ipv6Net::new_assert(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0), 32),
    Ipv6Net::new_assert(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
    Ipv6Net::new_assert(Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8),
];

impl Atoms {
    /// The atoms of a network.
    pub(super) fn of(network: &Network) -> Self {
        let mut own = Self::default();
        UNROUTED_V4
            .iter()
            .for_each(|net| own.block(&IpNet::V4(*net)));
        UNROUTED_V6
            .iter()
            .for_each(|net| own.block(&IpNet::V6(*net)));
        private_blocks().for_each(|net| own.block(&net));
        own.frame(network);
        for table in network.tables.iter() {
            let rules = table.rules.iter().chain([&table.otherwise]);
            rules.for_each(|rule| own.rule(rule));
        }
        own.begins.sort_unstable();
        own.begins.dedup();
        own
    }

    /// The atom of an address; none if something may mean that very address, for an atom begins there.
    pub(super) fn atom(&self, address: IpAddr) -> Option<Atom> {
        match self.begins.binary_search(&address) {
            Ok(_) => None,
            // The families do not mix: both have blocks that begin at their first address.
            Err(place) => Some(Atom(place)),
        }
    }

    fn frame(&mut self, network: &Network) {
        let Frame {
            vpcs,
            subnets,
            lists,
            // Handles, places, and sets of them.
            nodes: _,
            peers: _,
            origins_of: _,
            redirections: _,
            endpoints_of: _,
            assumptions: _,
            peered_groups,
            origins,
            // A matrix has no names as its ends, and no requests for policies to read.
            names: _,
            policies: _,
            // Of private blocks and those of the VPCs, and asked for blocks of rules alone.
            never_public: _,
        } = &*network.frame;
        for VpcEntry { cidr_blocks, .. } in vpcs {
            cidr_blocks.iter().for_each(|net| self.reserved(net));
        }
        for SubnetEntry { cidr_blocks, .. } in subnets {
            cidr_blocks.iter().for_each(|net| self.reserved(net));
        }
        let listed = lists.iter().flat_map(|list| list.entries.iter().flatten());
        listed.for_each(|net| self.block(net));
        let peered = peered_groups.values().flatten();
        peered.for_each(|net| self.block(net));
        origins
            .iter()
            .for_each(|origin| self.origin(network, origin));
    }

    fn origin(&mut self, network: &Network, origin: &Origin) {
        let Origin {
            resource: _,
            at: _,
            behind,
            inward,
            ahead,
            is_of_premises: _,
            is_up: _,
        } = origin;
        behind.iter().chain(inward).for_each(|net| self.block(net));
        match ahead {
            Ahead::Blocks(blocks) => blocks.iter().for_each(|net| self.block(net)),
            Ahead::Table(table) => self.table_of_hub(network, *table),
        }
    }

    /// What a route table of a transit gateway says, which is read as it is.
    fn table_of_hub(&mut self, network: &Network, table: ResourceIx) {
        let held = network.resource(table).map(|held| &held.body);
        let Some(Body::TransitGatewayRouteTable(table)) = held else {
            return;
        };
        for route in &table.routes {
            if let TransitGatewayRouteDestination::Cidr(net) = &route.destination {
                self.block(net);
            }
        }
    }

    fn rule(&mut self, rule: &Rule) {
        let Rule {
            matches,
            action,
            label: _,
            rank: _,
        } = rule;
        let Match {
            source,
            destination,
            protocol: _,
            destination_ports: _,
            icmp: _,
            is_reply: _,
            zone: _,
            source_ports: _,
            block,
            doubt: _,
        } = matches;
        for end in [source, destination] {
            match end {
                AddressMatch::Net(net) => self.block(net),
                // Lists are in the frame; members of groups are told by their groups.
                AddressMatch::Any
                | AddressMatch::List(_)
                | AddressMatch::Service(_)
                | AddressMatch::Group(_) => {}
            }
        }
        block.iter().for_each(|net| self.block(net));
        if let Action::Rewrite(rewrite) = action {
            self.rewrite(rewrite);
        }
    }

    fn rewrite(&mut self, rewrite: &Rewrite) {
        let Rewrite {
            source,
            back: _,
            skips_routes: _,
            destination,
        } = rewrite;
        match source {
            Some(Addr::Ip(address)) => self.block(&IpNet::from(*address)),
            Some(Addr::Within(net)) => self.block(net),
            Some(Addr::Internet | Addr::Service(_)) | None => {}
        }
        if let Some((address, _)) = destination {
            self.block(&IpNet::from(*address));
        }
    }

    /// A block, and those of its addresses that AWS may keep for itself.
    fn reserved(&mut self, net: &IpNet) {
        self.block(net);
        let mut next = Some(net.network());
        for _ in 0..4 {
            self.begins.extend(next);
            next = next.and_then(after);
        }
        self.begins.extend(next);
        self.block(&IpNet::from(net.broadcast()));
    }

    fn block(&mut self, net: &IpNet) {
        self.begins.push(net.network());
        self.begins.extend(after(net.broadcast()));
    }
}

/// The address behind another, if there is one of its family.
fn after(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(own) => u32::from(own)
            .checked_add(1)
            .map(|next| IpAddr::V4(next.into())),
        IpAddr::V6(own) => u128::from(own)
            .checked_add(1)
            .map(|next| IpAddr::V6(next.into())),
    }
}
