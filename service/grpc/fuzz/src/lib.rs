//! Calls of the service that the fuzzer makes up, one method at a time, through all layers and handlers and over a store in memory.
//!
//! A case is bytes. The first tells how they become a call: as they are, framed as messages, or as what drives a walk through the description of the
//! method's message, which writes one that is well-formed. Whatever is asked, the answer has to come, be of the contract, and tell a reason if it is a refusal;
//! no fault of the service's own may be told, nobody may panic, and it may not take long or much memory.

mod call;
mod driver;
mod judge;
mod message;
mod served;
mod words;

use prost_reflect::{DescriptorPool, MethodDescriptor};
use tokio::runtime::{Builder, Runtime};

use causeway_proto::FILE_DESCRIPTOR_SET;

use crate::served::Served;
use crate::words::Words;

/// Names the method that is called.
const METHOD: &str = "CAUSEWAY_FUZZ_METHOD";

/// Methods after which the state is another one: each of their cases begins with a new service.
const WRITES: [&str; 7] = [
    "CreateTopology",
    "DeleteTopology",
    "ApplyChanges",
    "RollbackTopology",
    "ImportResources",
    "SetRevisionLabel",
    "DeleteRevisionLabel",
];

/// One method, and a service to call it of.
pub struct Target {
    runtime: Runtime,
    method: MethodDescriptor,
    words: Words,
    /// None for a method that writes.
    served: Option<Served>,
}

impl Target {
    /// The method that the environment names.
    ///
    /// # Panics
    /// If there is no such method.
    pub fn of_environment() -> Self {
        let name = std::env::var(METHOD).unwrap_or_default();
        Self::of(&name).unwrap_or_else(|| {
            panic!(
                "{METHOD} is `{name}`, expected one of {}",
                methods().join(", ")
            )
        })
    }

    /// The method of this name.
    pub fn of(name: &str) -> Option<Self> {
        let method = all().into_iter().find(|method| method.name() == name)?;
        let runtime = Builder::new_current_thread().enable_all().build().ok()?;
        let words = Words::of_example();
        let served = (!WRITES.contains(&name)).then(|| runtime.block_on(Served::with_example()));
        Some(Self {
            runtime,
            method,
            words,
            served,
        })
    }

    /// Makes one call.
    ///
    /// # Panics
    /// If the answer is not as it has to be.
    pub fn run(&mut self, data: &[u8]) {
        let call = call::made_of(data, &self.method, &self.words);
        let Self {
            runtime,
            method,
            served,
            ..
        } = self;
        runtime.block_on(async {
            match served {
                Some(served) => judge::answer(served, method, call).await,
                None => judge::answer(&mut Served::small().await, method, call).await,
            }
        });
    }
}

/// Names of all methods.
pub fn methods() -> Vec<String> {
    all()
        .iter()
        .map(|method| method.name().to_owned())
        .collect()
}

fn all() -> Vec<MethodDescriptor> {
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET)
        .expect("the description of the contract is whole");
    let services = pool
        .services()
        .filter(|service| service.full_name().starts_with("causeway."));
    services
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .collect()
}
