//! Writers that keep a ledger: what they asked for, and what was acknowledged. What a store holds is compared with it.

#![expect(
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed, in its helpers too"
)]

mod forks;
mod labels;

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};

use causeway_client::{At, Client};
use causeway_proto::v1;
use tokio::task::JoinSet;
use tokio_stream::StreamExt as _;

pub(crate) use self::forks::Forked;
use self::forks::Forks;
pub(crate) use self::labels::LABEL;
use self::labels::Labelled;
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
    /// The hour at which it was asked for, by the clock of the services.
    hour: u64,
}

/// What was asked for, and what was acknowledged.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// What is known to be durable, by topology and revision.
    pub(crate) revisions: BTreeMap<&'static str, BTreeMap<u64, Write>>,
    /// What was sent and not answered, by its request id.
    pub(crate) open: BTreeMap<String, Write>,
    /// Topologies that come and go.
    pub(crate) forks: Forks,
    /// A label that moves on.
    pub(crate) labelled: Labelled,
    /// The hour that it is by the clock of the services, which may be ahead of the test's.
    pub(crate) hour: u64,
    /// Up to which revision histories were compared; older ones do not change. Cleared, all is compared again.
    pub(crate) verified: BTreeMap<&'static str, u64>,
    /// The next sequence number of all writers: none is used twice.
    next: u64,
    /// Topology, revision and moment of each acknowledgement, as they came.
    pub(crate) acknowledged: Vec<(&'static str, u64, u64)>,
}

/// So many newest revisions are kept at least: more than can be open at once.
pub(crate) const KEPT: u64 = 20;

/// For so many hours requests are known.
const KNOWN: u64 = 24;

/// Checkpoints, trims and thins out all the time, so that many a kill falls into one of these.
pub(crate) fn config() -> String {
    format!(
        "[limits]\ncheckpoint_every = 2\n[retention]\nkeep_revisions = {KEPT}\nrequest_days = 1\nperiod_seconds = 0.02\n"
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

    fn slot(&self) -> u64 {
        self.sequence % SLOTS
    }

    /// What it puts.
    pub(crate) fn resources(&self) -> Vec<v1::Resource> {
        let slot = self.slot();
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
    pub(crate) async fn send(&self, client: &Client) -> Option<u64> {
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
    /// The state at a revision, by resource id: what each writer wrote last into each of its slots.
    pub(crate) fn state(&self, topology: &str, revision: u64) -> BTreeMap<String, v1::Resource> {
        let mut last = BTreeMap::new();
        for (_, write) in self.revisions[topology].range(..=revision).rev() {
            last.entry((write.writer, write.slot())).or_insert(write);
            if last.len() == slots(topology) {
                break;
            }
        }
        by_id(last.into_values().flat_map(Write::resources))
    }

    /// The newest revision that is known to be durable.
    pub(crate) fn newest(&self, topology: &str) -> u64 {
        let revisions = self.revisions.get(topology);
        let newest = revisions.and_then(|revisions| revisions.last_key_value());
        newest.map_or(0, |(revision, _)| *revision)
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
            hour: self.hour,
        };
        self.open.insert(write.id(), write.clone());
        write
    }
}

/// How many sets of resources the writers of a topology go round.
fn slots(topology: &str) -> usize {
    let writers = TOPOLOGIES.iter().find(|(name, ..)| *name == topology);
    writers.map_or(0, |(_, count, _)| {
        usize::try_from(u64::from(*count) * SLOTS).unwrap()
    })
}

/// Resources of a topology by id.
pub(crate) fn by_id(
    resources: impl IntoIterator<Item = v1::Resource>,
) -> BTreeMap<String, v1::Resource> {
    let resources = resources.into_iter();
    resources
        .map(|resource| (id(&resource), resource))
        .collect()
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
    now: impl Fn() -> u64 + Clone + Send + Sync + 'static,
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
    forks::start(&mut writers, client, ledger, now.clone());
    labels::start(&mut writers, client, ledger, now);
    writers
}

/// That a service holds what was acknowledged, and beyond it only what was asked for; what it holds is taken into the ledger. What it deletes, it
/// deletes at the moment that `now` tells.
pub(crate) async fn verify(client: &Client, ledger: &SharedLedger, now: impl Fn() -> u64) {
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
            let held = held(client, topology, revision).await;
            assert!(
                held == expected,
                "`{topology}` at {revision} is {held:?}, expected {expected:?}"
            );
        }
    }
    labels::verify(client, ledger).await;
    repeat(client, ledger).await;
    forks::verify(client, ledger, now).await;
}

/// What a topology holds at a revision or a label, by id.
async fn held(
    client: &Client,
    topology: &str,
    at: impl Into<At>,
) -> BTreeMap<String, v1::Resource> {
    let everything = v1::ResourceFilter::default();
    let listed = client.list_resources(topology, at, everything).await;
    by_id(listed.unwrap().resources)
}

/// Compares the history with the ledger. What was open and is there becomes part of it.
fn settle(ledger: &mut Ledger, topology: &'static str, head: u64, found: &[v1::Revision]) {
    let newest = ledger.newest(topology);
    assert!(
        newest <= head,
        "`{topology}`: revision {newest} was acknowledged, the head is {head}"
    );
    for revision in found {
        let number = revision.revision;
        let known = ledger.revisions.entry(topology).or_default();
        if let Some(write) = known.get(&number) {
            assert_eq!(revision.message, write.id(), "`{topology}` at {number}");
        } else {
            let open = ledger.open.remove(&revision.message);
            let write = open.unwrap_or_else(|| {
                panic!("`{topology}` at {number} is {revision:?}, which nobody asked for")
            });
            known.insert(number, write);
        }
    }
    ledger.verified.insert(topology, head);
}

/// Repeats what was not answered, and of what was, the newest and the oldest that is still known: the one becomes durable once, the others are given
/// again, also where their revisions are no longer kept.
async fn repeat(client: &Client, ledger: &SharedLedger) {
    let (open, known): (Vec<Write>, Vec<(u64, Write)>) = {
        let ledger = lock(ledger);
        let known = ledger.revisions.values().flat_map(|revisions| {
            let known = revisions
                .iter()
                .rev()
                // An hour less: the clocks do not begin at once.
                .take_while(|(_, write)| ledger.hour - write.hour < KNOWN - 1);
            let known: Vec<_> = known.collect();
            let ends = BTreeSet::from_iter(known.first().into_iter().chain(known.last()).copied());
            ends.into_iter()
                .map(|(revision, write)| (*revision, write.clone()))
        });
        (ledger.open.values().cloned().collect(), known.collect())
    };
    for (revision, write) in known {
        assert_eq!(write.send(client).await, Some(revision), "{write:?} again");
    }
    for write in open {
        let revision = write.send(client).await.unwrap();
        lock(ledger).acknowledge(&write, revision, u64::MAX);
    }
}
