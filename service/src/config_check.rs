//! `causeway config check`: what `serve` would begin with, without serving.

use std::io::Write;

use causeway_access::{Policies, Rules};
use causeway_grpc::Tls;
use clap::Subcommand;

use crate::config::{Config, ServeArgs};
use crate::error::MainError;
use crate::telemetry::log;

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Read the settings, and every file that they name, as `serve` would with the same arguments; exits 1 if anything is wrong
    ///
    /// Nothing is opened that a running service holds: neither the data directory nor a port.
    Check(Box<ServeArgs>),
}

/// Reads what there is to read, and tells what would be served.
pub(crate) fn run(command: ConfigCommand, out: &mut dyn Write) -> Result<(), MainError> {
    let ConfigCommand::Check(arguments) = command;
    let config = Config::read(*arguments)?;
    crate::prices::read(config.prices.as_deref())?;
    log::filter(&config)?;
    let tls = config.tls.clone().map(Tls::read).transpose()?;
    let policies = match &config.policies {
        Some(path) => {
            let policies = Policies::read(path)?;
            let count = policies.len();
            Rules::new(policies)?;
            Some(count)
        }
        None => None,
    };
    let lines = [
        format!("listens on {}", config.listen),
        match tls {
            Some(_) => "speaks TLS".to_owned(),
            None => "speaks in the clear".to_owned(),
        },
        match config.identity.require {
            true => "answers only callers that it knows".to_owned(),
            false => "answers callers that it does not know".to_owned(),
        },
        match policies {
            Some(count) => format!("goes by {count} policies"),
            None => "has no policies: everybody may do everything".to_owned(),
        },
        format!("keeps its topologies in `{}`", config.data_dir.display()),
    ];
    for line in lines {
        writeln!(out, "{line}").map_err(MainError::Print)?;
    }
    Ok(())
}
