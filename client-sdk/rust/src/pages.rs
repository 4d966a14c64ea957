//! Lists that come in pages, as one stream of pages.

use futures::stream::{self, Stream};

use crate::ClientError;

/// How many items a page is asked for: the most that the service gives.
pub(crate) const PAGE_SIZE: u32 = 1000;

/// Asks for pages, one after the other and only when wanted. `fetch` takes a page token, and gives a page and the token of the next one.
pub(crate) fn pages<P, F, W>(fetch: F) -> impl Stream<Item = Result<P, ClientError>>
where
    F: FnMut(String) -> W,
    W: Future<Output = Result<(P, String), ClientError>>,
{
    stream::try_unfold(
        (Some(String::new()), fetch),
        |(token, mut fetch)| async move {
            let Some(token) = token else {
                return Ok(None);
            };
            let (page, next) = fetch(token).await?;
            let next = (!next.is_empty()).then_some(next);
            Ok(Some((page, (next, fetch))))
        },
    )
}
