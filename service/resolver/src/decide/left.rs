//! What the rules of an ordered table have left of a flow's packets: their ports, and the addresses that symbolic ends may be.

use causeway_model::protocol::PortRange;
use causeway_model::trace::Addr;
use ipnet::IpNet;

use crate::cover::Cover;
use crate::network::Network;
use crate::packet::{Matched, Packet, overlap};
use crate::table::{AddressMatch, Match};

/// In more parts no flow is divided: rules leave them as they are, and none is sure any more.
const MOST_PARTS: usize = 256;

/// The packets that no rule has decided yet.
#[derive(Debug)]
pub(super) struct Left<'p> {
    packet: &'p Packet,
    network: &'p Network,
    parts: Vec<Part<'p>>,
}

/// Packets of some ports and addresses.
#[derive(Debug, Clone)]
struct Part<'p> {
    source_ports: PortRange,
    destination_ports: PortRange,
    source: End<'p>,
    destination: End<'p>,
    /// Whether no rule may have decided them of which that is not known.
    is_sure: bool,
}

/// The addresses that an end may be: a block, less those that are decided.
#[derive(Debug, Clone)]
struct End<'p> {
    within: IpNet,
    decided: Cover,
    /// Blocks in which the end never is.
    beside: Option<&'p Cover>,
}

/// Which addresses of an end a rule decides.
#[derive(Debug, Clone, Copy)]
enum Asked<'r> {
    All,
    Blocks(&'r [IpNet]),
    /// No blocks tell it.
    Unknown,
}

/// What a rule decides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    pub(super) matched: Matched,
    /// Whether it decides some packets, whatever the truth is.
    pub(super) is_certain: bool,
}

impl<'p> Left<'p> {
    /// All packets.
    pub(super) fn all(packet: &'p Packet, network: &'p Network) -> Self {
        let header = &packet.header;
        let part = Part {
            source_ports: header.source_ports,
            destination_ports: header.destination_ports,
            source: End::all(&header.source, packet, network),
            destination: End::all(&header.destination, packet, network),
            is_sure: true,
        };
        Self {
            packet,
            network,
            parts: vec![part],
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Takes what a rule decides; none if it decides nothing.
    pub(super) fn take(&mut self, rule: &Match) -> Option<Taken> {
        let by_part = self.packet.matches_by_part(rule, self.network);
        let matched = by_part.into_iter().max().unwrap_or(Matched::No);
        if matched == Matched::No {
            return None;
        }
        let [source, destination, rest] = by_part;
        let header = &self.packet.header;
        let source = self.asked(&rule.source, &header.source, source);
        let destination = self.asked(&rule.destination, &header.destination, destination);
        let is_known = matched != Matched::Unknown;
        let mut is_certain = None;
        let mut left = Vec::new();
        for part in std::mem::take(&mut self.parts) {
            let Some([from, to]) = part.ports_of(rule) else {
                left.push(part);
                continue;
            };
            if !(part.source.meets(source) && part.destination.meets(destination)) {
                left.push(part);
                continue;
            }
            is_certain = Some(is_certain.unwrap_or(false) || is_known && part.is_sure);
            if matched != Matched::Yes && left.len() >= MOST_PARTS {
                left.push(Part {
                    is_sure: false,
                    ..part
                });
                continue;
            }
            left.extend(part.beside(from, to));
            let own = Part {
                source_ports: from,
                destination_ports: to,
                is_sure: part.is_sure && is_known,
                ..part
            };
            if rest == Matched::Yes {
                left.extend(own.without(source, destination));
            } else {
                left.push(own);
            }
        }
        self.parts = left;
        is_certain.map(|is_certain| Taken {
            matched,
            is_certain,
        })
    }

    /// Which addresses of an end a rule decides that matches it so.
    fn asked<'r>(&self, wanted: &'r AddressMatch, own: &Addr, matched: Matched) -> Asked<'r>
    where
        'p: 'r,
    {
        let blocks = wanted.blocks(own, self.network);
        match (matched, blocks) {
            (Matched::Yes, _) => Asked::All,
            (_, Some(blocks)) if !matches!(own, Addr::Ip(_)) => Asked::Blocks(blocks),
            _ => Asked::Unknown,
        }
    }
}

impl<'p> End<'p> {
    /// All that an address of a packet may be.
    fn all(own: &Addr, packet: &Packet, network: &'p Network) -> Self {
        let is_public = matches!(own, Addr::Internet | Addr::Service(_));
        Self {
            within: packet.whole_of(own),
            decided: Cover::default(),
            beside: is_public.then_some(&network.frame.never_public),
        }
    }

