//! What several commands take, and numbers of the command line, each checked where it comes in.

use clap::Args;

/// The service that is asked.
#[derive(Debug, Clone, Args)]
pub struct Service {
    /// Where the service is.
    #[arg(
        long,
        env = "CAUSEWAY_ENDPOINT",
        default_value = "http://127.0.0.1:50151"
    )]
    pub endpoint: String,
}

/// A count of something that there must be.
pub(crate) fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|count| *count > 0)
        .ok_or_else(|| "must be a whole number from 1".to_owned())
}

/// How many flows a call has.
pub(crate) fn call_size(text: &str) -> Result<usize, String> {
    at_least_one(text)
        .ok()
        .filter(|size| *size <= causeway_client::MAX_BATCH)
        .ok_or_else(|| {
            format!(
                "must be a whole number from 1 to {}",
                causeway_client::MAX_BATCH
            )
        })
}

/// The exponent of Zipf's law.
pub(crate) fn exponent(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|exponent: &f64| (0.0..=10.0).contains(exponent))
        .ok_or_else(|| "must be a number from 0 to 10".to_owned())
}

/// How many times something is asked for.
pub(crate) fn times(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|times: &f64| (0.1..=100.0).contains(times))
        .ok_or_else(|| "must be a number from 0.1 to 100".to_owned())
}

/// How many seconds something lasts.
pub(crate) fn seconds(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|seconds: &f64| (0.05..=604_800.0).contains(seconds))
        .ok_or_else(|| "must be a number from 0.05 to 604800".to_owned())
}

/// How many connections there are.
pub(crate) fn connections(text: &str) -> Result<usize, String> {
    at_least_one(text)
        .ok()
        .filter(|count| *count <= 1_000)
        .ok_or_else(|| "must be a whole number from 1 to 1000".to_owned())
}
