//! The walk: takes a packet from place to place by the tables there, until it ends.
//!
//! It is total: whatever a network does to a packet is a disposition, never an error. It does not stop at a filter that denies; it notes
//! what stopped the packet and goes on as if it had passed. Where the packets of one flow go different ways, it goes them all, up to a
//! bound.

use std::borrow::Cow;
use std::marker::PhantomData;

use causeway_model::trace::{Code, Direction, Disposition, Hop, Stage, Step, StepAction};

use crate::decide::{self, Reader};
use crate::network::Network;
use crate::packet::Matched;
use crate::table::{InterfaceIx, Order, Place, PlaceIx, ResourceIx, Rule, Table};

mod act;
mod choice;
mod constraints;
pub(crate) mod devices;
mod filter;
mod policy;
mod traveller;

use traveller::Translation;
pub(crate) use traveller::{Traveller, Way};

/// How many ways of one flow are walked.
pub(crate) const MAX_WAYS: usize = 64;

/// How many places one way may have: far more than any network needs, as loops are found before.
const MAX_PLACES: usize = 256;

/// A walk over one network. `R` is how it reads tables.
#[derive(Debug)]
pub(crate) struct Walk<'n, R> {
    pub(crate) network: &'n Network,
    /// Whether hops are recorded.
    pub(crate) records: bool,
    /// What the flow asks a service for.
    pub(crate) request: Option<&'n causeway_model::flow::Request>,
    /// What the asker wants of the ways.
    pub(crate) wanted: crate::constraints::Wanted,
    pub(crate) reader: PhantomData<R>,
}

/// What a trace met that matters for its verdict.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Issue {
    pub(crate) effect: Effect,
    pub(crate) code: Code,
    pub(crate) resource: Option<ResourceIx>,
    pub(crate) direction: Direction,
    pub(crate) detail: String,
}

/// What an issue does to the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effect {
    /// The packet does not pass.
    Blocks,
    /// Whether it passes is not known.
    Doubts,
    /// Some of the flow's packets pass.
    Splits,
    /// It may go this way, or another: which one is not known.
    Guesses,
    /// Nothing.
    Informs,
}

/// A way that is still to be gone, or to be told of.
#[derive(Debug)]
enum Pending {
    /// About to enter the place it was sent to.
    Entering(Traveller),
    /// On, with the next table of its place.
    Staying(Traveller),
    /// At its end.
    Ended(Way),
}

/// What becomes of a packet after a table.
#[derive(Debug)]
enum Next {
    /// The place's next table.
    Table,
    /// Another place.
    Place(PlaceIx),
    /// The end.
    End(Disposition, Option<PlaceIx>, Option<InterfaceIx>),
}

