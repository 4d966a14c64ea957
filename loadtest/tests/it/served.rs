//! The service in this process, and the load generator as another.

use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use causeway_engine::{Clock, Engine, Limits};
use causeway_grpc::Server;
use causeway_model::revision::Timestamp;
use causeway_store::MemoryStore;
use tokio::net::TcpListener;
use tokio::process::Command;

#[derive(Debug)]
struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp(Duration::from_secs(1))
    }
}

/// Serves until the test ends, and tells where.
pub(crate) async fn serve() -> String {
    let store = Arc::new(MemoryStore::new());
    let engine = Engine::new(store, Arc::new(StoppedClock), Limits::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(Server::new(engine).serve(listener, std::future::pending()));
    endpoint
}

/// The load generator.
pub(crate) fn loadtest() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_causeway-loadtest"));
    command.env_remove("CAUSEWAY_ENDPOINT").kill_on_drop(true);
    command
}

/// Runs it to its end; its words are split at spaces.
pub(crate) async fn run(endpoint: &str, words: &str) -> Output {
    let mut command = loadtest();
    let command = command.args(words.split_whitespace());
    command
        .args(["--endpoint", endpoint])
        .output()
        .await
        .unwrap()
}

/// The same, and it must succeed; what it printed.
pub(crate) async fn succeed(endpoint: &str, words: &str) -> String {
    let output = run(endpoint, words).await;
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "`{words}`: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}
