//! Checking one topology: its log, its checkpoints, its requests.

use std::collections::BTreeSet;

use causeway_model::revision::Revision;
use causeway_model::snapshot::Snapshot;

use super::{Check, rebuild};
use crate::port::{StoreError, TopologyId};
use crate::records::{LabelRow, RequestRow, TopologyRow};
use crate::report::{Fault, TopologyReport};
use crate::sled_store::keys::{self, Sort};
use crate::sled_store::load::{self, Place};
use crate::sled_store::witness::Left;
use crate::sled_store::{chunks, sled_error, with_causes};

/// Walks what there is of a topology.
pub(super) fn walk(check: &mut Check<'_>, id: TopologyId, name: &str) -> Result<(), StoreError> {
    let row = check.rows.get(&id).cloned();
    let oldest = row.as_ref().map_or(Revision::ZERO, |row| row.oldest);
    let report = TopologyReport {
        name: name.to_owned(),
        head: Revision::ZERO,
        oldest,
        revisions: 0,
        checkpoints: 0,
        compared: 0,
        labels: 0,
        requests: 0,
    };
    let mut walk = Walk {
        check,
        id,
        report,
        begins_with: None,
        replay: Some(Snapshot::default()),
    };
    walk.begin(row.as_ref())?;
    walk.log()?;
    walk.chunks_outside()?;
    walk.checkpoints_outside()?;
    walk.checkpoint_chunks()?;
    walk.labels()?;
    walk.requests()?;
    let report = walk.report;
    let left = Left {
        oldest,
        head: report.head,
        label_changes: row.map_or(0, |row| row.label_changes),
    };
    check.left.insert(id, left);
    check.report.topologies.push(report);
    Ok(())
}

/// A topology that is being checked.
struct Walk<'a, 'b> {
    check: &'a mut Check<'b>,
    id: TopologyId,
    report: TopologyReport,
    /// The revision whose checkpoint the history begins with, if it begins with one.
    begins_with: Option<Revision>,
    /// What the log comes to so far; none once a part of it could not be read.
    replay: Option<Snapshot>,
}

impl Walk<'_, '_> {
    /// What the log goes on from: nothing, a checkpoint, or what another topology holds.
    fn begin(&mut self, row: Option<&TopologyRow>) -> Result<(), StoreError> {
        let Some(row) = row else {
            return Ok(());
        };
        if let Some((on, revision)) = row.leans_on {
            self.replay = rebuild::snapshot(self.check.db, &self.check.rows, on, revision)?;
            return Ok(());
        }
        if !row.begins_with_checkpoint() {
            return Ok(());
        }
        (self.begins_with, self.replay) = (Some(row.oldest), None);
        let key = Sort::Checkpoint.at(self.id, row.oldest);
        let found = self.check.db.get(&key);
        let Some(record) = found.map_err(|error| sled_error(error, "checkpoint"))? else {
            let detail = "missing, and the history begins with it";
            self.say(row.oldest, "checkpoint", detail);
            return Ok(());
        };
        let place = Place {
            topology: self.id,
            name: row.name.as_str(),
            revision: row.oldest,
        };
        // One that cannot be read is told where the log comes by it.
        self.replay = load::checkpoint(self.check.db, place, &record).ok();
        Ok(())
    }

    /// The log, revision by revision, and each checkpoint where the log comes by it.
    fn log(&mut self) -> Result<(), StoreError> {
        let oldest = self.report.oldest;
        if oldest == Revision::ZERO {
            self.checkpoint_at(oldest)?;
        }
        let prefix = Sort::Log.of(self.id);
        for key in self.check.db.scan_prefix(prefix).keys() {
            let key = key.map_err(|error| sled_error(error, "log"))?;
            let Some((_, revision)) = keys::revision_in(&key) else {
                continue;
            };
            if revision < oldest {
                self.leave(1);
                continue;
            }
            let expected = self.report.head.next().max(oldest);
            if revision != expected {
                self.replay = None;
                let detail = format!("missing, and so is what follows before {revision}");
                self.say(expected, "revision", &detail);
            }
            self.report.head = revision;
            self.report.revisions += 1;
            if revision == oldest {
                self.oldest_revision()?;
            } else {
                self.revision(revision)?;
            }
            self.checkpoint_at(revision)?;
        }
        if self.report.head < oldest {
            self.say(
                oldest,
                "revision",
                "missing, and the history begins with it",
            );
        }
        Ok(())
    }

