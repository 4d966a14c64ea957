//! The bytes below the records: numbers, texts, and reading them from bytes that cannot be trusted.
//!
//! It knows no record. Reading never panics, and never reserves more memory than the bytes that are there account for.

use causeway_model::fields::FieldError;
use thiserror::Error;

/// Why stored bytes are not the record that they should be.
#[derive(Debug, PartialEq, Eq, Error)]
pub(crate) enum RecordError {
    #[error("it ends in the middle")]
    Short,
    #[error("{bytes} bytes are left over at its end")]
    Long { bytes: usize },
    #[error("its checksum is {found:08x}, expected {expected:08x}")]
    Checksum { found: u32, expected: u32 },
    #[error("it is no {expected}, but a record of kind {found}")]
    WrongKind { expected: &'static str, found: u8 },
    #[error(
        "it was written by a newer version of the program: format {found} of a {what}, this version knows up to {known}"
    )]
    Newer {
        what: &'static str,
        found: u8,
        known: u8,
    },
    #[error("format {found} of a {what} never existed")]
    NoVersion { what: &'static str, found: u8 },
    #[error("a number in it is too long")]
    Number,
    #[error("{number} is out of range for {what}")]
    Range { what: &'static str, number: u64 },
    #[error("a text in it is not UTF-8")]
    Utf8,
    #[error("tag {tag} is not known; a newer version of the program may have written it")]
    Tag { tag: u8 },
    #[error(
        "place {place} is in no dictionary; a newer version of the program may have written it"
    )]
    Place { place: u64 },
    #[error("it is nested deeper than {limit}")]
    Deep { limit: usize },
    #[error("a resource in it cannot be read")]
    Resource {
        #[source]
        source: FieldError,
    },
    #[error("an id or a name in it cannot be read: {reason}")]
    Id { reason: String },
    #[error("it has {found} {what}, expected {expected}")]
    Count {
        what: &'static str,
        found: u64,
        expected: u64,
    },
    #[error("{what} {number} is missing")]
    Missing { what: &'static str, number: u64 },
}

/// Writes a number in 1 to 10 bytes: seven bits in each, the lowest first, the high bit set in all but the last (LEB128).
pub(crate) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(low_byte(number) | 0x80);
        number >>= 7;
    }
    out.push(low_byte(number));
}

/// Writes a number with its sign in the lowest bit, so that small negative ones are short too.
pub(crate) fn put_signed(out: &mut Vec<u8>, number: i64) {
    put_number(out, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

/// Writes a text after its length in bytes.
pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_length(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

/// Writes a length or a count.
pub(crate) fn put_length(out: &mut Vec<u8>, length: usize) {
    put_number(out, u64::try_from(length).unwrap_or(u64::MAX));
}

/// The lowest eight bits.
pub(crate) fn low_byte(number: u64) -> u8 {
    let [low, ..] = number.to_le_bytes();
    low
}

/// Bytes that are being read.
#[derive(Debug, Clone)]
pub(crate) struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// How many bytes are left.
    pub(crate) fn left(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn byte(&mut self) -> Result<u8, RecordError> {
        let (&byte, rest) = self.rest.split_first().ok_or(RecordError::Short)?;
        self.rest = rest;
        Ok(byte)
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Result<&'a [u8], RecordError> {
        let (bytes, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(RecordError::Short)?;
        self.rest = rest;
        Ok(bytes)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], RecordError> {
        let (&bytes, rest) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or(RecordError::Short)?;
        self.rest = rest;
        Ok(bytes)
    }

    pub(crate) fn number(&mut self) -> Result<u64, RecordError> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if (bits << shift) >> shift != bits {
                return Err(RecordError::Number);
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(RecordError::Number)
    }

    pub(crate) fn signed(&mut self) -> Result<i64, RecordError> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// A number of things that take at least so many bytes each: never more than there can be.
    pub(crate) fn count(&mut self, bytes_each: usize) -> Result<usize, RecordError> {
        let count = usize::try_from(self.number()?).map_err(|_| RecordError::Short)?;
        let least = count.checked_mul(bytes_each).ok_or(RecordError::Short)?;
        if least > self.left() {
            Err(RecordError::Short)
        } else {
            Ok(count)
        }
    }

    /// Bytes after their length.
    pub(crate) fn counted(&mut self) -> Result<&'a [u8], RecordError> {
        let length = self.count(1)?;
        self.bytes(length)
    }

    /// A text after its length.
    pub(crate) fn text(&mut self) -> Result<&'a str, RecordError> {
        std::str::from_utf8(self.counted()?).map_err(|_| RecordError::Utf8)
    }

    /// Ends the reading: everything must have been read.
    pub(crate) fn finish(&self) -> Result<(), RecordError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(RecordError::Long { bytes: self.left() })
        }
    }
}
