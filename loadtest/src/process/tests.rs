//! Tests of reading what Linux tells of a process.

use std::time::Duration;

use super::{resident, ticks};

#[test]
fn user_and_system_time_are_found_behind_any_name() {
    let line = "7 (a) (b c) R 1 7 7 0 -1 4194304 9 0 0 0 120 35 3 4 20 0 5 0";
    assert_eq!(ticks(line), Some(Duration::from_millis(1_550)));
    assert_eq!(ticks("7 (a) R 1"), None);
}

#[test]
fn memory_is_told_in_bytes() {
    let status = "Name:\ta\nVmHWM:\t  9000 kB\nVmRSS:\t  1024 kB\n";
    assert_eq!(resident(status), Some(1 << 20));
    assert_eq!(resident("Name:\ta\n"), None);
}
