//! What an estate of any size takes: `cargo bench -p causeway --bench scale [-- memory [--resources N] | change | survival | matrix]`; all
//! of them without a word.
//!
//! Memory is counted at the allocator, so that the figures are the same on every machine.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on has failed, and printing is what it is for"
)]

mod change;
mod durable;
mod matrix;
mod memory;
mod survival;

use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What can be measured.
const PARTS: [&str; 4] = ["memory", "change", "survival", "matrix"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_asked = |part: &str| {
        let mut others = PARTS.into_iter().filter(|other| *other != part);
        let is_told = |part: &str| arguments.iter().any(|argument| argument == part);
        is_told(part) || !others.any(is_told)
    };
    let mut sizes = arguments
        .iter()
        .skip_while(|argument| *argument != "--resources");
    let resources = sizes
        .nth(1)
        .map_or(1_000_000, |number| number.parse().unwrap());
    if is_asked("memory") {
        memory::run(resources);
    }
    if is_asked("change") {
        change::run();
    }
    if is_asked("survival") {
        survival::run();
    }
    if is_asked("matrix") {
        matrix::run();
    }
}
