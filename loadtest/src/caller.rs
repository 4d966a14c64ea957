//! What is shown to the service of who asks, as the commands of `causeway` take it.

use std::fmt;
use std::path::{Path, PathBuf};

use causeway_client::{Client, ClientBuilder};
use clap::Args;

use crate::LoadError;

/// Certificates and tokens.
#[derive(Debug, Clone, Default, Args)]
pub struct Caller {
    /// PEM file with the authorities of the service's certificate, for an endpoint with https://.
    #[arg(long, env = "CAUSEWAY_CA", value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// PEM file with a certificate that says who calls.
    #[arg(
        long,
        env = "CAUSEWAY_CERTIFICATE",
        value_name = "FILE",
        requires = "key"
    )]
    pub certificate: Option<PathBuf>,
    /// PEM file with the certificate's key.
    #[arg(
        long,
        env = "CAUSEWAY_KEY",
        value_name = "FILE",
        requires = "certificate"
    )]
    pub key: Option<PathBuf>,
    /// File with a bearer token that says who calls; CAUSEWAY_TOKEN may hold the token itself.
    #[arg(long, env = "CAUSEWAY_TOKEN_FILE", value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// The token out of the environment. As an argument, everyone on the machine could read it, so that the flag is not shown.
    #[arg(
        long,
        env = "CAUSEWAY_TOKEN",
        value_name = "TOKEN",
        hide = true,
        hide_env_values = true
    )]
    pub token: Option<Secret>,
}

/// A text that is not printed.
#[derive(Clone)]
pub struct Secret(String);

// === impl Caller ===

impl Caller {
    /// A client of this endpoint that is not connected yet.
    ///
    /// # Errors
    /// [`LoadError::Unreadable`] if a file cannot be read.
    pub(crate) fn client(&self, endpoint: &str) -> Result<ClientBuilder, LoadError> {
        let mut builder = Client::builder().endpoint(endpoint);
        if let Some(path) = &self.ca {
            builder = builder.ca_certificates(read(path)?);
        }
        if let (Some(certificate), Some(key)) = (&self.certificate, &self.key) {
            builder = builder.client_certificate(read(certificate)?, read(key)?);
        }
        match (&self.token_file, &self.token) {
            (Some(path), _) => {
                let text = read(path)?;
                Ok(builder.token(&String::from_utf8_lossy(&text)))
            }
            (None, Some(Secret(token))) if !token.is_empty() => Ok(builder.token(token)),
            (None, _) => Ok(builder),
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    std::fs::read(path).map_err(|source| LoadError::Unreadable {
        path: path.to_path_buf(),
        source,
    })
}

// === impl Secret ===

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Secret")
    }
}
