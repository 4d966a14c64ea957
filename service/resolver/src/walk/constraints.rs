//! What the asker wants of a way: it meets what is taken as down, and is held against what it must and must not pass.

use causeway_model::trace::{Code, Stage, StepAction};

use crate::constraints::Component;
use crate::table::{Action, Order, Place, Rule, Table};

use super::{Effect, Traveller, Walk, Way};

impl Walk<'_> {
    /// Notes that a place is one of what the flow must do without, and goes on as if it were not.
    pub(super) fn note_lost(&self, traveller: &mut Traveller, place: &Place) {
        if !place
            .resource
            .is_some_and(|at| self.wanted.lost.contains(&at))
        {
            return;
        }
        let code = Code::BadState;
        let rule = Rule::always(Action::Deny(code), "the flow must do without it");
        let table = Table {
            stage: Stage::State,
            resource: None,
            order: Order::First,
            rules: Vec::new(),
            otherwise: rule.clone(),
        };
        let denial = (&rule, Effect::Blocks, StepAction::Denied, code);
        self.refuse(traveller, place, &table, denial);
    }

    /// Notes which component that a way must pass it does not; a way that does not arrive may have passed it yet.
    pub(super) fn note_not_passed(&self, way: &mut Way) {
        let has_arrived = way.reply_at.is_some();
        for component in self.wanted.through.iter().filter(|_| has_arrived) {
            if !self.passes(&way.track, component) {
                let code = Code::ComponentFilterRestriction;
                let detail = "the way does not pass it".to_owned();
                let at = Some(component.named);
                way.note(Effect::Blocks, code, at, detail);
            }
        }
    }

    /// Notes which component that a way may not pass it does.
    pub(super) fn note_not_avoided(&self, way: &mut Way) {
        for component in &self.wanted.avoiding {
            if self.passes(&way.track, component) {
                let code = Code::ComponentFilterRestrictionRemovedComponent;
                let detail = "the way passes it".to_owned();
                let at = Some(component.named);
                way.note(Effect::Blocks, code, at, detail);
            }
        }
    }

    /// Whether a way was at a place of a component, or met rules of it.
    fn passes(&self, traveller: &Traveller, component: &Component) -> bool {
        let visited = traveller.visited.places();
        let places = visited.filter_map(|place| self.network.place(place)?.resource);
        let mut met = places.chain(traveller.met.iter().copied());
        met.any(|at| component.members.contains(&at))
    }
}
