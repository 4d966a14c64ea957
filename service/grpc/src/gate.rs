//! Who is let in: who has shown nothing that is not valid, and, where that is asked for, who has shown something.
//!
//! Health is told to everyone who shows nothing: it is asked by those who have nothing to show.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use tonic::body::Body;
use tower_layer::Layer;
use tower_service::Service;

use causeway_access::Principal;

use crate::identity::Unproven;
use crate::status;

/// What the methods of health begin with.
const HEALTH: &str = "/grpc.health.v1.Health/";

/// Refuses calls by what [`crate::identity`] found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GateLayer {
    /// Whether callers that prove nothing are refused.
    pub(crate) requires: bool,
}

/// A service that some are not let into.
#[derive(Debug, Clone)]
pub(crate) struct Gate<S> {
    requires: bool,
    inner: S,
}

impl<S> Layer<S> for GateLayer {
    type Service = Gate<S>;

    fn layer(&self, inner: S) -> Gate<S> {
        Gate {
            requires: self.requires,
            inner,
        }
    }
}

impl<S, B> Service<Request<B>> for Gate<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let refused = if let Some(fault) = request.extensions().get::<Unproven>() {
            status::unproven(fault)
        } else if self.requires && !is_known(&request) && !is_of_health(&request) {
            status::credentials_required()
        } else {
            return Box::pin(self.inner.call(request));
        };
        Box::pin(async move { Ok(refused.into_http()) })
    }
}

fn is_known<B>(request: &Request<B>) -> bool {
    match request.extensions().get::<Principal>() {
        Some(Principal::Workload(_) | Principal::Token(_)) => true,
        Some(Principal::Anonymous) | None => false,
    }
}

fn is_of_health<B>(request: &Request<B>) -> bool {
    request.uri().path().starts_with(HEALTH)
}
