//! Walks what the fuzzer makes up. See docs/fuzzing.md.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};

use causeway_resolver_fuzz::{check, mutate::mutate, read, write};

fuzz_target!(|data: &[u8]| {
    if let Some(case) = read(data) {
        check(case);
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let case = data.get(..size).and_then(read);
    let Some(mut case) = case else {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    };
    mutate(&mut case, u64::from(seed));
    let new = write(&case);
    match data.get_mut(..new.len()) {
        Some(room) if new.len() <= max_size => {
            room.copy_from_slice(&new);
            new.len()
        }
        _ => size,
    }
});
