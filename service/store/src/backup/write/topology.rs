//! Writing one topology of a backup.

use causeway_model::change::ChangeSet;
use causeway_model::revision::Revision;
use causeway_model::snapshot::Snapshot;

use super::{ITEMS, Writing, parts};
use crate::backup::digest;
use crate::backup::error::ExportError;
use crate::backup::format::{Kind, MAX_PAYLOAD};
use crate::backup::pieces;
use crate::backup::records::{
    LabelsPart, RequestsPart, RevisionPart, TopologyEndPart, TopologyPart,
};
use crate::port::{Label, Logged, RequestRecord, Store, StoreError, TopologyId, TopologyRecord};
use crate::records::{self, Record, values};

/// Revisions that are asked of a store at once, and the changes that they may have together; one revision may have more.
const REVISIONS: u64 = 256;
const CHANGES: u64 = 4_096;

/// A topology that is written.
pub(super) struct Topology {
    record: TopologyRecord,
    state: Snapshot,
}

impl Topology {
    pub(super) fn new(record: TopologyRecord) -> Self {
        Self {
            record,
            state: Snapshot::default(),
        }
    }

    pub(super) async fn write(mut self, out: &mut Writing<'_>) -> Result<(), ExportError> {
        self.begin(out).await?;
        let requests = self.requests(out).await?;
        let labels = self.labels(out.store).await?;
        let head = self.head(out.store).await?;
        self.log(head, out).await?;
        let count = count(labels.len());
        for part in parts(labels, |part| LabelsPart(part).encode()) {
            out.frame(Kind::Labels, &part).await?;
        }
        let end = TopologyEndPart {
            head,
            requests,
            labels: count,
            resources: self::count(self.state.len()),
            digest: digest::of(&self.state),
        };
        out.frame(Kind::TopologyEnd, &end.encode()).await
    }

    /// Writes what it is, and its oldest state.
    async fn begin(&mut self, out: &mut Writing<'_>) -> Result<(), ExportError> {
        let oldest = self.record.oldest;
        self.state = self.oldest_state(out.store).await?;
        let first = if oldest == Revision::ZERO {
            None
        } else {
            let told = out.store.history(self.record.id, oldest, 1).await;
            let told = told.map_err(|error| self.failed(error))?.into_iter().next();
            let told = told.filter(|logged| logged.revision == oldest);
            Some(told.ok_or_else(|| self.overtaken())?)
        };
        let part = TopologyPart {
            name: self.record.name.clone(),
            description: self.record.description.clone(),
            time: self.record.time,
            origin: self.record.origin.clone(),
            first: first.unwrap_or_else(|| Logged {
                revision: Revision::ZERO,
                note: Default::default(),
                counts: [0, 0],
            }),
            resources: count(self.state.len()),
        };
        out.frame(Kind::Topology, &part.encode()).await?;
        self.resources(out).await
    }

    async fn resources(&self, out: &mut Writing<'_>) -> Result<(), ExportError> {
        if self.state.is_empty() {
            return Ok(());
        }
        let mut body = records::checkpoint_opening();
        for resource in self.state.iter() {
            records::put_checkpoint_resource(&mut body, resource);
            spill(Kind::Resources, &mut body, out).await?;
        }
        rest(Kind::Resources, &body, out).await
    }

    /// Writes the requests, and says how many there are.
    async fn requests(&self, out: &mut Writing<'_>) -> Result<u64, ExportError> {
        let (mut count, mut after) = (0_u64, None::<RequestRecord>);
        loop {
            let key = after.as_ref().map(|request| &request.key);
            let page = out.store.requests(self.record.id, key, ITEMS).await;
            let page = page.map_err(|error| self.failed(error))?;
            let Some(last) = page.last().cloned() else {
                return Ok(count);
            };
            count = count.saturating_add(self::count(page.len()));
            for part in parts(page, |part| RequestsPart(part).encode()) {
                out.frame(Kind::Requests, &part).await?;
            }
            after = Some(last);
        }
    }

    async fn labels(&self, store: &dyn Store) -> Result<Vec<Label>, ExportError> {
        let labels = store.labels(self.record.id).await;
        labels.map_err(|error| self.failed(error))
    }

    /// The head up to which it is written, of the same topology with the same oldest revision.
    async fn head(&self, store: &dyn Store) -> Result<Revision, ExportError> {
        let found = store.find(&self.record.name).await?;
        let found = found.filter(|record| record.id == self.record.id);
        let found = found.ok_or_else(|| self.gone())?;
        if found.oldest == self.record.oldest {
            Ok(found.head)
        } else {
            Err(self.overtaken())
        }
    }

    /// Writes the revisions after the oldest one.
    async fn log(&mut self, head: Revision, out: &mut Writing<'_>) -> Result<(), ExportError> {
        let mut told = self.record.oldest;
        while told < head {
            let newest = Revision(head.0.min(told.0.saturating_add(REVISIONS)));
            let mut logged = self.history(out.store, told, newest).await?;
            while !logged.is_empty() {
                let together = together(&logged);
                let later = logged.split_off(together.min(logged.len()));
                let to = Revision(told.0.saturating_add(count(logged.len())));
                let sets = out.store.read(self.record.id, told, to).await;
                let sets = sets.map_err(|error| self.failed(error))?;
                for (logged, set) in logged.into_iter().zip(sets) {
                    self.revision(logged, &set, out).await?;
                }
                (told, logged) = (to, later);
            }
        }
        Ok(())
    }

