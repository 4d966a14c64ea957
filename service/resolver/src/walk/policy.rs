//! How a request passes the policy of an endpoint: what denies it is noted, and the walk goes on as if it had passed.

use causeway_model::trace::{Code, StepAction};

use crate::policy::Decision;
use crate::table::{Action, Place, Rule, Table};

use super::{Effect, Traveller, Walk};

impl Walk<'_> {
    /// Nothing, if the flow does not say who asks for what.
    pub(super) fn policy(&self, traveller: &mut Traveller, place: &Place, table: &Table) {
        let policy = place
            .resource
            .and_then(|at| self.network.frame.policies.get(&at));
        let Some((request, policy)) = self.request.zip(policy) else {
            return;
        };
        let code = Code::VpcePolicyDenies;
        match policy.decide(request, &traveller.packet.header) {
            Decision::Allows(words) => {
                self.record(traveller, table, &words.into(), (StepAction::Allowed, None));
            }
            Decision::Denies(words) => {
                let rule = Rule::always(Action::Deny(code), words);
                let denial = (&rule, Effect::Blocks, StepAction::Denied, code);
                self.refuse(traveller, place, table, denial);
            }
            Decision::Unknown(words) => {
                let rule = Rule::always(Action::Doubt(code), words);
                let doubt = (&rule, Effect::Doubts, StepAction::Unknown, code);
                self.refuse(traveller, place, table, doubt);
            }
        }
    }
}
