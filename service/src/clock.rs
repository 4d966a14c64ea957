//! The system's clock, for the engine.

use std::time::SystemTime;

use causeway_engine::Clock;
use causeway_model::revision::Timestamp;

/// The system's clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the rim: here the clock comes from the system"
    )]
    fn now(&self) -> Timestamp {
        // A clock before 1970 is told as 1970: times are for people to read, and order nothing.
        Timestamp(
            SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default(),
        )
    }
}
