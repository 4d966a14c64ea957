//! Deciding: what a principal may do, by one set of policies.
//!
//! # Rules
//! - What no policy permits is refused, and what one forbids is refused whatever others permit.
//! - A policy that cannot be evaluated refuses.
//! - A set of policies never changes. Another set is other rules, with decisions of its own: nothing that an old set decided outlives it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use causeway_model::ids::AccountId;
use causeway_model::resource::Kind;
use causeway_model::revision::TopologyName;
use cedar_policy::{ActionConstraint, Authorizer, Decision, Effect, Policy, PolicySet};
use quick_cache::sync::Cache;

use crate::action::{Action, Service, Verb};
use crate::entities::{Question, Unsayable};
use crate::policies::{Mentions, Policies, PolicyError};
use crate::principal::Principal;
use crate::sight::{Class, Sight};

/// Decisions that are kept; names of topologies come from callers, so that there must be an end.
const KEPT: usize = 16_384;

/// What decides: one set of policies.
pub struct Rules {
    authorizer: Authorizer,
    all: PolicySet,
    /// The policies that do not look at the resource, other than at its topology.
    general: PolicySet,
    /// Whether another one may forbid to describe something.
    hides: bool,
    /// The tags that policies look at; none for all.
    pub(crate) tags: Option<BTreeSet<String>>,
    decided: Cache<(Arc<Principal>, Service, TopologyName), bool>,
    open: Cache<(Arc<Principal>, TopologyName), bool>,
    evaluations: AtomicU64,
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules").finish_non_exhaustive()
    }
}

/// Somebody who calls, and the rules that hold for the call.
#[derive(Debug, Clone)]
pub struct Caller {
    pub(crate) rules: Arc<Rules>,
    pub(crate) principal: Arc<Principal>,
}

// === impl Rules ===

impl Rules {
    /// The rules that policies make.
    ///
    /// # Errors
    /// [`PolicyError::Schema`] if the policies cannot be put together, which is a fault of the build.
    pub fn new(policies: Policies) -> Result<Self, PolicyError> {
        let Policies { policies } = policies;
        let general = |(_, mentions): &&(Policy, Mentions)| !mentions.resource;
        let hides = policies
            .iter()
            .any(|(policy, mentions)| mentions.resource && may_hide(policy));
        let any_tag = policies.iter().any(|(_, mentions)| mentions.any_tag);
        let tags = policies.iter().flat_map(|(_, mentions)| &mentions.tags);
        Ok(Self {
            authorizer: Authorizer::new(),
            general: together(policies.iter().filter(general))?,
            tags: (!any_tag).then(|| tags.cloned().collect()),
            all: together(policies.iter())?,
            hides,
            decided: Cache::new(KEPT),
            open: Cache::new(KEPT),
            evaluations: AtomicU64::new(0),
        })
    }

    /// How often policies were evaluated: decisions that were not at hand.
    #[must_use]
    pub fn evaluations(&self) -> u64 {
        self.evaluations.load(Ordering::Relaxed)
    }

    /// Somebody who calls while these rules hold.
    #[must_use]
    pub fn caller(self: &Arc<Self>, principal: Principal) -> Caller {
        Caller {
            rules: Arc::clone(self),
            principal: Arc::new(principal),
        }
    }

    pub(crate) fn decide(&self, question: &Question<'_>) -> bool {
        self.evaluate(&self.all, question)
    }

    fn evaluate(&self, policies: &PolicySet, question: &Question<'_>) -> bool {
        self.evaluations.fetch_add(1, Ordering::Relaxed);
        let (request, entities) = match question.ask() {
            Ok(asked) => asked,
            Err(error) => return failed(&error),
        };
        let response = self.authorizer.is_authorized(&request, policies, &entities);
        let mut errors = response.diagnostics().errors().peekable();
        if errors.peek().is_some() {
            for error in errors {
                tracing::error!(
                    "a policy cannot be evaluated, so that the call is refused: {error}"
                );
            }
            return false;
        }
        response.decision() == Decision::Allow
    }

