//! Restarts under load, behind a proxy that speaks HTTP/2 on both sides: no call fails that a client may repeat.
//!
//! Where there is no proxy, these tests say so and do nothing.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use causeway_client::{Client, ClientError, consistency, flow};
use tokio::sync::mpsc;
use tokio::task::{JoinSet, spawn_blocking};

use crate::harness::{Process, causeway, vpc};
use crate::proxy::{Proxy, not_checked};

/// Callers that ask at once.
const CALLERS: u64 = 8;

/// Calls that must succeed after each restart.
const CALLS: usize = 400;

/// Callers that call until they are stopped, and tell of each call that succeeded.
struct Load {
    callers: JoinSet<Result<u64, ClientError>>,
    succeeded: mpsc::UnboundedReceiver<()>,
    stop: Arc<AtomicBool>,
}

impl Load {
    fn begin<C, F>(call: C) -> Self
    where
        C: Fn(u64) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<(), ClientError>> + Send,
    {
        let (tell, succeeded) = mpsc::unbounded_channel();
        let (stop, number) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(0)),
        );
        let mut callers = JoinSet::new();
        for _ in 0..CALLERS {
            let (call, tell) = (call.clone(), tell.clone());
            let (stop, number) = (Arc::clone(&stop), Arc::clone(&number));
            callers.spawn(async move {
                let mut count = 0;
                while !stop.load(Ordering::Relaxed) {
                    call(number.fetch_add(1, Ordering::Relaxed)).await?;
                    count += 1;
                    // At the end nobody counts any more.
                    let _ = tell.send(());
                }
                Ok(count)
            });
        }
        Self {
            callers,
            succeeded,
            stop,
        }
    }

    /// Waits for so many calls that succeed from now on. One that fails ends the test.
    async fn goes_on(&mut self) {
        while self.succeeded.try_recv().is_ok() {}
        for _ in 0..CALLS {
            tokio::select! {
                told = self.succeeded.recv() => told.unwrap(),
                Some(ended) = self.callers.join_next() => panic!("a caller gave up: {ended:?}"),
            }
        }
    }

    /// Stops the callers; how many calls succeeded, and none failed.
    async fn end(mut self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        drop(self.succeeded);
        let mut count = 0;
        while let Some(ended) = self.callers.join_next().await {
            count += ended.unwrap().unwrap();
        }
        count
    }
}