impl<R: Reader> Walk<'_, R> {
    /// All ways of a packet, at most `most`; and whether there are more.
    pub(crate) fn run(&self, start: Traveller, most: usize) -> (Vec<Way>, bool) {
        let mut ways = Vec::new();
        let mut pending = vec![Pending::Entering(start)];
        while let Some(next) = pending.pop() {
            if ways.len() >= most {
                return (ways, true);
            }
            ways.push(match next {
                Pending::Ended(way) => way,
                Pending::Staying(traveller) => self.travel(traveller, &mut pending),
                Pending::Entering(mut traveller) => match self.enter(&mut traveller) {
                    Some(disposition) => Way::lost(traveller, disposition),
                    None => self.travel(traveller, &mut pending),
                },
            });
        }
        (ways, false)
    }

    /// Goes one way to its end; where others branch off, they are left in `pending`.
    fn travel(&self, mut traveller: Traveller, pending: &mut Vec<Pending>) -> Way {
        loop {
            let Some(place) = self.network.place(traveller.at) else {
                return Way::lost(traveller, Disposition::Unknown);
            };
            let Some(table) = place
                .tables
                .get(traveller.next)
                .and_then(|table| self.network.table(*table))
            else {
                let detail = "nothing is known of what comes next".to_owned();
                traveller.note(
                    Effect::Doubts,
                    Code::UnknownResource,
                    place.resource,
                    detail,
                );
                return Way::lost(traveller, Disposition::Unknown);
            };
            traveller.next += 1;
            match self.decide(&mut traveller, place, table, pending) {
                Next::Table => {}
                Next::Place(to) => {
                    self.leave(&mut traveller, place);
                    traveller.at = to;
                    if let Some(disposition) = self.enter(&mut traveller) {
                        return Way::lost(traveller, disposition);
                    }
                }
                Next::End(disposition, reply_at, interface) => {
                    return Way {
                        traveller,
                        disposition,
                        reply_at,
                        interface,
                    };
                }
            }
        }
    }

    /// Enters the place the packet is sent to; tells if that ends its way.
    fn enter(&self, traveller: &mut Traveller) -> Option<Disposition> {
        traveller.next = 0;
        let place = self.network.place(traveller.at)?;
        let moment = (traveller.at, traveller.packet.header.clone());
        if traveller.visited.contains(&moment) || traveller.visited.len() >= MAX_PLACES {
            let detail = "the packet comes back here unchanged".to_owned();
            traveller.note(Effect::Blocks, Code::RoutingLoop, place.resource, detail);
            return Some(Disposition::Loop);
        }
        traveller.visited.push(moment);
        if let Some(interface) = place.interface {
            traveller.passed.push(interface);
        }
        if self.records {
            self.record_hop(traveller, place);
        }
        if place.is_zonal && traveller.packet.is_reply {
            self.note_other_zone(traveller, place);
        }
        self.note_lost(traveller, place);
        if !place.sees_groups_over_hubs && traveller.has_crossed_a_hub(self.network) {
            traveller.forget_groups(Code::SgReferencesNotPreserved);
        }
        None
    }

    /// Leaves a place: what the packet is known by may be lost there.
    fn leave(&self, traveller: &mut Traveller, place: &Place) {
        if let Some(zone) = place.zone {
            traveller.packet.zone = Some(zone);
        }
        let of = traveller.packet.sender;
        let of = of.and_then(|sender| self.network.interface(sender));
        let is_stranger = of.is_some_and(|of| place.groups_of.is_some_and(|vpc| of.vpc != vpc));
        if !place.keeps_groups || is_stranger {
            let not_preserved = Code::SgReferencesNotPreserved;
            let code = if is_stranger {
                not_preserved
            } else {
                place.lost_groups
            };
            traveller.forget_groups(code);
            traveller.link = None;
        }
        if place.sender.is_some() && !traveller.packet.is_reply {
            traveller.packet.sender = place.sender;
        }
        if let Some(link) = place.link {
            traveller.link = Some(link);
            traveller.packet.zone = self.network.subnet(link).and_then(|subnet| subnet.zone_ix);
        }
    }

    fn record_hop(&self, traveller: &mut Traveller, place: &Place) {
        let resource = place.resource.and_then(|at| self.network.named(at));
        let is_same = traveller
            .hops
            .last()
            .is_some_and(|last| last.resource == resource);
        if !is_same {
            traveller.hops.push(Hop {
                resource,
                steps: Vec::new(),
            });
        }
    }

    fn decide(
        &self,
        traveller: &mut Traveller,
        place: &Place,
        table: &Table,
        pending: &mut Vec<Pending>,
    ) -> Next {
        match table.stage {
            Stage::SecurityGroupIn
            | Stage::SecurityGroupOut
            | Stage::NetworkAclIn
            | Stage::NetworkAclOut => {
                self.filter(traveller, place, table);
                Next::Table
            }
            Stage::Policy => {
                self.policy(traveller, place, table);
                Next::Table
            }
            Stage::SourceDestCheck
            | Stage::RouteTable
            | Stage::State
            | Stage::Admission
            | Stage::Translation
            | Stage::Forwarding
            | Stage::Delivery
            | Stage::Choice
            | Stage::Firewall => self.hand_on(traveller, place, table, pending),
        }
    }

    /// Takes the packet where the table says, and leaves the other ways that it may take in `pending`.
    fn hand_on(
        &self,
        traveller: &mut Traveller,
        place: &Place,
        table: &Table,
        pending: &mut Vec<Pending>,
    ) -> Next {
        if let Some(back) = traveller
            .kept_way_back(self.network)
            .filter(|_| table.stage == Stage::RouteTable)
        {
            let label = Cow::Borrowed("a reply to what kept its source goes back the same way");
            self.record(traveller, table, label, (StepAction::Forwarded, None));
            return Next::Place(back);
        }
        let mut rules = self.deciding(traveller, place, table);
        let Some((rule, _)) = rules.pop() else {
            return Next::Table;
        };
        for (other, _) in rules {
            let mut branch = traveller.clone();
            branch.chose(table, other);
            let branch = self.branch(branch, place, table, other);
            pending.push(branch);
        }
        traveller.chose(table, rule);
        self.act(traveller, place, table, rule)
    }

    /// The rules of a table that decide about the packet, each of which is a way; the one to take first comes last.
    fn deciding<'t>(
        &self,
        traveller: &mut Traveller,
        place: &Place,
        table: &'t Table,
    ) -> Vec<(&'t Rule, Matched)> {
        let mut rules = decide::deciding::<R>(table, &traveller.packet, self.network);
        if table.stage == Stage::RouteTable {
            self.note_random_choice(traveller, place, &rules);
        }
        if let Order::OneOf(code) = table.order {
            Self::note_either(traveller, place, &rules, code);
        } else {
            self.note_guess(traveller, place, &rules);
        }
        traveller.keep(table, &mut rules);
        // The last rule is the one that all packets match; of a choice, the first is preferred.
        if matches!(
            table.order,
            Order::Each | Order::EachOfFlow | Order::OneOf(_)
        ) {
            rules.reverse();
        }
        rules
    }

    /// Sends a packet by one of several rules.
    fn branch(&self, mut branch: Traveller, place: &Place, table: &Table, rule: &Rule) -> Pending {
        match self.act(&mut branch, place, table, rule) {
            Next::Table => Pending::Staying(branch),
            Next::Place(to) => {
                self.leave(&mut branch, place);
                branch.at = to;
                Pending::Entering(branch)
            }
            Next::End(disposition, reply_at, interface) => Pending::Ended(Way {
                traveller: branch,
                disposition,
                reply_at,
                interface,
            }),
        }
    }

    /// AWS picks one of several prefix-list routes of equal rank at random, and keeps it.
    fn note_random_choice(
        &self,
        traveller: &mut Traveller,
        place: &Place,
        rules: &[(&Rule, Matched)],
    ) {
        let mut certain = rules.iter().filter(|(_, matched)| *matched == Matched::Yes);
        if let (Some((first, _)), Some((second, _))) = (certain.next(), certain.next()) {
            let detail = format!("`{}` and `{}` are of equal rank", first.label, second.label);
            let code = Code::AmbiguousPrefixLists;
            traveller.note(Effect::Informs, code, place.resource, detail);
        }
    }

    /// Of several ways one may be real alone, and nobody knows which.
    fn note_guess(&self, traveller: &mut Traveller, place: &Place, rules: &[(&Rule, Matched)]) {
        let unknown = rules
            .iter()
            .find(|(_, matched)| *matched == Matched::Unknown);
        if let Some((rule, _)) = unknown.filter(|_| rules.len() > 1) {
            let to = &traveller.packet.header.destination;
            let detail = format!("whether `{}` is for {to} is not known", rule.label);
            let code = filter::code_of_doubt(rule);
            traveller.note(Effect::Guesses, code, place.resource, detail);
        }
    }

    /// Records a step; one without a label goes without saying.
    fn record(
        &self,
        traveller: &mut Traveller,
        table: &Table,
        rule: Cow<'static, str>,
        (action, code): (StepAction, Option<Code>),
    ) {
        if !self.records || (rule.is_empty() && code.is_none()) {
            return;
        }
        let resource = table
            .resource
            .and_then(|at| self.network.resource(at))
            .map(|resource| resource.id().clone());
        let before = traveller.packet.header.clone();
        if let Some(hop) = traveller.hops.last_mut() {
            hop.steps.push(Step {
                stage: table.stage,
                resource,
                rule,
                action,
                code,
                before,
                after: None,
            });
        }
    }
}
