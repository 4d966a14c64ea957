//! How much one principal has under way.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use causeway_access::Principal;

/// Calls under way, by principal. Who has none is not in it, so that it is no larger than what is under way.
#[derive(Debug, Default)]
pub(super) struct Quotas {
    counts: Mutex<BTreeMap<Principal, usize>>,
}

/// One call of a principal, until it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    quotas: Arc<Quotas>,
    principal: Principal,
}

// === impl Quotas ===

impl Quotas {
    /// Nothing if the principal has as many already.
    pub(super) fn take(self: &Arc<Self>, principal: Principal, maximum: usize) -> Option<Share> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.get(&principal).copied().unwrap_or(0);
        if count >= maximum {
            return None;
        }
        counts.insert(principal.clone(), count + 1);
        Some(Share {
            quotas: Arc::clone(self),
            principal,
        })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut counts = self
            .quotas
            .counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match counts.get_mut(&self.principal) {
            Some(count) if *count > 1 => *count -= 1,
            Some(_) | None => drop(counts.remove(&self.principal)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use causeway_access::Principal;

    use super::Quotas;

    #[test]
    fn each_principal_has_its_own_and_gets_it_back() {
        let quotas = Arc::<Quotas>::default();
        let [portal, batch] = ["portal", "batch"].map(|name| Principal::Token(name.to_owned()));
        let shares = [1, 2].map(|_| quotas.take(portal.clone(), 2).unwrap());
        assert!(quotas.take(portal.clone(), 2).is_none());
        let other = quotas.take(batch, 2);
        assert!(other.is_some());
        drop(shares);
        assert!(quotas.take(portal, 2).is_some());
        drop(other);
        assert!(quotas.counts.lock().unwrap().is_empty());
    }
}