    /// Of the revision that a history begins with, who made it is told, and its changes are not.
    fn oldest_revision(&mut self) -> Result<(), StoreError> {
        let name = self.report.name.clone();
        let place = Place {
            topology: self.id,
            name: &name,
            revision: self.report.oldest,
        };
        if let Err(error) = load::log_row(self.check.db, place) {
            self.fault(place.revision, &error);
        }
        Ok(())
    }

    /// The changes of a revision, and that it has no more chunks than these take.
    fn revision(&mut self, revision: Revision) -> Result<(), StoreError> {
        let name = self.report.name.clone();
        let place = Place {
            topology: self.id,
            name: &name,
            revision,
        };
        match load::change_set(self.check.db, place) {
            Ok(set) => self.replay = self.replay.take().map(|before| before.replay(&set)),
            Err(error) => {
                self.replay = None;
                self.fault(revision, &error);
                return Ok(());
            }
        }
        let row = load::log_row(self.check.db, place)?;
        let found = self.count(&Sort::LogChunk.at(self.id, revision))?;
        if found != u64::from(row.body.chunks) {
            let detail = format!("it has {found} chunks, expected {}", row.body.chunks);
            self.say(revision, "change set", &detail);
        }
        Ok(())
    }

    /// The checkpoint at a revision that the log has come to, if there is one.
    fn checkpoint_at(&mut self, revision: Revision) -> Result<(), StoreError> {
        let key = Sort::Checkpoint.at(self.id, revision);
        let found = self.check.db.get(&key);
        let Some(record) = found.map_err(|error| sled_error(error, "checkpoint"))? else {
            return Ok(());
        };
        self.report.checkpoints += 1;
        let place = Place {
            topology: self.id,
            name: &self.report.name,
            revision,
        };
        match (
            load::checkpoint(self.check.db, place, &record),
            &self.replay,
        ) {
            (Err(error), _) => self.fault(revision, &error),
            (Ok(_), None) => {}
            (Ok(kept), Some(replay)) => {
                let is_same = kept == *replay;
                // The one that a history begins with is the only witness of what it holds.
                let is_first = self.begins_with == Some(revision);
                self.report.compared += u64::from(!is_first);
                if !is_same {
                    self.say(
                        revision,
                        "checkpoint",
                        "it differs from what its log comes to",
                    );
                }
            }
        }
        Ok(())
    }

    /// Checkpoints of revisions that the log does not have, or has no longer.
    fn checkpoints_outside(&mut self) -> Result<(), StoreError> {
        for key in self
            .check
            .db
            .scan_prefix(Sort::Checkpoint.of(self.id))
            .keys()
        {
            let key = key.map_err(|error| sled_error(error, "list of checkpoints"))?;
            let Some((_, revision)) = keys::revision_in(&key) else {
                continue;
            };
            if revision < self.report.oldest {
                self.leave(1);
                continue;
            }
            let log = Sort::Log.at(self.id, revision);
            let is_logged = self.check.db.contains_key(&log);
            let is_logged = is_logged.map_err(|error| sled_error(error, "log"))?;
            if revision > Revision::ZERO && !is_logged {
                self.report.checkpoints += 1;
                self.say(revision, "checkpoint", "its revision is not in the log");
            }
        }
        Ok(())
    }

    /// Chunks of revisions beyond the head, or that the history has no use for: a write or a trim that was cut off leaves them.
    fn chunks_outside(&mut self) -> Result<(), StoreError> {
        let last = Sort::LogChunk.chunk(self.id, Revision(u64::MAX), u32::MAX);
        let beyond = Sort::LogChunk.at(self.id, self.report.head.next())..=last;
        let mut left = self.check.db.range(beyond).keys().collect::<Vec<_>>();
        if self.report.oldest > Revision::ZERO {
            let end = Sort::LogChunk.at(self.id, self.report.oldest.next());
            left.extend(self.check.db.range(Sort::LogChunk.of(self.id)..end).keys());
        }
        let left: Result<Vec<_>, _> = left.into_iter().collect();
        let left = left.map_err(|error| sled_error(error, "log"))?.len();
        self.leave(left);
        Ok(())
    }

