//! An echo of the service: what no service of the same messages can outdo on the same machine.
//!
//! It decodes each request fully, and encodes an answer that it was given beforehand, by the same library and on the same settings of the transport
//! as the service. Nothing is between the two. It knows no path: which answer is wanted, the number of the call in a header says.

mod codec;
mod input;
mod service;

use clap::{Args, ValueEnum};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use crate::method::{Batch, Method, Single};
use crate::{LoadError, report};
use service::Echo;

pub(crate) use input::write;

/// The header that numbers a call, from 0.
pub const CALL_HEADER: &str = "causeway-loadtest-call";

/// HTTP/2 windows: those of the service.
const STREAM_WINDOW: u32 = 2 * 1024 * 1024;
const CONNECTION_WINDOW: u32 = 8 * 1024 * 1024;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Many flows a call: throughput.
    Batch,
    /// One flow a call: latency.
    Single,
}

/// What to echo.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// What is asked.
    #[arg(long, value_enum)]
    pub mode: Mode,
    /// How many answers standard input has: each the length in four bytes, the highest first, and the encoded message.
    #[arg(long)]
    pub calls: usize,
}

/// Reads the answers from standard input, tells its address, and serves until standard input ends.
///
/// # Errors
/// [`LoadError`] if the answers cannot be read, or nothing can be served.
pub async fn run(settings: &Settings) -> Result<(), LoadError> {
    let input = tokio::io::stdin();
    match settings.mode {
        Mode::Batch => serve::<Batch>(settings.calls, input).await,
        Mode::Single => serve::<Single>(settings.calls, input).await,
    }
}

async fn serve<M: Method>(
    calls: usize,
    mut input: impl AsyncRead + Unpin,
) -> Result<(), LoadError> {
    let failed = |source| LoadError::Echo { source };
    let answers = input::read::<M::Answer>(calls, &mut input).await;
    let echo = Echo::<M>::new(answers.map_err(failed)?);
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
    report::say(&listener.local_addr().map_err(failed)?.to_string());
    Server::builder()
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .add_service(echo)
        .serve_with_incoming_shutdown(
            TcpIncoming::from(listener).with_nodelay(Some(true)),
            ended(input),
        )
        .await
        .map_err(|source| failed(std::io::Error::other(source)))
}

/// Waits until whoever started it ends it, or is gone: the system closes the pipe in either case.
async fn ended(mut input: impl AsyncRead + Unpin) {
    let mut more = [0; 64];
    while input.read(&mut more).await.is_ok_and(|bytes| bytes > 0) {}
}
