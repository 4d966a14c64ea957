//! The walk: takes a packet from place to place by the tables there, until it ends.
//!
//! It is total: whatever a network does to a packet is a disposition, never an error. It does not stop at a filter that denies; it notes
//! what stopped the packet and goes on as if it had passed. Where the packets of one flow go different ways, it goes them all, up to a
//! bound.

use std::borrow::Cow;

use causeway_model::flow::Request;
use causeway_model::trace::{Code, Disposition, Hop, Stage, Step, StepAction};

use crate::constraints::Wanted;
use crate::decide;
use crate::network::Network;
use crate::packet::{Matched, Packet};
use crate::table::{InterfaceIx, Order, Place, PlaceIx, ResourceIx, Rule, Table};
use crate::way::{self, Asked, Effect, MAX_PLACES, Walker};

mod act;
mod choice;
mod constraints;
mod devices;
mod filter;
mod policy;
mod traveller;

use traveller::{Translation, Traveller};

/// A way with the traveller that went it.
type Way = way::Way<Box<Traveller>>;

/// A walk over one network that reads tables by their indexes.
#[derive(Debug)]
pub(crate) struct Walk<'n> {
    network: &'n Network,
    records: bool,
    request: Option<&'n Request>,
    wanted: Wanted,
}

/// A way that is still to be gone, or to be told of.
#[derive(Debug)]
enum Pending {
    /// About to enter the place it was sent to.
    Entering(Box<Traveller>),
    /// On, with the next table of its place.
    Staying(Box<Traveller>),
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

impl<'n> Walker<'n> for Walk<'n> {
    type Track = Box<Traveller>;

    fn new(asked: Asked<'n>) -> Self {
        let Asked {
            network,
            records,
            request,
            wanted,
        } = asked;
        Self {
            network,
            records,
            request,
            wanted,
        }
    }

    fn network(&self) -> &'n Network {
        self.network
    }

    fn records(&self) -> bool {
        self.records
    }

    fn packet(&self, packet: &Packet, at: PlaceIx, most: usize) -> (Vec<Way>, bool) {
        self.run(Box::new(Traveller::new(packet.clone(), at)), most)
    }

    fn reply(&self, way: &Way, most: usize) -> (Vec<Way>, bool) {
        let Some(reply) = way.answering() else {
            return (Vec::new(), false);
        };
        self.run(reply, most)
    }

    fn has_passed(&self, way: &Way, resource: ResourceIx) -> bool {
        way.track.has_passed(self.network, resource)
    }

    fn check_passes(&self, way: &mut Way) {
        self.note_not_passed(way);
    }

    fn check_avoids(&self, way: &mut Way) {
        self.note_not_avoided(way);
    }

    fn check_devices(&self, forward: &Way, reply: &mut Way) {
        devices::check(self.network, forward, reply);
    }
}

impl Walk<'_> {
    /// All ways of a packet, at most `most`; and whether there are more.
    fn run(&self, start: Box<Traveller>, most: usize) -> (Vec<Way>, bool) {
        let mut ways = Vec::with_capacity(1);
        let mut pending = Vec::new();
        let mut next = Some(Pending::Entering(start));
        while let Some(own) = next {
            if ways.len() >= most {
                return (ways, true);
            }
            ways.push(match own {
                Pending::Ended(way) => way,
                Pending::Staying(traveller) => self.travel(traveller, &mut pending),
                Pending::Entering(mut traveller) => match self.enter(&mut traveller) {
                    Some(disposition) => Way::lost(traveller, disposition),
                    None => self.travel(traveller, &mut pending),
                },
            });
            next = pending.pop();
        }
        (ways, false)
    }

    /// Goes one way to its end; where others branch off, they are left in `pending`.
    fn travel(&self, mut traveller: Box<Traveller>, pending: &mut Vec<Pending>) -> Way {
        let mut here = self.network.place(traveller.at);
        loop {
            let Some(place) = here else {
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
                    here = self.network.place(to);
                    if let Some(disposition) = self.enter(&mut traveller) {
                        return Way::lost(traveller, disposition);
                    }
                }
                Next::End(disposition, reply_at, interface) => {
                    return Way::ended(traveller, disposition, reply_at, interface);
                }
            }
        }
    }

    /// Enters the place the packet is sent to; tells if that ends its way.
    fn enter(&self, traveller: &mut Traveller) -> Option<Disposition> {
        traveller.next = 0;
        let place = self.network.place(traveller.at)?;
        let is_full = traveller.visited.len() >= MAX_PLACES;
        let Traveller {
            visited,
            packet,
            at,
            ..
        } = traveller;
        if is_full || !visited.is_new(*at, &packet.header) {
            let detail = "the packet comes back here unchanged".to_owned();
            traveller.note(Effect::Blocks, Code::RoutingLoop, place.resource, detail);
            return Some(Disposition::Loop);
        }
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
                account: None,
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
                self.meet(traveller, table);
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
            | Stage::Firewall => {
                self.meet(traveller, table);
                self.hand_on(traveller, place, table, pending)
            }
        }
    }

    /// Notes whose table it meets, where somebody asks for that.
    fn meet(&self, traveller: &mut Traveller, table: &Table) {
        if self.wanted.asks_for_components() {
            traveller.met.extend(table.resource);
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
        let is_routing = table.stage == Stage::RouteTable;
        let kept = is_routing.then(|| traveller.kept_way_back(self.network));
        if let Some(back) = kept.flatten() {
            let label = Cow::Borrowed("a reply to what kept its source goes back the same way");
            self.record(traveller, table, &label, (StepAction::Forwarded, None));
            return Next::Place(back);
        }
        if let Some(rule) = decide::only(table, &traveller.packet, self.network) {
            return self.act(traveller, place, table, rule);
        }
        let mut rules = self.deciding(traveller, place, table);
        let Some((rule, _)) = rules.pop() else {
            return Next::Table;
        };
        for (other, _) in rules {
            let mut branch = Box::new(traveller.clone());
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
        let decide::Deciding { mut rules, tied } =
            decide::deciding(table, &traveller.packet, self.network);
        if let Some(tied) = tied.filter(|_| table.stage == Stage::RouteTable) {
            Self::note_random_choice(traveller, place, tied);
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
    fn branch(
        &self,
        mut branch: Box<Traveller>,
        place: &Place,
        table: &Table,
        rule: &Rule,
    ) -> Pending {
        match self.act(&mut branch, place, table, rule) {
            Next::Table => Pending::Staying(branch),
            Next::Place(to) => {
                self.leave(&mut branch, place);
                branch.at = to;
                Pending::Entering(branch)
            }
            Next::End(disposition, reply_at, interface) => {
                Pending::Ended(Way::ended(branch, disposition, reply_at, interface))
            }
        }
    }

    /// AWS picks one of several prefix-list routes of equal rank at random, and keeps it.
    fn note_random_choice(traveller: &mut Traveller, place: &Place, [one, other]: [&Rule; 2]) {
        let detail = format!("`{}` and `{}` are of equal rank", one.label, other.label);
        let code = Code::AmbiguousPrefixLists;
        traveller.note(Effect::Informs, code, place.resource, detail);
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
    #[expect(
        clippy::ptr_arg,
        reason = "a label that is static is copied without its text"
    )]
    fn record(
        &self,
        traveller: &mut Traveller,
        table: &Table,
        rule: &Cow<'static, str>,
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
                rule: rule.clone(),
                action,
                code,
                before,
                after: None,
            });
        }
    }
}
