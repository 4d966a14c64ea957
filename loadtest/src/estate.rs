//! Estates of any size, made up from a seed: the same numbers make the same estate, resource for resource, on every machine.
//!
//! An estate is what a platform team has: accounts with a VPC each, tiers in three zones, NAT gateways, endpoints, a transit gateway in the middle of
//! each Region, peering between neighbours, and a service behind PrivateLink. VPCs are made one after the other, so that an estate of any size
//! takes no more memory than one of them.

mod flows;
mod hub;
mod ids;
mod interfaces;
mod network;

use std::path::PathBuf;
use std::time::Instant;

use causeway_client::v1::{ImportResourcesResponse, Resource};
use causeway_client::{Client, Code};
use clap::Args;

use crate::arguments::Service;
use crate::{LoadError, report};

pub use flows::flows;
pub(crate) use flows::flows_by;

/// VPCs of a Region: so many blocks of 4,096 addresses does 10.0.0.0/8 have.
const VPCS_OF_REGION: u32 = 4096;

/// Interfaces that a VPC has at most.
const INTERFACES_OF_VPC: u32 = 300;

/// What the estate is to be.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Where the service is.
    #[command(flatten)]
    pub service: Service,
    /// The topology to import it into; created if need be. Without one nothing is imported.
    #[arg(long)]
    pub topology: Option<String>,
    /// How many network interfaces of instances the estate has; there are about 2.3 resources to one.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=4_000_000))]
    pub interfaces: u32,
    /// File to write questions about it to, one JSON object a line.
    #[arg(long)]
    pub questions: Option<PathBuf>,
    /// How many questions to write: about two thirds of them are reachable.
    #[arg(long, default_value_t = 10_000)]
    pub count: u32,
    /// What the questions are drawn from.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// An estate: how many VPCs it has, and interfaces in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estate {
    interfaces: u32,
}

/// One VPC of an estate, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    number: u32,
    /// How many interfaces of instances it has.
    interfaces: u32,
    /// How many VPCs its Region has.
    neighbours: u32,
}

/// Makes the estate, imports it and writes its questions.
///
/// # Errors
/// [`LoadError`] if the service refuses the estate, or the file cannot be written.
pub async fn run(settings: &Settings) -> Result<(), LoadError> {
    let estate = Estate::new(settings.interfaces);
    if let Some(path) = &settings.questions {
        let text = flows::lines(estate, settings.seed, settings.count);
        std::fs::write(path, text).map_err(|source| LoadError::Unwritable {
            path: path.clone(),
            source,
        })?;
    }
    let Some(topology) = &settings.topology else {
        return Ok(());
    };
    let client = Client::connect(settings.service.endpoint.clone())
        .await
        .map_err(LoadError::Connect)?;
    let begin = Instant::now();
    let answer = import(&client, topology, estate).await?;
    report::say(&report::import(begin.elapsed(), &answer));
    Ok(())
}

/// Imports an estate into a topology, which is made if need be. What it has already is left as it is.
pub(crate) async fn import(
    client: &Client,
    topology: &str,
    estate: Estate,
) -> Result<ImportResourcesResponse, LoadError> {
    let fail = |source| LoadError::Import { source };
    let description = format!("an estate of {} interfaces", estate.interfaces);
    match client.create_topology(topology, &description).await {
        Ok(_) => {}
        Err(error) if error.code() == Code::AlreadyExists => {}
        Err(error) => return Err(fail(error)),
    }
    let import = client.import(topology).author("causeway-loadtest");
    import.send_once(estate.resources()).await.map_err(fail)
}

// === impl Estate ===

impl Estate {
    /// An estate with so many interfaces of instances.
    #[must_use]
    pub fn new(interfaces: u32) -> Self {
        Self { interfaces }
    }

    /// All its resources, what contains before what is contained, made as they are taken.
    pub fn resources(self) -> impl Iterator<Item = Resource> + Send + 'static {
        (0..self.vpcs()).flat_map(move |number| self.place(number).resources())
    }

    fn vpcs(self) -> u32 {
        self.interfaces.div_ceil(INTERFACES_OF_VPC)
    }

    fn place(self, number: u32) -> Place {
        let before = number.saturating_mul(INTERFACES_OF_VPC);
        let rest = self.interfaces.saturating_sub(before);
        let first = number.saturating_sub(number % VPCS_OF_REGION);
        Place {
            number,
            interfaces: rest.min(INTERFACES_OF_VPC),
            neighbours: self.vpcs().saturating_sub(first).min(VPCS_OF_REGION),
        }
    }
}

// === impl Place ===

impl Place {
    fn resources(self) -> Vec<Resource> {
        let mut resources = Vec::new();
        self.network(&mut resources);
        self.endpoints(&mut resources);
        self.hub(&mut resources);
        self.service(&mut resources);
        self.instances(&mut resources);
        resources
    }
}

#[cfg(test)]
mod tests;
