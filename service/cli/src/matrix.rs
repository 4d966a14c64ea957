//! `causeway matrix`: the verdicts of all flows between many ends.

mod selector;

use std::io::{self, Write};

use clap::Args;
use serde_json::{Map, Value};

use causeway_client::{
    At, MatrixAxes, MatrixQuestion, MatrixRow, MatrixRows, consistency, matrix, v1,
};

use crate::connect::{ConnectArgs, Format, READ_SECONDS};
use crate::error::clean;
use crate::{CliError, Io, words};

/// What `matrix` is asked.
#[derive(Debug, Clone, Args)]
pub struct MatrixArgs {
    /// The topology
    #[arg(long, value_name = "NAME")]
    pub topology: String,
    /// Sources: a resource id, an address or `internet`, or conditions that all chosen interfaces meet, separated by commas: vpc:ID, subnet:ID, sg:ID, account:ID,
    /// region:NAME, tag:KEY, tag:KEY=VALUE; `all` has none, `instances` chooses instances in place of interfaces
    #[arg(long, value_name = "SELECTOR", required = true, num_args = 1..)]
    pub from: Vec<String>,
    /// Destinations: the same
    #[arg(long, value_name = "SELECTOR", required = true, num_args = 1..)]
    pub to: Vec<String>,
    /// Ports, as 443, 53/udp; or a protocol without ports, as icmp
    #[arg(long, value_name = "N[/PROTOCOL]", required = true, num_args = 1..)]
    pub port: Vec<String>,
    /// Revision to answer from, a time as 2026-01-31T08:00:00Z, or a label [default: the newest revision]
    #[arg(long, value_name = "REVISION|TIME|LABEL")]
    pub at: Option<At>,
    /// Print lines of comma-separated values in place of a table: source, destination, service, verdict
    #[arg(long, conflicts_with = "format")]
    pub csv: bool,
    /// Where the service is, and how to print: with json each cell is a line
    #[command(flatten)]
    pub connect: ConnectArgs,
}

/// A table with more columns or rows nobody reads.
const MAX_COLUMNS: usize = 16;
const MAX_ROWS: usize = 200;

pub(crate) async fn run(args: MatrixArgs, io: &mut Io<'_>) -> Result<(), CliError> {
    let question = MatrixQuestion {
        sources: selectors(&args.from)?,
        destinations: selectors(&args.to)?,
        services: args
            .port
            .iter()
            .map(|text| service(text))
            .collect::<Result<_, _>>()?,
    };
    let client = args.connect.client(READ_SECONDS).await?;
    let consistency = consistency::at(args.at.unwrap_or_default());
    let mut rows = client.matrix(&args.topology, question, consistency).await?;
    let axes = rows.axes().clone();
    match args.connect.format {
        Format::Json => lines(&mut rows, &axes, io, json_line).await,
        Format::Text if args.csv => {
            writeln!(io.out, "source,destination,service,verdict").map_err(CliError::Output)?;
            lines(&mut rows, &axes, io, csv_line).await
        }
        Format::Text => text(&mut rows, &axes, io).await,
    }
}

fn selectors(texts: &[String]) -> Result<Vec<v1::EndSelector>, CliError> {
    texts.iter().map(|text| selector::parse(text)).collect()
}

/// `443`, `53/udp`, `icmp`.
fn service(text: &str) -> Result<v1::MatrixService, CliError> {
    let number = |port: &str| port.parse::<u16>().ok().filter(|port| *port > 0);
    let parsed = match text.split_once('/') {
        Some((port, protocol)) if !protocol.is_empty() => {
            number(port).map(|port| matrix::service(protocol, port))
        }
        Some(_) => None,
        None => match number(text) {
            Some(port) => Some(matrix::service("tcp", port)),
            None => text
                .starts_with(|first: char| first.is_ascii_alphabetic())
                .then(|| matrix::service(text, None)),
        },
    };
    parsed.ok_or_else(|| CliError::Service {
        text: text.to_owned(),
    })
}

fn named(service: &v1::MatrixService) -> String {
    match service.destination_port {
        Some(port) => format!("{}/{port}", service.protocol),
        None => service.protocol.clone(),
    }
}

/// One cell of a matrix.
struct Cell<'a> {
    source: &'a str,
    destination: &'a str,
    service: &'a str,
    verdict: v1::Verdict,
}

