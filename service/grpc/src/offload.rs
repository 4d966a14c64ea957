//! Where requests are read and answers written: small ones at once, large ones on the engine's compute pool.

use causeway_engine::Engine;
use opentelemetry::Context as TraceContext;

use crate::error::CallError;

/// Items up to which it is done at once.
const SMALL: usize = 500;

/// Does work on so many items, and keeps the threads that serve calls free of it if they are many.
pub(crate) async fn off_thread<T: Send + 'static>(
    engine: &Engine,
    items: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, CallError> {
    if items <= SMALL {
        Ok(work())
    } else {
        // What is logged and noted there belongs to the call too.
        let context = TraceContext::current();
        let work = move || {
            let _here = context.attach();
            work()
        };
        Ok(engine.run(work).await?)
    }
}
