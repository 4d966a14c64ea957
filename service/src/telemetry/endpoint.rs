//! Where Prometheus fetches the metrics: a small HTTP server with one page. It holds no names of anybody's topologies.
//!
//! Whoever asks is bounded: in how many there are, in what they send, and in how long they take.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus::{Registry, TEXT_FORMAT, TextEncoder};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::error::MainError;

/// Who may ask at once; the others are turned away.
const MAX_CONNECTIONS: usize = 16;

/// Most headers of a request, and most bytes of them.
const MAX_HEADERS: usize = 64;
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// How long a request may take to come in, and all of it with the answer.
const REQUEST: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(15);

/// Pause after a connection that could not be taken, as when no more files may be opened.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// The server, until it is stopped.
#[derive(Debug)]
pub(crate) struct Endpoint {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

// === impl Endpoint ===

impl Endpoint {
    /// Begins to serve what is registered.
    pub(crate) async fn start(address: SocketAddr, registry: Registry) -> Result<Self, MainError> {
        let listen = |source| MainError::ListenForMetrics { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        tracing::info!("metrics at http://{address}/metrics");
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(serve(listener, registry, stopped));
        Ok(Self { stop, task })
    }

    /// Takes no more requests, and gives up those in hand.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.task.await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the server of metrics ended with an error"
            );
        }
    }
}

async fn serve(listener: TcpListener, registry: Registry, mut stopped: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => return,
        };
        let Ok((stream, _)) = accepted else {
            sleep(AFTER_FAILURE).await;
            continue;
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            continue;
        };
        let (registry, mut stopped) = (registry.clone(), stopped.clone());
        tokio::spawn(async move {
            let _place = place;
            tokio::select! {
                () = answer(stream, registry) => {}
                _ = stopped.changed() => {}
            }
        });
    }
}

/// Answers one request, and closes the connection.
async fn answer(stream: TcpStream, registry: Registry) {
    let page = service_fn(move |request| {
        let response = respond(&request, &registry);
        async move { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new()
        .keep_alive(false)
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), page);
    // Whoever asks badly, or goes away, is answered by hyper or not at all.
    if let Ok(Err(error)) = timeout(WHOLE, connection).await {
        tracing::debug!(
            error = &error as &dyn std::error::Error,
            "a request for metrics failed"
        );
    }
}

fn respond(request: &Request<Incoming>, registry: &Registry) -> Response<Full<Bytes>> {
    let plain = (CONTENT_TYPE, "text/plain; charset=utf-8");
    if request.uri().path() != "/metrics" {
        return page(StatusCode::NOT_FOUND, plain, "metrics are at /metrics\n");
    }
    if request.method() != Method::GET {
        return page(StatusCode::METHOD_NOT_ALLOWED, (ALLOW, "GET"), "");
    }
    match TextEncoder::new().encode_to_string(&registry.gather()) {
        Ok(text) => page(StatusCode::OK, (CONTENT_TYPE, TEXT_FORMAT), text),
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the metrics cannot be written"
            );
            page(StatusCode::INTERNAL_SERVER_ERROR, plain, "see the log\n")
        }
    }
}

fn page(
    status: StatusCode,
    (name, value): (HeaderName, &'static str),
    text: impl Into<Bytes>,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(name, HeaderValue::from_static(value));
    response
}
