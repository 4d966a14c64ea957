//! Addresses that several may count: each stays for as long as somebody does.

use std::net::IpAddr;
use std::ops::RangeBounds;

use imbl::OrdMap;
use imbl::ordmap::DiffItem;

use crate::basis::{Part, Versioned, note};

/// Addresses, and how many count each.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    counts: OrdMap<IpAddr, u32>,
    part: Part,
    /// The generation that is under way, and the one in which an address last came or went.
    now: u32,
    changed: u32,
}

/// All addresses are one place, which changes when one comes or goes.
impl Versioned for Counts {
    fn settle(&mut self, part: Part) {
        self.part = part;
    }

    fn begin(&mut self, generation: u32) {
        self.now = generation;
    }

    fn changed(&self, _place: usize) -> u32 {
        self.changed
    }
}

impl Counts {
    pub(crate) fn contains(&self, address: &IpAddr) -> bool {
        note(self.part, 0);
        self.counts.contains_key(address)
    }

    /// The addresses within a range, in order.
    pub(crate) fn range(&self, range: impl RangeBounds<IpAddr>) -> impl Iterator<Item = IpAddr> {
        note(self.part, 0);
        self.counts.range(range).map(|(address, _)| *address)
    }

    /// Notes whether the addresses are others than in the generation before.
    pub(crate) fn compare(&mut self, before: &Self) {
        let mut differing = before.counts.diff(&self.counts);
        let differs = differing.any(|item| match item {
            DiffItem::Add(..) | DiffItem::Remove(..) => true,
            DiffItem::Update { .. } => false,
        });
        self.changed = if differs { self.now } else { before.changed };
    }

    /// One more counts an address.
    pub(crate) fn add(&mut self, address: IpAddr) {
        let count = self.counts.entry(address).or_default();
        *count = count.saturating_add(1);
    }

    /// One less counts an address; says whether one did.
    pub(crate) fn remove(&mut self, address: &IpAddr) -> bool {
        match self.counts.get(address).copied() {
            Some(count) if count > 1 => _ = self.counts.insert(*address, count - 1),
            Some(_) => _ = self.counts.remove(address),
            None => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::Counts;
    use crate::basis::Versioned;

    #[test]
    fn an_address_stays_for_as_long_as_somebody_counts_it() {
        let address: IpAddr = "54.0.0.1".parse().unwrap();
        let mut counts = Counts::default();
        counts.add(address);
        counts.add(address);
        assert!(counts.remove(&address));
        assert!(counts.contains(&address));
        assert!(counts.remove(&address));
        assert!(!counts.contains(&address));
        assert!(!counts.remove(&address));
    }

    #[test]
    fn what_comes_and_goes_within_one_generation_is_no_change() {
        let [one, other]: [IpAddr; 2] = ["54.0.0.1", "54.0.0.2"].map(|text| text.parse().unwrap());
        let mut before = Counts::default();
        before.add(one);
        let next = |before: &Counts, generation: u32, change: &dyn Fn(&mut Counts)| {
            let mut after = before.clone();
            after.begin(generation);
            change(&mut after);
            after.compare(before);
            after
        };
        let same = next(&before, 1, &|counts| {
            counts.remove(&one);
            counts.add(one);
            counts.add(one);
        });
        assert_eq!(same.changed(0), 0);
        let more = next(&same, 2, &|counts| counts.add(other));
        assert_eq!(more.changed(0), 2);
        let less = next(&more, 3, &|counts| _ = counts.remove(&other));
        assert_eq!(less.changed(0), 3);
    }
}
