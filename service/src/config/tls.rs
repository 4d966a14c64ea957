//! `[tls]`: which files, and how often they are looked at.

use std::path::PathBuf;
use std::time::Duration;

use causeway_grpc::TlsFiles;
use serde::Deserialize;

use super::{ConfigError, ServeArgs, positive_seconds};

/// As it stands in the file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    client_ca: Option<PathBuf>,
    require_client_certificate: bool,
    reload_seconds: Option<f64>,
}

impl File {
    /// The files of TLS, if it is spoken at all.
    pub(super) fn checked(&self, arguments: &ServeArgs) -> Result<Option<TlsFiles>, ConfigError> {
        let chosen = |argument: &Option<PathBuf>, file: &Option<PathBuf>| {
            let path = argument.clone().or_else(|| file.clone());
            path.filter(|path| !path.as_os_str().is_empty())
        };
        let certificate = chosen(&arguments.tls_certificate, &self.certificate);
        let key = chosen(&arguments.tls_key, &self.key);
        let client_ca = chosen(&arguments.tls_client_ca, &self.client_ca);
        let require_client_certificate =
            arguments.tls_require_client_certificate || self.require_client_certificate;
        let needs = |setting, needed| Err(ConfigError::Needs { setting, needed });
        if require_client_certificate && client_ca.is_none() {
            return needs("tls.require_client_certificate", "tls.client_ca");
        }
        match (certificate, key) {
            (Some(certificate), Some(key)) => Ok(Some(TlsFiles {
                certificate,
                key,
                client_ca,
                require_client_certificate,
            })),
            (Some(_), None) => needs("tls.certificate", "tls.key"),
            (None, Some(_)) => needs("tls.key", "tls.certificate"),
            (None, None) if client_ca.is_some() => needs("tls.client_ca", "tls.certificate"),
            (None, None) => Ok(None),
        }
    }

    /// How often it is looked whether the files have changed.
    pub(super) fn period(&self) -> Result<Duration, ConfigError> {
        positive_seconds(
            "tls.reload_seconds",
            self.reload_seconds,
            Duration::from_secs(5),
        )
    }
}
