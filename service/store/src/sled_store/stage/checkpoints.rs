//! Staging a checkpoint: its beginning, its parts and its end.

use causeway_model::revision::Revision;

use super::{CheckpointPart, Stage};
use crate::catalogue::{self, Effect};
use crate::port::{StoreError, TopologyId};
use crate::records::{CheckpointRow, MarkRow};
use crate::sled_store::chunks;
use crate::sled_store::keys::Sort;
use crate::sled_store::sweep::Sweep;

impl Stage<'_> {
    /// Makes room for a checkpoint, and says whether it is to be written. The one that a history begins with is the only one of
    /// its kind: while another was written in its place there would be none.
    pub(super) fn begin_checkpoint(
        &mut self,
        id: TopologyId,
        revision: Revision,
        is_damaged: bool,
    ) -> Result<bool, StoreError> {
        let topology = self.catalogue.get(id)?;
        catalogue::check_in_log(topology, revision)?;
        let is_first = topology.oldest == revision;
        let key = Sort::Checkpoint.at(id, revision);
        if is_first && !is_damaged && self.get(&key)?.is_some() {
            return Ok(false);
        }
        self.remove(key);
        self.put_record(Sort::Unfinished.at(id, revision), &MarkRow);
        self.keep_swept(Sweep::Checkpoint(id, revision));
        Ok(true)
    }

    pub(super) fn checkpoint_part(&mut self, part: &CheckpointPart) -> Result<(), StoreError> {
        // A trim may have come in between.
        catalogue::check_in_log(self.catalogue.get(part.id)?, part.revision)?;
        for (place, chunk) in (part.first..).zip(chunks::cut(&part.body)) {
            self.put(
                Sort::CheckpointChunk.chunk(part.id, part.revision, place),
                chunk,
            );
        }
        Ok(())
    }

    pub(super) fn end_checkpoint(
        &mut self,
        id: TopologyId,
        revision: Revision,
        row: &CheckpointRow,
    ) -> Result<(), StoreError> {
        catalogue::check_in_log(self.catalogue.get(id)?, revision)?;
        self.put_record(Sort::Checkpoint.at(id, revision), row);
        self.remove(Sort::Unfinished.at(id, revision));
        self.staged.is_promised = true;
        if revision == Revision::ZERO && self.catalogue.detach(id) {
            self.put_topology(id)?;
            self.staged.effects.push(Effect::Detached(id));
        }
        Ok(())
    }
}
