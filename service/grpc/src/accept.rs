//! Connections as they come: accepted one after the other, each made known to its TLS in a task of its own.
//!
//! Nobody can hold up the others: a handshake has a time, and where too many are under way the oldest gives way, which is the one that is least likely
//! to be honest. Each connection has a seat from the moment when it is accepted ([`crate::seats`]).

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{Stream, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};
use tokio_rustls::{Accept, TlsAcceptor};
use tokio_stream::wrappers::ReceiverStream;

use crate::connection::{Connection, Held};
use crate::seats::Seats;
use crate::tls::Tls;

/// Most handshakes that are under way at once.
const MOST_HANDSHAKES: usize = 1_024;

/// How long is waited after the system could not accept: mostly it has no descriptors left, and would say so again at once.
const PAUSE: Duration = Duration::from_millis(100);

/// Connections that were accepted and not yet taken.
const WAITING: usize = 64;

/// What becomes of the connections of a listener.
#[derive(Debug)]
pub(crate) struct Reception {
    /// What is spoken; nothing for in the clear.
    pub(crate) tls: Option<Tls>,
    pub(crate) seats: Seats,
    /// How long a TLS handshake may take, and after it the beginning of HTTP/2.
    pub(crate) begin_within: Duration,
    /// How often it is looked whether somebody takes the answers of a connection.
    pub(crate) look_every: Duration,
}

/// The connections that a listener accepts, for as long as they are taken.
pub(crate) fn connections(
    listener: TcpListener,
    reception: Reception,
) -> impl Stream<Item = Result<Connection, Infallible>> {
    let (queue, connections) = mpsc::channel(WAITING);
    tokio::spawn(accept(listener, reception, queue));
    ReceiverStream::new(connections).map(Ok)
}

async fn accept(listener: TcpListener, reception: Reception, queue: mpsc::Sender<Connection>) {
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
                // Mostly there are no descriptors left, and who is idle has one.
                reception.seats.relieve();
                tokio::select! {
                    () = queue.closed() => return,
                    () = sleep(PAUSE) => continue,
                }
            }
        };
        let Some(seat) = reception.seats.take() else {
            continue;
        };
        let held = Held {
            seat,
            begin_within: reception.begin_within,
            look_every: reception.look_every,
        };
        // What is small is to go at once; where that cannot be had, it goes all the same.
        let _ = stream.set_nodelay(true);
        match &reception.tls {
            // Who takes connections is gone if this one is not taken.
            None => queue
                .send(Connection::plain(stream, remote, held))
                .await
                .unwrap_or_default(),
            Some(tls) => {
                let accepting = TlsAcceptor::from(tls.config()).accept(stream);
                handshakes.begin(shake_hands(accepting, remote, held, queue.clone()));
            }
        }
    }
}

async fn shake_hands(
    accepting: Accept<TcpStream>,
    remote: SocketAddr,
    held: Held,
    queue: mpsc::Sender<Connection>,
) {
    let line = Arc::clone(held.seat.line());
    let shaken = tokio::select! {
        shaken = timeout(held.begin_within, accepting) => shaken,
        () = poll_fn(|cx| line.poll_closing(cx)) => return,
    };
    match shaken {
        Ok(Ok(stream)) => {
            let connection = Connection::tls(stream, remote, held);
            queue.send(connection).await.unwrap_or_default();
        }
        // Anyone can cause this: it is told to who asks for it.
        Ok(Err(error)) => {
            let error = &error as &dyn std::error::Error;
            tracing::debug!(%remote, error, "a TLS handshake failed");
        }
        Err(_) => {
            held.seat.note_silent();
            tracing::debug!(%remote, "a TLS handshake took too long");
        }
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
