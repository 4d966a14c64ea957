//! What a scenario is run on: its topology, the questions about it, and the connections.
//!
//! A topology that is there is never changed. Where the mix has change sets, they go to a fork of it, which is deleted at the end.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use causeway_client::v1::{Flow, Resource, ResourceFilter, ResourceKind, resource::Kind};
use causeway_client::{Client, ClientBuilder, consistency, flow};
use fastrand::Rng;
use futures::{StreamExt, TryStreamExt};

use crate::asker::Asker;
use crate::estate::{self, Estate};
use crate::pool::Pool;
use crate::scenario::Scenario;
use crate::{LoadError, questions};

/// How many security groups are changed, and from how many interfaces questions are made up.
const MOST_GROUPS: usize = 200;
const MOST_INTERFACES: usize = 20_000;

/// What is asked, and what is to be removed at the end.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) asker: Arc<Asker>,
    client: Client,
    fork: Option<String>,
}

impl Ground {
    /// Makes everything ready.
    ///
    /// # Errors
    /// [`LoadError`] if the service cannot be reached, does not take the estate, or its topology lacks what the scenario needs.
    pub(crate) async fn prepare(
        scenario: &Scenario,
        builder: ClientBuilder,
    ) -> Result<Self, LoadError> {
        let clients = connections(scenario, &builder).await?;
        let client = builder.connect().await.map_err(LoadError::Connect)?;
        let topology = base(&client, scenario).await?;
        let flows = flows(&client, scenario, &topology).await?;
        let fork = if scenario.mix.mutate > 0.0 {
            Some(fork(&client, &topology).await?)
        } else {
            None
        };
        let topology = fork.clone().unwrap_or(topology);
        let asked = Asked {
            topology,
            flows,
            clients,
        };
        let asker = asker(scenario, &client, asked).await;
        let asker = match asker {
            Ok(asker) => Arc::new(asker),
            Err(error) => {
                remove(&client, fork).await;
                return Err(error);
            }
        };
        Ok(Self {
            asker,
            client,
            fork,
        })
    }

    /// Removes what was made for the run alone.
    pub(crate) async fn end(self) {
        remove(&self.client, self.fork).await;
    }
}

/// What calls are about, and what carries them.
struct Asked {
    topology: String,
    flows: Vec<Flow>,
    clients: Vec<Client>,
}

/// The connections that carry the calls.
async fn connections(
    scenario: &Scenario,
    builder: &ClientBuilder,
) -> Result<Vec<Client>, LoadError> {
    let deadline = Duration::from_secs_f64(scenario.deadline_seconds);
    let mut clients = Vec::with_capacity(scenario.connections);
    for _ in 0..scenario.connections {
        // A call that is made again would be told as one that takes long.
        let builder = builder.clone().deadline(deadline).max_retries(0);
        clients.push(builder.connect().await.map_err(LoadError::Connect)?);
    }
    Ok(clients)
}

/// Asks once, so that what is made at the first question is there before the clock runs; with change sets, one of them too, so that a watch has an event.
async fn asker(scenario: &Scenario, client: &Client, asked: Asked) -> Result<Asker, LoadError> {
    let Asked {
        topology,
        flows,
        clients,
    } = asked;
    let fail = |source| LoadError::Ground {
        topology: topology.clone(),
        source,
    };
    let groups = if scenario.mix.mutate > 0.0 {
        groups(client, &topology).await?
    } else {
        Vec::new()
    };
    let mut asker = Asker {
        clients,
        topology: topology.clone(),
        scenario: scenario.clone(),
        deadline: Duration::from_secs_f64(scenario.deadline_seconds),
        pool: Pool::new(flows, scenario.flows),
        groups,
        pinned: 0,
        newest: AtomicU64::new(0),
    };
    if !asker.groups.is_empty() {
        let patches = asker.draw_patches(0, &mut Rng::with_seed(scenario.seed));
        let first = asker.mutate(client, patches).await;
        first.map_err(|missed| missed.into_error(&topology))?;
    }
    let first = asker.pool.draw(&mut Rng::with_seed(scenario.seed));
    let batch = vec![first];
    let detail = causeway_client::v1::Detail::Verdict;
    // An estate of millions takes some seconds to be compiled.
    let patient = client.with_deadline(Duration::from_secs(300));
    let answer = patient.batch(&topology, batch, detail, consistency::newest());
    let revision = answer.await.map_err(fail)?.revision;
    asker.pinned = revision;
    asker.newest = AtomicU64::new(revision);
    Ok(asker)
}

