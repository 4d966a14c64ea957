//! How a packet passes a filter (security groups, network ACLs): what stops it is noted, and the walk goes on as if it had passed.

use std::borrow::Cow;

use causeway_model::trace::{Code, Direction, Header, Stage, StepAction};

use crate::decide::{self, Filtered};
use crate::network::Network;
use crate::packet::Matched;
use crate::table::{Action, AddressMatch, GroupIx, Match, Order, Place, Rule, Table};

use super::{Effect, Traveller, Walk};

impl Walk<'_> {
    pub(super) fn filter(&self, traveller: &mut Traveller, place: &Place, table: &Table) {
        let enters_from_own_link = table.stage == Stage::NetworkAclIn
            && place.link.is_some()
            && traveller.link == place.link;
        if enters_from_own_link {
            return;
        }
        self.meet(traveller, table);
        let keeps_state = matches!(table.order, Order::Stateful);
        if keeps_state
            && traveller.direction == Direction::Return
            && place
                .interface
                .is_some_and(|own| traveller.stateful.contains(&own))
        {
            self.record(
                traveller,
                table,
                &Cow::Borrowed("reply to a tracked connection"),
                (StepAction::AllowedByState, None),
            );
            return;
        }
        let refusal = match decide::filter(table, &traveller.packet, self.network) {
            Filtered::Allowed(rule) => {
                let step = (StepAction::Allowed, None);
                self.record(traveller, table, &rule.label, step);
                return;
            }
            Filtered::Denied(rule) => {
                let code = self.code_of_denial(traveller, place, table, code_of_filter(rule));
                (rule, Effect::Blocks, StepAction::Denied, code)
            }
            Filtered::Partly(rule) => {
                let code = code_of_filter(rule);
                (rule, Effect::Splits, StepAction::PartlyDenied, code)
            }
            Filtered::Unknown(rule) if is_of_unknown_peer(rule, self.network) => {
                let code = Code::UnknownPeeredSgs;
                (rule, Effect::Doubts, StepAction::Unknown, code)
            }
            Filtered::Unknown(rule) => {
                let code = code_of_doubt(rule);
                (rule, Effect::Doubts, StepAction::Unknown, code)
            }
        };
        self.refuse(traveller, place, table, refusal);
    }

    /// Notes and records a filter that does not simply let the packet pass.
    pub(super) fn refuse(
        &self,
        traveller: &mut Traveller,
        place: &Place,
        table: &Table,
        (rule, effect, action, code): (&Rule, Effect, StepAction, Code),
    ) {
        let is_group = matches!(table.order, Order::Stateful);
        let resource = if is_group {
            place.resource
        } else {
            table.resource.or(place.resource)
        };
        let detail = if self.records {
            self.refusal(traveller, table, rule)
        } else {
            String::new()
        };
        traveller.note(effect, code, resource, detail);
        self.record(traveller, table, &rule.label, (action, Some(code)));
    }

    fn refusal(&self, traveller: &Traveller, table: &Table, rule: &Rule) -> String {
        let header = &traveller.packet.header;
        let stage = table.stage.as_str().to_ascii_lowercase().replace('_', " ");
        let of = table.resource.map_or_else(String::new, |at| {
            format!(" of {}", self.network.describe(at))
        });
        format!(
            "{stage}{of}: {}, for {} to {} {}",
            rule.label,
            header.source,
            header.destination,
            service(header)
        )
    }

    /// The code for a packet that no rule of a filter allows: for security groups, what is at fault may be a reference.
    fn code_of_denial(
        &self,
        traveller: &mut Traveller,
        place: &Place,
        table: &Table,
        code: Code,
    ) -> Code {
        let mut is_hidden = false;
        for rule in &table.rules {
            let Some(group) = group_at_fault(traveller, rule, self.network) else {
                continue;
            };
            let origin = traveller
                .origin
                .filter(|_| traveller.packet.sender.is_none());
            let origin = origin.and_then(|origin| self.network.interface(origin));
            is_hidden |= origin.is_some_and(|origin| origin.groups.contains(&group));
            let id = self.network.groups.get(group.index());
            if let Some(id) = id.filter(|id| self.network.find(id.as_str()).is_none()) {
                let is_peered = self.network.frame.peered_groups.contains_key(&group);
                let (code, words) = if is_peered {
                    let words = "which may be a peer VPC's, of which the topology holds no groups";
                    (Code::UnknownPeeredSgs, words)
                } else {
                    (Code::StaleSgReference, "which is not in the topology")
                };
                let detail = format!("`{}` refers to {id}, {words}", rule.label);
                traveller.note(Effect::Informs, code, place.resource, detail);
            }
        }
        if is_hidden {
            traveller.lost.unwrap_or(Code::SgReferencesNotPreserved)
        } else {
            code
        }
    }
}

/// The group that a rule refers to, if the packet fits the rule in all but that.
fn group_at_fault(traveller: &Traveller, rule: &Rule, network: &Network) -> Option<GroupIx> {
    let (group, anyone) = match (&rule.matches.source, &rule.matches.destination) {
        (AddressMatch::Group(group), _) => {
            let source = AddressMatch::Any;
            (
                *group,
                Match {
                    source,
                    ..rule.matches.clone()
                },
            )
        }
        (_, AddressMatch::Group(group)) => {
            let destination = AddressMatch::Any;
            (
                *group,
                Match {
                    destination,
                    ..rule.matches.clone()
                },
            )
        }
        _ => return None,
    };
    (traveller.packet.matches(&anyone, network) == Matched::Yes).then_some(group)
}

/// Whether a rule refers to a group that may be that of a peer VPC whose groups the topology does not hold.
fn is_of_unknown_peer(rule: &Rule, network: &Network) -> bool {
    let ends = [&rule.matches.source, &rule.matches.destination];
    ends.iter().any(|end| {
        matches!(end, AddressMatch::Group(group) if network.frame.peered_groups.contains_key(group))
    })
}

/// The code of a rule that denies.
fn code_of_filter(rule: &Rule) -> Code {
    rule.action.code().unwrap_or(Code::EniSgRulesMismatch)
}

/// The code for packets of which it is not known whether a rule is for them: what is lacking, the network or the list.
pub(super) fn code_of_doubt(rule: &Rule) -> Code {
    if let Action::Doubt(code) = rule.action {
        return code;
    }
    if let Some(code) = rule.matches.doubt {
        return code;
    }
    let ends = [&rule.matches.source, &rule.matches.destination];
    let is_listed = ends.iter().any(|end| matches!(end, AddressMatch::List(_)));
    if is_listed {
        Code::UnknownResource
    } else {
        Code::UnknownDestination
    }
}

/// Protocol and ports of a header, for people.
fn service(header: &Header) -> String {
    if header.protocol.has_ports() {
        format!("{}/{}", header.protocol, header.destination_ports)
    } else {
        header.protocol.to_string()
    }
}
