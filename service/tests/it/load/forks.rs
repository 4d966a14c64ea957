//! Topologies that come and go: forks of one that is written to, forks that outlive what they were made of, and what these were made of.

use std::collections::BTreeMap;
use std::sync::Arc;

use causeway_client::Client;
use causeway_proto::v1;
use tokio::task::JoinSet;

use super::{Ledger, SharedLedger, by_id, held, lock};
use crate::harness::vpc;

/// The topology that is forked.
const SOURCE: &str = "wide";

/// How many revisions what passes gets.
const WRITES: u64 = 3;

/// What there is of each, by name.
pub(crate) type Forks = BTreeMap<String, Forked>;

/// What a topology begins with.
#[derive(Debug, Clone, Copy)]
enum Begin {
    /// Nothing. It gets what a heir begins with.
    Empty,
    /// A revision of the source.
    Source(u64),
    /// What passed before.
    Heir,
}

/// A topology that comes and goes.
#[derive(Debug, Clone)]
pub(crate) struct Forked {
    begin: Begin,
    /// The moments at which it was known to be there, at which it was asked to go, and at which it was known to be gone.
    there: Option<u64>,
    going: Option<u64>,
    gone: bool,
    /// Its newest revision that was acknowledged.
    revision: u64,
}

// === impl Forked ===

impl Forked {
    fn asked(begin: Begin) -> Self {
        Self {
            begin,
            there: None,
            going: None,
            gone: false,
            revision: 0,
        }
    }

    /// Whether it was to be there at a moment, whatever became of what nobody had heard of yet.
    pub(crate) fn is_there(&self, moment: u64) -> bool {
        self.there.is_some_and(|there| there <= moment)
            && self.going.is_none_or(|going| going > moment)
    }

    /// What it holds at revision 0, by id.
    pub(crate) fn beginning(&self, ledger: &Ledger) -> BTreeMap<String, v1::Resource> {
        match self.begin {
            Begin::Empty => BTreeMap::new(),
            Begin::Source(revision) => ledger.state(SOURCE, revision),
            Begin::Heir => by_id((1..=WRITES).map(passing)),
        }
    }
}

fn passing(number: u64) -> v1::Resource {
    vpc(&format!("vpc-{number}"))
}

/// Who makes topologies, and notes what becomes of them.
struct Maker<N> {
    client: Client,
    ledger: SharedLedger,
    now: N,
}

/// Starts who forks, and who lets topologies pass.
pub(super) fn start(
    writers: &mut JoinSet<()>,
    client: &Client,
    ledger: &SharedLedger,
    now: impl Fn() -> u64 + Clone + Send + Sync + 'static,
) {
    let maker = || Maker {
        client: client.clone(),
        ledger: Arc::clone(ledger),
        now: now.clone(),
    };
    let (forks, passes) = (maker(), maker());
    writers.spawn(async move { while forks.fork().await.is_some() {} });
    writers.spawn(async move { while passes.pass().await.is_some() {} });
}

// === impl Maker ===

impl<N: Fn() -> u64> Maker<N> {
    /// Notes that a topology is asked for, and gives it a name.
    fn ask(&self, kind: &str, begin: impl FnOnce(&Ledger) -> Begin) -> (String, Begin) {
        let mut ledger = lock(&self.ledger);
        ledger.next += 1;
        let name = format!("{kind}-{}", ledger.next);
        let begin = begin(&ledger);
        ledger.forks.insert(name.clone(), Forked::asked(begin));
        (name, begin)
    }

    fn note(&self, name: &str, note: impl FnOnce(&mut Forked, u64)) {
        let moment = (self.now)();
        note(lock(&self.ledger).forks.get_mut(name).unwrap(), moment);
    }

    async fn write(&self, name: &str, number: u64) -> Option<()> {
        let answer = self.client.apply(name).put(passing(number)).send().await;
        let revision = answer.ok()?.revision;
        self.note(name, |fork, _| fork.revision = revision);
        Some(())
    }

    async fn delete(&self, name: &str) -> Option<()> {
        self.note(name, |fork, moment| fork.going = Some(moment));
        self.client.delete_topology(name).await.ok()?;
        self.note(name, |fork, _| fork.gone = true);
        Some(())
    }

    async fn make(&self, source: &str, name: &str, revision: u64) -> Option<()> {
        let made = self.client.fork(source, name).at(revision).send().await;
        made.ok()?;
        self.note(name, |fork, moment| fork.there = Some(moment));
        Some(())
    }

    /// Makes a fork of the source, which is written to meanwhile, writes to it, and deletes one in two.
    async fn fork(&self) -> Option<()> {
        for is_left in [false, true] {
            let (name, begin) = self.ask("fork", |ledger| Begin::Source(ledger.newest(SOURCE)));
            let Begin::Source(revision) = begin else {
                panic!("{begin:?} is no revision of the source");
            };
            self.make(SOURCE, &name, revision).await?;
            self.write(&name, 1).await?;
            if !is_left {
                self.delete(&name).await?;
            }
        }
        Some(())
    }

    /// Creates a topology, writes to it, forks it and deletes it.
    async fn pass(&self) -> Option<()> {
        let (name, _) = self.ask("passing", |_| Begin::Empty);
        self.client.create_topology(&name, "").await.ok()?;
        self.note(&name, |fork, moment| fork.there = Some(moment));
        for number in 1..=WRITES {
            self.write(&name, number).await?;
        }
        let (heir, _) = self.ask("heir", |_| Begin::Heir);
        self.make(&name, &heir, WRITES).await?;
        self.delete(&name).await
    }
}

/// That topologies that come and go are there with what they began with, or gone, as was acknowledged. Then all of them are deleted.
pub(super) async fn verify(client: &Client, ledger: &SharedLedger, now: impl Fn() -> u64) {
    let listed = client.list_topologies().await.unwrap();
    let listed: BTreeMap<&str, u64> = listed
        .iter()
        .map(|topology| (topology.name.as_str(), topology.revision))
        .collect();
    let forks = lock(ledger).forks.clone();
    for (name, fork) in forks {
        let head = listed.get(name.as_str()).copied();
        assert!(
            head.is_some() || !fork.is_there(u64::MAX),
            "`{name}` was made and is lost: {fork:?}"
        );
        assert!(
            head.is_none() || !fork.gone,
            "`{name}` was deleted and is back: {fork:?}"
        );
        if let Some(head) = head {
            assert!(head >= fork.revision, "`{name}` is at {head}: {fork:?}");
            let expected = fork.beginning(&lock(ledger));
            let held = held(client, &name, 0).await;
            assert!(held == expected, "`{name}` began with {held:?}: {fork:?}");
            let moment = now();
            lock(ledger).forks.get_mut(&name).unwrap().going = Some(moment);
            client.delete_topology(&name).await.unwrap();
        }
        lock(ledger).forks.get_mut(&name).unwrap().gone = true;
    }
}
