//! What is told of a journey: the steps at its hops, and what stops or qualifies it.

use causeway_model::trace::{Code, Header, Hop, Step, StepAction};

use crate::table::{Action, AddressMatch, Order, Place, Rule, Table};
use crate::way::Effect;

use super::Naive;
use super::journey::Journey;

/// What a filter or a component makes of a packet that it does not simply let pass.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal {
    pub(super) effect: Effect,
    pub(super) action: StepAction,
    pub(super) code: Code,
}

impl Refusal {
    /// The packet does not pass; were it not stopped, it would go on.
    pub(super) fn denied(code: Code) -> Self {
        Self {
            effect: Effect::Blocks,
            action: StepAction::Denied,
            code,
        }
    }

    /// The packet does not pass, and there is nowhere to go on to.
    pub(super) fn dropped(code: Code) -> Self {
        Self {
            action: StepAction::Dropped,
            ..Self::denied(code)
        }
    }

    /// Whether the packet passes is not known.
    pub(super) fn unknown(code: Code) -> Self {
        Self {
            effect: Effect::Doubts,
            action: StepAction::Unknown,
            code,
        }
    }

    /// Some of the packets pass.
    pub(super) fn partly(code: Code) -> Self {
        Self {
            effect: Effect::Splits,
            action: StepAction::PartlyDenied,
            code,
        }
    }
}

impl Naive<'_> {
    /// Tells of a new hop, if the packet is at another resource than before.
    pub(super) fn tell_hop(&self, journey: &mut Journey, place: &Place) {
        if !self.asked.records {
            return;
        }
        let network = self.asked.network;
        let resource = place.resource.and_then(|at| network.named(at));
        let last = journey.hops.last();
        if last.is_none_or(|last| last.resource != resource) {
            journey.hops.push(Hop {
                resource,
                account: None,
                steps: Vec::new(),
            });
        }
    }

    /// Tells of a step that lets the packet pass; one without a label goes without saying.
    pub(super) fn tell(
        &self,
        journey: &mut Journey,
        table: &Table,
        label: &str,
        action: StepAction,
    ) {
        if !label.is_empty() {
            self.tell_step(journey, table, label, (action, None, None));
        }
    }

    /// Tells of a step that changes the packet's header; one without a label goes without saying.
    pub(super) fn tell_change(
        &self,
        journey: &mut Journey,
        table: &Table,
        label: &str,
        after: &Header,
    ) {
        let change = (StepAction::Translated, None, Some(after.clone()));
        if !label.is_empty() {
            self.tell_step(journey, table, label, change);
        }
    }

    /// Tells of a packet that a rule lets pass with a remark.
    pub(super) fn tell_remark(
        &self,
        journey: &mut Journey,
        (place, table): (&Place, &Table),
        rule: &Rule,
        code: Code,
    ) {
        let detail = rule.label.to_string();
        journey.note(Effect::Informs, code, place.resource, detail);
        let step = (StepAction::Allowed, Some(code), None);
        self.tell_step(journey, table, &rule.label, step);
    }

    /// Tells of a packet that a rule does not simply let pass. Of security groups the interface is named, of other tables their resource.
    pub(super) fn refuse(
        &self,
        journey: &mut Journey,
        (place, table): (&Place, &Table),
        label: &str,
        refusal: Refusal,
    ) {
        let Refusal {
            effect,
            action,
            code,
        } = refusal;
        let resource = match table.order {
            Order::Stateful => place.resource,
            Order::First
            | Order::Each
            | Order::EachOfFlow
            | Order::OneOf(_)
            | Order::LongestPrefix(_) => table.resource.or(place.resource),
        };
        let mut detail = String::new();
        if self.asked.records {
            detail = self.words(journey, table, label);
        }
        journey.note(effect, code, resource, detail);
        self.tell_step(journey, table, label, (action, Some(code), None));
    }

    fn tell_step(
        &self,
        journey: &mut Journey,
        table: &Table,
        label: &str,
        (action, code, after): (StepAction, Option<Code>, Option<Header>),
    ) {
        if !self.asked.records {
            return;
        }
        let own = table
            .resource
            .and_then(|at| self.asked.network.resource(at));
        let step = Step {
            stage: table.stage,
            resource: own.map(|own| own.id().clone()),
            rule: label.to_owned().into(),
            action,
            code,
            before: journey.packet.header.clone(),
            after,
        };
        if let Some(hop) = journey.hops.last_mut() {
            hop.steps.push(step);
        }
    }

    /// The words of a refusal: stage and resource, the rule, the packet.
    fn words(&self, journey: &Journey, table: &Table, label: &str) -> String {
        let stage = table.stage.as_str().to_lowercase().replace('_', " ");
        let header = &journey.packet.header;
        let (from, to, protocol) = (&header.source, &header.destination, header.protocol);
        let mut words = stage;
        if let Some(own) = table.resource {
            words = format!("{words} of {}", self.asked.network.describe(own));
        }
        words = format!("{words}: {label}, for {from} to {to} {protocol}");
        if protocol.has_ports() {
            words = format!("{words}/{}", header.destination_ports);
        }
        words
    }
}

/// With what code a rule is in doubt of which nobody knows whether it is for a packet: its own, else for want of a list or of an address.
pub(super) fn code_of_doubt(rule: &Rule) -> Code {
    let own = if let Action::Doubt(code) = rule.action {
        Some(code)
    } else {
        rule.matches.doubt
    };
    let ends = [&rule.matches.source, &rule.matches.destination];
    match own {
        Some(code) => code,
        None if ends.iter().any(|end| matches!(end, AddressMatch::List(_))) => {
            Code::UnknownResource
        }
        None => Code::UnknownDestination,
    }
}