/// Ends a process as a mesh does, and starts another one in its place.
async fn restart(process: Process, data: &Path) -> Process {
    let (address, data) = (process.address(), data.to_owned());
    let restarted = spawn_blocking(move || {
        let (code, log) = process.terminate();
        assert_eq!(code, Some(0), "{log}");
        assert!(!log.contains("cut off"), "{log}");
        Process::serve_at(address, &data)
    });
    restarted.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_instance_is_restarted_and_every_write_takes_effect_once() {
    let directory = tempfile::tempdir().unwrap();
    let mut process = Process::serve(directory.path(), &[]);
    let Some(proxy) = Proxy::start(&[process.address()]) else {
        return not_checked();
    };
    // Nobody answers while it is down: who waits for one instance repeats for longer.
    let client = proxy.client().max_retries(100).connect().await.unwrap();
    client.create_topology("t", "").await.unwrap();
    let writer = client.clone();
    let mut load = Load::begin(move |number| {
        let client = writer.clone();
        async move {
            let put = client.apply("t").put(vpc(&format!("vpc-{number}")));
            put.send().await.map(drop)
        }
    });
    load.goes_on().await;
    for _ in 0..3 {
        process = restart(process, directory.path()).await;
        load.goes_on().await;
    }
    let written = load.end().await;
    let topology = client.get_topology("t").await.unwrap();
    assert_eq!(
        (topology.revision, topology.resource_count),
        (written, written)
    );
}

/// Two instances that hold the same, of one backup, and where.
async fn two(directory: &Path) -> [(Process, PathBuf); 2] {
    let path = |name: &str| directory.join(name);
    let origin = Process::serve(&path("origin"), &[]);
    let client = Client::connect(origin.endpoint.clone()).await.unwrap();
    client.create_topology("t", "").await.unwrap();
    client.apply("t").put(vpc("vpc-1")).send().await.unwrap();
    origin.terminate();
    let done = |command: &mut Command| assert!(command.output().unwrap().status.success());
    let (backup, origin) = (path("backup"), path("origin"));
    done(
        causeway()
            .args(["export", "--data-dir"])
            .arg(origin)
            .arg("--output")
            .arg(&backup),
    );
    for name in ["a", "b"] {
        let mut restore = causeway();
        restore.args(["restore", "--input"]).arg(&backup);
        done(restore.arg("--data-dir").arg(path(name)));
    }
    ["a", "b"].map(|name| (Process::serve(&path(name), &[]), path(name)))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_are_restarted_one_after_the_other_and_nobody_notices() {
    let directory = tempfile::tempdir().unwrap();
    let [(mut a, of_a), (mut b, of_b)] = two(directory.path()).await;
    let Some(proxy) = Proxy::start(&[a.address(), b.address()]) else {
        return not_checked();
    };
    let client = proxy.client().connect().await.unwrap();
    let mut load = Load::begin(move |_| {
        let client = client.clone();
        async move {
            let question = flow::tcp("10.0.0.1", "10.0.0.2", 443);
            let answer = client.resolve("t", question, consistency::newest()).await?;
            assert_eq!(answer.revision, 1);
            Ok(())
        }
    });
    load.goes_on().await;
    for _ in 0..2 {
        a = restart(a, &of_a).await;
        load.goes_on().await;
        b = restart(b, &of_b).await;
        load.goes_on().await;
    }
    load.end().await;
}

/// Who repeats nothing loses what was in flight when an instance went, and no more.
#[tokio::test(flavor = "multi_thread")]
async fn without_retries_a_restart_costs_no_more_calls_than_were_in_flight() {
    let directory = tempfile::tempdir().unwrap();
    let [(a, of_a), (b, _)] = two(directory.path()).await;
    let address = a.address();
    spawn_blocking(|| a.terminate()).await.unwrap();
    let config = directory.path().join("causeway.toml");
    // Time for the proxy to notice that it is not ready.
    std::fs::write(&config, "[shutdown]\ndrain_seconds = 2.0").unwrap();
    let serve = move || {
        let config = ["--config", config.to_str().unwrap()];
        Process::serve_as(address, &of_a, &config)
    };
    let mut a = serve();
    let Some(proxy) = Proxy::start(&[address, b.address()]) else {
        return not_checked();
    };
    let client = proxy.client().max_retries(0).connect().await.unwrap();
    let failed = Arc::new(AtomicU64::new(0));
    let mut load = Load::begin({
        let failed = Arc::clone(&failed);
        move |_| ask_until_answered(client.clone(), Arc::clone(&failed))
    });
    for _ in 0..2 {
        load.goes_on().await;
        let before = failed.load(Ordering::Relaxed);
        let (code, log) = spawn_blocking(|| a.terminate()).await.unwrap();
        assert_eq!(code, Some(0), "{log}");
        load.goes_on().await;
        a = serve();
        load.goes_on().await;
        let lost = failed.load(Ordering::Relaxed) - before;
        assert!(
            lost <= CALLERS,
            "{lost} calls failed, {CALLERS} were in flight"
        );
    }
    load.end().await;
}

/// Asks until there is an answer, and counts the calls that failed.
async fn ask_until_answered(client: Client, failed: Arc<AtomicU64>) -> Result<(), ClientError> {
    loop {
        let question = flow::tcp("10.0.0.1", "10.0.0.2", 443);
        let asked = client.resolve("t", question, consistency::newest());
        match asked.await {
            Ok(_) => return Ok(()),
            Err(_) => failed.fetch_add(1, Ordering::Relaxed),
        };
    }
}
