//! A server without a transport, called within its process.

use std::convert::Infallible;
use std::sync::Arc;

use http::{Request, Response};
use tokio::sync::watch;
use tonic::body::Body;
use tower::util::BoxCloneService;
use tower_service::Service as _;

/// A server that is called within its process.
#[derive(Debug, Clone)]
pub struct Within {
    pub(super) service: BoxCloneService<Request<Body>, Response<Body>, Infallible>,
    /// Nobody tells it to stop, for as long as it is here.
    pub(super) _stop: Arc<watch::Sender<bool>>,
}

// === impl Within ===

impl Within {
    /// Makes a call. Its answer may fail where a status is told after it has begun.
    pub async fn call(&mut self, request: Request<Body>) -> Response<Body> {
        // Layers and routes are ready at once, and do not fail.
        let Ok(response) = self.service.call(request).await;
        response
    }
}
