//! What the service does when more is asked of it than it can do.
//!
//! First batches are asked one after the other (unloaded), then as many at once as bring the most (peak), and then on a schedule that is so many times faster than the
//! peak. The schedule waits for nobody: a batch is late from the moment at which it was to be sent.

mod figures;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use causeway_client::v1::{Detail, ErrorReason, Flow};
use causeway_client::{Client, consistency};
use clap::Args;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use self::figures::{Figures, Outcome, Overload, Phase};
use crate::arguments::Service;
use crate::questions::{self, Pick};
use crate::report::say;
use crate::{LoadError, arguments, process};

/// How many batches are asked at once to find the peak.
const AT_ONCE: [usize; 3] = [2, 4, 8];

/// How long each phase lasts before it is measured.
const WARM: Duration = Duration::from_secs(1);

/// What to ask, and how much of it.
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
    pub questions: PathBuf,
    /// How many flows a batch has.
    #[arg(long, default_value_t = 1_000, value_parser = arguments::call_size)]
    pub per_call: usize,
    /// How many different batches there are; they are asked in turn.
    #[arg(long, default_value_t = 100, value_parser = arguments::at_least_one)]
    pub batches: usize,
    /// How many connections carry them.
    #[arg(long, default_value_t = 4, value_parser = arguments::at_least_one)]
    pub connections: usize,
    /// How many times the peak is asked for.
    #[arg(long, default_value_t = 3.0, value_parser = arguments::times)]
    pub times: f64,
    /// How many seconds each phase lasts.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub seconds: u32,
    /// The process of the service, if it is on this machine, so that its memory is told too.
    #[arg(long)]
    pub server_pid: Option<u32>,
    /// File to write the report to, as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
}

/// Who asks.
#[derive(Debug)]
struct Asker {
    clients: Vec<Client>,
    topology: String,
    batches: Vec<Vec<Flow>>,
}

/// Measures the three phases, and prints what is to be compared.
///
/// # Errors
/// [`LoadError`] if the questions cannot be read, the service cannot be reached, or an unloaded batch fails.
pub async fn run(settings: &Settings) -> Result<(), LoadError> {
    let asker = Arc::new(Asker::connect(settings).await?);
    let lasts = Duration::from_secs(settings.seconds.into());
    let unloaded = closed(&asker, 1, lasts).await?;
    let mut peak = unloaded.clone();
    for at_once in AT_ONCE {
        let found = closed(&asker, at_once, lasts).await?;
        if found.answered_a_second() > peak.answered_a_second() {
            peak = found;
        }
    }
    let rate = peak.answered_a_second() * settings.times;
    let before = memory(settings.server_pid)?;
    let loaded = open(&asker, rate, lasts).await?;
    let overload = Overload {
        unloaded,
        peak,
        loaded,
        memory: [before, memory(settings.server_pid)?],
    };
    overload.lines().iter().for_each(|line| say(line));
    if let Some(path) = &settings.json {
        std::fs::write(path, overload.json()).map_err(|source| LoadError::Unwritable {
            path: path.clone(),
            source,
        })?;
    }
    Ok(())
}

fn memory(process: Option<u32>) -> Result<Option<u64>, LoadError> {
    let memory = |id| process::memory(id).ok_or(LoadError::NoProcess { id });
    process.map(memory).transpose()
}

/// So many at once, each after the one before.
async fn closed(asker: &Arc<Asker>, at_once: usize, lasts: Duration) -> Result<Figures, LoadError> {
    let begin = Instant::now() + WARM;
    let phase = Phase { begin, lasts };
    let mut workers = JoinSet::new();
    for worker in 0..at_once {
        let asker = Arc::clone(asker);
        workers.spawn(async move {
            let (mut figures, mut number) = (Figures::of(phase)?, worker);
            while Instant::now() < phase.end() {
                let sent = Instant::now();
                let outcome = asker.ask(number).await;
                figures.note(sent, sent, outcome);
                number += at_once;
            }
            Ok(figures)
        });
    }
    let mut figures = Figures::of(phase)?;
    for part in workers.join_all().await {
        figures.add(&part?);
    }
    if figures.answered() == 0 {
        return Err(LoadError::NothingAnswered);
    }
    Ok(figures)
}

/// On a schedule of so many a second, whatever becomes of those before.
async fn open(asker: &Arc<Asker>, rate: f64, lasts: Duration) -> Result<Figures, LoadError> {
    let begin = Instant::now() + WARM;
    let phase = Phase { begin, lasts };
    let (mut calls, mut figures) = (JoinSet::new(), Figures::of(phase)?);
    let first = Instant::now();
    let apart = Duration::from_secs_f64(1.0 / rate.max(1e-3));
    for number in 0_u32.. {
        let intended = first + apart * number;
        if intended >= phase.end() {
            break;
        }
        sleep_until(intended).await;
        let asker = Arc::clone(asker);
        calls.spawn(async move {
            let sent = Instant::now();
            let outcome = asker.ask(usize::try_from(number).unwrap_or(0)).await;
            (intended, sent, outcome, Instant::now())
        });
        while let Some(Ok((intended, sent, outcome, ended))) = calls.try_join_next() {
            figures.note_ended(intended, sent, outcome, ended);
        }
    }
    for (intended, sent, outcome, ended) in calls.join_all().await {
        figures.note_ended(intended, sent, outcome, ended);
    }
    Ok(figures)
}

// === impl Asker ===

impl Asker {
    async fn connect(settings: &Settings) -> Result<Self, LoadError> {
        let questions = questions::read(&settings.questions)?;
        let pick = Pick {
            count: settings.batches.saturating_mul(settings.per_call),
            distinct: true,
            zipf: None,
        };
        let flows = pick.of(&questions);
        let mut clients = Vec::with_capacity(settings.connections);
        for _ in 0..settings.connections {
            let client = Client::builder()
                .endpoint(settings.service.endpoint.clone())
                .max_retries(0);
            clients.push(client.connect().await.map_err(LoadError::Connect)?);
        }
        Ok(Self {
            clients,
            topology: settings.topology.clone(),
            batches: flows
                .chunks(settings.per_call)
                .map(<[Flow]>::to_vec)
                .collect(),
        })
    }

    async fn ask(&self, number: usize) -> Outcome {
        let client = self.clients.get(number % self.clients.len().max(1));
        let flows = self.batches.get(number % self.batches.len().max(1));
        let (Some(client), Some(flows)) = (client, flows) else {
            return Outcome::Failed;
        };
        let newest = consistency::newest();
        let batch = client.batch(&self.topology, flows.clone(), Detail::Verdict, newest);
        match batch.await {
            Ok(_) => Outcome::Answered,
            Err(error) if error.reason() == Some(ErrorReason::ServerOverloaded) => Outcome::Refused,
            Err(_) => Outcome::Failed,
        }
    }
}
