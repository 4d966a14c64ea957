//! What an estate of any size takes: `cargo bench -p causeway --bench scale [-- --resources N]`.
//!
//! Memory is counted at the allocator, so that the figures are the same on every machine.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on has failed, and printing is what it is for"
)]

mod memory;

use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

fn main() {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--resources");
    let resources = arguments
        .nth(1)
        .map_or(1_000_000, |number| number.parse().unwrap());
    memory::run(resources);
}
