//! How a packet meets what lets it pass or not: security groups, network ACLs, and the policies of endpoints. Whatever they say, it goes on.

use causeway_model::trace::{Code, Stage, StepAction};

use crate::network::Network;
use crate::packet::Packet;
use crate::policy::Decision;
use crate::table::{Action, AddressMatch, GroupIx, Order, Place, Rule, Table};
use crate::way::Effect;

use super::Naive;
use super::journey::Journey;
use super::matching::{Fit, fits_but_for_group};
use super::note::{Refusal, code_of_doubt};
use super::sample::worlds;
use super::table::{Chosen, Met, first};

/// What a filter says of a flow's packets.
#[derive(Debug, Clone, Copy)]
enum Says<'t> {
    /// All pass.
    Passes(&'t Rule),
    /// None passes.
    Stops(&'t Rule),
    /// Some surely pass, and some surely do not, by this rule.
    StopsSome(&'t Rule),
    /// This rule may change what becomes of some.
    DependsOn(&'t Rule),
}

impl Naive<'_> {
    pub(super) fn pass_filter(&self, journey: &mut Journey, place: &Place, table: &Table) {
        let is_on_the_link = place.link.is_some() && journey.link == place.link;
        if table.stage == Stage::NetworkAclIn && is_on_the_link {
            // The packet does not meet it.
            journey.met.pop();
            return;
        }
        let mut owns = place.interface.iter();
        let is_known = owns.any(|own| journey.packet_passed(*own));
        if matches!(table.order, Order::Stateful) && is_known {
            let label = "reply to a tracked connection";
            self.tell(journey, table, label, StepAction::AllowedByState);
            return;
        }
        let (rule, refusal) = match says(table, &journey.packet, self.asked.network) {
            Says::Passes(rule) => {
                self.tell(journey, table, &rule.label, StepAction::Allowed);
                return;
            }
            Says::Stops(rule) => {
                let code = self.code_of_denial(journey, (place, table), rule);
                (rule, Refusal::denied(code))
            }
            Says::StopsSome(rule) => (rule, Refusal::partly(code_of(rule))),
            Says::DependsOn(rule) => {
                let group = named_group(rule);
                let code = if group.is_some_and(|group| self.may_be_a_peers(group)) {
                    Code::UnknownPeeredSgs
                } else {
                    code_of_doubt(rule)
                };
                (rule, Refusal::unknown(code))
            }
        };
        self.refuse(journey, (place, table), &rule.label, refusal);
    }

    /// With what code no rule lets the packet pass. If a rule would, were the sender's security groups known, that is what is told; and a rule
    /// that names a group which is gone is told of beside.
    fn code_of_denial(
        &self,
        journey: &mut Journey,
        (place, table): (&Place, &Table),
        denying: &Rule,
    ) -> Code {
        let network = self.asked.network;
        let in_truth = journey.true_sender.and_then(|own| network.interface(own));
        let mut is_hidden = false;
        for rule in &table.rules {
            let Some(group) = named_group(rule) else {
                continue;
            };
            if !self.fits_all_but_for_group(rule, table, &journey.packet) {
                continue;
            }
            let is_member = in_truth.is_some_and(|sender| sender.groups.contains(&group));
            if is_member && journey.packet.sender.is_none() {
                is_hidden = true;
            }
            let Some(id) = network.groups.get(group.index()) else {
                continue;
            };
            let mut held = network.resources.iter();
            if held.all(|held| held.resource.id() != id) {
                let label = &rule.label;
                let (code, words) = if self.may_be_a_peers(group) {
                    let words = "which may be a peer VPC's, of which the topology holds no groups";
                    (Code::UnknownPeeredSgs, words)
                } else {
                    (Code::StaleSgReference, "which is not in the topology")
                };
                let detail = format!("`{label}` refers to {id}, {words}");
                journey.note(Effect::Informs, code, place.resource, detail);
            }
        }
        match (is_hidden, journey.groups_lost) {
            (true, Some(code)) => code,
            (true, None) => Code::SgReferencesNotPreserved,
            (false, _) => code_of(denying),
        }
    }

    /// Whether a security group that the topology does not hold may be that of a peer VPC.
    fn may_be_a_peers(&self, group: GroupIx) -> bool {
        self.asked.network.frame.peered_groups.contains_key(&group)
    }

    /// Whether a rule is for all of a flow's packets, but for the group that it names.
    fn fits_all_but_for_group(&self, rule: &Rule, table: &Table, packet: &Packet) -> bool {
        let network = self.asked.network;
        let worlds = worlds(packet, table, network);
        let mut samples = worlds.iter().flatten();
        samples.all(|sample| fits_but_for_group(&rule.matches, packet, sample, network) == Fit::Yes)
    }

    /// The policy of an endpoint, where the flow says who asks for what.
    pub(super) fn pass_policy(&self, journey: &mut Journey, place: &Place, table: &Table) {
        let policy = place
            .resource
            .and_then(|at| self.asked.network.frame.policies.get(&at));
        let (Some(request), Some(policy)) = (self.asked.request, policy) else {
            return;
        };
        let code = Code::VpcePolicyDenies;
        let (words, refusal) = match policy.decide(request, &journey.packet.header) {
            Decision::Allows(words) => {
                self.tell(journey, table, &words, StepAction::Allowed);
                return;
            }
            Decision::Denies(words) => (words, Refusal::denied(code)),
            Decision::Unknown(words) => (words, Refusal::unknown(code)),
        };
        self.refuse(journey, (place, table), &words, refusal);
    }
}

/// What a filter says of a flow's packets: each by itself meets the first rule that fits.
fn says<'t>(table: &'t Table, packet: &Packet, network: &Network) -> Says<'t> {
    let worlds = worlds(packet, table, network);
    let mut met: Vec<Vec<Met>> = Vec::new();
    for world in &worlds {
        let samples = world.iter();
        met.push(
            samples
                .map(|sample| first(table, packet, sample, network))
                .collect(),
        );
    }
    let mut rules: Vec<Chosen<'t>> = Vec::new();
    for (number, rule) in table.rules.iter().chain([&table.otherwise]).enumerate() {
        let alone: Met = vec![(number, Fit::Yes)];
        let mut all = met.iter().flatten().flatten();
        if all.any(|(other, _)| *other == number) {
            // Whatever the truth is, some packet meets this rule and no other before.
            let is_certain = met.iter().all(|world| world.contains(&alone));
            rules.push(Chosen {
                rule,
                is_doubtful: !is_certain,
                is_tied: false,
            });
        }
    }
    judge(table, &rules)
}

