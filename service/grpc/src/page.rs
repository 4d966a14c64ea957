//! Page tokens: opaque to callers, bound to the revision and to everything else that the request said.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use prost::Message;
use sha2::{Digest as _, Sha256};

use causeway_model::revision::Revision;

use crate::error::CallError;
use crate::faults::Faults;

/// A digest of a message.
pub(crate) type Digest = [u8; 32];

/// Items of a page when the request names no number, and the most of them.
const DEFAULT_SIZE: u32 = 100;
const MAX_SIZE: u32 = 1_000;

/// First byte of a token: the form of what follows.
const FORM: u8 = 1;

/// Bytes of the request's digest that a token holds.
const DIGEST_BYTES: usize = 16;

/// Where the next page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The revision that all pages show; 0 for lists that have none.
    pub(crate) revision: Revision,
    /// The last item of the page before.
    pub(crate) last: String,
}

/// A digest of what a request says: of its name and its encoding.
pub(crate) fn digest(name: &str, message: &impl Message) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update(name.as_bytes());
    hasher.update([0]);
    hasher.update(message.encode_to_vec());
    hasher.finalize().into()
}

/// How many items a page has.
pub(crate) fn size(wire: u32, faults: &mut Faults) -> Option<usize> {
    let size = if wire == 0 { DEFAULT_SIZE } else { wire };
    if size > MAX_SIZE {
        return faults.field("page_size", |faults| {
            faults.add(format!(
                "`{size}` is too many for a page, the maximum is {MAX_SIZE}"
            ))
        });
    }
    usize::try_from(size).ok()
}

/// Opens the token of a request; nothing for the first page.
pub(crate) fn open(token: &str, request: &Digest) -> Result<Option<Cursor>, CallError> {
    if token.is_empty() {
        return Ok(None);
    }
    let bytes = BASE64_URL_SAFE_NO_PAD
        .decode(token)
        .map_err(|_| CallError::InvalidPageToken)?;
    read(&bytes, request)
        .map(Some)
        .ok_or(CallError::InvalidPageToken)
}

fn read(bytes: &[u8], request: &Digest) -> Option<Cursor> {
    let (&[FORM], rest) = bytes.split_first_chunk()? else {
        return None;
    };
    let (digest, rest) = rest.split_first_chunk::<DIGEST_BYTES>()?;
    let (revision, last) = rest.split_first_chunk::<8>()?;
    let last = std::str::from_utf8(last).ok()?.to_owned();
    request.starts_with(digest).then(|| Cursor {
        revision: Revision(u64::from_be_bytes(*revision)),
        last,
    })
}

/// Closes a token; empty after the last page.
pub(crate) fn seal(next: Option<Cursor>, request: &Digest) -> String {
    let Some(Cursor { revision, last }) = next else {
        return String::new();
    };
    let mut bytes = vec![FORM];
    bytes.extend(request.iter().take(DIGEST_BYTES));
    bytes.extend(revision.0.to_be_bytes());
    bytes.extend(last.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use causeway_model::revision::Revision;

    use super::{Cursor, open, seal};
    use crate::error::CallError;

    #[test]
    fn a_token_leads_back_to_its_place_and_belongs_to_its_request_alone() {
        let cursor = Cursor {
            revision: Revision(7),
            last: "subnet-1".to_owned(),
        };
        let token = seal(Some(cursor.clone()), &[3; 32]);
        assert_eq!(open(&token, &[3; 32]).ok().flatten(), Some(cursor));
        for (token, request) in [
            (token.as_str(), [4; 32]),
            ("AQ", [3; 32]),
            ("no token!", [3; 32]),
        ] {
            assert!(
                matches!(open(token, &request), Err(CallError::InvalidPageToken)),
                "{token}"
            );
        }
    }
}
