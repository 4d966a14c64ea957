//! What the rules of an ordered table have left of a flow's packets: their ports, and the addresses that a symbolic end may be.

use causeway_model::protocol::PortRange;
use causeway_model::trace::Addr;
use ipnet::IpNet;

use crate::cover::Cover;
use crate::network::Network;
use crate::packet::{Matched, Packet};
use crate::table::Match;

/// The packets that no rule has decided yet.
#[derive(Debug)]
pub(super) struct Left<'p> {
    packet: &'p Packet,
    network: &'p Network,
    /// The end that may be many: the destination, if that is symbolic, else the source.
    end: End,
    /// All that it may be.
    whole: IpNet,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Source,
    Destination,
}

/// Packets of some ports, less those whose address is decided.
#[derive(Debug, Clone)]
struct Part {
    source_ports: PortRange,
    destination_ports: PortRange,
    decided: Cover,
    /// Whether no rule may have decided them of which that is not known.
    is_sure: bool,
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
        let end = if matches!(header.destination, Addr::Ip(_)) {
            End::Source
        } else {
            End::Destination
        };
        let address = match end {
            End::Source => &header.source,
            End::Destination => &header.destination,
        };
        let part = Part {
            source_ports: header.source_ports,
            destination_ports: header.destination_ports,
            decided: Cover::default(),
            is_sure: true,
        };
        Self {
            packet,
            network,
            end,
            whole: packet.whole_of(address),
            parts: vec![part],
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Takes what a rule decides; none if it decides nothing.
    pub(super) fn take(&mut self, rule: &Match) -> Option<Taken> {
        let parts = self.packet.matches_by_part(rule, self.network);
        let matched = parts.into_iter().max().unwrap_or(Matched::No);
        if matched == Matched::No {
            return None;
        }
        let blocks = self.blocks(rule, parts);
        let is_known = matched != Matched::Unknown;
        let beside = self.beside();
        let whole = self.whole;
        let mut is_certain = None;
        let mut left = Vec::new();
        for part in std::mem::take(&mut self.parts) {
            let from = part.source_ports.intersection(rule.source_ports);
            let to = part.destination_ports.intersection(rule.destination_ports);
            let mut known = blocks.iter().flat_map(|blocks| blocks.iter());
            let is_decided = blocks.is_some() && known.all(|own| part.decided.holds(*own, beside));
            let (Some(from), Some(to), false) = (from, to, is_decided) else {
                left.push(part);
                continue;
            };
            is_certain = Some(is_certain.unwrap_or(false) || is_known && part.is_sure);
            left.extend(part.beside(from, to));
            if matched == Matched::Yes {
                continue;
            }
            let mut own = Part {
                source_ports: from,
                destination_ports: to,
                is_sure: part.is_sure && is_known,
                ..part
            };
            for block in blocks.into_iter().flatten() {
                own.decided.add(*block, beside);
            }
            if !own.decided.holds(whole, beside) {
                left.push(own);
            }
        }
        self.parts = left;
        is_certain.map(|is_certain| Taken {
            matched,
            is_certain,
        })
    }

    /// The blocks of the symbolic end that a rule decides, where it does so by them alone.
    fn blocks<'r>(
        &self,
        rule: &'r Match,
        [source, destination, rest]: [Matched; 3],
    ) -> Option<&'r [IpNet]>
    where
        'p: 'r,
    {
        let header = &self.packet.header;
        let (other, wanted, own) = match self.end {
            End::Source => (destination, &rule.source, &header.source),
            End::Destination => (source, &rule.destination, &header.destination),
        };
        let is_alone = other == Matched::Yes && rest == Matched::Yes;
        wanted
            .blocks(own, self.network)
            .filter(|_| is_alone && !matches!(own, Addr::Ip(_)))
    }

    /// Blocks in which the symbolic end is not.
    fn beside(&self) -> Option<&'p Cover> {
        let header = &self.packet.header;
        let own = match self.end {
            End::Source => &header.source,
            End::Destination => &header.destination,
        };
        let is_public = matches!(own, Addr::Internet | Addr::Service(_));
        is_public.then_some(&self.network.frame.never_public)
    }
}

impl Part {
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
