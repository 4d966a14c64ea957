//! What is served before the engine is there: health and reflection, and of everything else that it is not there yet.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use futures::future::Either;
use http::{Request, Response};
use tonic::body::Body;
use tonic::service::Routes;
use tower_service::Service;

use crate::status;

/// What the methods of the contract begin with.
const CONTRACT: &str = "/causeway.v1.";

/// The routes that there are, and in time all of them.
#[derive(Debug, Clone)]
pub(crate) struct Starting {
    early: Routes,
    whole: Arc<OnceLock<Routes>>,
}

impl Starting {
    /// `whole` is what is served once it is there.
    pub(crate) fn new(early: Routes, whole: Arc<OnceLock<Routes>>) -> Self {
        Self { early, whole }
    }
}

impl Service<Request<Body>> for Starting {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<
        <Routes as Service<Request<Body>>>::Future,
        Ready<Result<Response<Body>, Infallible>>,
    >;

    /// Routes are always ready.
    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if let Some(whole) = self.whole.get() {
            Either::Left(whole.clone().call(request))
        } else if request.uri().path().starts_with(CONTRACT) {
            Either::Right(ready(Ok(status::starting().into_http())))
        } else {
            Either::Left(self.early.call(request))
        }
    }
}
