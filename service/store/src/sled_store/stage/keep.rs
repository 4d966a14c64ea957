//! Staging what is kept and what is let go: labels, the oldest revision, checkpoints that are dropped, requests that are forgotten.

use causeway_model::revision::{LabelName, Revision, Timestamp};

use super::{Keep, Stage};
use crate::catalogue::Effect;
use crate::port::{Label, RequestRecord, StoreError, TopologyId};
use crate::records::{LabelRow, MarkRow, RequestRow};
use crate::sled_store::chunks;
use crate::sled_store::keys::{self, Key, Sort};
use crate::sled_store::sweep::Sweep;

impl Stage<'_> {
    /// Stages a job about what is kept, and its answer.
    pub(super) fn keep(&mut self, keep: Keep) {
        match keep {
            Keep::DropCheckpoint {
                id,
                revision,
                reply,
            } => {
                let outcome = self.drop_checkpoint(id, revision);
                self.answer(reply, outcome);
            }
            Keep::Trim {
                id,
                oldest,
                checkpoint,
                reply,
            } => {
                let outcome = self.trim(id, oldest, &checkpoint);
                self.answer(reply, outcome);
            }
            Keep::SetLabel {
                id,
                label,
                request,
                reply,
            } => {
                let outcome = self.set_label(id, label, request);
                self.answer(reply, outcome);
            }
            Keep::DeleteLabel {
                id,
                name,
                request,
                reply,
            } => {
                let outcome = self.delete_label(id, name, request);
                self.answer(reply, outcome);
            }
            Keep::Forget {
                requests,
                before,
                reply,
            } => {
                let outcome = self.forget(&requests, before);
                self.answer(reply, outcome);
            }
        }
    }

    /// The record goes at once, and the mark says that the chunks are nothing.
    fn drop_checkpoint(&mut self, id: TopologyId, revision: Revision) -> Result<(), StoreError> {
        let is_needed = revision <= self.catalogue.get(id)?.oldest;
        let key = Sort::Checkpoint.at(id, revision);
        if is_needed || self.get(&key)?.is_none() {
            return Ok(());
        }
        self.remove(key);
        self.put_record(Sort::Unfinished.at(id, revision), &MarkRow);
        self.staged.sweeps.push(Sweep::Checkpoint(id, revision));
        self.staged.is_promised = true;
        Ok(())
    }

    /// The new record says what the oldest revision is. What lies below is swept later, and found again by that record if need be.
    fn trim(
        &mut self,
        id: TopologyId,
        oldest: Revision,
        checkpoint: &[u8],
    ) -> Result<(), StoreError> {
        if oldest <= self.catalogue.get(id)?.oldest {
            return Ok(());
        }
        // Since it was read it may have been dropped, or be written again.
        let found = self.get(&Sort::Checkpoint.at(id, oldest))?;
        if found.as_deref() != Some(checkpoint) {
            return Err(StoreError::NoCheckpoint { revision: oldest });
        }
        self.catalogue.trim(id, oldest)?;
        self.put_topology(id)?;
        self.staged.effects.push(Effect::Trimmed(id, oldest));
        self.staged.sweeps.push(Sweep::Trimmed(id));
        self.staged.is_promised = true;
        Ok(())
    }

    fn set_label(
        &mut self,
        id: TopologyId,
        label: Label,
        request: Option<RequestRecord>,
    ) -> Result<(), StoreError> {
        self.catalogue.label(id, label.clone())?;
        let (revision, time) = (label.revision, label.time);
        self.put_record(keys::label(id, &label.name), &LabelRow { revision, time });
        self.put_topology(id)?;
        self.put_request(id, request, revision);
        self.staged.effects.push(Effect::Labelled(id, label));
        self.staged.is_promised = true;
        Ok(())
    }

    fn delete_label(
        &mut self,
        id: TopologyId,
        name: LabelName,
        request: Option<RequestRecord>,
    ) -> Result<(), StoreError> {
        self.catalogue.unlabel(id, &name)?;
        let head = self.catalogue.get(id)?.head;
        self.remove(keys::label(id, &name));
        self.put_topology(id)?;
        self.put_request(id, request, head);
        self.staged.effects.push(Effect::Unlabelled(id, name));
        self.staged.is_promised = true;
        Ok(())
    }

    /// Forgets requests that are older than that. Since they were looked for, one may have been recorded anew.
    fn forget(&mut self, requests: &[Key], before: Timestamp) -> Result<u64, StoreError> {
        let mut forgotten = 0_u64;
        for key in requests {
            let Some(value) = self.get(key)? else {
                continue;
            };
            if chunks::unseal_record::<RequestRow>(key, &value).is_ok_and(|row| row.time < before) {
                self.remove(key.clone());
                forgotten = forgotten.saturating_add(1);
            }
        }
        Ok(forgotten)
    }
}
