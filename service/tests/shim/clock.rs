//! A shim between a process and the system's clock, for tests: `SHIM_CLOCK_SECONDS` tells how many seconds the time of day is ahead. The clock that
//! measures how long something takes stays as it is. The tests compile it with rustc into a library, which LD_PRELOAD puts before the C library.

use std::ffi::{c_char, c_int, c_void};
use std::sync::OnceLock;

const NEXT: *mut c_void = -1_isize as *mut c_void;
const REALTIME: c_int = 0;

/// What the C library calls a `timespec`.
#[repr(C)]
struct Time {
    seconds: i64,
    nanoseconds: i64,
}

unsafe extern "C" {
    fn dlsym(handle: *mut c_void, symbol: *const c_char) -> *mut c_void;
}

fn ahead() -> i64 {
    static AHEAD: OnceLock<i64> = OnceLock::new();
    *AHEAD.get_or_init(|| {
        let seconds = std::env::var("SHIM_CLOCK_SECONDS").ok();
        seconds.and_then(|text| text.parse().ok()).unwrap_or(0)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(clock: c_int, time: *mut Time) -> c_int {
    static FOUND: OnceLock<usize> = OnceLock::new();
    // SAFETY: the name ends with a zero.
    let found = *FOUND.get_or_init(|| unsafe { dlsym(NEXT, c"clock_gettime".as_ptr()) as usize });
    // SAFETY: the C library has the function, with this type.
    let real = unsafe { std::mem::transmute::<usize, unsafe extern "C" fn(c_int, *mut Time) -> c_int>(found) };
    // SAFETY: the caller's own arguments.
    let done = unsafe { real(clock, time) };
    if done == 0 && clock == REALTIME {
        // SAFETY: it was just written to.
        unsafe { (*time).seconds += ahead() };
    }
    done
}