fn judge<'t>(table: &'t Table, rules: &[Chosen<'t>]) -> Says<'t> {
    let is_allow = |rule: &&Chosen<'t>| rule.rule.action == Action::Allow;
    let is_deny = |rule: &&Chosen<'t>| matches!(rule.rule.action, Action::Deny(_));
    let allowing: Vec<&Chosen<'t>> = rules.iter().filter(is_allow).collect();
    let denying: Vec<&Chosen<'t>> = rules.iter().filter(is_deny).collect();
    let is_certain = |rules: &[&Chosen<'t>]| rules.iter().any(|rule| !rule.is_doubtful);
    let doubted =
        |rule: &&Chosen<'t>| rule.is_doubtful || matches!(rule.rule.action, Action::Doubt(_));
    let doubt = rules.iter().find(doubted);
    match (allowing.as_slice(), denying.as_slice(), doubt) {
        ([allow, ..], [], _) if allowing.len() == rules.len() => Says::Passes(allow.rule),
        ([], [deny, ..], _) if denying.len() == rules.len() => Says::Stops(deny.rule),
        (_, [deny, ..], _) if is_certain(&allowing) && is_certain(&denying) => {
            Says::StopsSome(deny.rule)
        }
        (_, _, Some(doubt)) => Says::DependsOn(doubt.rule),
        (_, _, None) => Says::Stops(&table.otherwise),
    }
}

/// The code of a rule that denies.
fn code_of(rule: &Rule) -> Code {
    if let Action::Deny(code) = rule.action {
        code
    } else {
        Code::EniSgRulesMismatch
    }
}

/// The security group that a rule names.
fn named_group(rule: &Rule) -> Option<GroupIx> {
    let ends = [&rule.matches.source, &rule.matches.destination];
    ends.into_iter().find_map(|end| match end {
        AddressMatch::Group(group) => Some(*group),
        AddressMatch::Any
        | AddressMatch::Net(_)
        | AddressMatch::List(_)
        | AddressMatch::Service(_) => None,
    })
}
