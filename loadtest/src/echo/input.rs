//! The answers as they come to the echo: each the length in four bytes, the highest first, and the encoded message.

use std::io::{Error, ErrorKind};
use std::sync::Arc;

use prost::Message;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::method::MAX_MESSAGE_BYTES;

/// Reads so many answers.
pub(super) async fn read<A: Message + Default>(
    count: usize,
    input: &mut (impl AsyncRead + Unpin),
) -> Result<Vec<Arc<A>>, Error> {
    let mut answers = Vec::new();
    let mut bytes = Vec::new();
    while answers.len() < count {
        let length = input.read_u32().await?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > MAX_MESSAGE_BYTES {
            return Err(Error::new(
                ErrorKind::InvalidData,
                format!("an answer of {length} bytes; {MAX_MESSAGE_BYTES} are the most"),
            ));
        }
        bytes.resize(length, 0);
        input.read_exact(&mut bytes).await?;
        let answer = A::decode(bytes.as_slice());
        answers.push(Arc::new(answer.map_err(Error::other)?));
    }
    Ok(answers)
}

/// Writes the answers.
pub(crate) async fn write<'a, A: Message + 'a>(
    answers: impl Iterator<Item = &'a A>,
    output: &mut (impl AsyncWrite + Unpin),
) -> Result<(), Error> {
    for answer in answers {
        let bytes = answer.encode_to_vec();
        let length = u32::try_from(bytes.len()).map_err(Error::other)?;
        output.write_u32(length).await?;
        output.write_all(&bytes).await?;
    }
    output.flush().await
}
