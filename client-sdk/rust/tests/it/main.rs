//! The client against a service that runs in the same process and does as it is told.

mod batches;
mod calls;
mod fake;
mod fakes;
mod forks;
mod hedges;
mod imports;
mod lists;
mod traces;
mod watches;
mod what_ifs;
