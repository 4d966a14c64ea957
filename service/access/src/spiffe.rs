//! SPIFFE ids of workloads, by the rules of
//! [SPIFFE-ID, section 2](https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md#2-spiffe-identity).
//!
//! # Rules
//! - The scheme is `spiffe`, and there is no user, port, query or fragment, and nothing is percent-encoded.
//! - A trust domain has 1 to 255 of the characters `a-z 0-9 . - _`.
//! - A path has segments of `a-z A-Z 0-9 . - _`, none of them empty, `.` or `..`, and does not end with a slash.
//! - The whole has at most 2048 bytes.
//! - The id of a workload has a path: that of a trust domain alone is its authority's
//!   ([X.509-SVID, section 5.2](https://github.com/spiffe/spiffe/blob/main/standards/X509-SVID.md#52-leaf-validation)).

use thiserror::Error;

use crate::Principal;

const MOST_BYTES: usize = 2048;
const MOST_DOMAIN_BYTES: usize = 255;

/// Why a text is no SPIFFE id of a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SpiffeIdError {
    /// It is too long.
    #[error("a SPIFFE id has at most 2048 bytes")]
    TooLong,
    /// It begins otherwise.
    #[error("a SPIFFE id begins with `spiffe://`")]
    Scheme,
    /// The trust domain is none.
    #[error("a trust domain has 1 to 255 of the characters a-z, 0-9, `.`, `-` and `_`")]
    TrustDomain,
    /// There is no path.
    #[error("the SPIFFE id of a workload has a path after the trust domain")]
    NoPath,
    /// The path has a segment that is none.
    #[error(
        "a segment of a SPIFFE id's path has characters of a-z, A-Z, 0-9, `.`, `-` and `_`, at least one, and is not `.` or `..`"
    )]
    Segment,
}

impl Principal {
    /// The workload that has this SPIFFE id.
    ///
    /// # Errors
    /// [`SpiffeIdError`] if the text is no SPIFFE id of a workload.
    pub fn workload(id: &str) -> Result<Self, SpiffeIdError> {
        if id.len() > MOST_BYTES {
            return Err(SpiffeIdError::TooLong);
        }
        let rest = id.strip_prefix("spiffe://").ok_or(SpiffeIdError::Scheme)?;
        let (domain, path) = match rest.split_once('/') {
            Some((domain, path)) => (domain, Some(path)),
            None => (rest, None),
        };
        if !(1..=MOST_DOMAIN_BYTES).contains(&domain.len()) || !domain.bytes().all(is_of_domain) {
            return Err(SpiffeIdError::TrustDomain);
        }
        let path = path.ok_or(SpiffeIdError::NoPath)?;
        if path.split('/').all(is_segment) {
            Ok(Self::Workload(id.to_owned()))
        } else {
            Err(SpiffeIdError::Segment)
        }
    }
}

fn is_of_domain(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_')
}

fn is_segment(segment: &str) -> bool {
    let is_allowed = |byte: u8| is_of_domain(byte) || byte.is_ascii_uppercase();
    !matches!(segment, "" | "." | "..") && segment.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests;
