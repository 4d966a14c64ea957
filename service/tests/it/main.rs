//! The service as its users meet it: over gRPC on loopback, on a real store, and as a process.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed, in its helpers too"
)]

mod acme;
mod authorization;
mod backups;
mod caches;
mod costs;
mod derived;
mod diffs;
mod edges;
mod errors;
mod forks;
mod full_disk;
mod harness;
mod imports;
mod kills;
mod labels;
mod lists;
mod load;
mod matrices;
mod moments;
mod names;
mod notation;
mod patches;
mod paths;
mod power_loss;
mod process;
mod qualities;
mod random_networks;
mod rollbacks;
mod scenarios;
mod server;
mod streams;
mod tidy;
mod traces;
mod watches;
mod what_ifs;
