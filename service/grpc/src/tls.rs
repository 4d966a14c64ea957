//! TLS of the server: certificate, key and the authorities of clients, read from files and read anew while it serves.
//!
//! It knows files and rustls, and nothing of gRPC. A connection keeps what held when it was made.

mod files;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::pki_types::pem;
use rustls::server::{NoServerSessionStorage, VerifierBuilderError, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use thiserror::Error;

use self::files::{Mark, Texts};

/// What is spoken within TLS.
const HTTP2: &[u8] = b"h2";

/// The files that TLS needs, in PEM form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's certificate, and those between it and the authority.
    pub certificate: PathBuf,
    /// The key of the certificate.
    pub key: PathBuf,
    /// The authorities whose certificates of clients are taken; none for no certificates of clients.
    pub client_ca: Option<PathBuf>,
    /// Whether a client without a certificate is refused.
    pub require_client_certificate: bool,
}

/// TLS as it is to be spoken with new connections. Clones share it.
#[derive(Clone)]
pub struct Tls {
    files: Arc<TlsFiles>,
    current: Arc<RwLock<Current>>,
}

struct Current {
    config: Arc<ServerConfig>,
    /// What `config` was made of.
    used: Mark,
    /// What was read after that, and could not be used.
    refused: Option<Mark>,
}

/// Why files cannot be used for TLS.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read `{}`", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is not of PEM form.
    #[error("`{}` cannot be read as PEM", .path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// A file lacks what it is for.
    #[error("`{}` holds no {what} in PEM form", .path.display())]
    Lacks {
        /// The file.
        path: PathBuf,
        /// What it is for.
        what: &'static str,
    },
    /// Certificate and key cannot be used together.
    #[error("certificate `{}` cannot be used with key `{}`", .certificate.display(), .key.display())]
    Pair {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// Why not.
        source: rustls::Error,
    },
    /// A certificate is none of an authority.
    #[error("`{}` holds a certificate that cannot be an authority's", .path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: rustls::Error,
    },
    /// Certificates of clients cannot be verified.
    #[error("certificates of clients cannot be verified by `{}`", .path.display())]
    Verifier {
        /// The file of the authorities.
        path: PathBuf,
        /// Why not.
        source: VerifierBuilderError,
    },
}

// === impl Tls ===

impl Tls {
    /// Reads the files. It blocks.
    ///
    /// # Errors
    /// [`TlsError`] that names the file and what is wrong with it.
    pub fn read(files: TlsFiles) -> Result<Self, TlsError> {
        let texts = Texts::read(&files)?;
        let current = Current {
            config: Arc::new(config(&files, &texts)?),
            used: texts.mark(),
            refused: None,
        };
        Ok(Self {
            files: Arc::new(files),
            current: Arc::new(RwLock::new(current)),
        })
    }

    /// Reads the files again, and tells whether there was anything new in them. It blocks.
    ///
    /// # Errors
    /// [`TlsError`] if the files cannot be used; what was used before goes on being used.
    pub fn read_again(&self) -> Result<bool, TlsError> {
        self.replace(false)
    }

    /// The same, but files that could not be used before, and are as they were then, are no error once more.
    ///
    /// # Errors
    /// As of [`Tls::read_again`].
    pub fn look_again(&self) -> Result<bool, TlsError> {
        self.replace(true)
    }

    /// What new connections are spoken with.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current.config)
    }

    fn replace(&self, is_quiet: bool) -> Result<bool, TlsError> {
        let texts = Texts::read(&self.files);
        let mark = texts
            .as_ref()
            .map_or_else(Mark::of_failure, |texts| texts.mark());
        let known = {
            let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
            (current.used == mark, current.refused == Some(mark))
        };
        if let (_, true) = known
            && is_quiet
        {
            return Ok(false);
        }
        let made = match (known, texts) {
            ((true, _), _) => Ok(None),
            ((false, _), texts) => texts
                .and_then(|texts| config(&self.files, &texts))
                .map(Some),
        };
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        current.refused = made.is_err().then_some(mark);
        let Some(config) = made? else {
            return Ok(false);
        };
        (current.config, current.used) = (Arc::new(config), mark);
        Ok(true)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

fn config(files: &TlsFiles, texts: &Texts) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let pair = |source| TlsError::Pair {
        certificate: files.certificate.clone(),
        key: files.key.clone(),
        source,
    };
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(pair)?;
    let builder = match files.client_ca.as_ref().zip(texts.authorities(files)?) {
        None => builder.with_no_client_auth(),
        Some((path, certificates)) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates {
                let added = roots.add(certificate);
                added.map_err(|source| TlsError::Authority {
                    path: path.clone(),
                    source,
                })?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            let verifier = if files.require_client_certificate {
                verifier
            } else {
                verifier.allow_unauthenticated()
            };
            let verifier = verifier.build().map_err(|source| TlsError::Verifier {
                path: path.clone(),
                source,
            })?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder
        .with_single_cert(texts.chain(files)?, texts.key(files)?)
        .map_err(pair)?;
    config.alpn_protocols = vec![HTTP2.to_vec()];
    // A session that is resumed is not verified again. Connections live long, so that this costs little.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}
