//! `causeway path`: one flow, in full detail.

use clap::Args;

use causeway_client::{At, consistency, v1};

use crate::connect::{ConnectArgs, Format, READ_SECONDS};
use crate::error::clean;
use crate::question::has_ports;
use crate::what_if::{With, WithArgs};
use crate::{CliError, Io, Outcome, json, render};

/// What `path` is asked.
#[derive(Debug, Clone, Args)]
pub struct PathArgs {
    /// The topology
    #[arg(long, value_name = "NAME")]
    pub topology: String,
    /// Where the packet starts: a resource id, an address, or `internet`
    #[arg(long, value_name = "X")]
    pub from: String,
    /// Where it goes: the same, or a DNS name
    #[arg(long, value_name = "Y")]
    pub to: String,
    /// tcp, udp, icmp, or another protocol's name or number
    #[arg(long, default_value = "tcp")]
    pub protocol: String,
    /// Destination port; needed for tcp and udp
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// Source port [default: any ephemeral port]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub source_port: Option<u16>,
    /// Who asks the service at the end: the policies of endpoints are consulted then
    #[arg(long, value_name = "ARN", requires = "action", requires = "resource")]
    pub principal: Option<String>,
    /// What is asked for, as s3:GetObject
    #[arg(long, value_name = "ACTION", requires = "principal")]
    pub action: Option<String>,
    /// Of what: an ARN, or * for an action that has no resource
    #[arg(long, value_name = "ARN", requires = "principal")]
    pub resource: Option<String>,
    /// Resources and zones to take as down
    #[arg(long, value_name = "ID|ZONE", value_delimiter = ',')]
    pub without: Vec<String>,
    /// Resources that the way must pass
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub through: Vec<String>,
    /// Resources that neither the way nor its reply may pass
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub avoiding: Vec<String>,
    /// Revision to answer from, a time as 2026-01-31T08:00:00Z, or a label [default: the newest revision]
    #[arg(long, value_name = "REVISION|TIME|LABEL")]
    pub at: Option<At>,
    /// What to ask with
    #[command(flatten)]
    pub with: WithArgs,
    /// Where the service is, and how to print
    #[command(flatten)]
    pub connect: ConnectArgs,
}

pub(crate) async fn run(args: PathArgs, io: &mut Io<'_>) -> Result<Outcome, CliError> {
    if args.port.is_none() && has_ports(&args.protocol) {
        return Err(CliError::MissingPort {
            protocol: args.protocol,
        });
    }
    let flow = v1::Flow {
        source: args.from,
        destination: args.to,
        protocol: args.protocol,
        destination_port: args.port.map(u32::from),
        source_port: args.source_port.map(u32::from),
        principal: args.principal.unwrap_or_default(),
        action: args.action.unwrap_or_default(),
        resource: args.resource.unwrap_or_default(),
        without: args.without,
        through: args.through,
        avoiding: args.avoiding,
    };
    let with = args.with.read(&args.topology)?;
    let client = args.connect.client(READ_SECONDS).await?;
    let consistency = consistency::at(args.at.unwrap_or_default());
    let asked = With::ask(with.as_ref(), &client, &args.topology);
    let answer = asked.resolve(flow.clone(), consistency).await?;
    let note = with.map(|with| with.note(answer.revision));
    match args.connect.format {
        Format::Text => print_text(&flow, &answer, note.as_deref(), io)?,
        Format::Json => {
            print_json(&answer, io)?;
            if let Some(note) = note {
                writeln!(io.err, "note: {}", clean(&note)).map_err(CliError::Output)?;
            }
        }
    }
    Ok(outcome(answer.verdict()))
}

fn print_text(
    flow: &v1::Flow,
    answer: &v1::PathAnswer,
    note: Option<&str>,
    io: &mut Io<'_>,
) -> Result<(), CliError> {
    let printed = render::answer(flow, answer, io.out)
        .and_then(|()| render::about(answer, io.out))
        .and_then(|()| match note {
            Some(note) => writeln!(io.out, "\nwhat if\n  {}", clean(note)),
            None => Ok(()),
        });
    printed.map_err(CliError::Output)
}

/// Prints a message as JSON for people to read and programs to parse.
pub(crate) fn print_json<M: json::Contract>(message: &M, io: &mut Io<'_>) -> Result<(), CliError> {
    let value = json::to_value(message)?;
    writeln!(io.out, "{value:#}").map_err(CliError::Output)
}

fn outcome(verdict: v1::Verdict) -> Outcome {
    match verdict {
        v1::Verdict::Reachable => Outcome::Reachable,
        v1::Verdict::Unreachable => Outcome::Unreachable,
        v1::Verdict::Ambiguous | v1::Verdict::Undetermined | v1::Verdict::Unspecified => {
            Outcome::Unsettled
        }
    }
}
