//! What the tests share: a server in this process, the real binary as another, and resources to put.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::SystemTime;

use causeway_client::Client;
use causeway_engine::{Clock, Engine, Limits};
use causeway_grpc::{ServeError, Server};
use causeway_model::revision::Timestamp;
use causeway_proto::v1;
use causeway_proto::v1::path_service_client::PathServiceClient;
use causeway_proto::v1::topology_service_client::TopologyServiceClient;
use causeway_store::{SledStore, StoreError};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::Channel;

/// A server in this process, on a store in a directory of its own. It ends with the test.
pub(crate) struct Served {
    pub(crate) endpoint: String,
    pub(crate) client: Client,
    pub(crate) channel: Channel,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<(), ServeError>>,
    directory: tempfile::TempDir,
}

/// The system's clock.
#[derive(Debug)]
pub(crate) struct TestClock;

impl Clock for TestClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the tests of the whole are at the rim too"
    )]
    fn now(&self) -> Timestamp {
        Timestamp(
            SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap(),
        )
    }
}

/// An engine on a store in a directory.
pub(crate) fn engine(directory: &Path) -> Engine {
    engine_on(SledStore::open(directory).unwrap())
}

fn engine_on(store: SledStore) -> Engine {
    Engine::new(Arc::new(store), Arc::new(TestClock), Limits::default())
}

impl Served {
    /// A server with an empty topology `t`.
    pub(crate) async fn start() -> Self {
        Self::start_as(|server| server).await
    }

    /// The same with settings of its own.
    pub(crate) async fn start_as(settings: impl FnOnce(Server) -> Server) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let served = Self::serve(directory, "127.0.0.1:0", settings).await;
        served.client.create_topology("t", "").await.unwrap();
        served
    }

    /// Stops it, and starts another one with the same store and address.
    pub(crate) async fn restart(self) -> Self {
        let Self {
            endpoint,
            stop,
            task,
            directory,
            ..
        } = self;
        drop(stop);
        task.await.unwrap().unwrap();
        let address = endpoint.trim_start_matches("http://");
        Self::serve(directory, address, |server| server).await
    }

    async fn serve(
        directory: tempfile::TempDir,
        address: &str,
        settings: impl FnOnce(Server) -> Server,
    ) -> Self {
        // Who served before lets go of the directory once its last task has ended.
        let store = loop {
            match SledStore::open(directory.path()) {
                Err(StoreError::Held { .. }) => tokio::task::yield_now().await,
                opened => break opened.unwrap(),
            }
        };
        let engine = engine_on(store);
        let listener = TcpListener::bind(address).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let server = settings(Server::new(engine));
        let task =
            tokio::spawn(server.serve(listener, async { stopped.await.unwrap_or_default() }));
        let client = Client::connect(endpoint.clone()).await.unwrap();
        let channel = Channel::from_shared(endpoint.clone())
            .unwrap()
            .connect()
            .await
            .unwrap();
        Self {
            endpoint,
            client,
            channel,
            stop: Some(stop),
            task,
            directory,
        }
    }

    pub(crate) fn topologies(&self) -> TopologyServiceClient<Channel> {
        TopologyServiceClient::new(self.channel.clone())
    }

    pub(crate) fn paths(&self) -> PathServiceClient<Channel> {
        PathServiceClient::new(self.channel.clone())
    }

    /// Tells the server to stop.
    pub(crate) fn begin_stop(&mut self) {
        self.stop.take();
    }

    /// Waits until the server has stopped.
    pub(crate) async fn stopped(self) {
        self.task.await.unwrap().unwrap();
    }
}

/// The real binary, serving. It is killed with the test.
pub(crate) struct Process {
    child: Child,
    pub(crate) endpoint: String,
    /// Address of its metrics, if it tells one.
    pub(crate) metrics: Option<String>,
    /// Where it tells health alone, if it was asked to.
    pub(crate) probe: Option<String>,
    /// The lines of its log. A thread takes them off the process as they come: it would wait for that, in the middle of its work.
    log: Receiver<String>,
}

impl Process {
    /// `causeway serve` on a directory and a free port, once it listens.
    pub(crate) fn serve(data_dir: &Path, arguments: &[&str]) -> Self {
        Self::start(causeway(), data_dir, arguments)
    }

    /// The same at an address, where another one was before.
    pub(crate) fn serve_at(address: SocketAddr, data_dir: &Path) -> Self {
        Self::spawn(causeway(), &address.to_string(), data_dir, &[])
    }

    /// The same with arguments of its own.
    pub(crate) fn serve_as(address: SocketAddr, data_dir: &Path, arguments: &[&str]) -> Self {
        Self::spawn(causeway(), &address.to_string(), data_dir, arguments)
    }

    /// The same by a command that was prepared.
    pub(crate) fn start(command: Command, data_dir: &Path, arguments: &[&str]) -> Self {
        Self::spawn(command, "127.0.0.1:0", data_dir, arguments)
    }

    fn spawn(mut command: Command, listen: &str, data_dir: &Path, arguments: &[&str]) -> Self {
        let mut child = command
            .args(["serve", "--listen", listen, "--data-dir"])
            .arg(data_dir)
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = lines(child.stderr.take().unwrap());
        let mut process = Self {
            child,
            endpoint: String::new(),
            metrics: None,
            probe: None,
            log,
        };
        if arguments.contains(&"--probe-listen") {
            process.probe = Some(process.until("health is told at "));
        }
        process.endpoint = format!("http://{}", process.until("listening on "));
        process
    }

