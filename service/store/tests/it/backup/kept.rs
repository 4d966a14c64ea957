//! All that a store keeps, to be compared with what another one keeps.

use std::collections::BTreeMap;

use causeway_model::change::ChangeSet;
use causeway_model::revision::{Revision, Timestamp};
use causeway_model::snapshot::Snapshot;
use causeway_store::{
    Deletion, Label, Logged, Origin, RequestRecord, Store, TopologyId, TopologyRecord,
};

use crate::support::TestResult;

/// What a store keeps of one topology. The numbers of incarnations, and what leans on what, are each store's own.
#[derive(Debug, PartialEq)]
pub(super) struct Topology {
    description: String,
    time: Timestamp,
    bounds: (Revision, Revision),
    origin: Option<Origin>,
    logged: Vec<Logged>,
    changes: Vec<ChangeSet>,
    states: Vec<Snapshot>,
    labels: Vec<Label>,
    requests: Vec<RequestRecord>,
}

impl Topology {
    /// As what does not know of traces keeps it.
    pub(super) fn forget_traces(&mut self) {
        self.logged
            .iter_mut()
            .for_each(|logged| logged.note.trace = None);
    }
}

/// All that a store keeps.
pub(super) async fn kept(
    store: &dyn Store,
) -> TestResult<(BTreeMap<String, Topology>, Vec<Deletion>)> {
    let mut topologies = BTreeMap::new();
    for record in store.list().await? {
        topologies.insert(record.name.to_string(), topology(store, record).await?);
    }
    let (mut deletions, mut after) = (Vec::new(), None);
    loop {
        let page = store.deletions(after.as_ref(), 1).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.clone());
        deletions.extend(page);
    }
    deletions.sort_by(|one: &Deletion, other| {
        (&one.name, &one.request.key).cmp(&(&other.name, &other.request.key))
    });
    Ok((topologies, deletions))
}

async fn topology(store: &dyn Store, record: TopologyRecord) -> TestResult<Topology> {
    let TopologyRecord {
        id,
        name: _,
        description,
        time,
        head,
        oldest,
        origin,
        leans_on: _,
    } = record;
    let changes = store.read(id, oldest, head).await?;
    let mut states = vec![state(store, id, oldest).await?];
    for revision in oldest.0 + 1..=head.0 {
        states.push(state(store, id, Revision(revision)).await?);
    }
    Ok(Topology {
        description,
        time,
        bounds: (oldest, head),
        origin,
        logged: store.history(id, head, usize::MAX).await?,
        changes,
        states,
        labels: store.labels(id).await?,
        requests: requests(store, id).await?,
    })
}

/// The state at a revision, from the newest checkpoint before it.
pub(super) async fn state(store: &dyn Store, id: TopologyId, at: Revision) -> TestResult<Snapshot> {
    let (base, state) = match store.checkpoint(id, at).await? {
        Some(found) => found,
        None => {
            let records = store.list().await?;
            let record = records.into_iter().find(|record| record.id == id);
            match record.and_then(|record| record.leans_on) {
                Some((of, at)) => (Revision::ZERO, Box::pin(state(store, of, at)).await?),
                None => (Revision::ZERO, Snapshot::default()),
            }
        }
    };
    let sets = store.read(id, base, at).await?;
    Ok(sets.iter().fold(state, |state, set| state.replay(set)))
}

async fn requests(store: &dyn Store, id: TopologyId) -> TestResult<Vec<RequestRecord>> {
    let (mut requests, mut after) = (Vec::<RequestRecord>::new(), None);
    loop {
        let page = store.requests(id, after.as_ref(), 1).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.key.clone());
        requests.extend(page);
    }
    for request in &requests {
        let found = store.request(id, &request.key).await?;
        assert_eq!(found.as_ref(), Some(request));
    }
    requests.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(requests)
}
