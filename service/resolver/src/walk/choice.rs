//! Of several ways, the one that a reply takes: the packet's own, or another one, which matters where something keeps state.

use causeway_model::trace::Code;

use crate::packet::Matched;
use crate::table::{Action, Place, PlaceIx, Rule};

use super::{Effect, Traveller, Walk};

impl Traveller {
    /// A reply takes the same of several ways as the packet did.
    pub(super) fn keep_to_what_it_took(&self, rules: &mut Vec<(&Rule, Matched)>) {
        let took =
            |rule: &Rule| matches!(rule.action, Action::Forward(to) if self.went.contains(&to));
        if rules.iter().any(|(rule, _)| took(rule)) {
            rules.retain(|(rule, _)| took(rule));
        }
    }
}

impl Walk<'_> {
    /// Tells of a reply that is in another zone here than the packet was.
    pub(super) fn note_other_zone(&self, traveller: &mut Traveller, place: &Place) {
        let here = |at: &&PlaceIx| {
            let other = self.network.place(**at);
            other.is_some_and(|other| other.is_zonal && other.resource == place.resource)
        };
        let mut others = traveller.went.iter().filter(here);
        if others.next().is_some() && !traveller.went.contains(&traveller.at) {
            let detail = "the reply is in another zone here than the packet was, and an appliance there does not know the flow".to_owned();
            let code = Code::TransitGatewayApplianceModeRecommended;
            traveller.note(Effect::Informs, code, place.resource, detail);
        }
    }
}
