//! Connections as they come: accepted one after the other, each made known to its TLS in a task of its own.
//!
//! Nobody can hold up the others: a handshake has a time, and where too many are under way the oldest gives way, which is the one that is least likely
//! to be honest.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use futures::stream::{Stream, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;

use crate::connection::Connection;
use crate::tls::Tls;

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Most handshakes that are under way at once.
const MOST_HANDSHAKES: usize = 1_024;

/// How long is waited after the system could not accept: mostly it has no descriptors left, and would say so again at once.
const PAUSE: Duration = Duration::from_millis(100);

/// Connections that were accepted and not yet taken.
const WAITING: usize = 64;

/// The connections that a listener accepts, for as long as they are taken.
pub(crate) fn connections(
    listener: TcpListener,
    tls: Option<Tls>,
) -> impl Stream<Item = Result<Connection, Infallible>> {
    let (queue, connections) = mpsc::channel(WAITING);
    tokio::spawn(accept(listener, tls, queue));
    ReceiverStream::new(connections).map(Ok)
}

async fn accept(listener: TcpListener, tls: Option<Tls>, queue: mpsc::Sender<Connection>) {
    let mut handshakes = Handshakes::default();
    loop {
        let accepted = tokio::select! {
            () = queue.closed() => return,
            accepted = listener.accept() => accepted,
        };
        let (stream, remote) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a connection could not be accepted"
                );
                tokio::select! {
                    () = queue.closed() => return,
                    () = sleep(PAUSE) => continue,
                }
            }
        };
        // What is small is to go at once; where that cannot be had, it goes all the same.
        let _ = stream.set_nodelay(true);
        match &tls {
            // Who takes connections is gone if this one is not taken.
            None => queue
                .send(Connection::plain(stream, remote))
                .await
                .unwrap_or_default(),
            Some(tls) => {
                let acceptor = TlsAcceptor::from(tls.config());
                handshakes.begin(shake_hands(acceptor, stream, remote, queue.clone()));
            }
        }
    }
}

async fn shake_hands(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    remote: SocketAddr,
    queue: mpsc::Sender<Connection>,
) {
    match timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => {
            let connection = Connection::tls(stream, remote);
            queue.send(connection).await.unwrap_or_default();
        }
        // Anyone can cause this: it is told to who asks for it.
        Ok(Err(error)) => {
            let error = &error as &dyn std::error::Error;
            tracing::debug!(%remote, error, "a TLS handshake failed");
        }
        Err(_) => tracing::debug!(%remote, "a TLS handshake took too long"),
    }
}

/// Handshakes that are under way, the oldest first. They end with it.
#[derive(Debug, Default)]
struct Handshakes {
    under_way: VecDeque<AbortHandle>,
}

// === impl Handshakes ===

impl Handshakes {
    fn begin(&mut self, handshake: impl Future<Output = ()> + Send + 'static) {
        if self.under_way.len() >= MOST_HANDSHAKES {
            self.under_way.retain(|handshake| !handshake.is_finished());
        }
        if self.under_way.len() >= MOST_HANDSHAKES
            && let Some(oldest) = self.under_way.pop_front()
        {
            oldest.abort();
        }
        self.under_way
            .push_back(tokio::spawn(handshake).abort_handle());
    }
}

impl Drop for Handshakes {
    fn drop(&mut self) {
        for handshake in &self.under_way {
            handshake.abort();
        }
    }
}
