//! Batches of writes.

use super::keys::Key;

/// Applies writes as one batch; none removes a key. Nothing of it is synced.
///
/// sled puts off what a write makes necessary, splitting a leaf that is too large or joining small ones, until the next time that
/// somebody comes by, be it to read. Once a write to the disk has failed it writes no more, and who reads such a leaf then gets the
/// error of that write. So the keys are looked at right away, mostly before the batch is on its way to the disk.
pub(super) fn apply(
    db: &sled::Db,
    writes: impl IntoIterator<Item = (Key, Option<Vec<u8>>)>,
) -> sled::Result<()> {
    let (mut batch, mut keys) = (sled::Batch::default(), Vec::new());
    for (key, value) in writes {
        match value {
            Some(value) => batch.insert(key.as_slice(), value),
            None => batch.remove(key.as_slice()),
        }
        keys.push(key);
    }
    db.apply_batch(batch)?;
    keys.iter()
        .try_for_each(|key| db.contains_key(key).map(drop))
}
