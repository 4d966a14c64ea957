//! What the asker wants of a way: what is taken as down on it, what it must pass, and what it may not pass.

use causeway_model::trace::{Code, Stage};

use crate::constraints::Component;
use crate::table::{Action, Order, Place, PlaceIx, Rule, Table};
use crate::way::Effect;

use super::journey::Journey;
use super::note::Refusal;
use super::{Naive, Way};

impl Naive<'_> {
    /// Tells that a place is down for the asker; the packet goes on as if it were not.
    pub(super) fn tell_lost(&self, journey: &mut Journey, place: &Place) {
        let mut lost = self.asked.wanted.lost.iter();
        if lost.all(|lost| place.resource != Some(*lost)) {
            return;
        }
        let label = "the flow must do without it";
        let code = Code::BadState;
        let table = Table {
            stage: Stage::State,
            resource: None,
            order: Order::First,
            rules: Vec::new(),
            otherwise: Rule::always(Action::Deny(code), label),
        };
        self.refuse(journey, (place, &table), label, Refusal::denied(code));
    }

    pub(super) fn tell_what_is_not_passed(&self, way: &mut Way) {
        if way.reply_at.is_none() {
            return;
        }
        for component in &self.asked.wanted.through {
            if !self.passes(&way.track, component) {
                let detail = "the way does not pass it".to_owned();
                let code = Code::ComponentFilterRestriction;
                way.note(Effect::Blocks, code, Some(component.named), detail);
            }
        }
    }

    pub(super) fn tell_what_is_not_avoided(&self, way: &mut Way) {
        for component in &self.asked.wanted.avoiding {
            if self.passes(&way.track, component) {
                let detail = "the way passes it".to_owned();
                let code = Code::ComponentFilterRestrictionRemovedComponent;
                way.note(Effect::Blocks, code, Some(component.named), detail);
            }
        }
    }

    /// Whether a journey was at a member of a component, or met a table of one.
    fn passes(&self, journey: &Journey, component: &Component) -> bool {
        for member in &component.members {
            let mut been = journey.been.iter();
            let is_at = |at: PlaceIx| self.place(at).and_then(|place| place.resource);
            if been.any(|(at, _)| is_at(*at) == Some(*member))
                || journey.met.contains(&Some(*member))
            {
                return true;
            }
        }
        false
    }
}
