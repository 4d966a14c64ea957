//! Long records in several frames: they are written as their items come, and read as the frames come, so that neither is ever whole in bytes.

use causeway_model::change::Change;
use causeway_model::resource::Resource;

use super::format::MAX_ITEM;
use crate::records::codec::{self, Input, RecordError};
use crate::records::{self, ChangesRow, Record, values};

/// What a change set begins with: the store's own record of one, up to its first change.
pub(super) fn changes_opening(count: usize) -> Vec<u8> {
    let mut opening = vec![ChangesRow::KIND, ChangesRow::VERSION];
    codec::put_length(&mut opening, count);
    opening
}

/// A long record of which some frames have come.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// Bytes that no whole item was read from yet.
    waiting: Vec<u8>,
    /// Items that are still to come; not known before the opening has come.
    left: Option<u64>,
}

impl Pieces {
    /// A list of so many resources.
    pub(super) fn resources(count: u64) -> Self {
        Self {
            waiting: Vec::new(),
            left: (count == 0).then_some(0),
        }
    }

    /// Whether all items have come.
    pub(super) fn is_complete(&self) -> bool {
        self.left == Some(0)
    }

    /// How many items are missing, in words.
    pub(super) fn missing(&self) -> String {
        match self.left {
            Some(left) => format!("{left} more have to come"),
            None => "none has come".to_owned(),
        }
    }

    /// The resources that the next frame makes whole, of a list of so many.
    pub(super) fn take_resources(
        &mut self,
        payload: &[u8],
        count: u64,
    ) -> Result<Vec<Resource>, RecordError> {
        let opening = |input: &mut Input<'_>| {
            records::take_checkpoint_opening(input)?;
            Ok(count)
        };
        self.take(payload, opening, records::take_checkpoint_resource)
    }

    /// The changes that the next frame makes whole.
    pub(super) fn take_changes(&mut self, payload: &[u8]) -> Result<Vec<Change>, RecordError> {
        let opening = |input: &mut Input<'_>| {
            records::take_opening::<ChangesRow>(input)?;
            input.number()
        };
        self.take(payload, opening, take_change)
    }

    fn take<T>(
        &mut self,
        payload: &[u8],
        opening: impl FnOnce(&mut Input<'_>) -> Result<u64, RecordError>,
        item: impl Fn(&mut Input<'_>) -> Result<Option<T>, RecordError>,
    ) -> Result<Vec<T>, RecordError> {
        self.waiting.extend_from_slice(payload);
        let mut input = Input::new(&self.waiting);
        let mut left = match self.left {
            Some(left) => left,
            // The first frame has all of the opening.
            None => opening(&mut input)?,
        };
        let mut items = Vec::new();
        while left > 0 {
            let Some(item) = item(&mut input)? else { break };
            items.push(item);
            left = left.saturating_sub(1);
        }
        if left == 0 {
            input.finish()?;
        } else if input.left() > MAX_ITEM {
            return Err(RecordError::Range {
                what: "bytes of one item",
                number: u64::try_from(input.left()).unwrap_or(u64::MAX),
            });
        }
        let read = self.waiting.len().saturating_sub(input.left());
        self.waiting.drain(..read);
        self.left = Some(left);
        Ok(items)
    }
}

/// Reads a change, if all of it is there already; else leaves the input as it is.
fn take_change(input: &mut Input<'_>) -> Result<Option<Change>, RecordError> {
    let mut ahead = input.clone();
    match values::take_change(&mut ahead) {
        Ok(change) => {
            *input = ahead;
            Ok(Some(change))
        }
        Err(RecordError::Short) => Ok(None),
        Err(error) => Err(error),
    }
}
