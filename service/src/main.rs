//! The command `causeway`.

use std::process::ExitCode;

fn main() -> ExitCode {
    causeway::run(std::env::args_os())
}
