//! Values as they are stored: sealed with a checksum, and cut into chunks where they are long.
//!
//! Why chunks: sled puts what is larger than a quarter of its segment into a file of its own, which it never syncs, and it writes the
//! neighbours of a value together with it, up to twenty at a time. Chunks and segments are chosen so that this stays below.

use crc32fast::Hasher;

use crate::port::StoreError;
use crate::records::{Extent, Record, RecordError};

/// The most bytes of a record, or of a chunk of one.
pub(super) const MAX_VALUE: usize = 64 * 1024;

/// The size of sled's segments: a quarter holds twenty of the largest values.
pub(super) const SEGMENT: usize = 8 * 1024 * 1024;

const CHECKSUM_BYTES: usize = 4;

/// The stored form of a value under its key.
pub(super) fn seal(key: &[u8], value: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(CHECKSUM_BYTES + value.len());
    sealed.extend_from_slice(&checksum(key, value).to_le_bytes());
    sealed.extend_from_slice(value);
    sealed
}

/// The value in a stored form, if it is whole and stands under the key that it was stored under.
pub(super) fn unseal<'a>(key: &[u8], sealed: &'a [u8]) -> Result<&'a [u8], RecordError> {
    let (expected, value) = sealed
        .split_first_chunk::<CHECKSUM_BYTES>()
        .ok_or(RecordError::Short)?;
    let (expected, found) = (u32::from_le_bytes(*expected), checksum(key, value));
    if expected == found {
        Ok(value)
    } else {
        Err(RecordError::Checksum { found, expected })
    }
}

/// The bytes of a record that holds texts from outside.
///
/// # Errors
/// [`StoreError::Io`] if they are more than a value may have.
pub(super) fn encode_bounded<R: Record>(record: &R) -> Result<Vec<u8>, StoreError> {
    let bytes = record.encode();
    check_length(R::WHAT, bytes.len())?;
    Ok(bytes)
}

/// That something is not longer than a value may be.
pub(super) fn check_length(what: &str, bytes: usize) -> Result<(), StoreError> {
    if bytes > MAX_VALUE {
        let detail = format!("it takes {bytes} bytes, the maximum is {MAX_VALUE}");
        return Err(StoreError::Io {
            action: format!("store a {what}"),
            source: detail.into(),
        });
    }
    Ok(())
}

/// The record in a stored form.
pub(super) fn unseal_record<R: Record>(key: &[u8], sealed: &[u8]) -> Result<R, RecordError> {
    R::decode(unseal(key, sealed)?)
}

/// The chunks of a long record.
pub(super) fn cut(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    body.chunks(MAX_VALUE)
}

/// Adds up the chunks of a long record, while it is written and while it is read.
#[derive(Debug, Default, Clone)]
pub(super) struct Sum {
    bytes: u64,
    chunks: u32,
    hasher: Hasher,
}

impl Sum {
    /// The sum of all chunks of a body.
    pub(super) fn of(body: &[u8]) -> Self {
        let mut sum = Self::default();
        cut(body).for_each(|chunk| sum.add(chunk));
        sum
    }

    /// Adds the next chunk.
    pub(super) fn add(&mut self, chunk: &[u8]) {
        self.bytes = self
            .bytes
            .saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        self.chunks = self.chunks.saturating_add(1);
        self.hasher.update(chunk);
    }

    /// The place of the next chunk.
    pub(super) fn chunks(&self) -> u32 {
        self.chunks
    }

    /// What it adds up to.
    pub(super) fn extent(&self) -> Extent {
        Extent {
            bytes: self.bytes,
            chunks: self.chunks,
            checksum: self.hasher.clone().finalize(),
        }
    }

    /// That it adds up to what it should.
    pub(super) fn check(&self, expected: Extent) -> Result<(), RecordError> {
        let found = self.extent();
        if found.bytes != expected.bytes {
            return Err(RecordError::Count {
                what: "bytes",
                found: found.bytes,
                expected: expected.bytes,
            });
        }
        if found.checksum != expected.checksum {
            return Err(RecordError::Checksum {
                found: found.checksum,
                expected: expected.checksum,
            });
        }
        Ok(())
    }
}

fn checksum(key: &[u8], value: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(key);
    hasher.update(value);
    hasher.finalize()
}
