//! What a mesh's sidecar says of who calls, in a header of its own.
//!
//! # Istio: `x-forwarded-client-cert`
//! Envoy writes an element for each proxy, with commas between them, the nearest one last; an element is pairs `Key=value` with semicolons between them. A
//! value with one of `,;="` stands in quotes, and a quote within as `\"`
//! ([Envoy](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-client-cert)). Only the last element
//! counts, which our own sidecar wrote: the others came with the call. All of them have to be well-formed, for a quote that is left open
//! further left changes what the last element is.
//!
//! # Linkerd: `l5d-client-id`
//! The name of a service account, as `web.shop.serviceaccount.identity.linkerd.cluster.local`, or a SPIFFE id. The name is read as the SPIFFE id that
//! Istio gives to the same account, `spiffe://cluster.local/ns/shop/sa/web`: what follows `identity` is the control plane's namespace, and then the trust
//! domain.

use causeway_access::{Principal, SpiffeIdError};
use thiserror::Error;

/// A mesh whose sidecars tell who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sidecar {
    /// Istio's Envoy.
    Istio,
    /// Linkerd's proxy.
    Linkerd,
}

/// Why a sidecar's header cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum SidecarError {
    /// It stands there more than once, or is no text.
    #[error("it must be there once, as text")]
    NotOnce,
    /// It is no list of elements.
    #[error("it is not of the form that Envoy writes")]
    Form,
    /// Its last element does not have exactly one URI.
    #[error("its last element must have exactly one URI")]
    Uri,
    /// It is no name of a service account.
    #[error("it is neither a SPIFFE id nor the name of a service account")]
    Account,
    /// What it names is no workload.
    #[error(transparent)]
    Id(#[from] SpiffeIdError),
}

/// The keys that Envoy writes, in lower case.
const KEYS: [&str; 7] = ["by", "hash", "cert", "chain", "subject", "uri", "dns"];

/// What stands between the namespace of a service account and the control plane.
const ACCOUNT: &str = ".serviceaccount.identity.";

// === impl Sidecar ===

impl Sidecar {
    /// All of them, whose headers are taken off every call.
    pub(super) const ALL: [Self; 2] = [Self::Istio, Self::Linkerd];

    /// The header in which it tells who calls.
    pub(super) fn header(self) -> &'static str {
        match self {
            Self::Istio => "x-forwarded-client-cert",
            Self::Linkerd => "l5d-client-id",
        }
    }

    /// Who calls, by the value of the header.
    pub(super) fn principal(self, value: &str) -> Result<Principal, SidecarError> {
        match self {
            Self::Istio => Ok(Principal::workload(last_uri(value)?)?),
            Self::Linkerd if value.starts_with("spiffe://") => Ok(Principal::workload(value)?),
            Self::Linkerd => account(value),
        }
    }
}

/// The only URI of the last element.
fn last_uri(header: &str) -> Result<&str, SidecarError> {
    let mut rest = header;
    let mut uris = Vec::new();
    loop {
        let (key, after) = rest.split_once('=').ok_or(SidecarError::Form)?;
        let key = key.to_ascii_lowercase();
        if !KEYS.contains(&key.as_str()) {
            return Err(SidecarError::Form);
        }
        let (value, after) = value(after)?;
        if key == "uri" {
            uris.push(value);
        }
        let Some(separator) = after.chars().next() else {
            break;
        };
        rest = after.get(1..).unwrap_or_default();
        match separator {
            ';' => {}
            ',' => {
                uris.clear();
                rest = rest.trim_start_matches(' ');
            }
            _ => return Err(SidecarError::Form),
        }
    }
    match uris.as_slice() {
        // A SPIFFE id has nothing that is escaped within quotes.
        [uri] => Ok(uri),
        [] | [_, _, ..] => Err(SidecarError::Uri),
    }
}

/// A value, without its quotes and still with what is escaped in it, and what follows.
fn value(text: &str) -> Result<(&str, &str), SidecarError> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ';']).unwrap_or(text.len());
        let (value, rest) = text.split_at_checked(end).ok_or(SidecarError::Form)?;
        return if value.contains(['"', '=']) {
            Err(SidecarError::Form)
        } else {
            Ok((value, rest))
        };
    };
    let mut is_escaped = false;
    let end = quoted.find(|character| {
        let is_end = character == '"' && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        is_end
    });
    let (value, rest) = end
        .and_then(|end| quoted.split_at_checked(end))
        .ok_or(SidecarError::Form)?;
    Ok((value, rest.strip_prefix('"').unwrap_or_default()))
}

/// The workload that a service account is. A namespace has no dot in its name, an account may have.
fn account(name: &str) -> Result<Principal, SidecarError> {
    let parts = || {
        let (account, plane) = name.rsplit_once(ACCOUNT)?;
        let (account, namespace) = account.rsplit_once('.')?;
        let (_, trust_domain) = plane.split_once('.')?;
        Some((account, namespace, trust_domain))
    };
    let (account, namespace, trust_domain) = parts().ok_or(SidecarError::Account)?;
    let id = format!("spiffe://{trust_domain}/ns/{namespace}/sa/{account}");
    // An account whose name has a slash would be another path.
    if [account, namespace, trust_domain]
        .iter()
        .any(|part| part.contains('/'))
    {
        return Err(SidecarError::Account);
    }
    Ok(Principal::workload(&id)?)
}
