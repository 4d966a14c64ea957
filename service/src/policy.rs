//! `causeway policy`: what can be done with policies without a service.

mod cases;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use causeway_access::{Policies, PolicyError, Rules, SCHEMA};
use clap::{Args, Subcommand};

use crate::error::MainError;

pub(crate) use cases::PolicyTestError;

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Hold policies against the schema, and test cases against the policies; exits 1 if anything is wrong
    Check(CheckArgs),
    /// Print the schema: the principals, actions and resources that policies can speak of
    Schema,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The policies: a file, or a directory of *.cedar files
    #[arg(long, env = "CAUSEWAY_POLICIES", value_name = "PATH")]
    policies: PathBuf,
    /// TOML file of test cases, as deploy/policies/tests.toml
    #[arg(long, value_name = "FILE")]
    tests: Option<PathBuf>,
}

/// Does what the command says; its exit code tells whether all is well.
pub(crate) fn run(command: PolicyCommand, out: &mut dyn Write) -> Result<ExitCode, MainError> {
    match command {
        PolicyCommand::Schema => {
            write!(out, "{SCHEMA}").map_err(MainError::Print)?;
            Ok(ExitCode::SUCCESS)
        }
        PolicyCommand::Check(arguments) => check(&arguments, out),
    }
}

fn check(arguments: &CheckArgs, out: &mut dyn Write) -> Result<ExitCode, MainError> {
    let policies = match Policies::read(&arguments.policies) {
        Ok(policies) => policies,
        Err(PolicyError::Wrong { faults }) => {
            for fault in &faults {
                writeln!(out, "fault: {fault}").map_err(MainError::Print)?;
            }
            writeln!(out, "{} faults", faults.len()).map_err(MainError::Print)?;
            return Ok(ExitCode::FAILURE);
        }
        Err(error) => return Err(error.into()),
    };
    let count = policies.len();
    let rules = Arc::new(Rules::new(policies)?);
    let cases = match &arguments.tests {
        Some(path) => cases::read(path)?,
        None => Vec::new(),
    };
    let failed: Vec<String> = cases.iter().filter_map(|case| case.run(&rules)).collect();
    for failure in &failed {
        writeln!(out, "failed: {failure}").map_err(MainError::Print)?;
    }
    writeln!(
        out,
        "{count} policies fit the schema, {} of {} test cases failed",
        failed.len(),
        cases.len()
    )
    .map_err(MainError::Print)?;
    Ok(ExitCode::from(u8::from(!failed.is_empty())))
}
