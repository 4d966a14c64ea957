//! The binary: reads the arguments, runs the load, tells an error with its causes.

use std::process::ExitCode;

use causeway_loadtest::{Arguments, run};
use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            causeway_loadtest::report::complain(&error);
            ExitCode::from(error.exit_code())
        }
    }
}
