//! What the engine asks of access: what a caller may see and change in a topology.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use causeway_access::{Action, Caller, Service, Sight, Verb};
use causeway_engine::{Deed, Guard};
use causeway_model::resource::Resource;
use causeway_model::revision::TopologyName;

/// The actions that a call made use of.
#[derive(Debug, Clone, Default)]
pub(super) struct Used(Arc<Mutex<BTreeSet<&'static str>>>);

/// A caller within a topology.
#[derive(Debug)]
pub(super) struct Guarded {
    sight: Sight,
    used: Used,
}

/// A caller among topologies.
#[derive(Debug)]
pub(super) struct Listing(pub(super) Caller);

// === impl Used ===

impl Used {
    fn note(&self, action: Action) {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        used.insert(action.name());
    }

    pub(super) fn told(&self) -> String {
        let used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let used: Vec<&str> = used.iter().copied().collect();
        used.join(",")
    }
}

// === impl Guarded ===

impl Guarded {
    pub(super) fn new(sight: Sight, used: Used) -> Self {
        Self { sight, used }
    }
}

impl Guard for Guarded {
    fn is_open(&self) -> bool {
        self.sight.is_open()
    }

    fn shows(&self, resource: &Resource) -> bool {
        self.sight.shows(resource)
    }

    fn lists(&self, topology: &TopologyName) -> bool {
        self.sight.caller().may(Service::ReadTopology, topology)
    }

    fn allows(&self, deed: Deed, resource: &Resource) -> Result<(), &'static str> {
        let verb = match deed {
            Deed::Create => Verb::Create,
            Deed::Modify => Verb::Modify,
            Deed::Delete => Verb::Delete,
        };
        let action = Action::To(verb, resource.kind());
        if self.sight.may(verb, resource) {
            self.used.note(action);
            Ok(())
        } else {
            Err(action.name())
        }
    }
}

// === impl Listing ===

impl Guard for Listing {
    fn is_open(&self) -> bool {
        true
    }

    fn shows(&self, _resource: &Resource) -> bool {
        true
    }

    fn lists(&self, topology: &TopologyName) -> bool {
        self.0.may(Service::ReadTopology, topology)
    }

    fn allows(&self, _deed: Deed, _resource: &Resource) -> Result<(), &'static str> {
        Err(Action::Of(Service::ReadTopology).name())
    }
}