/// Prints each cell as a line, as the rows come.
async fn lines(
    rows: &mut MatrixRows,
    axes: &MatrixAxes,
    io: &mut Io<'_>,
    line: impl Fn(&Cell<'_>) -> String,
) -> Result<(), CliError> {
    let services: Vec<String> = axes.services.iter().map(named).collect();
    while let Some(MatrixRow { source, verdicts }) = rows.next().await? {
        let source = axes.sources.get(source).map_or("", String::as_str);
        let columns = axes.destinations.iter();
        let columns = columns.flat_map(|to| services.iter().map(move |service| (to, service)));
        let mut text = String::new();
        for ((destination, service), verdict) in columns.zip(verdicts) {
            let cell = Cell {
                source,
                destination,
                service,
                verdict,
            };
            text.push_str(&line(&cell));
            text.push('\n');
        }
        io.out
            .write_all(text.as_bytes())
            .map_err(CliError::Output)?;
    }
    io.out.flush().map_err(CliError::Output)
}

fn json_line(cell: &Cell<'_>) -> String {
    let fields = [
        ("from", cell.source),
        ("to", cell.destination),
        ("service", cell.service),
        ("verdict", words::verdict(cell.verdict)),
    ];
    let fields = fields.map(|(name, text)| (name.to_owned(), Value::from(text)));
    Value::Object(Map::from_iter(fields)).to_string()
}

/// Ids, addresses and services have neither commas nor quotes.
fn csv_line(cell: &Cell<'_>) -> String {
    let verdict = words::verdict(cell.verdict);
    clean(&format!(
        "{},{},{},{verdict}",
        cell.source, cell.destination, cell.service
    ))
}

/// A table for people, or, where that would be too large, how many cells have which verdict.
async fn text(rows: &mut MatrixRows, axes: &MatrixAxes, io: &mut Io<'_>) -> Result<(), CliError> {
    let columns = axes.destinations.len() * axes.services.len();
    let is_small = columns <= MAX_COLUMNS && axes.sources.len() <= MAX_ROWS;
    let (mut table, mut counts) = (vec![header(axes)], [0_u64; 4]);
    while let Some(MatrixRow { source, verdicts }) = rows.next().await? {
        for verdict in &verdicts {
            if let Some(count) = counts.get_mut(place(*verdict)) {
                *count += 1;
            }
        }
        if is_small {
            let name = axes.sources.get(source).cloned().unwrap_or_default();
            let cells = verdicts
                .iter()
                .map(|verdict| words::verdict(*verdict).to_owned());
            table.push(std::iter::once(name).chain(cells).collect());
        }
    }
    if is_small {
        print(&table, io.out).map_err(CliError::Output)?;
    }
    let sizes = format!(
        "revision {}: {} sources, {} destinations, {} services",
        axes.revision,
        axes.sources.len(),
        axes.destinations.len(),
        axes.services.len()
    );
    let [reachable, unreachable, ambiguous, undetermined] = counts;
    writeln!(
        io.out,
        "{sizes}; {reachable} REACHABLE, {unreachable} UNREACHABLE, {ambiguous} AMBIGUOUS, {undetermined} UNDETERMINED"
    )
    .map_err(CliError::Output)?;
    if !is_small {
        writeln!(
            io.err,
            "too large for a table: --csv and -o json print every cell"
        )
        .map_err(CliError::Output)?;
    }
    Ok(())
}

fn place(verdict: v1::Verdict) -> usize {
    match verdict {
        v1::Verdict::Reachable => 0,
        v1::Verdict::Unreachable => 1,
        v1::Verdict::Ambiguous => 2,
        v1::Verdict::Undetermined | v1::Verdict::Unspecified => 3,
    }
}

fn header(axes: &MatrixAxes) -> Vec<String> {
    let columns = axes.destinations.iter().flat_map(|to| {
        let services = axes.services.iter().map(named);
        services.map(move |service| format!("{to} {service}"))
    });
    std::iter::once(String::new()).chain(columns).collect()
}

/// Prints rows in columns that are as wide as their widest cell.
fn print(table: &[Vec<String>], out: &mut dyn Write) -> io::Result<()> {
    let columns = table.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let cells = table.iter().filter_map(|row| row.get(column));
        cells.map(String::len).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in table {
        let cells = row.iter().zip(&widths);
        let line: String = cells
            .map(|(cell, width)| format!("{cell:<width$}  "))
            .collect();
        writeln!(out, "{}", clean(line.trim_end()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
