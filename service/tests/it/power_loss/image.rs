//! What a directory must hold that a disk kept when its power was lost.

use std::path::Path;
use std::sync::Arc;

use causeway_engine::{Consistency, Engine, Filter, Limits};
use causeway_model::revision::{Revision, TopologyName};
use causeway_store::{Logged, SledStore, Store, StoreError, TopologyRecord};

use crate::harness::TestClock;
use crate::load::{self, Forked, KEPT, LABEL, Ledger};

/// An image, and what must be in it.
struct Image<'a> {
    store: Arc<SledStore>,
    ledger: &'a Ledger,
    /// The moment at which the power was lost.
    moment: u64,
    about: &'a str,
}

/// That a store opens and holds what was acknowledged before a moment.
pub(super) async fn verify(image: &Path, ledger: &Ledger, moment: u64, about: &str) {
    if !image.join("db").exists() {
        let is_any = ledger.acknowledged.iter().any(|(.., at)| *at <= moment);
        assert!(!is_any, "{about}: there is no store");
        return;
    }
    let report = once_free(|| SledStore::check(image));
    let report = report.unwrap_or_else(|error| panic!("{about}: {error}"));
    assert_eq!(report.faults, [], "{about}");
    let store = Arc::new(once_free(|| SledStore::open(image)).unwrap());
    let image = Image {
        store,
        ledger,
        moment,
        about,
    };
    for topology in ledger.revisions.keys() {
        image.verify_topology(topology).await;
    }
    let engine = Engine::new(
        Arc::clone(&image.store) as _,
        Arc::new(TestClock),
        Limits::default(),
    );
    for (name, fork) in &ledger.forks {
        if fork.is_there(moment) {
            image.verify_fork(&engine, name, fork).await;
        }
    }
}

/// Does it again while the directory is held: a child that another test is just starting has the lock until it runs its own program.
fn once_free<T>(mut attempt: impl FnMut() -> Result<T, StoreError>) -> Result<T, StoreError> {
    for _ in 0..100_000 {
        match attempt() {
            Err(StoreError::Held { .. }) => std::thread::yield_now(),
            outcome => return outcome,
        }
    }
    attempt()
}

// === impl Image ===

impl Image<'_> {
    /// The newest revision of a topology that was acknowledged.
    fn acknowledged(&self, topology: &str) -> u64 {
        let before = self
            .ledger
            .acknowledged
            .iter()
            .filter(|(name, _, at)| *name == topology && *at <= self.moment);
        before.map(|(_, revision, _)| *revision).max().unwrap_or(0)
    }

    async fn verify_topology(&self, topology: &str) {
        let about = self.about;
        let expected = self.acknowledged(topology);
        let name: TopologyName = topology.parse().unwrap();
        let Some(found) = self.store.find(&name).await.unwrap() else {
            assert_eq!(expected, 0, "{about}: `{topology}` is lost");
            return;
        };
        let Revision(head) = found.head;
        assert!(
            head >= expected,
            "{about}: `{topology}` was acknowledged up to {expected}, the head is {head}"
        );
        let history = self.store.history(found.id, found.head, usize::MAX).await;
        self.verify_history(topology, &found, &history.unwrap());
        if topology == LABEL.1 {
            self.verify_label(&found).await;
        }
    }

    /// That the newest revisions are there without a gap, each as it was asked for.
    fn verify_history(&self, topology: &str, found: &TopologyRecord, history: &[Logged]) {
        let about = self.about;
        let numbers = history.iter().map(|logged| logged.revision.0);
        let first = found.oldest.0.max(1);
        assert!(
            numbers.rev().eq(first..=found.head.0),
            "{about}: `{topology}` has a gap between {first} and {}",
            found.head
        );
        assert!(
            first <= found.head.0.saturating_sub(KEPT - 1).max(1),
            "{about}: `{topology}` begins at {first}, and its head is {}",
            found.head
        );
        for logged in history {
            let Revision(number) = logged.revision;
            // What was never answered and is not there after the last start is known to nobody.
            if let Some(write) = self.ledger.revisions[topology].get(&number) {
                assert_eq!(
                    logged.note.message,
                    write.id(),
                    "{about}: `{topology}` at {number}"
                );
            }
        }
    }

    /// That the label has moved as far as was acknowledged, and holds the history.
    async fn verify_label(&self, found: &TopologyRecord) {
        let about = self.about;
        let moves = self.ledger.labelled.acknowledged.iter();
        let before = moves.filter(|(_, at)| *at <= self.moment);
        let Some(expected) = before.map(|(revision, _)| *revision).max() else {
            return;
        };
        let labels = self.store.labels(found.id).await.unwrap();
        let label = labels.iter().find(|label| label.name.as_str() == LABEL.0);
        let label = label.unwrap_or_else(|| panic!("{about}: the label is lost"));
        let Revision(at) = label.revision;
        assert!(
            at >= expected && at <= found.head.0 && found.oldest <= label.revision,
            "{about}: the label was put at {expected}, and is at {at} of {} to {}",
            found.oldest,
            found.head
        );
    }

    /// That a topology which was there is there, with what it began with.
    async fn verify_fork(&self, engine: &Engine, name: &str, fork: &Forked) {
        let (about, everything) = (self.about, (None, usize::MAX));
        let listed = engine
            .list_resources(
                &name.parse().unwrap(),
                Consistency::Exact(Revision::ZERO),
                Filter::default(),
                everything,
            )
            .await
            .unwrap_or_else(|error| panic!("{about}: `{name}`: {error}: {fork:?}"));
        let resources = listed.resources.iter();
        let held = resources.map(|resource| causeway_grpc::render_resource(resource));
        assert!(
            load::by_id(held) == fork.beginning(self.ledger),
            "{about}: `{name}` began with {:?}: {fork:?}",
            listed.resources
        );
    }
}
