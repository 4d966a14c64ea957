//! The frames of a backup, to bytes and from bytes: numbers, lengths and checksums, and nothing of what a frame means.
//!
//! A frame's number is part of its checksum, so that one that is left out or stands elsewhere is damage. The end has a digest of all before it.

use std::fmt::Display;

use crc32fast::Hasher;
use sha2::{Digest as _, Sha256};

use super::error::BackupError;
use super::format::{
    CHECKSUM_BYTES, FORMAT, HEADER_BYTES, Kind, MAGIC, MAX_PAYLOAD, OPENING_BYTES,
};
use super::records::EndRow;
use crate::causes::with_causes;
use crate::records::Record;

/// A payload has more bytes than a frame may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLong;

/// A backup while it is written.
#[derive(Debug)]
pub(super) struct FrameWriter {
    out: Vec<u8>,
    sum: Sha256,
    frames: u64,
    bytes: u64,
}

/// Where a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Its number, from 1.
    pub(super) frame: u64,
    /// Where it begins.
    pub(super) byte: u64,
}

/// A frame that is whole.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) payload: Vec<u8>,
    pub(super) place: Place,
}

/// A backup while it is read. It is given bytes as they come, and gives frames as they are whole.
#[derive(Debug)]
pub(super) struct FrameReader {
    waiting: Vec<u8>,
    /// The next frame.
    place: Place,
    sum: Sha256,
    is_open: bool,
    end: Option<EndRow>,
}

// === impl FrameWriter ===

impl FrameWriter {
    pub(super) fn new() -> Self {
        let mut writer = Self {
            out: Vec::new(),
            sum: Sha256::new(),
            frames: 0,
            bytes: 0,
        };
        writer.put(MAGIC);
        writer.put(&FORMAT.to_le_bytes());
        writer
    }

    /// Writes a frame.
    pub(super) fn frame(&mut self, kind: Kind, payload: &[u8]) -> Result<(), TooLong> {
        let length = u32::try_from(payload.len()).map_err(|_| TooLong)?;
        if payload.len() > MAX_PAYLOAD {
            return Err(TooLong);
        }
        self.frames = self.frames.saturating_add(1);
        let checksum = checksum(self.frames, kind as u8, payload);
        self.put(&[kind as u8]);
        self.put(&length.to_le_bytes());
        self.put(payload);
        self.put(&checksum.to_le_bytes());
        Ok(())
    }

    /// What the last frame says of all before it.
    pub(super) fn end(&self, topologies: u64, deletions: u64) -> Vec<u8> {
        let end = EndRow {
            topologies,
            deletions,
            frames: self.frames,
            bytes: self.bytes,
            digest: self.sum.clone().finalize().into(),
        };
        end.encode()
    }

    /// How many bytes wait to be taken.
    pub(super) fn waiting(&self) -> usize {
        self.out.len()
    }

    /// Takes what was written.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    fn put(&mut self, bytes: &[u8]) {
        self.sum.update(bytes);
        self.bytes = self.bytes.saturating_add(length(bytes));
        self.out.extend_from_slice(bytes);
    }
}

// === impl Place ===

impl Place {
    /// That something is wrong here.
    pub(super) fn fault(self, fault: impl Display) -> BackupError {
        BackupError::Frame {
            frame: self.frame,
            byte: self.byte,
            fault: fault.to_string(),
        }
    }
}

// === impl FrameReader ===

impl FrameReader {
    pub(super) fn new() -> Self {
        Self {
            waiting: Vec::new(),
            place: Place { frame: 1, byte: 0 },
            sum: Sha256::new(),
            is_open: false,
            end: None,
        }
    }

