//! What a way costs: what is on it by the hour, and a gigabyte on it, from a book of prices.
//!
//! Prices come from the book alone; what it does not tell is said to be unknown. What AWS charges for, and when, is in docs/semantics.md.

mod charges;
mod transfer;

use causeway_model::Region;
use causeway_model::price::{Cost, CostComponent, CostItem, Price, PriceBook, Rate};
use causeway_model::trace::{Direction, Disposition, Named, Trace};

use rustc_hash::FxHashMap;

use crate::network::Network;
use crate::table::ResourceIx;

/// What a way costs of which these are the packet's and the reply's: nothing can be said of one that does not arrive.
pub(crate) fn of(
    network: &Network,
    prices: &PriceBook,
    forward: &Trace,
    reply: Option<&Trace>,
) -> Option<Cost> {
    if matches!(
        forward.disposition,
        Disposition::NoNextHop | Disposition::Loop
    ) {
        return None;
    }
    let mut bill = Bill::default();
    let directions = [
        (Direction::Forward, Some(forward)),
        (Direction::Return, reply),
    ];
    for (direction, trace) in directions {
        if let Some(trace) = trace {
            charges::add(network, &mut bill, direction, trace);
            transfer::add(network, &mut bill, direction, trace);
        }
    }
    Some(bill.total(prices))
}

/// What is charged for on a way, each thing once.
#[derive(Debug, Default)]
struct Bill {
    entries: Vec<Entry>,
    /// The subnets of the load balancers' nodes that the packet passed: replies pass the same.
    nodes: FxHashMap<ResourceIx, ResourceIx>,
}

/// One thing that is charged for.
#[derive(Debug)]
struct Entry {
    item: CostItem,
    resource: Option<Named>,
    region: Option<Region>,
    /// How often an hour is charged.
    hours: u64,
    /// How often each gigabyte of the packet's and of the reply's way is charged.
    times: [u64; 2],
    /// Why what it costs cannot be known.
    doubt: Option<&'static str>,
}

impl Bill {
    /// Notes something of the entry of a thing, which is new if need be.
    fn note(
        &mut self,
        item: CostItem,
        resource: Option<&Named>,
        region: Option<&Region>,
        edit: impl FnOnce(&mut Entry),
    ) {
        let is_same = |entry: &&mut Entry| {
            (entry.item, entry.resource.as_ref(), entry.region.as_ref()) == (item, resource, region)
        };
        if let Some(known) = self.entries.iter_mut().find(is_same) {
            edit(known);
            return;
        }
        let mut new = Entry {
            item,
            resource: resource.cloned(),
            region: region.cloned(),
            hours: 1,
            times: [0, 0],
            doubt: None,
        };
        edit(&mut new);
        self.entries.push(new);
    }

    /// Notes that a thing is there, for its hours.
    fn hold(&mut self, item: CostItem, resource: &Named, region: Option<&Region>) {
        self.note(item, Some(resource), region, |_| {});
    }

    /// Notes that data is transferred.
    fn transfer(&mut self, item: CostItem, region: Option<&Region>, direction: Direction) {
        self.note(item, None, region, |entry| entry.charge(direction));
    }

    fn total(self, prices: &PriceBook) -> Cost {
        let components: Vec<CostComponent> = self
            .entries
            .into_iter()
            .map(|entry| entry.priced(prices))
            .collect();
        let sum = |of: fn(&CostComponent) -> Option<Price>| {
            let known = components.iter().filter_map(of);
            known.fold(Price::ZERO, Price::plus)
        };
        let is_known = |component: &CostComponent| {
            let all = [
                component.per_hour,
                component.per_gb_forward,
                component.per_gb_return,
            ];
            all.iter().all(Option::is_some)
        };
        Cost {
            currency: prices.currency.clone(),
            per_hour: sum(|component| component.per_hour),
            per_gb_forward: sum(|component| component.per_gb_forward),
            per_gb_return: sum(|component| component.per_gb_return),
            is_complete: components.iter().all(is_known),
            components,
        }
    }
}

impl Entry {
    /// Notes that the data of one direction is charged here, once more.
    fn charge(&mut self, direction: Direction) {
        let [forward, back] = &mut self.times;
        match direction {
            Direction::Forward => *forward += 1,
            Direction::Return => *back += 1,
        }
    }

    fn priced(self, prices: &PriceBook) -> CostComponent {
        let rate = prices.rate(self.region.as_ref(), self.item);
        let per_hour = if is_data_alone(self.item) {
            Some(Price::ZERO)
        } else {
            rate.and_then(|rate| rate.hour)
                .filter(|_| self.doubt.is_none())
                .map(|hour| hour.times(self.hours))
        };
        let gb = rate
            .and_then(Rate::first_gb)
            .filter(|_| self.doubt.is_none());
        let gb = gb.map(|gb| gb.times(ends_charged(self.item)));
        let [forward, back] = self.times;
        let of = |times: u64| {
            if times == 0 {
                Some(Price::ZERO)
            } else {
                gb.map(|gb| gb.times(times))
            }
        };
        let (per_gb_forward, per_gb_return) = (of(forward), of(back));
        let is_known = per_hour.is_some() && per_gb_forward.is_some() && per_gb_return.is_some();
        CostComponent {
            basis: self.basis(rate, is_known),
            item: self.item,
            resource: self.resource,
            region: self.region,
            per_hour,
            per_gb_forward,
            per_gb_return,
        }
    }

    /// How the prices came about, for people.
    fn basis(&self, rate: Option<&Rate>, is_known: bool) -> String {
        let mut words: Vec<String> = Vec::new();
        let has_data = self.times != [0, 0];
        if let Some(rate) = rate {
            words.extend(tiers(rate).filter(|_| has_data));
            words.extend(Some(rate.note.clone()).filter(|note| !note.is_empty()));
        }
        if has_data && ends_charged(self.item) > 1 {
            words.push("charged at both ends".to_owned());
        }
        if let Some(doubt) = self.doubt {
            words.push(doubt.to_owned());
        } else if !is_known {
            let region = self.region.as_ref();
            let place = region.map_or_else(String::new, |region| format!(" in {region}"));
            let what = match rate {
                Some(rate) if rate.hour.is_some() => "a price of its data",
                Some(rate) if !rate.gb.is_empty() => "a price of its hour",
                Some(_) | None => "a price of it",
            };
            words.push(format!("the price file does not tell {what}{place}"));
        }
        words.join("; ")
    }
}

/// Whether an item is charged by the data alone.
fn is_data_alone(item: CostItem) -> bool {
    matches!(
        item,
        CostItem::CrossRegionEndpoint
            | CostItem::InternetEgress
            | CostItem::ZoneTransfer
            | CostItem::RegionTransfer
    )
}

/// At how many ends a gigabyte is charged (EC2 pricing, "Data Transfer within the same AWS Region": in and out).
fn ends_charged(item: CostItem) -> u64 {
    if item == CostItem::ZoneTransfer { 2 } else { 1 }
}

/// The tiers of a price that has several.
fn tiers(rate: &Rate) -> Option<String> {
    let is_tiered = rate.gb.len() > 1;
    let tiers = rate.gb.iter().map(|tier| match tier.up_to_gb {
        Some(bound) => format!("{} up to {bound} GB a month", tier.price),
        None => format!("{} above", tier.price),
    });
    is_tiered.then(|| tiers.collect::<Vec<_>>().join(", "))
}
