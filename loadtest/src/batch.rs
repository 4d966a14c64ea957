//! A load of batches: the same questions again and again, one call after the other, on one connection.
//!
//! The service computes equal flows of one call once. With fewer questions than a call has flows, the rate is one of answers sent, not of
//! walks, unless the questions are made distinct.

use std::path::PathBuf;
use std::time::Instant;

use causeway_client::v1::{Detail, Flow};
use causeway_client::{Client, ClientError, consistency};
use clap::Args;

use crate::arguments::Service;
use crate::questions::{self, Pick};
use crate::report::{self, Tally};
use crate::{LoadError, arguments};

/// What to ask, and how often.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Where the service is.
    #[command(flatten)]
    pub service: Service,
    /// The topology to ask about.
    #[arg(long)]
    pub topology: String,
    /// File of questions, one JSON object a line: {"from": X, "to": Y, "protocol": "tcp", "port": 443}.
    #[arg(long)]
    pub input: PathBuf,
    /// How many flows a round has: the questions are repeated in their order until there are so many.
    #[arg(long, default_value_t = 10_000, value_parser = arguments::at_least_one)]
    pub count: usize,
    /// How many flows a call has, up to 100,000. The service computes equal flows of one call once.
    #[arg(long, default_value_t = 1_000, value_parser = arguments::call_size)]
    pub per_call: usize,
    /// Gives each repetition of a question another source port, so that no two flows are equal and each is walked.
    #[arg(long)]
    pub distinct: bool,
    /// How many rounds to ask.
    #[arg(long, default_value_t = 1)]
    pub rounds: u32,
}

/// Asks the rounds, and prints a line for each.
///
/// # Errors
/// [`LoadError`] if the questions cannot be read, or a call fails.
pub async fn run(settings: &Settings) -> Result<(), LoadError> {
    let questions = questions::read(&settings.input)?;
    let pick = Pick {
        count: settings.count,
        distinct: settings.distinct,
        zipf: None,
    };
    let flows = pick.of(&questions);
    let client = Client::connect(settings.service.endpoint.clone())
        .await
        .map_err(LoadError::Connect)?;
    for round in 1..=settings.rounds {
        let calls = flows
            .chunks(settings.per_call)
            .map(<[Flow]>::to_vec)
            .collect();
        let begin = Instant::now();
        let tally = ask(&client, &settings.topology, calls)
            .await
            .map_err(|source| LoadError::Call { round, source })?;
        report::say(&report::round(round, begin.elapsed(), &tally));
    }
    Ok(())
}

async fn ask(client: &Client, topology: &str, calls: Vec<Vec<Flow>>) -> Result<Tally, ClientError> {
    let mut tally = Tally::default();
    for flows in calls {
        let answer = client
            .batch(topology, flows, Detail::Verdict, consistency::newest())
            .await?;
        tally.add(&answer);
    }
    Ok(tally)
}
