//! A shim between a process and its files, for tests: it records what is done to the files under one directory, and fails what it
//! is told to fail. The tests compile it with rustc into a library, which LD_PRELOAD puts before the C library.
//!
//! It knows the C library's calls that Rust's standard library makes, and nothing of who makes them. It allocates and locks, but does
//! all its own reading and writing by the C library's functions, for its own would come back to it.
//!
//! - `SHIM_ROOT`: the directory.
//! - `SHIM_RECORD`: the file that records are appended to: an operation (one byte), a path under the root, two numbers, and bytes, each
//!   text after its length. A write is recorded when it has returned; a sync when it begins and when it has returned. An operation
//!   and its record are one under a lock of that file (flock): who kills the process while he holds the lock cannot come between them,
//!   and the order of the records is that of the operations. A sync alone is done without the lock, between its two records.
//! - `SHIM_SYNC_MICROSECONDS`: how long each sync takes at least.
//! - `SHIM_FAULTS`: a file; while it holds `write 28`, writes fail with error 28. Other operations are `sync` and `read`.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::os::unix::ffi::OsStrExt;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

const NEXT: *mut c_void = -1_isize as *mut c_void;
const WRONLY: c_int = 1;
const CREAT: c_int = 0o100;
const TRUNC: c_int = 0o1000;
const APPEND: c_int = 0o2000;
const CUR: c_int = 1;
const LOCK_EXCLUSIVE: c_int = 2;
const UNLOCK: c_int = 8;

unsafe extern "C" {
    fn dlsym(handle: *mut c_void, symbol: *const c_char) -> *mut c_void;
    fn __errno_location() -> *mut c_int;
    fn access(path: *const c_char, mode: c_int) -> c_int;
    fn lseek64(file: c_int, offset: i64, whence: c_int) -> i64;
    fn usleep(microseconds: c_uint) -> c_int;
    fn flock(file: c_int, operation: c_int) -> c_int;
    fn read(file: c_int, bytes: *mut c_void, count: usize) -> isize;
}

/// The C library's own function of a name, with its type.
macro_rules! real {
    ($name:literal as fn($($argument:ty),*) -> $result:ty) => {{
        static FOUND: OnceLock<usize> = OnceLock::new();
        let found = *FOUND.get_or_init(|| {
            // SAFETY: the name ends with a zero.
            unsafe { dlsym(NEXT, concat!($name, "\0").as_ptr().cast()) as usize }
        });
        // SAFETY: the C library has the function, with this type.
        unsafe { std::mem::transmute::<usize, unsafe extern "C" fn($($argument),*) -> $result>(found) }
    }};
}

/// What is open, and where records go.
struct State {
    root: Vec<u8>,
    record: Option<c_int>,
    faults: Option<CString>,
    sync_microseconds: c_uint,
    files: BTreeMap<c_int, Vec<u8>>,
    syncs: u64,
}

/// Holds the lock of the record, until it is dropped. Threads of this process are kept apart by the lock of the state.
struct Locked(Option<c_int>);

