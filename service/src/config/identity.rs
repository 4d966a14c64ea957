//! `[identity]`: how callers become known, and whether they have to be.

use std::net::SocketAddr;

use causeway_access::Tokens;
use causeway_grpc::{Identity, Sidecar, TlsFiles};
use clap::ValueEnum;
use serde::Deserialize;

use super::{ConfigError, ServeArgs};

/// As it stands in the file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    sidecar: Option<Mesh>,
    allow_anonymous: bool,
    tokens: Vec<Token>,
}

/// The mesh whose sidecar tells who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mesh {
    /// None
    #[default]
    None,
    /// Istio, by the header x-forwarded-client-cert
    Istio,
    /// Linkerd, by the header l5d-client-id
    Linkerd,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    name: String,
    sha256: String,
}

/// What these settings come to, beside the ways in which callers become known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Safety {
    /// Whether nobody gets an answer who is not known.
    pub(super) is_closed: bool,
    /// Whether tokens may come in the clear.
    pub(super) has_bare_tokens: bool,
}

// === impl Safety ===

impl Safety {
    /// That an address which others can reach is safe.
    pub(super) fn check(&self, listen: SocketAddr, has_policies: bool) -> Result<(), ConfigError> {
        if self.has_bare_tokens {
            return Err(ConfigError::BareTokens { listen });
        }
        if !self.is_closed {
            return Err(ConfigError::Insecure { listen });
        }
        if !has_policies {
            return Err(ConfigError::Unguarded { listen });
        }
        Ok(())
    }
}

impl File {
    /// How callers become known, with this TLS.
    pub(super) fn checked(
        self,
        arguments: &ServeArgs,
        tls: Option<&TlsFiles>,
    ) -> Result<(Identity, Safety), ConfigError> {
        let mut tokens = Tokens::default();
        for Token { name, sha256 } in &self.tokens {
            tokens.add(name, sha256)?;
        }
        let sidecar = match arguments.sidecar.or(self.sidecar).unwrap_or_default() {
            Mesh::None => None,
            Mesh::Istio => Some(Sidecar::Istio),
            Mesh::Linkerd => Some(Sidecar::Linkerd),
        };
        let has_authorities = tls.is_some_and(|files| files.client_ca.is_some());
        let can_be_known = has_authorities || sidecar.is_some() || !tokens.is_empty();
        let require = can_be_known && !self.allow_anonymous;
        let is_admitted = tls.is_some_and(|files| files.require_client_certificate);
        let safety = Safety {
            is_closed: require || is_admitted,
            has_bare_tokens: !tokens.is_empty() && tls.is_none(),
        };
        let identity = Identity {
            sidecar,
            tokens,
            require,
        };
        Ok((identity, safety))
    }
}
