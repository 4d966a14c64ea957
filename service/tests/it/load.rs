//! Writers that keep a ledger: what they asked for, and what was acknowledged. What a store holds is compared with it.

#![expect(
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed, in its helpers too"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};

use causeway_client::Client;
use causeway_proto::v1;
use tokio::task::JoinSet;
use tokio_stream::StreamExt as _;

use crate::harness::vpc;

/// Topologies that are written to, with their writers, and how many resources a write puts: one of small writes, one where several
/// writers meet, and one whose change sets take more than one chunk.
const TOPOLOGIES: [(&str, u32, u32); 3] = [("small", 1, 1), ("shared", 3, 1), ("wide", 1, 12)];

/// A writer goes round so many sets of resources, so that states stay small while histories grow.
const SLOTS: u64 = 4;

/// One write, and all that it puts follows from it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Write {
    pub(crate) topology: &'static str,
    writer: u32,
    sequence: u64,
    width: u32,
}

/// Whether a topology that comes and goes is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Asked,
    There,
    Going,
    Gone,
}

/// What was asked for, and what was acknowledged.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// What is known to be durable, by topology and revision.
    pub(crate) revisions: BTreeMap<&'static str, BTreeMap<u64, Write>>,
    /// What was sent and not answered, by its request id.
    pub(crate) open: BTreeMap<String, Write>,
    passing: BTreeMap<String, Fate>,
    /// Up to which revision histories were compared; older ones do not change. Cleared, all is compared again.
    pub(crate) verified: BTreeMap<&'static str, u64>,
    /// The next sequence number of all writers: none is used twice.
    next: u64,
    /// Topology, revision and moment of each acknowledgement, as they came.
    pub(crate) acknowledged: Vec<(&'static str, u64, u64)>,
}

/// So many newest revisions are kept at least: more than can be open at once.
const KEPT: u64 = 50;

/// Checkpoints, trims and thins out all the time, so that many a kill falls into one of these.
pub(crate) fn config() -> String {
    format!(
        "[limits]\ncheckpoint_every = 2\n[retention]\nkeep_revisions = {KEPT}\nperiod_seconds = 0.02\n"
    )
}

pub(crate) type SharedLedger = Arc<Mutex<Ledger>>;

pub(crate) fn lock(ledger: &SharedLedger) -> MutexGuard<'_, Ledger> {
    ledger.lock().unwrap()
}

// === impl Write ===

impl Write {
    pub(crate) fn id(&self) -> String {
        format!("{}-{}-{}", self.topology, self.writer, self.sequence)
    }

    /// What it puts.
    pub(crate) fn resources(&self) -> Vec<v1::Resource> {
        let slot = self.sequence % SLOTS;
        let resources = (0..self.width).map(|number| {
            let mut resource = vpc(&format!("vpc-{}-{slot}-{number}", self.writer));
            let tag = |key: String, value| v1::Tag { key, value };
            resource.tags = vec![tag("write".to_owned(), self.id())];
            if self.width > 1 {
                let filler = format!("{:>200}", self.sequence);
                resource
                    .tags
                    .extend((10..40).map(|number| tag(format!("x{number}"), filler.clone())));
            }
            resource
        });
        resources.collect()
    }

    /// Asks for it, and gives its revision.
    async fn send(&self, client: &Client) -> Option<u64> {
        let request = client.apply(self.topology).request_id(self.id());
        let request = self
            .resources()
            .into_iter()
            .fold(request, |request, resource| request.put(resource));
        let answer = request.message(self.id()).send().await.ok()?;
        Some(answer.revision)
    }
}

// === impl Ledger ===

impl Ledger {
    /// The state at a revision, by resource id.
    fn state(&self, topology: &str, revision: u64) -> BTreeMap<String, v1::Resource> {
        let writes = self.revisions[topology].range(..=revision);
        let resources = writes.flat_map(|(_, write)| write.resources());
        resources
            .map(|resource| (id(&resource), resource))
            .collect()
    }

    fn acknowledge(&mut self, write: &Write, revision: u64, moment: u64) {
        self.open.remove(&write.id());
        self.acknowledged.push((write.topology, revision, moment));
        let before = self
            .revisions
            .entry(write.topology)
            .or_default()
            .insert(revision, write.clone());
        assert!(
            before.as_ref().is_none_or(|before| before == write),
            "revision {revision} of `{}` was given to {before:?} and to {write:?}",
            write.topology
        );
    }

    fn begin(&mut self, topology: &'static str, writer: u32, width: u32) -> Write {
        self.next += 1;
        let write = Write {
            topology,
            writer,
            sequence: self.next,
            width,
        };
        self.open.insert(write.id(), write.clone());
        write
    }
}

fn id(resource: &v1::Resource) -> String {
    match &resource.kind {
        Some(v1::resource::Kind::Vpc(vpc)) => vpc.vpc_id.clone(),
        other => panic!("the writers put VPCs alone, not {other:?}"),
    }
}

/// Creates the topologies that are not there.
pub(crate) async fn create(client: &Client, ledger: &SharedLedger) {
    let listed = client.list_topologies().await.unwrap();
    for (name, ..) in TOPOLOGIES {
        if !listed.iter().any(|topology| topology.name == name) {
            client.create_topology(name, "").await.unwrap();
        }
        lock(ledger).revisions.entry(name).or_default();
    }
}

