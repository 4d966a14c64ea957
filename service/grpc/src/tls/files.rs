//! What stands in the files of TLS.

use std::error::Error;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};

use super::{TlsError, TlsFiles};

/// Most bytes of a file: no certificate comes near it.
const MOST_BYTES: u64 = 1024 * 1024;

/// The files as they were read.
pub(super) struct Texts {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

/// By what it is known whether files have changed: their contents, or why they could not be read. Times of files are too coarse for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark([u8; 32]);

// === impl Texts ===

impl Texts {
    pub(super) fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        Ok(Self {
            certificate: read(&files.certificate)?,
            key: read(&files.key)?,
            client_ca: files.client_ca.as_deref().map(read).transpose()?,
        })
    }

    pub(super) fn mark(&self) -> Mark {
        let parts = [
            Some(&self.certificate),
            Some(&self.key),
            self.client_ca.as_ref(),
        ];
        let digests = parts.map(|part| part.map(Sha256::digest));
        let mut whole = Sha256::new();
        for digest in digests.iter().flatten() {
            whole.update(digest);
        }
        Mark(whole.finalize().into())
    }

    /// The server's certificate and those above it.
    pub(super) fn chain(&self, files: &TlsFiles) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        certificates(&files.certificate, &self.certificate)
    }

    pub(super) fn key(&self, files: &TlsFiles) -> Result<PrivateKeyDer<'static>, TlsError> {
        let path = files.key.clone();
        PrivateKeyDer::from_pem_slice(&self.key).map_err(|source| {
            if matches!(source, pem::Error::NoItemsFound) {
                TlsError::Lacks { path, what: "key" }
            } else {
                TlsError::Pem { path, source }
            }
        })
    }

    /// The authorities of clients.
    pub(super) fn authorities(
        &self,
        files: &TlsFiles,
    ) -> Result<Option<Vec<CertificateDer<'static>>>, TlsError> {
        let given = files.client_ca.as_deref().zip(self.client_ca.as_deref());
        given
            .map(|(path, text)| certificates(path, text))
            .transpose()
    }
}

// === impl Mark ===

impl Mark {
    pub(super) fn of_failure(error: &TlsError) -> Self {
        let cause = error.source().map(ToString::to_string);
        let words = format!("{error}: {}", cause.unwrap_or_default());
        Self(Sha256::digest(words).into())
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let read = || -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        let file = File::open(path)?;
        file.take(MOST_BYTES.saturating_add(1))
            .read_to_end(&mut text)?;
        if u64::try_from(text.len()).is_ok_and(|length| length <= MOST_BYTES) {
            Ok(text)
        } else {
            Err(io::Error::other("it has more than 1048576 bytes"))
        }
    };
    read().map_err(|source| TlsError::Read {
        path: path.to_owned(),
        source,
    })
}

fn certificates(path: &Path, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(text).collect();
    let found = found.map_err(|source| TlsError::Pem {
        path: path.to_owned(),
        source,
    })?;
    if found.is_empty() {
        return Err(TlsError::Lacks {
            path: path.to_owned(),
            what: "certificate",
        });
    }
    Ok(found)
}
