//! The echo as a service of tonic: what the generated code does for a method, with a codec of its own.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use causeway_proto::v1::path_service_server::SERVICE_NAME;
use tonic::body::Body;
use tonic::codegen::{Body as HttpBody, BoxFuture, Service, StdError, http};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::{Request, Response, Status};

use super::CALL_HEADER;
use super::codec::Shared;
use crate::method::{MAX_MESSAGE_BYTES, Method};

/// The answers, by the number of their call.
type Answers<M> = Arc<Vec<Arc<<M as Method>::Answer>>>;

/// Answers one method from what it was given.
pub(super) struct Echo<M: Method> {
    answers: Answers<M>,
}

/// One call of it.
struct Call<M: Method> {
    answers: Answers<M>,
}

// === impl Echo ===

impl<M: Method> Echo<M> {
    pub(super) fn new(answers: Vec<Arc<M::Answer>>) -> Self {
        Self {
            answers: Arc::new(answers),
        }
    }
}

impl<M: Method> Clone for Echo<M> {
    fn clone(&self) -> Self {
        Self {
            answers: Arc::clone(&self.answers),
        }
    }
}

impl<M: Method> NamedService for Echo<M> {
    const NAME: &'static str = SERVICE_NAME;
}

impl<M, B> Service<http::Request<B>> for Echo<M>
where
    M: Method,
    B: HttpBody + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let answers = Arc::clone(&self.answers);
        Box::pin(async move {
            if request.uri().path() != M::PATH {
                let message = format!("this echo answers {} alone", M::PATH);
                return Ok(Status::unimplemented(message).into_http());
            }
            let limit = Some(MAX_MESSAGE_BYTES);
            let mut grpc = Grpc::new(Shared::<M::Question, M::Answer>::new())
                .apply_max_message_size_config(limit, limit);
            Ok(grpc.unary(Call::<M> { answers }, request).await)
        })
    }
}

// === impl Call ===

impl<M: Method> UnaryService<M::Question> for Call<M> {
    type Response = Arc<M::Answer>;
    type Future = Ready<Result<Response<Arc<M::Answer>>, Status>>;

    fn call(&mut self, question: Request<M::Question>) -> Self::Future {
        let number = question.metadata().get(CALL_HEADER);
        let number = number.and_then(|number| number.to_str().ok()?.parse::<usize>().ok());
        let answer = number.and_then(|number| self.answers.get(number));
        ready(answer.map(|answer| Response::new(Arc::clone(answer))).ok_or_else(|| {
            Status::invalid_argument(format!(
                "header `{CALL_HEADER}` is no number of a recorded call; there are {}, from 0",
                self.answers.len()
            ))
        }))
    }
}