    /// Chunks of checkpoints that have no record, or not that many chunks: a write that was cut off leaves them, and a mark of it.
    fn checkpoint_chunks(&mut self) -> Result<(), StoreError> {
        let prefix = Sort::Unfinished.of(self.id);
        let mut unfinished = BTreeSet::new();
        for key in self.check.db.scan_prefix(prefix).keys() {
            let key = key.map_err(|error| sled_error(error, "marks of checkpoints"))?;
            unfinished.extend(keys::revision_in(&key).map(|(_, revision)| revision));
        }
        self.leave(unfinished.len());
        for key in self
            .check
            .db
            .scan_prefix(Sort::CheckpointChunk.of(self.id))
            .keys()
        {
            let key = key.map_err(|error| sled_error(error, "chunks of checkpoints"))?;
            let Some((_, revision, chunk)) = keys::chunk_in(&key) else {
                continue;
            };
            let record = Sort::Checkpoint.at(self.id, revision);
            let is_recorded = self.check.db.contains_key(&record);
            if unfinished.contains(&revision) || revision < self.report.oldest {
                self.leave(1);
            } else if !is_recorded.map_err(|error| sled_error(error, "checkpoint"))? {
                let detail = format!("chunk {chunk} is there, and no record names it");
                self.say(revision, "checkpoint", &detail);
            }
        }
        Ok(())
    }

    fn labels(&mut self) -> Result<(), StoreError> {
        for entry in self.check.db.scan_prefix(Sort::Label.of(self.id)) {
            let (key, value) = entry.map_err(|error| sled_error(error, "labels"))?;
            let Some((_, name)) = keys::label_in(&key) else {
                continue;
            };
            self.report.labels += 1;
            let what = format!("label `{name}`");
            let kept = self.report.oldest..=self.report.head;
            match chunks::unseal_record::<LabelRow>(&key, &value) {
                Err(error) => self.say(None, &what, &with_causes(&error)),
                Ok(row) if !kept.contains(&row.revision) => {
                    self.say(row.revision, &what, "its revision is not kept");
                }
                Ok(_) => {}
            }
        }
        Ok(())
    }

    fn requests(&mut self) -> Result<(), StoreError> {
        for entry in self.check.db.scan_prefix(Sort::Request.of(self.id)) {
            let (key, value) = entry.map_err(|error| sled_error(error, "requests"))?;
            let Some((_, request)) = keys::request_in(&key) else {
                continue;
            };
            self.report.requests += 1;
            let what = format!("request `{}`", request.id);
            match chunks::unseal_record::<RequestRow>(&key, &value) {
                Err(error) => self.say(None, &what, &with_causes(&error)),
                Ok(row) if row.revision > self.report.head => {
                    self.say(row.revision, &what, "its revision is not in the log");
                }
                Ok(_) => {}
            }
        }
        Ok(())
    }

    fn count(&self, prefix: &[u8]) -> Result<u64, StoreError> {
        let mut count = 0_u64;
        for key in self.check.db.scan_prefix(prefix).keys() {
            key.map_err(|error| sled_error(error, "log"))?;
            count += 1;
        }
        Ok(count)
    }

    /// Counts what an interrupted write left.
    fn leave(&mut self, records: usize) {
        let records = u64::try_from(records).unwrap_or(u64::MAX);
        self.check.report.leftovers = self.check.report.leftovers.saturating_add(records);
    }

    fn say(&mut self, revision: impl Into<Option<Revision>>, what: &str, detail: &str) {
        let (name, revision) = (&self.report.name, revision.into());
        let at = revision.map(|revision| format!(" at revision {revision}"));
        self.check.report.faults.push(Fault {
            topology: Some(name.clone()),
            revision,
            what: format!("{what} of topology `{name}`{}", at.unwrap_or_default()),
            detail: detail.to_owned(),
        });
    }

    fn fault(&mut self, revision: Revision, error: &StoreError) {
        let (what, detail) = if let StoreError::Corrupt { what, detail } = error {
            (what.clone(), detail.clone())
        } else {
            let what = format!("topology `{}`", self.report.name);
            (what, with_causes(error))
        };
        self.check.report.faults.push(Fault {
            topology: Some(self.report.name.clone()),
            revision: Some(revision),
            what,
            detail,
        });
    }
}