    /// What the log tells of the revisions after one and up to another, oldest first, without gaps.
    async fn history(
        &self,
        store: &dyn Store,
        after: Revision,
        to: Revision,
    ) -> Result<Vec<Logged>, ExportError> {
        let limit = usize::try_from(to.0.saturating_sub(after.0)).unwrap_or(usize::MAX);
        let logged = store.history(self.record.id, to, limit).await;
        let mut logged = logged.map_err(|error| self.failed(error))?;
        logged.reverse();
        let expected = (after.0.saturating_add(1)..=to.0).map(Revision);
        if logged.iter().map(|logged| logged.revision).eq(expected) {
            Ok(logged)
        } else {
            Err(self.overtaken())
        }
    }

    async fn revision(
        &mut self,
        logged: Logged,
        set: &ChangeSet,
        out: &mut Writing<'_>,
    ) -> Result<(), ExportError> {
        out.frame(Kind::Revision, &RevisionPart(logged).encode())
            .await?;
        let mut body = pieces::changes_opening(set.changes.len());
        for change in &set.changes {
            values::put_change(&mut body, change);
            spill(Kind::Changes, &mut body, out).await?;
        }
        rest(Kind::Changes, &body, out).await?;
        self.state = self.state.replay(set);
        Ok(())
    }

    /// The state at the oldest revision, which may be another topology's.
    async fn oldest_state(&self, store: &dyn Store) -> Result<Snapshot, ExportError> {
        let (id, oldest) = (self.record.id, self.record.oldest);
        let found = store.checkpoint(id, oldest).await;
        match (
            found.map_err(|error| self.failed(error))?,
            self.record.leans_on,
        ) {
            (Some((revision, state)), _) if revision == oldest => Ok(state),
            (_, Some((of, at))) => match leaned_on(store, of, at).await {
                // What leans on it keeps the other one from being deleted: it is damaged, or both are gone.
                Err(StoreError::NoTopology { .. }) => {
                    self.head(store).await?;
                    Err(self.lacks_its_beginning().into())
                }
                state => state.map_err(|error| self.failed(error)),
            },
            (_, None) if oldest == Revision::ZERO => Ok(Snapshot::default()),
            (_, None) => {
                // What was there a moment ago may have been dropped since; else it is damaged.
                self.head(store).await?;
                Err(self.lacks_its_beginning().into())
            }
        }
    }

    fn lacks_its_beginning(&self) -> StoreError {
        let (name, oldest) = (&self.record.name, self.record.oldest);
        StoreError::Corrupt {
            what: format!("checkpoint of topology `{name}` at revision {oldest}"),
            detail: "it is missing or cannot be read, and nothing older is kept to make it from"
                .to_owned(),
        }
    }

    fn failed(&self, error: StoreError) -> ExportError {
        match error {
            StoreError::NoTopology { .. } => self.gone(),
            StoreError::NoRevision { .. } => self.overtaken(),
            StoreError::NameTaken { .. }
            | StoreError::HeadMoved { .. }
            | StoreError::LeanedOn { .. }
            | StoreError::Labelled { .. }
            | StoreError::NoLabel { .. }
            | StoreError::NoCheckpoint { .. }
            | StoreError::Corrupt { .. }
            | StoreError::Held { .. }
            | StoreError::Io { .. }
            | StoreError::WriteFailed { .. }
            | StoreError::Closed => ExportError::Store(error),
        }
    }

    fn gone(&self) -> ExportError {
        ExportError::NoTopology {
            name: self.record.name.clone(),
        }
    }

    fn overtaken(&self) -> ExportError {
        ExportError::Overtaken {
            name: self.record.name.clone(),
        }
    }
}

/// How many revisions are read together: one, or several that have few changes.
fn together(logged: &[Logged]) -> usize {
    let mut changes = 0_u64;
    let small = logged.iter().take_while(|logged| {
        let [put, deleted] = logged.counts;
        changes = changes.saturating_add(put).saturating_add(deleted);
        changes <= CHANGES
    });
    small.count().max(1)
}

/// The state of a topology that a fork leans on; it may be a fork that leans on another one.
async fn leaned_on(
    store: &dyn Store,
    mut of: TopologyId,
    mut at: Revision,
) -> Result<Snapshot, StoreError> {
    let topologies = store.list().await?;
    let (mut way, mut state) = (Vec::new(), Snapshot::default());
    loop {
        if let Some((revision, found)) = store.checkpoint(of, at).await? {
            way.push((of, revision, at));
            state = found;
            break;
        }
        way.push((of, Revision::ZERO, at));
        let record = topologies.iter().find(|record| record.id == of);
        let record = record.ok_or(StoreError::NoTopology { id: of })?;
        match record.leans_on {
            Some(next) => (of, at) = next,
            None => break,
        }
    }
    while let Some((id, mut after, to)) = way.pop() {
        while after < to {
            let next = Revision(to.0.min(after.0.saturating_add(REVISIONS)));
            let sets = store.read(id, after, next).await?;
            state = sets.iter().fold(state, |state, set| state.replay(set));
            after = next;
        }
    }
    Ok(state)
}

/// Writes the frames of a long record that are full.
async fn spill(kind: Kind, body: &mut Vec<u8>, out: &mut Writing<'_>) -> Result<(), ExportError> {
    if body.len() < MAX_PAYLOAD {
        return Ok(());
    }
    let full = body.len() - body.len() % MAX_PAYLOAD;
    let left = body.split_off(full);
    let full = std::mem::replace(body, left);
    rest(kind, &full, out).await
}

/// Writes the last frames of a long record.
async fn rest(kind: Kind, body: &[u8], out: &mut Writing<'_>) -> Result<(), ExportError> {
    for payload in body.chunks(MAX_PAYLOAD) {
        out.frame(kind, payload).await?;
    }
    Ok(())
}

fn count(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX)
}
