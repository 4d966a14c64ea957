//! The contract that every backend keeps, and what only the one on disk can be asked.

mod backup;
mod contract;
mod disk;
mod samples;
mod support;
