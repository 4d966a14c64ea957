//! Makes the calls of one method that the fuzzer makes up: `CAUSEWAY_FUZZ_METHOD=GetTopology`. See docs/fuzzing.md.

#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use peak_alloc::PeakAlloc;

use causeway_grpc_fuzz::Target;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// More than that no call may take, whatever it asks for: the messages that the cases are made of have some kilobytes.
const MOST_BYTES: usize = 128 << 20;

thread_local! {
    static TARGET: RefCell<Target> = RefCell::new(Target::of_environment());
}

fuzz_target!(|data: &[u8]| {
    TARGET.with_borrow_mut(|target| {
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        target.run(data);
        let taken = MEMORY.peak_usage().saturating_sub(before);
        assert!(
            taken <= MOST_BYTES,
            "a call of {} bytes took {taken} bytes",
            data.len()
        );
    });
});
