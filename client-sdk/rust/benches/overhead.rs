//! What the client costs over the generated one that it stands on: for a call, and for a flow of a batch of a thousand.
//!
//! Both ask one echo, which has a thread of its own and answers with as little work as it can, in turns of some calls; who is first changes. Told are the medians of the time
//! from question to answer, and their ratio. A service that thinks makes it smaller.
//!
//! With `bare` or `ours` as an argument all turns are of that one, and with `calls` or `batches` there are no others: for a profiler to count what they take.

#![expect(clippy::print_stdout, reason = "it reports to who runs it")]

use std::error::Error;
use std::time::{Duration, Instant};

use causeway_client::{Client, consistency, flow, v1};
use futures::stream;
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status, Streaming};
use v1::path_service_client::PathServiceClient;
use v1::path_service_server::{PathService, PathServiceServer};

const FLOWS: usize = 1000;
const TOPOLOGY: &str = "prod";
/// Calls of each, in turns of some; the first of a turn, which find the caches of the processor with what is the other's, do not count.
const BATCHES: usize = 4000;
const CALLS: usize = 40_000;
const TURN: usize = 40;
const COLD: usize = 10;
/// What the ratio of the times may be.
const BAR: f64 = 1.05;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Answers without looking.
#[derive(Debug)]
struct Echo {
    answer: v1::ResolvePathResponse,
    batch: v1::BatchResolvePathsResponse,
}

/// What turns took, in seconds.
#[derive(Debug, Default)]
struct Times(Vec<f64>);

/// Whose turns there are.
#[derive(Debug, Clone, Copy)]
enum Turns {
    Both,
    Bare,
    Ours,
}

fn main() -> Outcome<()> {
    let endpoint = serve()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(compare(endpoint))
}

async fn compare(endpoint: String) -> Outcome<()> {
    let client = Client::connect(&*endpoint).await?;
    // A channel as the client has it: what differs is what is done with it.
    let channel = Endpoint::from_shared(endpoint)?
        .initial_stream_window_size(4 * 1024 * 1024)
        .initial_connection_window_size(16 * 1024 * 1024)
        .http2_keep_alive_interval(Duration::from_secs(30))
        .keep_alive_while_idle(true);
    let bare = PathServiceClient::new(channel.connect().await?)
        .max_decoding_message_size(256 * 1024 * 1024)
        .max_encoding_message_size(64 * 1024 * 1024);
    let turns = Turns::read();
    let is_asked = |what: &str, other: &str| has(what) || !has(other);
    if is_asked("calls", "batches") {
        let calls = calls(&client, &bare, turns).await?;
        report("a call", calls, 1);
    }
    if is_asked("batches", "calls") {
        let batches = batches(&client, &bare, turns).await?;
        report("a flow of a batch of 1,000", batches, FLOWS);
    }
    Ok(())
}

/// Asks for single flows in turns: the times of the bare client, and of ours.
async fn calls(
    client: &Client,
    bare: &PathServiceClient<Channel>,
    turns: Turns,
) -> Outcome<(Times, Times)> {
    let (mut theirs, mut ours) = (Times::default(), Times::default());
    for number in 0..2 * CALLS {
        let flow = flow::tcp("i-0123456789abcdef0", "s3.eu-west-1.amazonaws.com", 443);
        if turns.is_ours(number) {
            let asked = client.resolve(TOPOLOGY, flow, consistency::newest());
            ours.take(asked).await?;
        } else {
            let message = v1::ResolvePathRequest {
                topology: TOPOLOGY.to_owned(),
                consistency: Some(consistency::newest()),
                flow: Some(flow),
                changes: Vec::new(),
            };
            let mut bare = bare.clone();
            theirs.take(bare.resolve_path(message)).await?;
        }
    }
    Ok((theirs, ours))
}

/// The same for batches.
async fn batches(
    client: &Client,
    bare: &PathServiceClient<Channel>,
    turns: Turns,
) -> Outcome<(Times, Times)> {
    let (mut theirs, mut ours) = (Times::default(), Times::default());
    for number in 0..2 * BATCHES {
        let flows: Vec<v1::Flow> = (0..FLOWS)
            .map(|n| {
                flow::tcp(
                    format!("i-{n:017x}"),
                    format!("10.0.{}.{}", n / 250, n % 250),
                    443,
                )
            })
            .collect();
        let (detail, newest) = (v1::Detail::Verdict, consistency::newest());
        if turns.is_ours(number) {
            let asked = client.batch(TOPOLOGY, flows, detail, newest);
            ours.take(asked.into_future()).await?;
        } else {
            let message = v1::BatchResolvePathsRequest {
                topology: TOPOLOGY.to_owned(),
                consistency: Some(newest),
                flows,
                detail: detail.into(),
                changes: Vec::new(),
            };
            let mut bare = bare.clone();
            theirs.take(bare.batch_resolve_paths(message)).await?;
        }
    }
    Ok((theirs, ours))
}

