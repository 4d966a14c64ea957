//! Messages that are large, sent without being copied: what every attempt sends is one message, which is encoded where it lies.

use std::marker::PhantomData;
use std::sync::Arc;

use prost::Message;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Request, Response, Status};

use crate::Client;

/// A codec like that of the generated code, whose questions are shared.
struct Shared<Q, A> {
    messages: PhantomData<fn() -> (Q, A)>,
}

/// Encodes questions.
struct Questions<Q> {
    message: PhantomData<fn() -> Q>,
}

/// Decodes answers.
struct Answers<A> {
    message: PhantomData<fn() -> A>,
}

// === impl Client ===

impl Client {
    /// Calls a method as the generated code would, with a message that is shared.
    pub(crate) async fn send_shared<Q, A>(
        &self,
        method: &'static str,
        request: Request<Arc<Q>>,
    ) -> Result<Response<A>, Status>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let mut grpc = Grpc::new(self.channel.clone())
            .max_decoding_message_size(self.settings.max_decoding_bytes)
            .max_encoding_message_size(self.settings.max_encoding_bytes);
        grpc.ready()
            .await
            .map_err(|error| Status::from_error(Box::new(error)))?;
        let messages = PhantomData;
        let codec = Shared::<Q, A> { messages };
        grpc.unary(request, PathAndQuery::from_static(method), codec)
            .await
    }
}

// === impl Shared ===

impl<Q: Message + 'static, A: Message + Default + 'static> Codec for Shared<Q, A> {
    type Encode = Arc<Q>;
    type Decode = A;
    type Encoder = Questions<Q>;
    type Decoder = Answers<A>;

    fn encoder(&mut self) -> Self::Encoder {
        let message = PhantomData;
        Questions { message }
    }

    fn decoder(&mut self) -> Self::Decoder {
        let message = PhantomData;
        Answers { message }
    }
}

impl<Q: Message> Encoder for Questions<Q> {
    type Item = Arc<Q>;
    type Error = Status;

    fn encode(&mut self, question: Arc<Q>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        question
            .encode(to)
            .map_err(|error| Status::internal(error.to_string()))
    }
}

impl<A: Message + Default> Decoder for Answers<A> {
    type Item = A;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<A>, Status> {
        A::decode(from)
            .map(Some)
            .map_err(|error| Status::internal(error.to_string()))
    }
}
