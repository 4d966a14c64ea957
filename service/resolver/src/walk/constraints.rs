//! What the asker wants of a way: it meets what is taken as down, and is held against what it must and must not pass.

use causeway_model::trace::{Code, Stage, StepAction};

use crate::constraints::Component;
use crate::decide::Reader;
use crate::table::{Action, Order, Place, Rule, Table};

use super::{Effect, Traveller, Walk, Way};

impl<R: Reader> Walk<'_, R> {
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
    pub(crate) fn check_passes(&self, way: &mut Way) {
        let has_arrived = way.reply_at.is_some();
        for component in self.wanted.through.iter().filter(|_| has_arrived) {
            if !self.passes(&way.traveller, component) {
                let code = Code::ComponentFilterRestriction;
                let detail = "the way does not pass it".to_owned();
                let at = Some(component.named);
                way.traveller.note(Effect::Blocks, code, at, detail);
            }
        }
    }

    /// Notes which component that a way may not pass it does.
    pub(crate) fn check_avoids(&self, way: &mut Way) {
        for component in &self.wanted.avoiding {
            if self.passes(&way.traveller, component) {
                let code = Code::ComponentFilterRestrictionRemovedComponent;
                let detail = "the way passes it".to_owned();
                let at = Some(component.named);
                way.traveller.note(Effect::Blocks, code, at, detail);
            }
        }
    }

    /// Whether a way was at a place of a component, or met rules of it.
    fn passes(&self, traveller: &Traveller, component: &Component) -> bool {
        let visited = traveller.visited.iter();
        let places = visited.filter_map(|(place, _)| self.network.place(*place));
        let mut met = places.flat_map(|place| {
            let tables = place.tables.iter();
            let tables = tables.filter_map(|table| self.network.table(*table));
            tables.map(|table| table.resource).chain([place.resource])
        });
        met.any(|at| at.is_some_and(|at| component.members.contains(&at)))
    }
}
