//! The store on disk, in sled, with the care that sled 0.34 asks for.
//!
//! One thread writes and syncs; reads block and run on threads that may; the heads and the names are in memory. What is visible
//! is durable, and what is durable stays. Nobody outside of this room knows that it is sled.

mod batch;
mod build;
mod check;
mod checkpoints;
mod chunks;
mod forget;
mod inventory;
mod keys;
mod load;
mod lock;
mod open;
mod read;
mod requests;
mod stage;
mod sweep;
mod witness;
mod writer;

pub use self::build::Building;

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::thread::JoinHandle;
use std::time::Instant;

use async_trait::async_trait;
use causeway_model::change::ChangeSet;
use causeway_model::revision::{LabelName, Revision, Timestamp, TopologyName};
use causeway_model::snapshot::Snapshot;
use keys::Key;
use lock::DirectoryLock;
use stage::{Creation, Job, Keep, Prepared, Reply};
use tokio::sync::{mpsc, oneshot};
use witness::Witness;
use writer::{Sync, Writer};

use crate::catalogue::{Catalogue, Effect};
use crate::causes::with_causes;
use crate::observer::{Observer, Unobserved};
use crate::port::{
    Append, Appended, Deletion, Label, Logged, NewTopology, RequestKey, RequestRecord, Store,
    StoreError, TopologyId, TopologyRecord,
};
use crate::report::Report;

/// The most writes that wait for the writer; past it, who writes waits.
const MAX_QUEUED: usize = 1024;

/// Change sets up to this size are encoded where they come in.
const SMALL: usize = 16;

/// Keeps topologies in a directory, which one process holds at a time.
///
/// Dropping it finishes what was asked of it, and waits for that.
pub struct SledStore {
    directory: PathBuf,
    shared: Arc<Shared>,
    jobs: mpsc::Sender<Job>,
    writer: Option<JoinHandle<()>>,
    observer: Arc<dyn Observer>,
}

/// What readers and the writer share.
struct Shared {
    db: sled::Db,
    /// What is durable.
    catalogue: RwLock<Catalogue>,
    /// Keys of requests that are written but not durable yet, or never will be.
    hidden: Mutex<BTreeSet<Key>>,
    /// The last to be dropped: the database must be closed by then.
    _lock: DirectoryLock,
}

impl SledStore {
    /// Opens the store in a directory, and creates both if need be. It blocks, for a large store some seconds.
    ///
    /// # Errors
    /// [`StoreError::Held`] if another process holds the directory, [`StoreError::Io`] if it cannot be used,
    /// [`StoreError::Corrupt`] if the database as a whole is damaged. A topology that is damaged is found out when it is used.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        Self::open_observed(directory, Arc::new(Unobserved))
    }

    /// The same with somebody who is told how it is doing.
    ///
    /// # Errors
    /// As [`SledStore::open`].
    pub fn open_observed(
        directory: &Path,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, StoreError> {
        Self::open_as(directory, |sync| sync, observer)
    }

    /// Opens the store in a directory that has one.
    ///
    /// # Errors
    /// As [`SledStore::open`], and [`StoreError::Io`] if there is no store in it.
    pub fn open_existing(directory: &Path) -> Result<Self, StoreError> {
        open::find_database(directory)?;
        Self::open(directory)
    }

    /// Walks the whole store in a directory that nobody else holds, and tells what is there and what is wrong with it. It blocks,
    /// and takes memory for one snapshot. Nothing of what is stored is changed, beside what opening a database puts in order.
    ///
    /// # Errors
    /// [`StoreError::Held`] if another process holds the directory, [`StoreError::Io`] if there is no store in it or it cannot be
    /// read, [`StoreError::Corrupt`] if the database as a whole is damaged.
    pub fn check(directory: &Path) -> Result<Report, StoreError> {
        open::find_database(directory)?;
        let _lock = DirectoryLock::take(directory)?;
        open::delete_unfinished_snapshots(directory)?;
        open::delete_torn_settings(directory)?;
        check::walk(&open::database(directory)?, &witness::read(directory))
    }

    /// Opens the store with another way to make things durable.
    fn open_with(directory: &Path, sync: impl FnOnce(Sync) -> Sync) -> Result<Self, StoreError> {
        Self::open_as(directory, sync, Arc::new(Unobserved))
    }

    fn open_as(
        directory: &Path,
        sync: impl FnOnce(Sync) -> Sync,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, StoreError> {
        let is_new = open::create_directory(directory)?;
        let lock = DirectoryLock::take(directory)?;
        open::delete_unfinished_snapshots(directory)?;
        open::delete_torn_settings(directory)?;
        open::sync_before_opening(directory)?;
        let db = open::database(directory)?;
        let durably = durably(&db, open::database_file(directory)?);
        open::sync_directory(directory, is_new)?;
        let seen = witness::read(directory);
        let catalogue = inventory::catalogue(&db, &seen)?;
        let witness = Witness::start(directory, seen, &catalogue);
        let shared = Arc::new(Shared {
            db,
            catalogue: RwLock::new(catalogue),
            hidden: Mutex::default(),
            _lock: lock,
        });
        sweep::clean(&shared)?;
        let sweeps = sweep::left(&shared)?;
        let (jobs, queue) = mpsc::channel(MAX_QUEUED);
        let synced = (sync(durably), witness);
        let told = Arc::clone(&observer);
        let writer = Writer::new(Arc::clone(&shared), queue, synced, sweeps, told);
        let thread = std::thread::Builder::new().name("causeway-store".to_owned());
        let writer = thread
            .spawn(|| writer.run())
            .map_err(|source| io("start the writer's thread".to_owned(), source))?;
        Ok(Self {
            directory: directory.to_owned(),
            shared,
            jobs,
            writer: Some(writer),
            observer,
        })
    }

    /// Sends a job to the writer and waits for its answer.
    async fn submit<T>(&self, job: impl FnOnce(Reply<T>) -> Job) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.jobs
            .send(job(reply))
            .await
            .map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Sends a job about what is kept to the writer and waits for its answer.
    async fn keep<T>(&self, keep: impl FnOnce(Reply<T>) -> Keep) -> Result<T, StoreError> {
        self.submit(|reply| Job::Keep(keep(reply))).await
    }

    /// Does something that blocks with what readers share.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = Arc::clone(&self.shared);
        tokio::task::spawn_blocking(move || work(&shared))
            .await
            .map_err(|source| io("finish a task of the store".to_owned(), source))?
    }
}

