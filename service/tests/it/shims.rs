//! Libraries that stand between the real binary and the system, compiled when a test needs them.

use std::path::Path;
use std::process::Command;

/// Compiles a shim of tests/shim, with the compiler that compiled this.
pub(crate) fn build(source: &str, to: &Path) {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shim");
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let status = Command::new(compiler)
        .args(["--edition", "2024", "--crate-type", "cdylib", "-O", "-o"])
        .arg(to)
        .arg(sources.join(source))
        .status()
        .unwrap();
    assert!(status.success(), "the shim {source} cannot be compiled");
}
