//! Histograms as text: what HdrHistogram's own tools read and write.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};

use super::Summary;
use crate::drive::Times;

impl Summary {
    pub(crate) fn of(times: &Times) -> Self {
        let seconds = |share| times.quantile(share).as_secs_f64();
        Self {
            count: times.count(),
            p50_seconds: seconds(0.5),
            p90_seconds: seconds(0.9),
            p99_seconds: seconds(0.99),
            p999_seconds: seconds(0.999),
            p9999_seconds: seconds(0.9999),
            max_seconds: times.longest().as_secs_f64(),
            histogram: encode(times.histogram()),
        }
    }

    /// The times again; none if the text is no histogram.
    pub(crate) fn times(&self) -> Option<Times> {
        let bytes = STANDARD.decode(&self.histogram).ok()?;
        let histogram: Histogram<u64> = Deserializer::new()
            .deserialize(&mut bytes.as_slice())
            .ok()?;
        Some(Times::of(histogram))
    }
}

/// Writing to memory does not fail; if it did, there would be no histogram and the figures beside it would stay.
fn encode(histogram: &Histogram<u64>) -> String {
    let mut bytes = Vec::new();
    let written = V2DeflateSerializer::new().serialize(histogram, &mut bytes);
    written.map_or_else(|_| String::new(), |_| STANDARD.encode(bytes))
}
