//! Moments.

use std::time::Duration;

use causeway_model::revision::Timestamp;

use crate::faults::Faults;
use crate::wire::Wire;

impl Wire<prost_types::Timestamp> for Timestamp {
    fn parse(wire: prost_types::Timestamp, faults: &mut Faults) -> Option<Self> {
        let seconds = u64::try_from(wire.seconds).ok();
        let nanos = u32::try_from(wire.nanos)
            .ok()
            .filter(|nanos| *nanos < 1_000_000_000);
        match (seconds, nanos) {
            (Some(seconds), Some(nanos)) => Some(Self(Duration::new(seconds, nanos))),
            (None, _) => faults.add("is before 1970"),
            (_, None) => faults.add("has nanos that are not 0 to 999999999"),
        }
    }

    fn render(&self) -> prost_types::Timestamp {
        prost_types::Timestamp {
            seconds: i64::try_from(self.0.as_secs()).unwrap_or(i64::MAX),
            nanos: i32::try_from(self.0.subsec_nanos()).unwrap_or(0),
        }
    }
}
