//! A connection, in the clear or within TLS, and what it proves of who is at its other end.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Interval, MissedTickBehavior, Sleep, interval_at, sleep};
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;

use causeway_access::{Principal, SpiffeIdError};

use crate::seats::{Line, Seat};

/// How long is waited for the other side to close a connection that we have closed.
const LINGER: Duration = Duration::from_secs(1);

/// What HTTP/2 begins with, at least: the words of the preface, and a frame of settings without any.
const BEGINNING: usize = 24 + 9;

/// A connection that can carry calls.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: Stream,
    link: Link,
    seat: Seat,
    /// When it is looked next whether somebody takes the answers.
    looks: Interval,
    /// Until it has begun.
    opening: Option<Opening>,
    closing: Option<Closing>,
}

/// A connection on which HTTP/2 has not begun yet. Without an end to that, who says nothing would stay for ever: only then does HTTP/2 ask whether he lives.
#[derive(Debug)]
struct Opening {
    until: Pin<Box<Sleep>>,
    /// Bytes that are still to come.
    missing: usize,
}

/// A connection that says nothing more, and hears the other side out: a socket that is closed while something is unread resets the connection, and
/// the other side may lose what it has not read of our last answers.
#[derive(Debug)]
struct Closing {
    until: Pin<Box<Sleep>>,
}

/// What a connection has of its listener.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) seat: Seat,
    /// How long HTTP/2 may take to begin.
    pub(crate) begin_within: Duration,
    /// How often it is looked whether somebody takes the answers.
    pub(crate) look_every: Duration,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// What calls know of their connection.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) peer: Arc<Peer>,
    pub(crate) line: Arc<Line>,
}

/// Who is at the other end, as far as the connection tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Whether it is a process of this machine, or of this pod: nobody else can have an address of loopback, or the address that it connected to.
    pub(crate) is_beside: bool,
    pub(crate) certificate: Certificate,
}

/// What the peer's certificate says, which was verified in the handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Certificate {
    /// There is none.
    None,
    /// There is one, without any URI: it admits, and names nobody.
    Nameless,
    /// It is a workload's.
    Of(Principal),
    /// It has a URI that is no SPIFFE id.
    Malformed(SpiffeIdError),
    /// It has several URIs, and a SPIFFE id has to be the only one.
    Several,
}

// === impl Connection ===

impl Connection {
    /// A connection in the clear, with its seat and how long HTTP/2 may take to begin.
    pub(crate) fn plain(stream: TcpStream, remote: SocketAddr, held: Held) -> Self {
        let peer = Peer {
            is_beside: is_beside(&stream, remote),
            certificate: Certificate::None,
        };
        Self::new(Stream::Plain(stream), peer, held)
    }

    /// The same within TLS.
    pub(crate) fn tls(stream: TlsStream<TcpStream>, remote: SocketAddr, held: Held) -> Self {
        let (tcp, session) = stream.get_ref();
        let certificates = session.peer_certificates();
        let peer = Peer {
            is_beside: is_beside(tcp, remote),
            certificate: certificates.map_or(Certificate::None, Certificate::read),
        };
        Self::new(Stream::Tls(Box::new(stream)), peer, held)
    }

    fn new(stream: Stream, peer: Peer, held: Held) -> Self {
        let Held {
            seat,
            begin_within,
            look_every,
        } = held;
        let link = Link {
            peer: Arc::new(peer),
            line: Arc::clone(seat.line()),
        };
        let opening = Opening {
            until: Box::pin(sleep(begin_within)),
            missing: BEGINNING,
        };
        let mut looks = interval_at(Instant::now() + look_every, look_every);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            stream,
            link,
            seat,
            looks,
            opening: Some(opening),
            closing: None,
        }
    }
}

impl Connection {
    /// Reads what still comes, until the other side has closed too, or has had its time.
    fn hear_out(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(closing) = &mut self.closing
            && closing.until.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Ok(()));
        }
        let mut bytes = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut bytes);
            // That the other side is gone already is as good.
            let is_open = ready!(self.as_mut().poll_read(cx, &mut buffer)).is_ok();
            if !is_open || buffer.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl Connection {
    /// Whether it may go on: nobody wants its seat, and it has begun or still has time to.
    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.link.line.poll_closing(cx).is_ready() {
            return Err(io::Error::new(
                io::ErrorKind::ConnectionAborted,
                "the connection was idle and gave way to a new one",
            ));
        }
        if self.looks.poll_tick(cx).is_ready() {
            // So that it is woken for the next one.
            let _ = self.looks.poll_tick(cx);
            if !self.link.line.unread().look() {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "there are too many answers that nobody takes",
                ));
            }
        }
        if let Some(opening) = &mut self.opening
            && opening.until.as_mut().poll(cx).is_ready()
        {
            self.seat.note_silent();
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "HTTP/2 did not begin in time",
            ));
        }
        Ok(())
    }

    /// So many bytes more have come.
    fn note_read(&mut self, bytes: usize) {
        if let Some(opening) = &mut self.opening {
            opening.missing = opening.missing.saturating_sub(bytes);
            if opening.missing == 0 {
                self.opening = None;
            }
        }
    }
}

fn is_beside(stream: &TcpStream, remote: SocketAddr) -> bool {
    let address = remote.ip().to_canonical();
    let own = stream.local_addr().map(|local| local.ip().to_canonical());
    address.is_loopback() || own.is_ok_and(|own| own == address)
}

// === impl Certificate ===

impl Certificate {
    /// Reads a chain whose signatures were verified; the first is the peer's own.
    fn read(chain: &[CertificateDer<'_>]) -> Self {
        let Some(own) = chain.first() else {
            return Self::None;
        };
        let Ok(own) = webpki::EndEntityCert::try_from(own) else {
            // It was verified, so that this does not happen; and if it does, nobody is taken for somebody.
            return Self::Several;
        };
        let mut names = own.valid_uri_names();
        match (names.next(), names.next()) {
            (None, _) => Self::Nameless,
            (Some(id), None) => Principal::workload(id).map_or_else(Self::Malformed, Self::Of),
            (Some(_), Some(_)) => Self::Several,
        }
    }
}

// === impl Connected ===

impl Connected for Connection {
    type ConnectInfo = Link;

    fn connect_info(&self) -> Link {
        self.link.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(cx)?;
        let before = buffer.filled().len();
        let read = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        };
        self.note_read(buffer.filled().len().saturating_sub(before));
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let said = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        };
        if self.closing.is_none() {
            ready!(said)?;
            let until = Box::pin(sleep(LINGER));
            self.closing = Some(Closing { until });
        }
        self.hear_out(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Stream::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }
}