    /// Whether the caller may describe everything that the topology could hold: then nothing has to be looked at one by one. A `false` may be wrong, a `true` is
    /// not.
    pub(crate) fn is_open(&self, principal: &Arc<Principal>, topology: &TopologyName) -> bool {
        let key = (Arc::clone(principal), topology.clone());
        if let Some(known) = self.open.get(&key) {
            return known;
        }
        let is_open = !self.hides && self.describes_all(principal, topology);
        self.open.insert(key, is_open);
        is_open
    }

    /// Whether the policies that do not look at the resource let everything be described. They say the same of one resource as of any other.
    fn describes_all(&self, principal: &Principal, topology: &TopologyName) -> bool {
        let Ok(account) = "000000000000".parse::<AccountId>() else {
            return false;
        };
        Kind::ALL.iter().all(|kind| {
            let class = Class {
                kind: *kind,
                account: account.clone(),
                region: None,
                tags: Vec::new(),
            };
            let question = Question {
                principal,
                action: Action::To(Verb::Describe, *kind),
                topology: topology.as_str(),
                class: Some(&class),
            };
            self.evaluate(&self.general, &question)
        })
    }
}

fn failed(error: &Unsayable) -> bool {
    tracing::error!("a call cannot be put before the policies, so that it is refused: {error}");
    false
}

fn together<'p>(
    policies: impl Iterator<Item = &'p (Policy, Mentions)>,
) -> Result<PolicySet, PolicyError> {
    let policies = policies.map(|(policy, _)| policy.clone());
    PolicySet::from_policies(policies).map_err(|error| PolicyError::Schema {
        what: error.to_string(),
    })
}

/// Whether the policy may forbid to describe something.
fn may_hide(policy: &Policy) -> bool {
    let describes = |uid: &cedar_policy::EntityUid| {
        let name = uid.id().unescaped();
        let action = Action::named(name);
        // Whatever is no action is a group.
        action.is_none_or(|action| matches!(action, Action::To(Verb::Describe, _)))
            && !matches!(name, "Change" | "Write")
    };
    policy.effect() == Effect::Forbid
        && match policy.action_constraint() {
            ActionConstraint::Any => true,
            ActionConstraint::In(uids) => uids.iter().any(describes),
            ActionConstraint::Eq(uid) => describes(&uid),
        }
}

// === impl Caller ===

impl Caller {
    /// Who it is.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Whether these are the rules that hold for the call.
    #[must_use]
    pub fn is_under(&self, rules: &Arc<Rules>) -> bool {
        Arc::ptr_eq(&self.rules, rules)
    }

    /// Whether they may do this with the topology of a name, whether or not there is one.
    #[must_use]
    pub fn may(&self, service: Service, topology: &TopologyName) -> bool {
        let key = (Arc::clone(&self.principal), service, topology.clone());
        if let Some(known) = self.rules.decided.get(&key) {
            return known;
        }
        let allowed = self.rules.decide(&Question {
            principal: &self.principal,
            action: Action::Of(service),
            topology: topology.as_str(),
            class: None,
        });
        self.rules.decided.insert(key, allowed);
        allowed
    }

    /// Whether they may do this with topologies whatever their names.
    #[must_use]
    pub fn may_everywhere(&self, service: Service) -> bool {
        self.rules.decide(&Question {
            principal: &self.principal,
            action: Action::Of(service),
            // No topology is called so.
            topology: "*",
            class: None,
        })
    }

    /// Whether the policies let them do this, to a resource that is like this where the action is about one. Nothing of it is kept.
    #[must_use]
    pub fn is_allowed(
        &self,
        action: Action,
        topology: &TopologyName,
        class: Option<&Class>,
    ) -> bool {
        self.rules.decide(&Question {
            principal: &self.principal,
            action,
            topology: topology.as_str(),
            class,
        })
    }

    /// What they may see and do within a topology, for one call.
    #[must_use]
    pub fn within(&self, topology: &TopologyName) -> Sight {
        Sight::new(self.clone(), topology.clone())
    }
}

#[cfg(test)]
mod tests;
