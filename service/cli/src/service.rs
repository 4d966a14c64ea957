//! Where the service is, and what is shown to it of who asks.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use causeway_client::{Client, ClientBuilder};

use crate::CliError;

/// Flags of every command that asks a service.
#[derive(Debug, Clone, Args)]
pub struct ServiceArgs {
    /// Where the service is
    #[arg(
        long,
        env = "CAUSEWAY_ENDPOINT",
        default_value = "http://127.0.0.1:50151",
        value_name = "URL"
    )]
    pub endpoint: String,
    /// PEM file with the authorities of the service's certificate, for an endpoint with https://
    #[arg(long, env = "CAUSEWAY_CA", value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// PEM file with a certificate that says who calls
    #[arg(
        long,
        env = "CAUSEWAY_CERTIFICATE",
        value_name = "FILE",
        requires = "key"
    )]
    pub certificate: Option<PathBuf>,
    /// PEM file with the certificate's key
    #[arg(
        long,
        env = "CAUSEWAY_KEY",
        value_name = "FILE",
        requires = "certificate"
    )]
    pub key: Option<PathBuf>,
    /// File with a bearer token that says who calls; CAUSEWAY_TOKEN may hold the token itself
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

// === impl ServiceArgs ===

impl ServiceArgs {
    /// A client that is not connected yet.
    ///
    /// # Errors
    /// [`CliError::Read`] if a file cannot be read.
    pub fn builder(&self) -> Result<ClientBuilder, CliError> {
        let mut builder = Client::builder().endpoint(&self.endpoint);
        if let Some(path) = &self.ca {
            builder = builder.ca_certificates(read(path)?);
        }
        if let (Some(certificate), Some(key)) = (&self.certificate, &self.key) {
            builder = builder.client_certificate(read(certificate)?, read(key)?);
        }
        if let Some(token) = self.token()? {
            builder = builder.token(&token);
        }
        Ok(builder)
    }

    /// The bearer token: that of the file, else that of the environment.
    fn token(&self) -> Result<Option<String>, CliError> {
        match (&self.token_file, &self.token) {
            (Some(path), _) => {
                let text = read(path)?;
                Ok(Some(String::from_utf8_lossy(&text).into_owned()))
            }
            (None, Some(Secret(token))) if !token.is_empty() => Ok(Some(token.clone())),
            (None, _) => Ok(None),
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    fs::read(path).map_err(|source| CliError::Read {
        path: path.display().to_string(),
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
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}
