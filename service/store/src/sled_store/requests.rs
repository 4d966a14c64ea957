//! Listing requests and deletions, in the order of their keys. What is not durable yet is passed over.

use std::ops::Bound;

use super::keys::{self, Key, Sort};
use super::read::request_in;
use super::{Shared, sled_error};
use crate::port::{Deletion, RequestKey, RequestRecord, StoreError, TopologyId};

impl Shared {
    /// Requests of a topology after one, at most so many.
    pub(super) fn requests(
        &self,
        id: TopologyId,
        after: Option<&RequestKey>,
        limit: usize,
    ) -> Result<Vec<RequestRecord>, StoreError> {
        self.look(id, |topology| {
            let after = after.map(|after| keys::request(id, after));
            let entries = self.durable(Sort::Request.of(id), after, limit);
            let requests = entries.map(|entry| {
                let (key, value) = entry?;
                let (_, request) = keys::request_in(&key).ok_or_else(|| unreadable(&key))?;
                let what = || format!("request `{}` of topology `{}`", request.id, topology.name);
                request_in(&key, &value, &request, what)
            });
            requests.collect()
        })
    }

    /// Requests that deleted topologies, after one, at most so many.
    pub(super) fn deletions(
        &self,
        after: Option<&Deletion>,
        limit: usize,
    ) -> Result<Vec<Deletion>, StoreError> {
        let after = after.map(|after| keys::deletion(&after.name, &after.request.key));
        let entries = self.durable(Sort::Deletion.alone(), after, limit);
        let deletions = entries.map(|entry| {
            let (key, value) = entry?;
            let (name, request) = keys::deletion_in(&key).ok_or_else(|| unreadable(&key))?;
            let what = || format!("request `{}` that deleted topology `{name}`", request.id);
            let request = request_in(&key, &value, &request, what)?;
            Ok(Deletion { name, request })
        });
        deletions.collect()
    }

    /// Durable entries whose keys begin so, after a key, at most so many.
    fn durable(
        &self,
        prefix: Key,
        after: Option<Key>,
        limit: usize,
    ) -> impl Iterator<Item = Result<(sled::IVec, sled::IVec), StoreError>> {
        let start = after.map_or_else(|| Bound::Included(prefix.clone()), Bound::Excluded);
        let entries = self.db.range::<Key, _>((start, Bound::Unbounded));
        let entries = entries.map(|entry| entry.map_err(|error| sled_error(error, "requests")));
        entries
            .take_while(move |entry| {
                entry
                    .as_ref()
                    .map_or(true, |(key, _)| key.starts_with(&prefix))
            })
            // It is asked after the value was read: a request that is hidden no longer was durable by then.
            .filter(|entry| {
                entry
                    .as_ref()
                    .map_or(true, |(key, _)| !self.is_hidden(&key.to_vec()))
            })
            .take(limit)
    }
}

fn unreadable(key: &[u8]) -> StoreError {
    StoreError::Corrupt {
        what: format!("key {key:?}"),
        detail: "it is of no known form".to_owned(),
    }
}