// === impl Turns ===

impl Turns {
    fn read() -> Self {
        match (has("bare"), has("ours")) {
            (true, false) => Self::Bare,
            (false, true) => Self::Ours,
            (true, true) | (false, false) => Self::Both,
        }
    }

    /// Of both: bare, ours, ours, bare, so that neither is always the second.
    fn is_ours(self, number: usize) -> bool {
        let turn = number / TURN;
        match self {
            Self::Both => turn % 4 == 1 || turn % 4 == 2,
            Self::Bare => false,
            Self::Ours => true,
        }
    }
}

/// Whether it is run with this argument.
fn has(argument: &str) -> bool {
    std::env::args().any(|one| one == argument)
}

// === impl Times ===

impl Times {
    async fn take<T, E: Error + Send + Sync + 'static>(
        &mut self,
        asked: impl Future<Output = Result<T, E>>,
    ) -> Outcome<()> {
        let begin = Instant::now();
        let answer = asked.await?;
        self.0.push(begin.elapsed().as_secs_f64());
        drop(answer);
        Ok(())
    }

    fn median(mut self) -> f64 {
        let mut places = 0_usize..;
        self.0
            .retain(|_| places.next().is_some_and(|place| place % TURN >= COLD));
        self.0.sort_unstable_by(f64::total_cmp);
        let middle = self.0.get(self.0.len() / 2);
        middle.copied().unwrap_or(f64::NAN)
    }
}

fn report(what: &str, (theirs, ours): (Times, Times), per: usize) {
    let per = u32::try_from(per).map_or(1.0, f64::from);
    let (theirs, ours) = (theirs.median() / per * 1e6, ours.median() / per * 1e6);
    let ratio = ours / theirs;
    println!("{what}: bare {theirs:.3} us, ours {ours:.3} us, ratio {ratio:.3}, the bar is {BAR}");
}

// === the echo ===

fn serve() -> Outcome<String> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener)?;
            let service = PathServiceServer::new(Echo::new());
            Server::builder()
                .initial_stream_window_size(2 * 1024 * 1024)
                .initial_connection_window_size(8 * 1024 * 1024)
                .add_service(service.max_decoding_message_size(64 * 1024 * 1024))
                .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)))
                .await?;
            Outcome::Ok(())
        })
    });
    Ok(endpoint)
}

impl Echo {
    fn new() -> Self {
        let verdict = v1::Verdict::Unreachable.into();
        let item = v1::BatchItem {
            verdict,
            codes: vec![v1::ExplanationCode::NoRouteToDestination.into()],
            ..v1::BatchItem::default()
        };
        Self {
            answer: v1::ResolvePathResponse {
                answer: Some(v1::PathAnswer {
                    verdict,
                    ..v1::PathAnswer::default()
                }),
            },
            batch: v1::BatchResolvePathsResponse {
                revision: 1,
                items: vec![item; FLOWS],
                traces: None,
            },
        }
    }
}

#[tonic::async_trait]
impl PathService for Echo {
    async fn resolve_path(
        &self,
        _request: Request<v1::ResolvePathRequest>,
    ) -> Result<Response<v1::ResolvePathResponse>, Status> {
        Ok(Response::new(self.answer.clone()))
    }

    async fn batch_resolve_paths(
        &self,
        _request: Request<v1::BatchResolvePathsRequest>,
    ) -> Result<Response<v1::BatchResolvePathsResponse>, Status> {
        Ok(Response::new(self.batch.clone()))
    }

    type StreamResolvePathsStream = stream::Empty<Result<v1::StreamResolvePathsResponse, Status>>;

    async fn stream_resolve_paths(
        &self,
        _request: Request<Streaming<v1::StreamResolvePathsRequest>>,
    ) -> Result<Response<Self::StreamResolvePathsStream>, Status> {
        Err(Status::unimplemented("it is not measured"))
    }

    type ComputeReachabilityMatrixStream =
        stream::Empty<Result<v1::ComputeReachabilityMatrixResponse, Status>>;

    async fn compute_reachability_matrix(
        &self,
        _request: Request<v1::ComputeReachabilityMatrixRequest>,
    ) -> Result<Response<Self::ComputeReachabilityMatrixStream>, Status> {
        Err(Status::unimplemented("it is not measured"))
    }
}