impl fmt::Debug for SledStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SledStore")
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        // The writer ends when the last sender is gone, and what was sent is done.
        self.jobs = mpsc::channel(1).0;
        if let Some(writer) = self.writer.take() {
            drop(writer.join());
        }
    }
}

#[async_trait]
impl Store for SledStore {
    async fn create(&self, new: NewTopology) -> Result<TopologyRecord, StoreError> {
        let new = Box::new(Creation::new(new)?);
        self.submit(|reply| Job::Create { new, reply }).await
    }

    async fn find(&self, name: &TopologyName) -> Result<Option<TopologyRecord>, StoreError> {
        self.shared.catalogue().find(name)
    }

    async fn list(&self) -> Result<Vec<TopologyRecord>, StoreError> {
        Ok(self.shared.catalogue().list())
    }

    async fn damaged(&self) -> Result<Vec<TopologyName>, StoreError> {
        Ok(self.shared.catalogue().damaged())
    }

    async fn delete(
        &self,
        id: TopologyId,
        request: Option<RequestRecord>,
    ) -> Result<(), StoreError> {
        stage::check_request(request.as_ref())?;
        self.submit(|reply| Job::Delete { id, request, reply })
            .await
    }

    async fn deletion(
        &self,
        name: &TopologyName,
        key: &RequestKey,
    ) -> Result<Option<RequestRecord>, StoreError> {
        let (name, key) = (name.clone(), key.clone());
        self.blocking(move |shared| shared.deletion(&name, &key))
            .await
    }

    async fn append(&self, append: Append) -> Result<Appended, StoreError> {
        let begun = Instant::now();
        // A small set is encoded in less time than another thread takes to wake up.
        let append = if append.changes.changes.len() <= SMALL {
            Prepared::new(append)?
        } else {
            self.blocking(|_| Prepared::new(append)).await?
        };
        let appended = self
            .submit(|reply| Job::Append {
                append: Box::new(append),
                reply,
            })
            .await?;
        self.observer.appended(begun.elapsed());
        Ok(appended)
    }

    async fn read(
        &self,
        id: TopologyId,
        after: Revision,
        to: Revision,
    ) -> Result<Vec<ChangeSet>, StoreError> {
        self.blocking(move |shared| shared.changes(id, after, to))
            .await
    }

    async fn history(
        &self,
        id: TopologyId,
        newest: Revision,
        limit: usize,
    ) -> Result<Vec<Logged>, StoreError> {
        self.blocking(move |shared| shared.history(id, newest, limit))
            .await
    }

    async fn put_checkpoint(
        &self,
        id: TopologyId,
        revision: Revision,
        snapshot: Snapshot,
    ) -> Result<(), StoreError> {
        let jobs = self.jobs.clone();
        self.blocking(move |shared| checkpoints::write(shared, &jobs, (id, revision), &snapshot))
            .await
    }

    async fn checkpoint(
        &self,
        id: TopologyId,
        at: Revision,
    ) -> Result<Option<(Revision, Snapshot)>, StoreError> {
        self.blocking(move |shared| shared.newest_checkpoint(id, at))
            .await
    }

    async fn checkpoints(&self, id: TopologyId) -> Result<Vec<Revision>, StoreError> {
        self.blocking(move |shared| shared.checkpoints(id)).await
    }