fn state() -> MutexGuard<'static, State> {
    static STATE: OnceLock<Mutex<State>> = OnceLock::new();
    let state = STATE.get_or_init(|| Mutex::new(State::new()));
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn new() -> Self {
        let text = |name| std::env::var_os(name).map(|text| text.as_bytes().to_owned());
        let path = |name| text(name).and_then(|text| CString::new(text).ok());
        let open = real!("open64" as fn(*const c_char, c_int, c_uint) -> c_int);
        let record = path("SHIM_RECORD").map(|path| {
            // SAFETY: the path ends with a zero.
            unsafe { open(path.as_ptr(), WRONLY | CREAT | APPEND, 0o600) }
        });
        let microseconds = std::env::var("SHIM_SYNC_MICROSECONDS").ok();
        Self {
            root: text("SHIM_ROOT").unwrap_or_else(|| b"/nowhere".to_vec()),
            record,
            faults: path("SHIM_FAULTS"),
            sync_microseconds: microseconds.and_then(|text| text.parse().ok()).unwrap_or(0),
            files: BTreeMap::new(),
            syncs: 0,
        }
    }

    /// The part of a path below the root, without the slash; nothing for the root itself.
    fn below(&self, path: *const c_char) -> Option<Vec<u8>> {
        // SAFETY: callers of the C library's functions give paths that end with a zero.
        let path = unsafe { CStr::from_ptr(path) }.to_bytes();
        match path.strip_prefix(self.root.as_slice())? {
            [] => Some(Vec::new()),
            [b'/', rest @ ..] => Some(rest.to_vec()),
            _ => None,
        }
    }

    /// Waits until nobody holds the lock of the record.
    fn lock(&self) -> Locked {
        if let Some(file) = self.record {
            // SAFETY: it only waits.
            unsafe { flock(file, LOCK_EXCLUSIVE) };
        }
        Locked(self.record)
    }

    fn record(&self, operation: u8, path: &[u8], numbers: [u64; 2], bytes: &[u8]) {
        let Some(file) = self.record else { return };
        let mut record = vec![operation];
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(0).to_le_bytes();
        record.extend_from_slice(&length(path));
        record.extend_from_slice(path);
        numbers
            .iter()
            .for_each(|number| record.extend_from_slice(&number.to_le_bytes()));
        record.extend_from_slice(&length(bytes));
        record.extend_from_slice(bytes);
        let write = real!("write" as fn(c_int, *const c_void, usize) -> isize);
        let mut rest = record.as_slice();
        while !rest.is_empty() {
            // SAFETY: the bytes are there.
            let written = unsafe { write(file, rest.as_ptr().cast(), rest.len()) };
            rest = &rest[usize::try_from(written).unwrap_or(rest.len())..];
        }
    }

    /// The error that an operation is told to fail with.
    fn fault(&self, operation: &str) -> Option<c_int> {
        let path = self.faults.as_ref()?;
        let open = real!("open64" as fn(*const c_char, c_int, c_uint) -> c_int);
        let close = real!("close" as fn(c_int) -> c_int);
        let mut text = [0_u8; 32];
        // SAFETY: the path ends with a zero, and the bytes are there.
        let length = unsafe {
            let file = open(path.as_ptr(), 0, 0);
            if file < 0 {
                return None;
            }
            let length = read(file, text.as_mut_ptr().cast(), text.len());
            close(file);
            length
        };
        let text = std::str::from_utf8(text.get(..usize::try_from(length).ok()?)?).ok()?;
        let (failing, error) = text.trim().split_once(' ')?;
        (failing == operation).then(|| error.parse().ok()).flatten()
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        if let Some(file) = self.0 {
            // SAFETY: the file is open as long as the process runs.
            unsafe { flock(file, UNLOCK) };
        }
    }
}

/// Fails as the system would.
fn fail<T: From<i8>>(error: c_int) -> T {
    // SAFETY: the place is this thread's own.
    unsafe { *__errno_location() = error };
    T::from(-1)
}

fn opened(path: *const c_char, flags: c_int, open: impl FnOnce() -> c_int) -> c_int {
    let mut state = state();
    let Some(below) = state.below(path) else {
        drop(state);
        return open();
    };
    let _locked = state.lock();
    // SAFETY: the path ends with a zero.
    let is_new = flags & CREAT != 0 && unsafe { access(path, 0) } != 0;
    let file = open();
    if file >= 0 {
        if is_new {
            state.record(b'c', &below, [0; 2], &[]);
        } else if flags & TRUNC != 0 {
            state.record(b't', &below, [0; 2], &[]);
        }
        state.files.insert(file, below);
    }
    file
}

