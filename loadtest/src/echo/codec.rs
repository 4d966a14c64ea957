//! A codec like that of the generated code, whose answers are shared: sending one again costs its encoding and no copy of it.

use std::marker::PhantomData;
use std::sync::Arc;

use prost::Message;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// Decodes questions, encodes shared answers.
pub(super) struct Shared<Q, A> {
    messages: PhantomData<fn() -> (Q, A)>,
}

/// Decodes questions.
pub(super) struct Questions<Q> {
    message: PhantomData<fn() -> Q>,
}

/// Encodes answers.
pub(super) struct Answers<A> {
    message: PhantomData<fn() -> A>,
}

impl<Q, A> Shared<Q, A> {
    pub(super) fn new() -> Self {
        let messages = PhantomData;
        Self { messages }
    }
}

impl<Q: Message + Default + 'static, A: Message + 'static> Codec for Shared<Q, A> {
    type Encode = Arc<A>;
    type Decode = Q;
    type Encoder = Answers<A>;
    type Decoder = Questions<Q>;

    fn encoder(&mut self) -> Self::Encoder {
        let message = PhantomData;
        Answers { message }
    }

    fn decoder(&mut self) -> Self::Decoder {
        let message = PhantomData;
        Questions { message }
    }
}

impl<A: Message> Encoder for Answers<A> {
    type Item = Arc<A>;
    type Error = Status;

    fn encode(&mut self, answer: Arc<A>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        answer
            .encode(to)
            .map_err(|error| Status::internal(error.to_string()))
    }
}

impl<Q: Message + Default> Decoder for Questions<Q> {
    type Item = Q;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Q>, Status> {
        let question = Q::decode(from);
        question
            .map(Some)
            .map_err(|error| Status::internal(error.to_string()))
    }
}
