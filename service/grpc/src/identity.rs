//! Who a call comes from: found once, before anything else sees the call.
//!
//! A token that the call carries wins over what the connection proves: it is what the caller chose to show. Headers that could be taken for a proof go no
//! further than here.

mod sidecar;

use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, Request};
use thiserror::Error;
use tower_layer::Layer;
use tower_service::Service;

use causeway_access::{Principal, SpiffeIdError, Tokens};

use crate::connection::{Certificate, Link, Peer};

pub use sidecar::Sidecar;
use sidecar::SidecarError;

/// How callers become known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The sidecar whose header is believed, if it comes from this machine or pod.
    pub sidecar: Option<Sidecar>,
    /// The bearer tokens that hold.
    pub tokens: Tokens,
    /// Whether callers that prove nothing are refused.
    pub require: bool,
}

/// Why what a call shows of its caller is not valid.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Unproven {
    /// The header of a token is of another form.
    #[error("the header `authorization` is not of the form `Bearer TOKEN`, once")]
    Authorization,
    /// Nobody has this token.
    #[error("the bearer token is not known")]
    Token,
    /// The certificate has a URI that is no SPIFFE id.
    #[error("the client certificate has a URI that is no SPIFFE id of a workload")]
    Certificate(#[source] SpiffeIdError),
    /// The certificate has several.
    #[error("the client certificate has more than one URI, and a SPIFFE id must be the only one")]
    Several,
    /// The sidecar's header cannot be read.
    #[error("the header `{header}` cannot be read")]
    Sidecar {
        /// The header.
        header: &'static str,
        /// Why not.
        source: SidecarError,
    },
}

/// Finds who a call comes from, and puts the [`Principal`], or why there is none, into its extensions.
#[derive(Debug, Clone)]
pub(crate) struct IdentityLayer {
    identity: Arc<Identity>,
}

/// A service whose calls tell who they come from.
#[derive(Debug, Clone)]
pub(crate) struct Identified<S> {
    identity: Arc<Identity>,
    inner: S,
}

impl IdentityLayer {
    pub(crate) fn new(identity: Identity) -> Self {
        Self {
            identity: Arc::new(identity),
        }
    }
}

impl<S> Layer<S> for IdentityLayer {
    type Service = Identified<S>;

    fn layer(&self, inner: S) -> Identified<S> {
        Identified {
            identity: Arc::clone(&self.identity),
            inner,
        }
    }
}

impl<S, B> Service<Request<B>> for Identified<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let link = request.extensions().get::<Link>().cloned();
        let peer = link.as_ref().map(|link| &*link.peer);
        let found = self.identity.find(peer, request.headers());
        let headers = request.headers_mut();
        headers.remove(AUTHORIZATION);
        for sidecar in Sidecar::ALL {
            headers.remove(sidecar.header());
        }
        match found {
            Ok(principal) => request.extensions_mut().insert(principal).map_or((), drop),
            Err(fault) => request.extensions_mut().insert(fault).map_or((), drop),
        }
        self.inner.call(request)
    }
}

// === impl Identity ===

impl Identity {
    fn find(&self, peer: Option<&Peer>, headers: &HeaderMap) -> Result<Principal, Unproven> {
        if headers.contains_key(AUTHORIZATION) {
            let token = bearer(headers).ok_or(Unproven::Authorization)?;
            return self.tokens.holder(token).ok_or(Unproven::Token);
        }
        let Some(peer) = peer else {
            return Ok(Principal::Anonymous);
        };
        if let Some(sidecar) = self.sidecar
            && peer.is_beside
            && let Some(principal) = by_sidecar(sidecar, headers)?
        {
            return Ok(principal);
        }
        match &peer.certificate {
            Certificate::None | Certificate::Nameless => Ok(Principal::Anonymous),
            Certificate::Of(principal) => Ok(principal.clone()),
            Certificate::Malformed(fault) => Err(Unproven::Certificate(*fault)),
            Certificate::Several => Err(Unproven::Several),
        }
    }
}

fn by_sidecar(sidecar: Sidecar, headers: &HeaderMap) -> Result<Option<Principal>, Unproven> {
    let name = sidecar.header();
    let wrong = |source| Unproven::Sidecar {
        header: name,
        source,
    };
    let Some(value) = only(headers, &HeaderName::from_static(name)) else {
        return if headers.contains_key(name) {
            Err(wrong(SidecarError::NotOnce))
        } else {
            Ok(None)
        };
    };
    sidecar.principal(value).map(Some).map_err(wrong)
}

/// The token of the header `authorization`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = only(headers, &AUTHORIZATION)?.split_once(' ')?;
    let is_form = scheme.eq_ignore_ascii_case("bearer") && !token.is_empty();
    (is_form && token.bytes().all(|byte| byte.is_ascii_graphic())).then_some(token)
}

/// The value of a header that is there once, as text.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).into_iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        (None, _) | (Some(_), Some(_)) => None,
    }
}

#[cfg(test)]
mod tests;