/// Starts all writers. They write until they fail or are dropped, and note of each acknowledgement the moment that `now` tells.
pub(crate) fn start(
    client: &Client,
    ledger: &SharedLedger,
    now: impl Fn() -> u64 + Clone + Send + 'static,
) -> JoinSet<()> {
    let mut writers = JoinSet::new();
    for (topology, count, width) in TOPOLOGIES {
        for writer in 0..count {
            let (client, ledger, now) = (client.clone(), Arc::clone(ledger), now.clone());
            writers.spawn(async move {
                loop {
                    let write = lock(&ledger).begin(topology, writer, width);
                    let Some(revision) = write.send(&client).await else {
                        return;
                    };
                    let moment = now();
                    lock(&ledger).acknowledge(&write, revision, moment);
                }
            });
        }
    }
    let (client, ledger) = (client.clone(), Arc::clone(ledger));
    writers.spawn(async move { while come_and_go(&client, &ledger).await.is_some() {} });
    writers
}

/// Creates a topology, writes to it and deletes it.
async fn come_and_go(client: &Client, ledger: &SharedLedger) -> Option<()> {
    let name = {
        let mut ledger = lock(ledger);
        ledger.next += 1;
        format!("passing-{}", ledger.next)
    };
    let note = |fate| {
        lock(ledger).passing.insert(name.clone(), fate);
    };
    note(Fate::Asked);
    client.create_topology(&name, "").await.ok()?;
    note(Fate::There);
    for number in 0..3 {
        let apply = client.apply(&name).put(vpc(&format!("vpc-{number}")));
        apply.send().await.ok()?;
    }
    note(Fate::Going);
    client.delete_topology(&name).await.ok()?;
    note(Fate::Gone);
    Some(())
}

/// That a service holds what was acknowledged, and beyond it only what was asked for; what it holds is taken into the ledger.
pub(crate) async fn verify(client: &Client, ledger: &SharedLedger) {
    for (topology, ..) in TOPOLOGIES {
        let verified = lock(ledger).verified.get(topology).copied();
        let verified = verified.unwrap_or_default();
        let mut found = Vec::new();
        let mut revisions = pin!(client.stream_revisions(topology, None));
        while let Some(revision) = revisions.next().await {
            found.push(revision.unwrap());
            if found.last().is_some_and(|last| last.revision <= verified) {
                break;
            }
        }
        let head = found.first().map_or(0, |newest| newest.revision);
        let promised = head.saturating_sub(KEPT - 1).max(1);
        let first = found.last().map_or(0, |oldest| oldest.revision);
        assert!(
            first <= verified.max(promised),
            "`{topology}` begins at {first}, and {promised} to {head} are to be kept"
        );
        for (revision, expected) in found.iter().rev().zip(first..) {
            assert_eq!(revision.revision, expected, "`{topology}` has a gap");
        }
        settle(&mut lock(ledger), topology, head, &found);
        let middle = promised.midpoint(head);
        for revision in BTreeSet::from([middle, head.saturating_sub(1), head]) {
            let expected = lock(ledger).state(topology, revision);
            let filter = v1::ResourceFilter::default();
            let held = client
                .list_resources(topology, Some(revision), filter)
                .await
                .unwrap();
            let held: BTreeMap<String, v1::Resource> = held
                .resources
                .into_iter()
                .map(|resource| (id(&resource), resource))
                .collect();
            assert!(
                held == expected,
                "`{topology}` at {revision} is {held:?}, expected {expected:?}"
            );
        }
    }
    repeat(client, ledger).await;
    verify_passing(client, ledger).await;
}

/// Compares the history with the ledger. What was open and is there becomes part of it.
fn settle(ledger: &mut Ledger, topology: &'static str, head: u64, found: &[v1::Revision]) {
    let known = ledger.revisions.entry(topology).or_default().clone();
    let newest = known.last_key_value().map_or(0, |(revision, _)| *revision);
    assert!(
        newest <= head,
        "`{topology}`: revision {newest} was acknowledged, the head is {head}"
    );
    for revision in found {
        let number = revision.revision;
        if let Some(write) = known.get(&number) {
            assert_eq!(revision.message, write.id(), "`{topology}` at {number}");
        } else {
            let open = ledger.open.remove(&revision.message);
            let write = open.unwrap_or_else(|| {
                panic!("`{topology}` at {number} is {revision:?}, which nobody asked for")
            });
            ledger
                .revisions
                .get_mut(topology)
                .unwrap()
                .insert(number, write);
        }
    }
    ledger.verified.insert(topology, head);
}

/// Repeats what was not answered, and the newest of what was: the one becomes durable once, the other is given again.
async fn repeat(client: &Client, ledger: &SharedLedger) {
    let (open, newest): (Vec<Write>, Vec<(u64, Write)>) = {
        let ledger = lock(ledger);
        let newest = ledger
            .revisions
            .values()
            .filter_map(|revisions| revisions.last_key_value())
            .map(|(revision, write)| (*revision, write.clone()));
        (ledger.open.values().cloned().collect(), newest.collect())
    };
    for (revision, write) in newest {
        assert_eq!(write.send(client).await, Some(revision), "{write:?} again");
    }
    for write in open {
        let revision = write.send(client).await.unwrap();
        lock(ledger).acknowledge(&write, revision, u64::MAX);
    }
}

/// That topologies that come and go are there, or gone, as was acknowledged.
async fn verify_passing(client: &Client, ledger: &SharedLedger) {
    let listed = client.list_topologies().await.unwrap();
    let listed: BTreeSet<&str> = listed
        .iter()
        .map(|topology| topology.name.as_str())
        .collect();
    let passing = std::mem::take(&mut lock(ledger).passing);
    for (name, fate) in passing {
        let is_there = listed.contains(name.as_str());
        match fate {
            Fate::There => assert!(is_there, "`{name}` was created and is lost"),
            Fate::Gone => assert!(!is_there, "`{name}` was deleted and is back"),
            Fate::Asked | Fate::Going => {}
        }
        if is_there {
            client.delete_topology(&name).await.unwrap();
        }
    }
}
