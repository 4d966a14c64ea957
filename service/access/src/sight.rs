//! What a caller may see and do within a topology, decided once for all resources that are alike.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hash as _, Hasher as _, RandomState};
use std::sync::{Mutex, PoisonError};

use causeway_model::ids::{AccountId, Region};
use causeway_model::resource::{Kind, Resource};
use causeway_model::revision::TopologyName;

use crate::action::{Action, Verb};
use crate::entities::Question;
use crate::rules::Caller;

/// Decisions that one call keeps.
const KEPT: usize = 65_536;

/// What policies can know of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// Its kind.
    pub kind: Kind,
    /// Its account.
    pub account: AccountId,
    /// Its Region; none for what is global.
    pub region: Option<Region>,
    /// Its tags, those that policies look at.
    pub tags: Vec<(String, String)>,
}

/// What a caller may see and do within a topology, for one call.
#[derive(Debug)]
pub struct Sight {
    caller: Caller,
    topology: TopologyName,
    is_open: bool,
    hasher: RandomState,
    decided: Mutex<Decided>,
}

/// Decisions, by a hash of what they are about; what is equal in that is compared.
#[derive(Debug, Default)]
struct Decided {
    by_hash: BTreeMap<u64, Vec<(Verb, Class, bool)>>,
    count: usize,
}

// === impl Sight ===

impl Sight {
    pub(crate) fn new(caller: Caller, topology: TopologyName) -> Self {
        let is_open = caller.rules.is_open(&caller.principal, &topology);
        Self {
            caller,
            topology,
            is_open,
            hasher: RandomState::new(),
            decided: Mutex::default(),
        }
    }

    /// Who sees.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The topology.
    #[must_use]
    pub fn topology(&self) -> &TopologyName {
        &self.topology
    }

    /// Whether the caller may see everything that the topology holds or could hold.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Whether the caller may see the resource.
    #[must_use]
    pub fn shows(&self, resource: &Resource) -> bool {
        self.is_open || self.may(Verb::Describe, resource)
    }

    /// Whether the caller may do this with the resource.
    #[must_use]
    pub fn may(&self, verb: Verb, resource: &Resource) -> bool {
        let hash = self.hash(verb, resource);
        let mut decided = self.decided.lock().unwrap_or_else(PoisonError::into_inner);
        let known = decided.by_hash.get(&hash).into_iter().flatten();
        let known = known.filter(|(known, class, _)| *known == verb && self.is_of(class, resource));
        if let Some((.., allowed)) = known.last() {
            return *allowed;
        }
        let class = self.class(resource);
        let allowed = self.caller.rules.decide(&Question {
            principal: &self.caller.principal,
            action: Action::To(verb, resource.kind()),
            topology: self.topology.as_str(),
            class: Some(&class),
        });
        if decided.count >= KEPT {
            *decided = Decided::default();
        }
        decided.count = decided.count.saturating_add(1);
        let alike = decided.by_hash.entry(hash).or_default();
        alike.push((verb, class, allowed));
        allowed
    }

    fn class(&self, resource: &Resource) -> Class {
        let tags = self.tags(resource);
        Class {
            kind: resource.kind(),
            account: resource.owner_id.clone(),
            region: resource.region.clone(),
            tags: tags
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        }
    }

    fn is_of(&self, class: &Class, resource: &Resource) -> bool {
        let tags = class.tags.iter();
        class.kind == resource.kind()
            && class.account == resource.owner_id
            && class.region == resource.region
            && tags
                .map(|(key, value)| (key.as_str(), value.as_str()))
                .eq(self.tags(resource))
    }

    fn hash(&self, verb: Verb, resource: &Resource) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        (verb, resource.kind(), &resource.owner_id, &resource.region).hash(&mut hasher);
        self.tags(resource).for_each(|tag| tag.hash(&mut hasher));
        hasher.finish()
    }

    /// The tags that policies look at.
    fn tags<'r>(&'r self, resource: &'r Resource) -> impl Iterator<Item = (&'r str, &'r str)> {
        let wanted = self.caller.rules.tags.as_ref();
        let tags = resource.tags.iter();
        tags.map(|tag| (tag.key.as_str(), tag.value.as_str()))
            .filter(move |(key, _)| wanted.is_none_or(|wanted| wanted.contains(*key)))
    }
}