/// The topology that the scenario is about. An estate that is made up is imported.
async fn base(client: &Client, scenario: &Scenario) -> Result<String, LoadError> {
    if let Some(topology) = &scenario.estate.topology {
        return Ok(topology.clone());
    }
    let interfaces = scenario.estate.interfaces;
    let topology = format!("loadtest-{interfaces}");
    let patient = client.with_deadline(Duration::from_secs(600));
    estate::import(&patient, &topology, Estate::new(interfaces)).await?;
    Ok(topology)
}

async fn fork(client: &Client, topology: &str) -> Result<String, LoadError> {
    let name = format!("{topology:.40}-run-{}", std::process::id());
    let fork = client.fork(topology, &name);
    let made = fork.description("made by causeway-loadtest for one run");
    made.send().await.map_err(|source| LoadError::Ground {
        topology: topology.to_owned(),
        source,
    })?;
    Ok(name)
}

/// A fork that cannot be deleted is no reason to lose the figures: it says itself what it is.
async fn remove(client: &Client, fork: Option<String>) {
    if let Some(fork) = fork {
        let _ = client.delete_topology(&fork).await;
    }
}

async fn flows(
    client: &Client,
    scenario: &Scenario,
    topology: &str,
) -> Result<Vec<Flow>, LoadError> {
    let settings = &scenario.estate;
    match (&settings.topology, &settings.questions) {
        (None, _) => {
            let estate = Estate::new(settings.interfaces);
            // Zipf's law is for the pool to follow.
            let flows = estate::flows_by(estate, scenario.seed, 0.0);
            Ok(flows.take(settings.count).collect())
        }
        (Some(_), Some(path)) => {
            let mut flows = questions::read(Path::new(path))?;
            flows.truncate(settings.count);
            Ok(flows)
        }
        (Some(_), None) => {
            let interfaces = list(client, topology, ResourceKind::NetworkInterface).await?;
            made_up(&interfaces, scenario).ok_or(LoadError::Bare {
                topology: topology.to_owned(),
                what: "network interface",
                advice: "import some, or name `estate.questions`",
            })
        }
    }
}

/// Questions between the interfaces of a topology, and from them to the internet.
fn made_up(interfaces: &[Resource], scenario: &Scenario) -> Option<Vec<Flow>> {
    let ids: Vec<&str> = interfaces
        .iter()
        .filter_map(|resource| {
            let Some(Kind::NetworkInterface(interface)) = &resource.kind else {
                return None;
            };
            Some(interface.network_interface_id.as_str())
        })
        .collect();
    let mut rng = Rng::with_seed(scenario.seed);
    let ports = [443, 5432, 22, 8080];
    let mut flows = Vec::new();
    for _ in 0..scenario.estate.count {
        let source = rng.choice(&ids)?;
        let destination = if rng.u32(..4) == 0 {
            "internet"
        } else {
            rng.choice(&ids)?
        };
        let port = rng.choice(&ports).copied().unwrap_or(443);
        flows.push(flow::tcp(*source, destination, port));
    }
    Some(flows)
}

async fn groups(client: &Client, topology: &str) -> Result<Vec<Resource>, LoadError> {
    let mut groups = list(client, topology, ResourceKind::SecurityGroup).await?;
    if groups.is_empty() {
        return Err(LoadError::Bare {
            topology: topology.to_owned(),
            what: "security group",
            advice: "import some, or leave `mix.mutate` out",
        });
    }
    groups.truncate(MOST_GROUPS);
    Ok(groups)
}

async fn list(
    client: &Client,
    topology: &str,
    kind: ResourceKind,
) -> Result<Vec<Resource>, LoadError> {
    let filter = ResourceFilter {
        kinds: vec![kind.into()],
        ..ResourceFilter::default()
    };
    let resources = client.stream_resources(topology, None::<u64>, filter);
    let listed = resources.take(MOST_INTERFACES).try_collect().await;
    listed.map_err(|source| LoadError::Ground {
        topology: topology.to_owned(),
        source,
    })
}
