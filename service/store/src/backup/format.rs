//! The numbers that the form of a backup is made of.

/// What every backup begins with, before the number of its format.
pub(super) const MAGIC: &[u8; 16] = b"causeway backup\n";

/// The format that is written, and the only one there is.
pub(super) const FORMAT: u32 = 1;

/// Bytes before the first frame: the magic, and the format with its lowest byte first.
pub(super) const OPENING_BYTES: usize = 20;

/// Bytes of a frame before its payload: its kind, and the length of the payload with its lowest byte first.
pub(super) const HEADER_BYTES: usize = 5;

/// Bytes of a frame after its payload: its checksum.
pub(super) const CHECKSUM_BYTES: usize = 4;

/// The most bytes of a payload.
pub(super) const MAX_PAYLOAD: usize = 1024 * 1024;

/// The most bytes of one resource or change, which may take several frames. The service takes requests of half as many.
pub(super) const MAX_ITEM: usize = 128 * 1024 * 1024;

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Deletions = 1,
    Topology = 2,
    Resources = 3,
    Requests = 4,
    Revision = 5,
    Changes = 6,
    Labels = 7,
    TopologyEnd = 8,
    End = 9,
}

impl Kind {
    const ALL: [Self; 9] = [
        Self::Deletions,
        Self::Topology,
        Self::Resources,
        Self::Requests,
        Self::Revision,
        Self::Changes,
        Self::Labels,
        Self::TopologyEnd,
        Self::End,
    ];

    /// The kind with this number.
    pub(super) fn of(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == number)
    }

    /// What it is, in words.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Deletions => "a list of deletions",
            Self::Topology => "the beginning of a topology",
            Self::Resources => "a part of a state",
            Self::Requests => "a list of requests",
            Self::Revision => "a revision",
            Self::Changes => "a part of a change set",
            Self::Labels => "a list of labels",
            Self::TopologyEnd => "the end of a topology",
            Self::End => "the end",
        }
    }
}