    fn is_empty(&self) -> bool {
        self.decided.holds(self.within, self.beside)
    }

    /// Whether a rule may decide some of the addresses.
    fn meets(&self, asked: Asked<'_>) -> bool {
        match asked {
            Asked::All | Asked::Unknown => true,
            Asked::Blocks(blocks) => blocks.iter().any(|block| self.part_in(block).is_some()),
        }
    }

    /// Those of the addresses that are in a block; none if there are none.
    fn part_in(&self, block: &IpNet) -> Option<IpNet> {
        overlap(&self.within, block).filter(|both| !self.decided.holds(*both, self.beside))
    }

    /// The addresses that are in none of some blocks.
    fn without(&self, blocks: &[IpNet]) -> Option<Self> {
        let mut left = self.clone();
        for block in blocks {
            left.decided.add(*block, self.beside);
        }
        (!left.is_empty()).then_some(left)
    }
}

impl<'p> Part<'p> {
    /// The packets that a rule does not decide which is for these addresses.
    fn without(self, source: Asked<'_>, destination: Asked<'_>) -> Vec<Self> {
        let mut parts = Vec::new();
        match (source, destination) {
            (Asked::Unknown, _) | (_, Asked::Unknown) => parts.push(self),
            (Asked::All, Asked::All) => {}
            (Asked::Blocks(from), Asked::All) => {
                let source = self.source.without(from);
                parts.extend(source.map(|source| Self { source, ..self }));
            }
            (Asked::All, Asked::Blocks(to)) => parts.extend(self.but_to(to)),
            (Asked::Blocks(from), Asked::Blocks(to)) => {
                parts.extend(from.iter().filter_map(|block| self.from(block)?.but_to(to)));
                let source = self.source.without(from);
                parts.extend(source.map(|source| Self { source, ..self }));
            }
        }
        parts
    }

    /// The packets to addresses that are in none of some blocks.
    fn but_to(self, blocks: &[IpNet]) -> Option<Self> {
        let destination = self.destination.without(blocks)?;
        Some(Self {
            destination,
            ..self
        })
    }

    /// The packets from the addresses of a block.
    fn from(&self, block: &IpNet) -> Option<Self> {
        let within = self.source.part_in(block)?;
        let source = End {
            within,
            decided: self.source.decided.part_in(within),
            beside: self.source.beside,
        };
        Some(Self {
            source,
            ..self.clone()
        })
    }

    /// Those of the ports that a rule is for; none if it is for none of them.
    fn ports_of(&self, rule: &Match) -> Option<[PortRange; 2]> {
        let from = self.source_ports.intersection(rule.source_ports)?;
        let to = self
            .destination_ports
            .intersection(rule.destination_ports)?;
        Some([from, to])
    }

    /// The packets of other ports than these.
    fn beside(&self, from: PortRange, to: PortRange) -> Vec<Self> {
        let mut parts = Vec::new();
        for source_ports in without(self.source_ports, from) {
            parts.push(Self {
                source_ports,
                ..self.clone()
            });
        }
        for destination_ports in without(self.destination_ports, to) {
            parts.push(Self {
                source_ports: from,
                destination_ports,
                ..self.clone()
            });
        }
        parts
    }
}

/// The ports of a range that are not in another: none, one or two ranges.
fn without(range: PortRange, taken: PortRange) -> impl Iterator<Item = PortRange> {
    let below = taken
        .from()
        .checked_sub(1)
        .and_then(|to| PortRange::new(range.from(), range.to().min(to)));
    let above = taken
        .to()
        .checked_add(1)
        .and_then(|from| PortRange::new(range.from().max(from), range.to()));
    below.into_iter().chain(above)
}
