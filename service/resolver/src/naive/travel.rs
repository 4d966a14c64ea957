//! From place to place: every way of a packet to its end, the preferred one first.

use causeway_model::trace::{Code, Disposition, Stage, StepAction};

use crate::table::{InterfaceIx, Order, Place, PlaceIx, Rule, Table, TableIx};
use crate::way::{Effect, MAX_PLACES};

use super::journey::Journey;
use super::note::code_of_doubt;
use super::table::{Chosen, chosen};
use super::{Naive, Way};

/// What becomes of a packet after a rule.
#[derive(Debug, Clone, Copy)]
pub(super) enum Then {
    /// The next table of the place.
    Stays,
    /// Another place.
    GoesTo(PlaceIx),
    /// Its end.
    Ends(Ending),
}

/// How a way ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ending {
    pub(super) disposition: Disposition,
    /// Where replies enter, if the packet has arrived.
    pub(super) reply_at: Option<PlaceIx>,
    /// The interface where it has arrived.
    pub(super) interface: Option<InterfaceIx>,
}

impl Ending {
    /// An end at which nothing arrives.
    pub(super) fn nowhere(disposition: Disposition) -> Self {
        Self {
            disposition,
            reply_at: None,
            interface: None,
        }
    }
}

impl Naive<'_> {
    /// All ways of a packet, at most `most`; and whether there are more.
    pub(super) fn all_ways(&self, start: Journey, most: usize) -> (Vec<Way>, bool) {
        let mut ways = Vec::new();
        self.enter(start, most, &mut ways);
        let has_more = ways.len() > most;
        ways.truncate(most);
        (ways, has_more)
    }

    pub(super) fn place(&self, at: PlaceIx) -> Option<&Place> {
        self.asked.network.place(at)
    }

    pub(super) fn table(&self, at: TableIx) -> Option<&Table> {
        self.asked.network.table(at)
    }

    /// Enters the place where the packet is sent, and goes on from there.
    fn enter(&self, mut journey: Journey, most: usize, ways: &mut Vec<Way>) {
        journey.table = 0;
        let Some(place) = self.place(journey.at) else {
            end(journey, Ending::nowhere(Disposition::Unknown), ways);
            return;
        };
        let moment = (journey.at, journey.packet.header.clone());
        if journey.been.contains(&moment) || journey.been.len() >= MAX_PLACES {
            let detail = "the packet comes back here unchanged".to_owned();
            let code = Code::RoutingLoop;
            journey.note(Effect::Blocks, code, place.resource, detail);
            end(journey, Ending::nowhere(Disposition::Loop), ways);
            return;
        }
        journey.been.push(moment);
        journey.interfaces.extend(place.interface);
        self.tell_hop(&mut journey, place);
        self.tell_other_zone(&mut journey, place);
        self.tell_lost(&mut journey, place);
        self.forget_groups_over_hubs(&mut journey, place);
        self.go_on(journey, most, ways);
    }

    /// Goes through the tables of a place that are left. Each rule that is chosen is a way, walked to its end before the next.
    fn go_on(&self, mut journey: Journey, most: usize, ways: &mut Vec<Way>) {
        if ways.len() > most {
            return;
        }
        let Some(place) = self.place(journey.at) else {
            return;
        };
        let table = place.tables.get(journey.table);
        let Some(table) = table.and_then(|table| self.table(*table)) else {
            let detail = "nothing is known of what comes next".to_owned();
            let code = Code::UnknownResource;
            journey.note(Effect::Doubts, code, place.resource, detail);
            end(journey, Ending::nowhere(Disposition::Unknown), ways);
            return;
        };
        journey.met.push(table.resource);
        match table.stage {
            Stage::SecurityGroupIn
            | Stage::SecurityGroupOut
            | Stage::NetworkAclIn
            | Stage::NetworkAclOut => {
                self.pass_filter(&mut journey, place, table);
                journey.table += 1;
                self.go_on(journey, most, ways);
            }
            Stage::Policy => {
                self.pass_policy(&mut journey, place, table);
                journey.table += 1;
                self.go_on(journey, most, ways);
            }
            Stage::RouteTable
            | Stage::SourceDestCheck
            | Stage::State
            | Stage::Admission
            | Stage::Translation
            | Stage::Forwarding
            | Stage::Delivery
            | Stage::Choice
            | Stage::Firewall => {
                for (journey, then) in self.obey(journey, place, table) {
                    self.follow(journey, (place, then), most, ways);
                }
            }
        }
    }

    /// Takes the packet where a rule sends it.
    fn follow(
        &self,
        mut journey: Journey,
        (place, then): (&Place, Then),
        most: usize,
        ways: &mut Vec<Way>,
    ) {
        match then {
            Then::Stays => {
                journey.table += 1;
                self.go_on(journey, most, ways);
            }
            Then::GoesTo(to) => {
                self.leave(&mut journey, place);
                journey.at = to;
                if ways.len() <= most {
                    self.enter(journey, most, ways);
                }
            }
            Then::Ends(ending) => end(journey, ending, ways),
        }
    }

    /// What the rules of a table do to the packet: a journey for each, in the order in which they are gone.
    fn obey(&self, mut journey: Journey, place: &Place, table: &Table) -> Vec<(Journey, Then)> {
        if table.stage == Stage::RouteTable
            && let Some(back) = self.way_past_routes(&journey)
        {
            let label = "a reply to what kept its source goes back the same way";
            self.tell(&mut journey, table, label, StepAction::Forwarded);
            return vec![(journey, Then::GoesTo(back))];
        }
        let chosen = chosen(table, &journey.packet, self.asked.network);
        self.tell_choice(&mut journey, place, table, &chosen);
        let mut chosen = self.keep(&journey, table, chosen);
        // Of a choice the first is preferred; elsewhere the last one is for the rest of the packets, which are most.
        let is_choice = matches!(
            table.order,
            Order::Each | Order::EachOfFlow | Order::OneOf(_)
        );
        if !is_choice {
            chosen.reverse();
        }
        let ways = chosen.iter().map(|chosen| {
            let mut journey = journey.clone();
            self.give(&mut journey, table, &chosen.rule.action);
            let then = self.act(&mut journey, (place, table), chosen.rule);
            (journey, then)
        });
        ways.collect()
    }

    /// Tells why there are several ways, where that is not what the network does with different packets.
    fn tell_choice(
        &self,
        journey: &mut Journey,
        place: &Place,
        table: &Table,
        chosen: &[Chosen<'_>],
    ) {
        let is_tied = |rule: &&Rule| {
            let mut tied = chosen.iter().filter(|chosen| chosen.is_tied);
            tied.any(|chosen| std::ptr::eq(chosen.rule, *rule))
        };
        let tied: Vec<&Rule> = table.rules.iter().filter(is_tied).collect();
        if let [one, other, ..] = tied.as_slice()
            && table.stage == Stage::RouteTable
        {
            let detail = format!("`{}` and `{}` are of equal rank", one.label, other.label);
            let code = Code::AmbiguousPrefixLists;
            journey.note(Effect::Informs, code, place.resource, detail);
        }
        if chosen.len() < 2 {
            return;
        }
        if let Order::OneOf(code) = table.order {
            let labels: Vec<&str> = chosen.iter().map(|one| one.rule.label.as_ref()).collect();
            let detail = format!("which holds is not known: {}", labels.join(", or "));
            journey.note(Effect::Guesses, code, place.resource, detail);
        } else if let Some(doubtful) = chosen.iter().find(|one| one.is_doubtful) {
            let to = &journey.packet.header.destination;
            let detail = format!("whether `{}` is for {to} is not known", doubtful.rule.label);
            let code = code_of_doubt(doubtful.rule);
            journey.note(Effect::Guesses, code, place.resource, detail);
        }
    }

    /// Endpoints do not know the groups of who comes over a transit gateway, not even where others do.
    fn forget_groups_over_hubs(&self, journey: &mut Journey, place: &Place) {
        let is_hub = |at: PlaceIx| {
            let place = self.place(at);
            place.is_some_and(|place| place.lost_groups == Code::SgReferencingSupport)
        };
        if !place.sees_groups_over_hubs && journey.been.iter().any(|(at, _)| is_hub(*at)) {
            journey.groups_lost = Some(Code::SgReferencesNotPreserved);
            journey.packet.sender = None;
        }
    }

    /// Leaves a place. What is known of the packet changes there: its zone, the link it is on, and whose security groups it comes from.
    fn leave(&self, journey: &mut Journey, place: &Place) {
        let network = self.asked.network;
        let sender = journey.packet.sender.and_then(|own| network.interface(own));
        let is_foreign = match (sender, place.groups_of) {
            (Some(sender), Some(vpc)) => sender.vpc != vpc,
            _ => false,
        };
        if is_foreign {
            journey.groups_lost = Some(Code::SgReferencesNotPreserved);
        } else if !place.keeps_groups
            && (journey.groups_lost.is_none()
                || place.lost_groups == Code::SgReferencesNotPreserved)
        {
            journey.groups_lost = Some(place.lost_groups);
        }
        if is_foreign || !place.keeps_groups {
            journey.packet.sender = None;
            journey.link = None;
        }
        if let (Some(own), false) = (place.sender, journey.packet.is_reply) {
            journey.packet.sender = Some(own);
        }
        if let Some(zone) = place.zone {
            journey.packet.zone = Some(zone);
        }
        if let Some(link) = place.link {
            journey.link = Some(link);
            let subnet = network.subnet(link);
            journey.packet.zone = subnet.and_then(|subnet| subnet.zone_ix);
        }
    }
}

/// Ends a way.
fn end(mut journey: Journey, ending: Ending, ways: &mut Vec<Way>) {
    let Ending {
        disposition,
        reply_at,
        interface,
    } = ending;
    ways.push(Way {
        header: journey.packet.header.clone(),
        direction: journey.direction(),
        hops: std::mem::take(&mut journey.hops),
        issues: std::mem::take(&mut journey.issues),
        disposition,
        reply_at,
        interface,
        track: journey,
    });
}
