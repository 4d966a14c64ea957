//! A store that has one of everything that a backup can hold.

use causeway_model::change::{Change, ChangeSet};
use causeway_model::revision::Revision;
use causeway_store::{Append, Base, Label, NewTopology, Store};

use crate::samples;
use crate::support::{TestResult, append, grown, name, new, puts, request, snapshot, time};

/// Fills a store.
pub(super) async fn fill(store: &dyn Store) -> TestResult {
    acme(store).await?;
    store.create(new("empty")?).await?;
    trimmed(store).await?;
    large(store).await?;
    fork(store).await?;
    let gone = grown(store, "gone", 2).await?;
    store.delete(gone.id, Some(request("deletes gone"))).await?;
    Ok(())
}

/// Resources of every kind, a deletion, requests, labels.
pub(super) async fn acme(store: &dyn Store) -> TestResult {
    let new = NewTopology {
        request: Some(request("creates acme")),
        ..new("acme")?
    };
    let id = store.create(new).await?.id;
    let every_kind = samples::every_kind()?.into_iter().map(Change::put);
    let changes = ChangeSet {
        changes: every_kind.collect(),
    };
    let appends = [
        Append {
            changes,
            counts: [32, 0],
            ..append(id, 0)?
        },
        Append {
            request: Some(request("appends")),
            ..append(id, 1)?
        },
        append(id, 2)?,
        Append {
            changes: ChangeSet {
                changes: vec![Change::Delete(samples::subnet(2)?.id().clone())],
            },
            counts: [0, 1],
            ..append(id, 3)?
        },
        Append {
            changes: puts([2, 3, 4])?,
            counts: [3, 0],
            ..append(id, 4)?
        },
    ];
    for append in appends {
        store.append(append).await?;
    }
    for (text, revision) in [("before-the-move", 2), ("v1.0", 5)] {
        store.set_label(id, label(text, revision)?, None).await?;
    }
    Ok(())
}

/// A history that begins with a state.
pub(super) async fn trimmed(store: &dyn Store) -> TestResult {
    let id = grown(store, "trimmed", 4).await?.id;
    store
        .put_checkpoint(id, Revision(3), snapshot(0..3)?)
        .await?;
    store.trim(id, Revision(3)).await?;
    Ok(store.set_label(id, label("oldest", 3)?, None).await?)
}

/// A change set of many changes.
async fn large(store: &dyn Store) -> TestResult {
    let id = store.create(new("large")?).await?.id;
    let changes = puts(0..50)?;
    let append = Append {
        changes,
        counts: [50, 0],
        ..append(id, 0)?
    };
    store.append(append).await?;
    Ok(())
}

/// What leans on another topology.
pub(super) async fn fork(store: &dyn Store) -> TestResult {
    let of = store.find(&name("trimmed")?).await?.ok_or("not there")?;
    let fork = NewTopology {
        base: Base::Fork {
            of: of.id,
            at: Revision(4),
        },
        ..new("fork")?
    };
    let id = store.create(fork).await?.id;
    let append = Append {
        changes: ChangeSet {
            changes: vec![Change::put(samples::subnet(2)?)],
        },
        ..append(id, 0)?
    };
    store.append(append).await?;
    Ok(())
}

pub(super) fn label(text: &str, revision: u64) -> TestResult<Label> {
    Ok(Label {
        name: text.parse()?,
        revision: Revision(revision),
        time: time(7),
    })
}
