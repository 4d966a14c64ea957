//! What an estate of any size takes: `cargo bench -p causeway --bench scale`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on has failed, and printing is what it is for"
)]

mod change;
mod durable;

fn main() {
    change::run();
}