#[unsafe(no_mangle)]
unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    let open = real!("open64" as fn(*const c_char, c_int, c_uint) -> c_int);
    opened(path, flags, || unsafe { open(path, flags, mode) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    let open = real!("open" as fn(*const c_char, c_int, c_uint) -> c_int);
    opened(path, flags, || unsafe { open(path, flags, mode) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn close(file: c_int) -> c_int {
    state().files.remove(&file);
    let close = real!("close" as fn(c_int) -> c_int);
    unsafe { close(file) }
}

/// Does a write, and records what of it was done. The offset is asked for afterwards.
fn written(
    file: c_int,
    bytes: *const c_void,
    offset: impl FnOnce(isize) -> i64,
    write: impl FnOnce() -> isize,
) -> isize {
    let state = state();
    let Some(path) = state.files.get(&file).cloned() else {
        drop(state);
        return write();
    };
    if let Some(error) = state.fault("write") {
        return fail(error);
    }
    let _locked = state.lock();
    let done = write();
    if let Ok(count) = usize::try_from(done) {
        // SAFETY: so many bytes were just written from there.
        let bytes = unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), count) };
        let offset = u64::try_from(offset(done)).unwrap_or(0);
        state.record(b'w', &path, [offset, 0], bytes);
    }
    done
}

#[unsafe(no_mangle)]
unsafe extern "C" fn write(file: c_int, bytes: *const c_void, count: usize) -> isize {
    let write = real!("write" as fn(c_int, *const c_void, usize) -> isize);
    let offset = |done: isize| unsafe { lseek64(file, 0, CUR) } - done as i64;
    written(file, bytes, offset, || unsafe { write(file, bytes, count) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite64(file: c_int, bytes: *const c_void, count: usize, at: i64) -> isize {
    let write = real!("pwrite64" as fn(c_int, *const c_void, usize, i64) -> isize);
    written(
        file,
        bytes,
        |_| at,
        || unsafe { write(file, bytes, count, at) },
    )
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pread64(file: c_int, bytes: *mut c_void, count: usize, at: i64) -> isize {
    let state = state();
    if state.files.contains_key(&file)
        && let Some(error) = state.fault("read")
    {
        return fail(error);
    }
    drop(state);
    let read = real!("pread64" as fn(c_int, *mut c_void, usize, i64) -> isize);
    unsafe { read(file, bytes, count, at) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn ftruncate64(file: c_int, length: i64) -> c_int {
    let truncate = real!("ftruncate64" as fn(c_int, i64) -> c_int);
    let state = state();
    let _locked = state.files.contains_key(&file).then(|| state.lock());
    let done = unsafe { truncate(file, length) };
    if let (0, Some(path)) = (done, state.files.get(&file)) {
        state.record(b't', path, [u64::try_from(length).unwrap_or(0), 0], &[]);
    }
    done
}

fn synced(file: c_int, sync: impl FnOnce() -> c_int) -> c_int {
    let mut state = state();
    let Some(path) = state.files.get(&file).cloned() else {
        drop(state);
        return sync();
    };
    if let Some(error) = state.fault("sync") {
        return fail(error);
    }
    state.syncs += 1;
    let (number, microseconds) = (state.syncs, state.sync_microseconds);
    let locked = state.lock();
    state.record(b's', &path, [number, 0], &[]);
    drop((locked, state));
    let done = sync();
    // SAFETY: it only waits.
    unsafe { usleep(microseconds) };
    if done == 0 {
        let state = self::state();
        let _locked = state.lock();
        state.record(b'S', &path, [number, 0], &[]);
    }
    done
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fsync(file: c_int) -> c_int {
    let sync = real!("fsync" as fn(c_int) -> c_int);
    synced(file, || unsafe { sync(file) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fdatasync(file: c_int) -> c_int {
    let sync = real!("fdatasync" as fn(c_int) -> c_int);
    synced(file, || unsafe { sync(file) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    let rename = real!("rename" as fn(*const c_char, *const c_char) -> c_int);
    let mut state = state();
    let _locked = state.below(from).map(|_| state.lock());
    let done = unsafe { rename(from, to) };
    if let (0, Some(from), Some(to)) = (done, state.below(from), state.below(to)) {
        state.record(b'r', &from, [0; 2], &to);
        let renamed = state.files.values_mut().filter(|path| **path == from);
        renamed.for_each(|path| path.clone_from(&to));
    }
    done
}

#[unsafe(no_mangle)]
unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    let unlink = real!("unlink" as fn(*const c_char) -> c_int);
    let state = state();
    let _locked = state.below(path).map(|_| state.lock());
    let done = unsafe { unlink(path) };
    if let (0, Some(path)) = (done, state.below(path)) {
        state.record(b'u', &path, [0; 2], &[]);
    }
    done
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mkdir(path: *const c_char, mode: c_uint) -> c_int {
    let mkdir = real!("mkdir" as fn(*const c_char, c_uint) -> c_int);
    let state = state();
    let _locked = state.below(path).map(|_| state.lock());
    let done = unsafe { mkdir(path, mode) };
    if let (0, Some(path)) = (done, state.below(path)) {
        state.record(b'd', &path, [0; 2], &[]);
    }
    done
}