    /// Reads the log up to a line with this text, and gives what follows it there.
    pub(crate) fn until(&mut self, text: &str) -> String {
        let mut log = String::new();
        loop {
            let line = self.log.recv();
            let line = line.unwrap_or_else(|_| panic!("it ended before it logged `{text}`: {log}"));
            if let Some((_, rest)) = line.trim_end().split_once(text) {
                // In a line of JSON more follows.
                return rest.split('"').next().unwrap().to_owned();
            }
            if let Some((_, address)) = line.trim_end().split_once("metrics at http://") {
                self.metrics = Some(address.trim_end_matches("/metrics").to_owned());
            }
            log.push_str(&line);
        }
    }

    /// Sends it a signal, as `HUP`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &id])
            .status();
        assert!(sent.unwrap().success());
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.endpoint.trim_start_matches("http://").parse().unwrap()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it at once, as the system would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end, and waits for that; its exit code and the rest of its log.
    pub(crate) fn terminate(self) -> (Option<i32>, String) {
        self.signal("TERM");
        self.ended()
    }

    /// Waits for its end; its exit code and the rest of its log.
    pub(crate) fn ended(mut self) -> (Option<i32>, String) {
        let log = self.log.iter().collect();
        (self.child.wait().unwrap().code(), log)
    }
}

/// What a process logs, line by line, until it ends.
fn lines(stderr: ChildStderr) -> Receiver<String> {
    let (told, log) = channel();
    std::thread::spawn(move || {
        let mut stderr = BufReader::new(stderr);
        loop {
            let mut line = String::new();
            if stderr.read_line(&mut line).unwrap_or(0) == 0 || told.send(line).is_err() {
                return;
            }
        }
    });
    log
}

impl Drop for Process {
    #[expect(
        clippy::print_stdout,
        reason = "a test that fails shows what it prints"
    )]
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log: String = self.log.iter().collect();
            println!("what the service logged:\n{log}");
        }
    }
}

/// The real binary, without settings of whoever runs the tests.
pub(crate) fn causeway() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_causeway"));
    for name in [
        "CAUSEWAY_LISTEN",
        "CAUSEWAY_DATA_DIR",
        "CAUSEWAY_CONFIG",
        "CAUSEWAY_INSECURE",
        "CAUSEWAY_POLICIES",
        "CAUSEWAY_LOG",
        "CAUSEWAY_LOG_FORMAT",
        "CAUSEWAY_ENDPOINT",
        "CAUSEWAY_METRICS_LISTEN",
        "CAUSEWAY_PROBE_LISTEN",
        "CAUSEWAY_MAX_CONNECTIONS",
        "CAUSEWAY_TLS_CERTIFICATE",
        "CAUSEWAY_TLS_KEY",
        "CAUSEWAY_TLS_CLIENT_CA",
        "CAUSEWAY_SIDECAR",
        "CAUSEWAY_CA",
        "CAUSEWAY_CERTIFICATE",
        "CAUSEWAY_KEY",
        "CAUSEWAY_TOKEN",
        "CAUSEWAY_TOKEN_FILE",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_TRACES_SAMPLER_ARG",
        "OTEL_SERVICE_NAME",
        "OTEL_RESOURCE_ATTRIBUTES",
    ] {
        command.env_remove(name);
    }
    command
}

/// A number out of the environment, for tests that may be run for longer.
pub(crate) fn setting(name: &str, standard: u64) -> u64 {
    std::env::var(name).map_or(standard, |text| text.parse().unwrap())
}

pub(crate) fn resource(kind: v1::resource::Kind) -> v1::Resource {
    v1::Resource {
        owner_id: "111111111111".to_owned(),
        region: "eu-west-1".to_owned(),
        tags: Vec::new(),
        kind: Some(kind),
    }
}

pub(crate) fn vpc(id: &str) -> v1::Resource {
    let cidr_blocks = vec!["10.0.0.0/16".to_owned()];
    resource(v1::resource::Kind::Vpc(v1::Vpc {
        vpc_id: id.to_owned(),
        cidr_blocks,
        ..v1::Vpc::default()
    }))
}

pub(crate) fn subnet(id: &str, vpc: &str) -> v1::Resource {
    let (subnet_id, vpc_id) = (id.to_owned(), vpc.to_owned());
    let cidr_blocks = vec!["10.0.1.0/24".to_owned()];
    resource(v1::resource::Kind::Subnet(v1::Subnet {
        subnet_id,
        vpc_id,
        cidr_blocks,
        ..v1::Subnet::default()
    }))
}

pub(crate) fn put(resource: v1::Resource) -> v1::Change {
    v1::Change {
        action: Some(v1::change::Action::Put(resource)),
    }
}

/// A request that applies the changes to `t`.
pub(crate) fn apply(changes: Vec<v1::Change>) -> v1::ApplyChangesRequest {
    v1::ApplyChangesRequest {
        topology: "t".to_owned(),
        changes,
        ..v1::ApplyChangesRequest::default()
    }
}
