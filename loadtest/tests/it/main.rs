//! The load generator as its users start it, against the service on a store in memory.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed, in its helpers too"
)]

mod ceiling;
mod echo;
mod overload;
mod runs;
mod served;
