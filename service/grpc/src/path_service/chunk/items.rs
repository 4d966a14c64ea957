//! Items of an answer, as they are written, and the room that an answer has for them.

use std::sync::atomic::{AtomicUsize, Ordering};

use prost::bytes::Bytes;
use prost::encoding::{WireType, encode_key, encode_varint};

use super::ITEMS;
use crate::error::CallError;
use crate::server::MAX_MESSAGE_BYTES;

/// Items, written as fields of the answer.
pub(super) struct Items {
    pub(super) bytes: Vec<u8>,
    /// Where each of them ends.
    pub(super) ends: Vec<usize>,
}

impl Items {
    pub(super) fn with_capacity(items: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(items.saturating_mul(12)),
            ends: Vec::with_capacity(items),
        }
    }

    /// Writes an item. If those of all pieces grow larger than a message may be, they are given up at once.
    pub(super) fn push(
        &mut self,
        room: Option<&Room>,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), CallError> {
        let begin = self.bytes.len();
        write(&mut self.bytes);
        self.ends.push(self.bytes.len());
        match room {
            Some(room) => room.take(self.bytes.len().saturating_sub(begin)),
            None => Ok(()),
        }
    }

    /// Writes an item whose message is written already.
    pub(super) fn push_written(
        &mut self,
        room: Option<&Room>,
        item: &[u8],
    ) -> Result<(), CallError> {
        self.push(room, |bytes| {
            encode_key(ITEMS, WireType::LengthDelimited, bytes);
            encode_varint(u64::try_from(item.len()).unwrap_or(u64::MAX), bytes);
            bytes.extend_from_slice(item);
        })
    }

    /// Leaves the place of an item that is known later: as many bytes as no item has.
    pub(super) fn leave(&mut self) {
        self.ends.push(self.bytes.len());
    }

    /// Each item as it is written, in order; none where a place was left.
    pub(super) fn iter(&self) -> impl Iterator<Item = Option<&[u8]>> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        let ranges = begins.zip(&self.ends);
        ranges.map(|(begin, end)| {
            let item = self.bytes.get(begin..*end);
            item.filter(|item| !item.is_empty())
        })
    }
}

/// The items at all of their places: those that were found, where places were left the computed ones.
pub(super) fn woven(
    found: Option<&Items>,
    computed: &[Items],
    places: Option<&[u32]>,
    room: &Room,
) -> Result<Bytes, CallError> {
    let computed: Vec<&[u8]> = computed.iter().flat_map(Items::iter).flatten().collect();
    let mut next = 0_usize..;
    let mut computed_next = || {
        let place = next.next()?;
        let number = match places {
            Some(places) => usize::try_from(*places.get(place)?).ok()?,
            None => place,
        };
        computed.get(number).copied()
    };
    let mut bytes = Vec::new();
    let mut put = |item: &[u8]| {
        bytes.extend_from_slice(item);
        room.take(item.len())
    };
    match found {
        Some(found) => {
            for item in found.iter() {
                if let Some(item) = item.or_else(&mut computed_next) {
                    put(item)?;
                }
            }
        }
        None => {
            while let Some(item) = computed_next() {
                put(item)?;
            }
        }
    }
    Ok(bytes.into())
}

/// The bytes that an answer has taken of those that a message may have.
pub(super) struct Room {
    taken: AtomicUsize,
}

impl Room {
    pub(super) fn new(taken: usize) -> Self {
        Self {
            taken: AtomicUsize::new(taken),
        }
    }

    pub(super) fn take(&self, bytes: usize) -> Result<(), CallError> {
        let before = self.taken.fetch_add(bytes, Ordering::Relaxed);
        let size = before.saturating_add(bytes);
        if size > MAX_MESSAGE_BYTES {
            return Err(CallError::AnswerTooLarge {
                size,
                maximum: MAX_MESSAGE_BYTES,
            });
        }
        Ok(())
    }
}
