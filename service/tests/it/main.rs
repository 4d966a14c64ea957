//! The service as its users meet it: over gRPC on loopback, on a real store, and as a process.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed, in its helpers too"
)]

mod acme;
mod admission;
mod ahead;
mod allocations;
mod authorization;
mod backups;
mod caches;
mod callers;
mod certificates;
mod collector;
mod costs;
mod defects;
mod derived;
mod diffs;
mod edges;
mod errors;
mod examples;
mod forks;
mod full_disk;
mod harness;
mod hostile;
mod imports;
mod kills;
mod labels;
mod lists;
mod load;
mod loadtest;
mod matrices;
mod metrics;
mod moments;
mod names;
mod notation;
mod patches;
mod paths;
mod power_loss;
mod probes;
mod process;
mod proxy;
mod qualities;
mod random_networks;
mod restarts;
mod retention;
mod rollbacks;
mod scenarios;
mod server;
mod shims;
mod streams;
mod tidy;
mod tls;
mod traces;
mod watches;
mod what_ifs;
