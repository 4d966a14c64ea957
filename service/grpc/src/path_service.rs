//! `causeway.v1.PathService`.
//!
//! It is taken apart here and not by the generated server, so that flows stay bytes until somebody has to read them: many are read and written in pieces (`chunk`), and
//! one that was asked before is not read at all (`answers`).

mod answers;
mod batch;
mod chunk;
mod matrix;
mod pieces;
mod single;
mod state;
mod stream;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use causeway_proto::v1::path_service_server::SERVICE_NAME;
use http_body::Body as HttpBody;
use tokio::sync::watch;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::StdError;
use tonic::server::NamedService;
use tower_service::Service;

use crate::access::{Access, Asker};

pub(crate) use answers::Answers;

/// The service.
#[derive(Debug, Clone)]
pub(crate) struct PathService {
    access: Access,
    answers: Arc<Answers>,
    stopping: watch::Receiver<bool>,
}

/// What its methods ask.
#[derive(Debug, Clone)]
struct Asking {
    asker: Asker,
    answers: Arc<Answers>,
    /// Becomes true when the server is about to stop.
    stopping: watch::Receiver<bool>,
}

/// A call that is under way.
type Answering = Pin<Box<dyn Future<Output = Result<http::Response<Body>, Infallible>> + Send>>;

// === impl PathService ===

impl PathService {
    pub(crate) fn new(
        access: Access,
        answers: Arc<Answers>,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        Self {
            access,
            answers,
            stopping,
        }
    }
}

impl NamedService for PathService {
    const NAME: &'static str = SERVICE_NAME;
}

impl<B> Service<http::Request<B>> for PathService
where
    B: HttpBody + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Answering {
        let asking = Asking {
            asker: self.access.asker(request.extensions(), request.headers()),
            answers: Arc::clone(&self.answers),
            stopping: self.stopping.clone(),
        };
        let method = request.uri().path().rsplit('/').next().unwrap_or_default();
        match method {
            "ResolvePath" => Box::pin(async move { Ok(single::answer(asking, request).await) }),
            "BatchResolvePaths" => {
                Box::pin(async move { Ok(batch::answer(asking, request).await) })
            }
            "StreamResolvePaths" => {
                Box::pin(async move { Ok(stream::answer(asking, request).await) })
            }
            "ComputeReachabilityMatrix" => {
                Box::pin(async move { Ok(matrix::answer(asking, request).await) })
            }
            _ => Box::pin(async { Ok(Status::unimplemented("").into_http()) }),
        }
    }
}