    /// Gives it the bytes that come next. Before more are given, all frames must be taken.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
    }

    /// The next frame, if it is whole; the end is checked and kept.
    pub(super) fn next(&mut self) -> Result<Option<Frame>, BackupError> {
        if !self.is_open && !self.open()? {
            return Ok(None);
        }
        if self.end.is_some() {
            return self.nothing_follows().map(|()| None);
        }
        let Some(frame) = self.frame()? else {
            return Ok(None);
        };
        if frame.kind == Kind::End {
            self.end = Some(self.checked_end(&frame)?);
            self.pass(&frame.payload);
            return self.nothing_follows().map(|()| None);
        }
        self.pass(&frame.payload);
        Ok(Some(frame))
    }

    /// Ends the reading: the end must have come. Tells it.
    pub(super) fn finish(self) -> Result<EndRow, BackupError> {
        let Place { frame, byte } = self.place;
        let bytes = byte.saturating_add(length(&self.waiting));
        self.end.ok_or(BackupError::CutOff { frame, byte, bytes })
    }

    /// Reads what is before the first frame, if it is there.
    fn open(&mut self) -> Result<bool, BackupError> {
        let begins_well = self
            .waiting
            .iter()
            .zip(MAGIC)
            .all(|(one, other)| one == other);
        if !begins_well {
            return Err(BackupError::Foreign);
        }
        let Some((opening, _)) = self.waiting.split_first_chunk::<OPENING_BYTES>() else {
            return Ok(false);
        };
        let format = opening
            .last_chunk()
            .map_or(0, |bytes| u32::from_le_bytes(*bytes));
        if format != FORMAT {
            return Err(BackupError::Format {
                found: format,
                known: FORMAT,
            });
        }
        self.skip(OPENING_BYTES);
        self.is_open = true;
        Ok(true)
    }

    /// The next frame, if all of it is there. It stays where it is.
    fn frame(&self) -> Result<Option<Frame>, BackupError> {
        let Some((header, rest)) = self.waiting.split_first_chunk::<HEADER_BYTES>() else {
            return Ok(None);
        };
        let &[number, ref length @ ..] = header;
        let length = u32::from_le_bytes(*length);
        let bytes = usize::try_from(length)
            .ok()
            .filter(|bytes| *bytes <= MAX_PAYLOAD);
        let Some(bytes) = bytes else {
            return Err(self.place.fault(format!(
                "it would have {length} bytes, and a frame has {MAX_PAYLOAD} at most"
            )));
        };
        let Some((payload, rest)) = rest.split_at_checked(bytes) else {
            return Ok(None);
        };
        let Some(expected) = rest.first_chunk::<CHECKSUM_BYTES>() else {
            return Ok(None);
        };
        let (expected, found) = (
            u32::from_le_bytes(*expected),
            checksum(self.place.frame, number, payload),
        );
        if expected != found {
            return Err(self.place.fault(format!(
                "it is damaged or out of its place: its checksum is {found:08x}, expected {expected:08x}"
            )));
        }
        let kind = Kind::of(number).ok_or_else(|| {
            self.place.fault(format!(
                "a frame of kind {number} is not known; a newer version of the program may have written it"
            ))
        })?;
        Ok(Some(Frame {
            kind,
            payload: payload.to_vec(),
            place: self.place,
        }))
    }

    /// The end, if it is that of what was read.
    fn checked_end(&self, frame: &Frame) -> Result<EndRow, BackupError> {
        let end = EndRow::decode(&frame.payload)
            .map_err(|error| self.place.fault(with_causes(&error)))?;
        let digest: [u8; 32] = self.sum.clone().finalize().into();
        let before = self.place.frame.saturating_sub(1);
        if (end.frames, end.bytes) != (before, self.place.byte) {
            return Err(self.place.fault(format!(
                "it ends {} frames and {} bytes, and there are {before} and {}",
                end.frames, end.bytes, self.place.byte
            )));
        }
        if end.digest != digest {
            return Err(self.place.fault(
                "the digest of everything before it differs: frames of several backups may have been mixed",
            ));
        }
        Ok(end)
    }

    fn nothing_follows(&self) -> Result<(), BackupError> {
        let byte = self.place.byte;
        if self.waiting.is_empty() {
            Ok(())
        } else {
            Err(BackupError::Follows { byte })
        }
    }

    /// Passes a frame with this payload.
    fn pass(&mut self, payload: &[u8]) {
        self.skip(HEADER_BYTES + payload.len() + CHECKSUM_BYTES);
        self.place.frame = self.place.frame.saturating_add(1);
    }

    fn skip(&mut self, bytes: usize) {
        let bytes = bytes.min(self.waiting.len());
        let (passed, _) = self.waiting.split_at(bytes);
        self.sum.update(passed);
        self.place.byte = self.place.byte.saturating_add(length(passed));
        self.waiting.drain(..bytes);
    }
}

fn checksum(frame: u64, kind: u8, payload: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(&frame.to_le_bytes());
    hasher.update(&[kind]);
    hasher.update(
        &u32::try_from(payload.len())
            .unwrap_or(u32::MAX)
            .to_le_bytes(),
    );
    hasher.update(payload);
    hasher.finalize()
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
