//! A label that moves on with a topology, so that history is held, and let go, by it.

use std::sync::Arc;

use causeway_client::{At, Client};
use tokio::task::JoinSet;

use super::{SharedLedger, held, lock};

/// The label, and the topology that has it.
pub(crate) const LABEL: (&str, &str) = ("pin", "small");

/// Where the label was asked to be.
#[derive(Debug, Default)]
pub(crate) struct Labelled {
    asked: u64,
    /// Revision and moment of each acknowledgement, as they came. It never goes back.
    pub(crate) acknowledged: Vec<(u64, u64)>,
}

/// Starts who moves the label.
pub(super) fn start(
    writers: &mut JoinSet<()>,
    client: &Client,
    ledger: &SharedLedger,
    now: impl Fn() -> u64 + Send + Sync + 'static,
) {
    let (client, ledger) = (client.clone(), Arc::clone(ledger));
    writers.spawn(async move { while move_on(&client, &ledger, &now).await.is_some() {} });
}

async fn move_on(client: &Client, ledger: &SharedLedger, now: impl Fn() -> u64) -> Option<()> {
    let (label, topology) = LABEL;
    let newest = {
        let mut ledger = lock(ledger);
        ledger.labelled.asked = ledger.newest(topology);
        ledger.labelled.asked
    };
    let set = client.set_label(topology, label, newest).await.ok()?;
    assert_eq!(set.revision, newest);
    let moment = now();
    lock(ledger).labelled.acknowledged.push((newest, moment));
    Some(())
}

/// That the label is where it was put last, or where it was asked to be and nobody heard; what it is at is taken into the ledger.
pub(super) async fn verify(client: &Client, ledger: &SharedLedger) {
    let (label, topology) = LABEL;
    let listed = client.list_labels(topology).await.unwrap();
    let found = listed.iter().find(|one| one.label == label);
    let found = found.map(|one| one.revision);
    let expected = {
        let mut ledger = lock(ledger);
        let labelled = &mut ledger.labelled;
        let acknowledged = labelled.acknowledged.last().map(|(revision, _)| *revision);
        assert!(
            found == acknowledged || found == Some(labelled.asked),
            "`{label}` is at {found:?}, put at {acknowledged:?}, asked to be at {}",
            labelled.asked
        );
        labelled
            .acknowledged
            .extend(found.map(|revision| (revision, u64::MAX)));
        found.map(|revision| ledger.state(topology, revision))
    };
    if let Some(expected) = expected {
        let held = held(client, topology, At::label(label)).await;
        assert!(held == expected, "`{label}` at {found:?} is {held:?}");
    }
}
