//! Checking a backup on its way to a file: its checksums and its end, not what its frames mean.

use super::error::BackupError;
use super::format::Kind;
use super::frames::FrameReader;

/// Checks the bytes of a backup as they pass.
#[derive(Debug)]
pub struct Passing {
    frames: FrameReader,
    topologies: u64,
    revisions: u64,
}

impl Passing {
    /// Nothing has passed yet.
    #[must_use]
    #[expect(
        clippy::new_without_default,
        reason = "a check of nothing is no default of anything"
    )]
    pub fn new() -> Self {
        Self {
            frames: FrameReader::new(),
            topologies: 0,
            revisions: 0,
        }
    }

    /// Checks the bytes that come next.
    ///
    /// # Errors
    /// [`BackupError`] with the place of the damage.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        self.frames.push(bytes);
        while let Some(frame) = self.frames.next()? {
            self.topologies = self
                .topologies
                .saturating_add((frame.kind == Kind::TopologyEnd).into());
            self.revisions = self
                .revisions
                .saturating_add((frame.kind == Kind::Revision).into());
        }
        Ok(())
    }

    /// Topologies that have passed, and revisions.
    #[must_use]
    pub fn passed(&self) -> (u64, u64) {
        (self.topologies, self.revisions)
    }

    /// Checks that the end has passed.
    ///
    /// # Errors
    /// [`BackupError::CutOff`] if it has not.
    pub fn finish(self) -> Result<(), BackupError> {
        self.frames.finish().map(drop)
    }
}
