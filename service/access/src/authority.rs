//! The rules that hold now: another set takes their place while calls are under way, which keep those that they began with.

use std::sync::{Arc, PoisonError, RwLock};

use crate::rules::Rules;

/// The rules that hold now.
#[derive(Debug)]
pub struct Authority(RwLock<Arc<Rules>>);

// === impl Authority ===

impl Authority {
    /// One that begins with these.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self(RwLock::new(Arc::new(rules)))
    }

    /// The rules that hold now.
    #[must_use]
    pub fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on these hold, for calls that begin after this.
    pub fn replace(&self, rules: Rules) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
    }
}
