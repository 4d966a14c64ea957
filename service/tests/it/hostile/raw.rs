//! A client that speaks HTTP/2 frame by frame, to say what no library would, or nothing.
//!
//! Headers are written without any compression (RFC 7541, section 6.2.2); what is read is not understood, but for the type of frames.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RESET: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const ACK: u8 = 1;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// One connection.
pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
}

/// What was read.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

/// A frame as it is sent.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// A number with a prefix of seven bits (RFC 7541, section 5.1).
fn length(mut number: usize) -> Vec<u8> {
    if number < 127 {
        return vec![u8::try_from(number).unwrap()];
    }
    number -= 127;
    let mut bytes = vec![127];
    while number >= 128 {
        bytes.push(u8::try_from(number % 128).unwrap() | 128);
        number /= 128;
    }
    bytes.push(u8::try_from(number).unwrap());
    bytes
}

/// Headers, as a block.
pub(crate) fn block(headers: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in headers {
        bytes.push(0);
        for text in [name, value] {
            bytes.extend(length(text.len()));
            bytes.extend(text.as_bytes());
        }
    }
    bytes
}

/// The headers of a call.
pub(crate) fn call(method: &str) -> [(&str, &str); 6] {
    [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", method),
        (":authority", "causeway"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ]
}

/// A message as gRPC frames it.
pub(crate) fn message(bytes: &[u8]) -> Vec<u8> {
    let mut framed = vec![0];
    framed.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
    framed.extend(bytes);
    framed
}

impl Raw {
    /// A connection on which nothing was said.
    pub(crate) async fn silent(endpoint: &str) -> Self {
        let address = endpoint.trim_start_matches("http://");
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream }
    }

    /// A connection on which HTTP/2 has begun, with these settings: their numbers and values.
    pub(crate) async fn open(endpoint: &str, settings: &[(u16, u32)]) -> Self {
        let mut raw = Self::silent(endpoint).await;
        let mut payload = Vec::new();
        for (number, value) in settings {
            payload.extend(number.to_be_bytes());
            payload.extend(value.to_be_bytes());
        }
        let beginning = [PREFACE, &frame(SETTINGS, 0, 0, &payload)].concat();
        raw.send(&beginning).await;
        raw
    }

    /// Sends bytes; the other side may be gone already.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// Begins a call, and says nothing of its message.
    pub(crate) async fn begin(&mut self, stream: u32, method: &str) {
        let headers = frame(HEADERS, END_HEADERS, stream, &block(&call(method)));
        self.send(&headers).await;
    }

    /// Makes a call with one message.
    pub(crate) async fn ask(&mut self, stream: u32, method: &str, bytes: &[u8]) {
        self.begin(stream, method).await;
        let data = frame(DATA, END_STREAM, stream, &message(bytes));
        self.send(&data).await;
    }

    /// The next frame; none if the connection is closed.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).await.ok()?;
        let [a, b, c, kind, flags, d, e, f, g] = head;
        let length = usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap();
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).await.ok()?;
        Some(Frame {
            kind,
            flags,
            stream: u32::from_be_bytes([d, e, f, g]),
            payload,
        })
    }

    /// Reads, answering settings and pings as one has to, up to a frame of this kind on this stream; none if the connection is closed before.
    pub(crate) async fn until(&mut self, kind: u8, stream: u32) -> Option<Frame> {
        loop {
            let frame = self.next().await?;
            self.answer(&frame).await;
            if frame.kind == kind && frame.stream == stream {
                return Some(frame);
            }
        }
    }

    /// Reads, answering settings and pings as one has to, until the connection is closed.
    pub(crate) async fn until_closed(&mut self) {
        while let Some(frame) = self.next().await {
            self.answer(&frame).await;
        }
    }

    /// Reads, and answers nothing, until the connection is closed.
    pub(crate) async fn ended(&mut self) {
        while self.next().await.is_some() {}
    }

    async fn answer(&mut self, asked: &Frame) {
        if matches!(asked.kind, SETTINGS | PING) && asked.flags & ACK == 0 {
            let payload: &[u8] = if asked.kind == PING {
                &asked.payload
            } else {
                &[]
            };
            let answer = frame(asked.kind, ACK, 0, payload);
            self.send(&answer).await;
        }
    }
}
