//! Exports while others write: a topology is in the backup as it was at one revision, or there is no backup.

use std::io;

use causeway_model::revision::Revision;
use causeway_store::backup::{self, Selection, Sink, Taking};
use causeway_store::{Append, MemoryStore, Store, TopologyId};

use crate::support::{TestResult, append, name, new, puts, request, snapshot};

/// Does something to the store when it is given the first bytes, which is before the log is begun.
struct Meddling<'a> {
    store: &'a MemoryStore,
    id: TopologyId,
    what: What,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum What {
    Append,
    Trim,
    Delete,
    Nothing,
}

impl Meddling<'_> {
    async fn meddle(&mut self) -> TestResult {
        match std::mem::replace(&mut self.what, What::Nothing) {
            What::Append => {
                let append = Append {
                    request: Some(request("meanwhile")),
                    ..append(self.id, 2)?
                };
                self.store.append(append).await?;
            }
            What::Trim => {
                let state = snapshot(0..20_000)?;
                self.store
                    .put_checkpoint(self.id, Revision(2), state)
                    .await?;
                self.store.trim(self.id, Revision(2)).await?;
            }
            What::Delete => self.store.delete(self.id, None).await?,
            What::Nothing => {}
        }
        Ok(())
    }
}

impl Sink for Meddling<'_> {
    fn take(&mut self, bytes: Vec<u8>) -> Taking<'_> {
        Box::pin(async move {
            self.bytes.extend(bytes);
            self.meddle().await.map_err(io::Error::other)
        })
    }
}

/// What becomes of an export of a large state, with a short log after it.
async fn export(store: &MemoryStore, what: What) -> TestResult<Result<Vec<u8>, String>> {
    let id = store.create(new("acme")?).await?.id;
    let first = Append {
        changes: puts(0..20_000)?,
        ..append(id, 0)?
    };
    store.append(first).await?;
    store.append(append(id, 1)?).await?;
    store
        .put_checkpoint(id, Revision(1), snapshot(0..20_000)?)
        .await?;
    store.trim(id, Revision(1)).await?;
    let mut sink = Meddling {
        store,
        id,
        what,
        bytes: Vec::new(),
    };
    let written = backup::write(store, &Selection::All, &mut sink).await;
    assert_eq!(
        sink.what,
        What::Nothing,
        "the first bytes come before the log"
    );
    Ok(written
        .map(|()| sink.bytes)
        .map_err(|error| error.to_string()))
}

#[tokio::test]
async fn what_is_appended_meanwhile_is_in_it_with_its_request_or_not_at_all() -> TestResult {
    let store = MemoryStore::new();
    let bytes = export(&store, What::Append).await??;
    let restored = MemoryStore::new();
    backup::restore(&mut bytes.as_slice(), &restored, &Selection::All).await?;
    let acme = restored.find(&name("acme")?).await?.ok_or("not there")?;
    let found = restored.request(acme.id, &request("meanwhile").key).await?;
    assert_eq!(
        (acme.head, found.map(|found| found.revision)),
        (Revision(3), Some(Revision(3)))
    );
    Ok(())
}

#[tokio::test]
async fn old_revisions_that_are_dropped_meanwhile_end_it() -> TestResult {
    let ended = export(&MemoryStore::new(), What::Trim).await?;
    assert_eq!(
        ended,
        Err(
            "old revisions of topology `acme` were dropped while it was exported; export again"
                .to_owned()
        )
    );
    Ok(())
}

#[tokio::test]
async fn a_topology_that_is_deleted_meanwhile_ends_it() -> TestResult {
    let ended = export(&MemoryStore::new(), What::Delete).await?;
    assert_eq!(
        ended,
        Err("topology `acme` does not exist, or was deleted meanwhile".to_owned())
    );
    Ok(())
}
