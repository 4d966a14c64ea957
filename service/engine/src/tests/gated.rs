//! A store that stops after an append until it is told to go on, whose checkpoints can be held up, and whose log can be cut.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use causeway_model::change::ChangeSet;
use causeway_model::revision::{LabelName, Revision, Timestamp, TopologyName};
use causeway_model::snapshot::Snapshot;
use causeway_store::{
    Append, Appended, Label, Logged, MemoryStore, NewTopology, RequestKey, RequestRecord, Store,
    StoreError, TopologyId, TopologyRecord,
};
use tokio::sync::{RwLock, Semaphore};

/// A store whose appends are durable, but answer only when they may.
#[derive(Debug)]
pub(super) struct GatedStore {
    pub(super) inner: MemoryStore,
    /// Gets a permit for each append that is durable.
    pub(super) appended: Semaphore,
    /// Takes a permit for each append that answers.
    pub(super) may_answer: Semaphore,
    /// The oldest revision that is still in the log.
    pub(super) oldest: AtomicU64,
    /// Held by a test, so that no checkpoint is put.
    pub(super) puts: RwLock<()>,
    /// Held by a test, so that a checkpoint that was read is not told yet.
    pub(super) gets: RwLock<()>,
    /// How often a checkpoint was asked for, which is how every rebuilding begins.
    pub(super) checkpoints_read: AtomicU64,
}

impl GatedStore {
    pub(super) fn new() -> Self {
        Self {
            inner: MemoryStore::new(),
            appended: Semaphore::new(0),
            may_answer: Semaphore::new(0),
            oldest: AtomicU64::new(0),
            puts: RwLock::default(),
            gets: RwLock::default(),
            checkpoints_read: AtomicU64::new(0),
        }
    }
}

#[async_trait]
impl Store for GatedStore {
    async fn append(&self, append: Append) -> Result<Appended, StoreError> {
        let appended = self.inner.append(append).await;
        self.appended.add_permits(1);
        self.may_answer.acquire().await.unwrap().forget();
        appended
    }

    async fn create(&self, new: NewTopology) -> Result<TopologyRecord, StoreError> {
        self.inner.create(new).await
    }

    async fn find(&self, name: &TopologyName) -> Result<Option<TopologyRecord>, StoreError> {
        self.inner.find(name).await
    }

    async fn list(&self) -> Result<Vec<TopologyRecord>, StoreError> {
        self.inner.list().await
    }

    async fn delete(
        &self,
        id: TopologyId,
        request: Option<RequestRecord>,
    ) -> Result<(), StoreError> {
        self.inner.delete(id, request).await
    }

    async fn deletion(
        &self,
        name: &TopologyName,
        key: &RequestKey,
    ) -> Result<Option<RequestRecord>, StoreError> {
        self.inner.deletion(name, key).await
    }

    async fn checkpoints(&self, id: TopologyId) -> Result<Vec<Revision>, StoreError> {
        self.inner.checkpoints(id).await
    }

    async fn drop_checkpoint(&self, id: TopologyId, revision: Revision) -> Result<(), StoreError> {
        self.inner.drop_checkpoint(id, revision).await
    }

    async fn trim(&self, id: TopologyId, oldest: Revision) -> Result<(), StoreError> {
        self.inner.trim(id, oldest).await
    }

    async fn set_label(
        &self,
        id: TopologyId,
        label: Label,
        request: Option<RequestRecord>,
    ) -> Result<(), StoreError> {
        self.inner.set_label(id, label, request).await
    }

    async fn delete_label(
        &self,
        id: TopologyId,
        name: &LabelName,
        request: Option<RequestRecord>,
    ) -> Result<(), StoreError> {
        self.inner.delete_label(id, name, request).await
    }

    async fn labels(&self, id: TopologyId) -> Result<Vec<Label>, StoreError> {
        self.inner.labels(id).await
    }

    async fn forget_requests(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.inner.forget_requests(before).await
    }

    async fn read(
        &self,
        id: TopologyId,
        after: Revision,
        to: Revision,
    ) -> Result<Vec<ChangeSet>, StoreError> {
        self.inner.read(id, after, to).await
    }

    async fn history(
        &self,
        id: TopologyId,
        newest: Revision,
        limit: usize,
    ) -> Result<Vec<Logged>, StoreError> {
        let oldest = Revision(self.oldest.load(Ordering::Relaxed));
        let mut found = self.inner.history(id, newest, limit).await?;
        found.retain(|logged| logged.revision >= oldest);
        Ok(found)
    }

    async fn put_checkpoint(
        &self,
        id: TopologyId,
        revision: Revision,
        snapshot: Snapshot,
    ) -> Result<(), StoreError> {
        let _open = self.puts.read().await;
        self.inner.put_checkpoint(id, revision, snapshot).await
    }

    async fn checkpoint(
        &self,
        id: TopologyId,
        at: Revision,
    ) -> Result<Option<(Revision, Snapshot)>, StoreError> {
        self.checkpoints_read.fetch_add(1, Ordering::Relaxed);
        let found = self.inner.checkpoint(id, at).await;
        let _open = self.gets.read().await;
        found
    }

    async fn request(
        &self,
        id: TopologyId,
        key: &RequestKey,
    ) -> Result<Option<RequestRecord>, StoreError> {
        self.inner.request(id, key).await
    }
}
