//! What the shim recorded: see tests/shim/disk.rs for the form.

use std::fmt;

/// One operation on a file below the root.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) operation: Operation,
    pub(crate) path: String,
    /// The length of all records up to here: the moment at which it was recorded.
    pub(crate) end: u64,
}

/// What was done.
#[derive(Debug, Clone)]
pub(crate) enum Operation {
    Create,
    MakeDirectory,
    Write { at: u64, bytes: Vec<u8> },
    Truncate { length: u64 },
    SyncBegins { number: u64 },
    SyncEnds { number: u64 },
    Rename { to: String },
    Unlink,
}

impl Record {
    pub(crate) fn is_synced(&self) -> bool {
        matches!(self.operation, Operation::SyncEnds { .. })
    }

    /// Whether a process takes the directory with it.
    pub(crate) fn is_start(&self) -> bool {
        self.path == "causeway.lock" && matches!(self.operation, Operation::Truncate { .. })
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.operation {
            Operation::Write { at, bytes } => {
                write!(f, "write {} bytes to `{path}` at {at}", bytes.len())
            }
            Operation::Create
            | Operation::MakeDirectory
            | Operation::Truncate { .. }
            | Operation::SyncBegins { .. }
            | Operation::SyncEnds { .. }
            | Operation::Rename { .. }
            | Operation::Unlink => write!(f, "{:?} of `{path}`", self.operation),
        }
    }
}

/// Reads all records. None is cut off, for no process is killed while it records.
pub(crate) fn read(bytes: &[u8]) -> Vec<Record> {
    let mut input = Input { bytes, at: 0 };
    let mut records = Vec::new();
    while input.at < bytes.len() {
        let record = input.record();
        records.push(record.unwrap_or_else(|| panic!("record {} is cut off", records.len())));
    }
    records
}

struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Input<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at + length)?;
        self.at += length;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().unwrap()))
    }

    fn counted(&mut self) -> Option<&'a [u8]> {
        let length = u32::from_le_bytes(self.take(4)?.try_into().unwrap());
        self.take(usize::try_from(length).unwrap())
    }

    fn record(&mut self) -> Option<Record> {
        let [operation] = *self.take(1)? else {
            return None;
        };
        let path = String::from_utf8(self.counted()?.to_vec()).unwrap();
        let (first, _) = (self.number()?, self.number()?);
        let bytes = self.counted()?.to_vec();
        let operation = match operation {
            b'c' => Operation::Create,
            b'd' => Operation::MakeDirectory,
            b'w' => Operation::Write { at: first, bytes },
            b't' => Operation::Truncate { length: first },
            b's' => Operation::SyncBegins { number: first },
            b'S' => Operation::SyncEnds { number: first },
            b'r' => Operation::Rename {
                to: String::from_utf8(bytes).unwrap(),
            },
            b'u' => Operation::Unlink,
            other => panic!("the shim records no operation {other}"),
        };
        Some(Record {
            operation,
            path,
            end: u64::try_from(self.at).unwrap(),
        })
    }
}
