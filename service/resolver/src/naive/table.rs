//! Which rules of a table are for the packets of a flow: every rule is asked about every packet.

use crate::network::Network;
use crate::packet::Packet;
use crate::table::{Order, Rule, Table};

use super::matching::{Fit, fits};
use super::routes;
use super::sample::{Sample, World, worlds};

/// A rule that is for some packets of a flow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chosen<'t> {
    pub(super) rule: &'t Rule,
    /// Whether it is not known that it is for any of them.
    pub(super) is_doubtful: bool,
    /// Whether it is one of the first two in the table that some packet surely meets together.
    pub(super) is_tied: bool,
}

/// The rules that one packet meets, by their numbers, each with whether it surely does. What happens otherwise is the last number.
pub(super) type Met = Vec<(usize, Fit)>;

/// The rules of a table that are for some packets of a flow, in the order of the table.
pub(super) fn chosen<'t>(table: &'t Table, packet: &Packet, network: &Network) -> Vec<Chosen<'t>> {
    let worlds = worlds(packet, table, network);
    let met = |sample: &Sample| match table.order {
        Order::First | Order::Stateful => first(table, packet, sample, network),
        Order::Each | Order::EachOfFlow | Order::OneOf(_) => each(table, packet, sample, network),
        Order::LongestPrefix(_) => routes::longest(table, &sample.destination, network),
    };
    let met = |world: &World| world.iter().map(met).collect();
    let all_met: Vec<Vec<Met>> = worlds.iter().map(met).collect();
    let mut chosen = count(table, &all_met);
    if let Order::LongestPrefix(_) = table.order {
        routes::sort(&mut chosen, &worlds, network);
    }
    chosen
}

/// The rules down to the first that surely fits.
pub(super) fn first(table: &Table, packet: &Packet, sample: &Sample, network: &Network) -> Met {
    let mut met = Met::new();
    for (number, rule) in table.rules.iter().enumerate() {
        let fit = fits(&rule.matches, packet, sample, network);
        if fit != Fit::No {
            met.push((number, fit));
        }
        if fit == Fit::Yes {
            return met;
        }
    }
    met.push((table.rules.len(), Fit::Yes));
    met
}

/// All rules that fit; and if none surely does, what happens otherwise.
fn each(table: &Table, packet: &Packet, sample: &Sample, network: &Network) -> Met {
    let mut met = Met::new();
    for (number, rule) in table.rules.iter().enumerate() {
        let fit = fits(&rule.matches, packet, sample, network);
        if fit != Fit::No {
            met.push((number, fit));
        }
    }
    if met.iter().all(|(_, fit)| *fit != Fit::Yes) {
        met.push((table.rules.len(), Fit::Yes));
    }
    met
}

/// The rules that some packet meets, and how sure that is.
fn count<'t>(table: &'t Table, worlds: &[Vec<Met>]) -> Vec<Chosen<'t>> {
    let tie = worlds.iter().flatten().filter_map(tie).min();
    let mut chosen = Vec::new();
    for (number, rule) in table.rules.iter().chain([&table.otherwise]).enumerate() {
        let is_met = |met: &Met| met.iter().any(|(other, _)| *other == number);
        let is_surely_met = |met: &Met| met.contains(&(number, Fit::Yes));
        if !worlds.iter().flatten().any(is_met) {
            continue;
        }
        chosen.push(Chosen {
            rule,
            is_doubtful: !worlds.iter().all(|world| world.iter().any(is_surely_met)),
            is_tied: tie.is_some_and(|tie| tie.contains(&number)),
        });
    }
    chosen
}

/// The first two rules that a packet surely meets, if it meets more than one.
fn tie(met: &Met) -> Option<[usize; 2]> {
    let sure = met.iter().filter(|(_, fit)| *fit == Fit::Yes);
    let mut numbers: Vec<usize> = sure.map(|(number, _)| *number).collect();
    numbers.sort_unstable();
    numbers.first_chunk().copied()
}
