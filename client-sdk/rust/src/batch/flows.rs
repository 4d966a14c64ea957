//! Where the flows of a batch come from, and how they are taken call by call.

use causeway_proto::v1;
use futures::stream::{self, Stream, StreamExt};

/// Flows of a batch: of an iterator ([`Each`]) or of a stream ([`Coming`]).
pub trait Flows: Sized + Send + 'static {
    /// The flows in lists of this length, the last one shorter; no list is empty. No more is taken than is asked for.
    #[doc(hidden)]
    fn chunks(self, length: usize) -> impl Stream<Item = Vec<v1::Flow>> + Send;
}

/// The flows of an iterator.
#[derive(Debug, Clone)]
pub struct Each<I>(pub(crate) I);

/// The flows of a stream.
#[derive(Debug, Clone)]
pub struct Coming<S>(pub(crate) S);

impl<I> Flows for Each<I>
where
    I: Iterator<Item: Into<v1::Flow>> + Send + 'static,
{
    fn chunks(self, length: usize) -> impl Stream<Item = Vec<v1::Flow>> + Send {
        let mut rest = Some(self.0);
        stream::iter(std::iter::from_fn(move || {
            let mut flows = rest.take()?;
            // Of a list that fits into one call the flows stay where they are.
            let is_last = flows.size_hint().1.is_some_and(|most| most <= length);
            let chunk: Vec<v1::Flow> = if is_last {
                flows.map(Into::into).collect()
            } else {
                let chunk: Vec<v1::Flow> = flows.by_ref().take(length).map(Into::into).collect();
                // An iterator that has ended is not asked again: some begin anew.
                rest = (chunk.len() == length).then_some(flows);
                chunk
            };
            (!chunk.is_empty()).then_some(chunk)
        }))
    }
}

impl<S> Flows for Coming<S>
where
    S: Stream<Item: Into<v1::Flow>> + Send + 'static,
{
    fn chunks(self, length: usize) -> impl Stream<Item = Vec<v1::Flow>> + Send {
        self.0.map(Into::into).chunks(length)
    }
}