    async fn drop_checkpoint(&self, id: TopologyId, revision: Revision) -> Result<(), StoreError> {
        self.keep(|reply| Keep::DropCheckpoint {
            id,
            revision,
            reply,
        })
        .await
    }

    async fn trim(&self, id: TopologyId, oldest: Revision) -> Result<(), StoreError> {
        let jobs = self.jobs.clone();
        self.blocking(move |shared| checkpoints::trim(shared, &jobs, id, oldest))
            .await
    }

    async fn set_label(
        &self,
        id: TopologyId,
        label: Label,
        request: Option<RequestRecord>,
    ) -> Result<(), StoreError> {
        stage::check_request(request.as_ref())?;
        self.keep(|reply| Keep::SetLabel {
            id,
            label,
            request,
            reply,
        })
        .await
    }

    async fn delete_label(
        &self,
        id: TopologyId,
        name: &LabelName,
        request: Option<RequestRecord>,
    ) -> Result<(), StoreError> {
        stage::check_request(request.as_ref())?;
        let name = name.clone();
        self.keep(|reply| Keep::DeleteLabel {
            id,
            name,
            request,
            reply,
        })
        .await
    }

    async fn labels(&self, id: TopologyId) -> Result<Vec<Label>, StoreError> {
        self.shared.catalogue().labels(id)
    }

    async fn request(
        &self,
        id: TopologyId,
        key: &RequestKey,
    ) -> Result<Option<RequestRecord>, StoreError> {
        let key = key.clone();
        self.blocking(move |shared| shared.request(id, &key)).await
    }

    async fn requests(
        &self,
        id: TopologyId,
        after: Option<&RequestKey>,
        limit: usize,
    ) -> Result<Vec<RequestRecord>, StoreError> {
        let after = after.cloned();
        self.blocking(move |shared| shared.requests(id, after.as_ref(), limit))
            .await
    }

    async fn put_requests(
        &self,
        id: TopologyId,
        requests: Vec<RequestRecord>,
    ) -> Result<(), StoreError> {
        requests
            .iter()
            .try_for_each(|request| stage::check_request(Some(request)))?;
        self.keep(|reply| Keep::PutRequests {
            id,
            requests,
            reply,
        })
        .await
    }

    async fn deletions(
        &self,
        after: Option<&Deletion>,
        limit: usize,
    ) -> Result<Vec<Deletion>, StoreError> {
        let after = after.cloned();
        self.blocking(move |shared| shared.deletions(after.as_ref(), limit))
            .await
    }

    async fn put_deletions(&self, deletions: Vec<Deletion>) -> Result<(), StoreError> {
        deletions
            .iter()
            .try_for_each(|deletion| stage::check_request(Some(&deletion.request)))?;
        self.keep(|reply| Keep::PutDeletions { deletions, reply })
            .await
    }

    async fn forget_requests(&self, before: Timestamp) -> Result<u64, StoreError> {
        let jobs = self.jobs.clone();
        self.blocking(move |shared| forget::forget(shared, &jobs, before))
            .await
    }
}

impl Shared {
    fn catalogue(&self) -> RwLockReadGuard<'_, Catalogue> {
        self.catalogue
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn hidden(&self) -> MutexGuard<'_, BTreeSet<Key>> {
        self.hidden.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_hidden(&self, request: &Key) -> bool {
        self.hidden().contains(request)
    }

    /// Keeps requests from being found until they are durable.
    fn hide_requests(&self, requests: &[Key]) {
        self.hidden().extend(requests.iter().cloned());
    }

    /// Shows what has become durable.
    fn show(&self, effects: Vec<Effect>, requests: &[Key]) {
        let mut catalogue = self
            .catalogue
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        effects
            .into_iter()
            .for_each(|effect| catalogue.take_over(effect));
        drop(catalogue);
        let mut hidden = self.hidden();
        for request in requests {
            hidden.remove(request);
        }
    }
}

/// sled's own flush starts the writing and does not wait for the disk, so the file is synced by a handle of ours.
fn durably(db: &sled::Db, file: std::fs::File) -> Sync {
    let db = db.clone();
    Box::new(move || {
        db.flush().map_err(|error| sled_error(error, "log"))?;
        file.sync_data()
            .map_err(|source| io("sync the database".to_owned(), source))
    })
}

fn io(
    action: String,
    source: impl std::error::Error + Send + std::marker::Sync + 'static,
) -> StoreError {
    StoreError::Io {
        action,
        source: Box::new(source),
    }
}

fn sled_error(error: sled::Error, what: &str) -> StoreError {
    if matches!(error, sled::Error::Corruption { .. }) {
        StoreError::Corrupt {
            what: what.to_owned(),
            detail: "sled finds that its bytes do not match their checksum".to_owned(),
        }
    } else {
        io(format!("access the {what}"), error)
    }
}

#[cfg(test)]
mod tests;
