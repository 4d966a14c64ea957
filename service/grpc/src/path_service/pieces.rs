//! Messages that are read and written in pieces: their repeated fields stay bytes until the compute pool looks at them.
//!
//! In protobuf a field of messages and a field of bytes are written alike, so that these read and write what the contract says. Of an answer, nothing is
//! copied together: the pieces that the pool wrote go out as they are.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use causeway_proto::v1;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use prost::Message;
use prost::bytes::{BufMut, Bytes, BytesMut};
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Code, Status};
use tonic_prost::{ProstCodec, ProstDecoder};

use crate::telemetry::{Part, Stage};

/// Bytes of a piece that is put together with others.
const SMALL: usize = 32 * 1024;

/// ResolvePathRequest, of which the flow is not read yet.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ResolveRequest {
    #[prost(string, tag = "1")]
    pub(super) topology: String,
    #[prost(message, optional, tag = "2")]
    pub(super) consistency: Option<v1::Consistency>,
    #[prost(bytes = "bytes", optional, tag = "3")]
    pub(super) flow: Option<Bytes>,
    #[prost(message, repeated, tag = "4")]
    pub(super) changes: Vec<v1::Change>,
}

/// BatchResolvePathsRequest, of which the flows are not read yet.
#[derive(Clone, PartialEq, Message)]
pub(super) struct BatchRequest {
    #[prost(string, tag = "1")]
    pub(super) topology: String,
    #[prost(message, optional, tag = "2")]
    pub(super) consistency: Option<v1::Consistency>,
    #[prost(bytes = "bytes", repeated, tag = "3")]
    pub(super) flows: Vec<Bytes>,
    #[prost(enumeration = "v1::Detail", tag = "4")]
    pub(super) detail: i32,
    #[prost(message, repeated, tag = "5")]
    pub(super) changes: Vec<v1::Change>,
}

/// StreamResolvePathsRequest; of the two parts there must be one.
#[derive(Clone, PartialEq, Message)]
pub(super) struct StreamRequest {
    #[prost(message, optional, tag = "1")]
    pub(super) header: Option<v1::StreamHeader>,
    #[prost(message, optional, tag = "2")]
    pub(super) chunk: Option<FlowChunk>,
}

/// FlowChunk, of which the flows are not read yet.
#[derive(Clone, PartialEq, Message)]
pub(super) struct FlowChunk {
    #[prost(uint64, tag = "1")]
    pub(super) chunk_id: u64,
    #[prost(bytes = "bytes", repeated, tag = "2")]
    pub(super) flows: Vec<Bytes>,
}

/// A message that is written already, in pieces; none before it is made.
#[derive(Debug, Clone, Default)]
pub(super) struct Written(Arc<Mutex<Option<Vec<Bytes>>>>);

impl Written {
    /// Puts the pieces in order.
    pub(super) fn put(&self, pieces: Vec<Bytes>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(pieces);
    }

    /// The body that sends the pieces as one message of a call that succeeded.
    pub(super) fn into_body(self) -> Option<PiecesBody> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.take().map(PiecesBody::new)
    }
}

/// Reads requests of a type with prost, and sends answers that are written already.
#[derive(Debug)]
pub(super) struct InPieces<T>(ProstCodec<(), T>);

impl<T> Default for InPieces<T>
where
    T: Message + Default + Send + 'static,
{
    fn default() -> Self {
        Self(ProstCodec::default())
    }
}

impl<T> Codec for InPieces<T>
where
    T: Message + Default + Send + 'static,
{
    type Encode = Vec<Bytes>;
    type Decode = T;
    type Encoder = Together;
    type Decoder = Timed<T>;

    fn encoder(&mut self) -> Together {
        Together
    }

    fn decoder(&mut self) -> Timed<T> {
        Timed(self.0.decoder())
    }
}

/// Reads a message as a part of its call.
#[derive(Debug)]
pub(super) struct Timed<T>(ProstDecoder<T>);

impl<T> Decoder for Timed<T>
where
    T: Message + Default + Send + 'static,
{
    type Item = T;
    type Error = Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<T>, Status> {
        let _stage = Stage::begin(Part::Decode);
        self.0.decode(bytes)
    }

    fn buffer_settings(&self) -> BufferSettings {
        self.0.buffer_settings()
    }
}

/// Puts the pieces of a message together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Together;

impl Encoder for Together {
    type Item = Vec<Bytes>;
    type Error = Status;

    fn encode(&mut self, pieces: Vec<Bytes>, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        pieces.into_iter().for_each(|piece| out.put(piece));
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::default()
    }
}

/// One message in pieces, then the status OK.
#[derive(Debug)]
pub(super) struct PiecesBody {
    pieces: VecDeque<Bytes>,
    is_ended: bool,
}

impl PiecesBody {
    fn new(pieces: Vec<Bytes>) -> Self {
        let length: usize = pieces.iter().map(Bytes::len).sum();
        // A message is preceded by a flag, that it is not compressed, and its length (gRPC over HTTP/2, "Length-Prefixed-Message").
        let mut head = BytesMut::with_capacity(5);
        head.put_u8(0);
        head.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
        Self {
            pieces: gathered(head, pieces),
            is_ended: false,
        }
    }
}

/// The pieces behind what is to come first, the small ones put together: each becomes a frame, and who gets very many small frames takes that for an attack.
fn gathered(first: BytesMut, pieces: Vec<Bytes>) -> VecDeque<Bytes> {
    let (mut gathered, mut small) = (VecDeque::new(), first);
    for piece in pieces {
        if piece.len() < SMALL {
            small.put(piece);
        } else {
            gathered.push_back(small.split().freeze());
            gathered.push_back(piece);
        }
        if small.len() >= SMALL {
            gathered.push_back(small.split().freeze());
        }
    }
    gathered.push_back(small.freeze());
    gathered.retain(|piece| !piece.is_empty());
    gathered
}

impl http_body::Body for PiecesBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if let Some(piece) = self.pieces.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        if self.is_ended {
            return Poll::Ready(None);
        }
        self.is_ended = true;
        let mut trailers = HeaderMap::new();
        trailers.insert(Status::GRPC_STATUS, (Code::Ok as i32).into());
        Poll::Ready(Some(Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.is_ended
    }

    fn size_hint(&self) -> SizeHint {
        let left = self.pieces.iter().map(Bytes::len).sum::<usize>();
        SizeHint::with_exact(u64::try_from(left).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use prost::bytes::{Bytes, BytesMut};

    use super::{SMALL, gathered};

    #[test]
    fn small_pieces_are_sent_together_and_large_ones_as_they_are() {
        let sizes = [10, 0, SMALL - 1, 5, 2 * SMALL, 1, SMALL, 0, 7, 8];
        let mut bytes = (0..=255_u8).cycle();
        let pieces = sizes.map(|size| bytes.by_ref().take(size).collect::<Bytes>());
        let frames = gathered(BytesMut::from(&b"head"[..]), pieces.to_vec());
        let lengths: Vec<usize> = frames.iter().map(Bytes::len).collect();
        assert_eq!(
            lengths,
            [SMALL + 13, 5, 2 * SMALL, 1, SMALL, 15],
            "a frame is small only before a large piece, or at the end"
        );
        let whole: Vec<u8> = frames.iter().flatten().copied().collect();
        let expected = b"head".iter().chain(pieces.iter().flatten());
        assert!(whole.iter().eq(expected));
    }
}
