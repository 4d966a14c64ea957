//! What a comparison tells: lines for people, JSON for programs.

use std::time::Duration;

use serde_json::{Value, json};

use crate::echo::Mode;
use crate::method::Method;

use super::calls::Calls;
use super::figures::{Ratio, Row, Side};
use super::{Asked, Settings};

/// What is asked, and what the service said to it.
pub(super) fn calls<M: Method>(settings: &Settings, calls: &Calls<M>) -> String {
    let what = match (settings.mode, settings.detail) {
        (Mode::Batch, Asked::Verdict) => "verdict",
        (Mode::Batch, Asked::Path) => "path",
        (Mode::Batch, Asked::Full) => "full",
        (Mode::Single, _) => "single",
    };
    let (count, flows) = (calls.len(), calls.tally.flows());
    format!(
        "{what}: {count} calls of {flows} flows in all, {}",
        calls.tally
    )
}

/// What was measured with one number of connections.
pub(super) fn row(settings: &Settings, row: &Row) -> String {
    let plural = if row.connections == 1 { "" } else { "s" };
    let mut line = format!(
        "{} connection{plural}: service {}; echo {}; ",
        row.connections,
        side(settings, &row.service),
        side(settings, &row.echo)
    );
    match settings.mode {
        Mode::Batch => {
            let Ratio {
                median,
                lowest,
                highest,
            } = row.throughput();
            line.push_str(&format!(
                "throughput {median:.2} of the echo's ({lowest:.2} to {highest:.2})"
            ));
        }
        Mode::Single => {
            let (p50, p99) = (row.latency(0.5), row.latency(0.99));
            line.push_str(&format!("p50 {p50:.2} and p99 {p99:.2} of the echo's"));
        }
    }
    for (name, side) in [("service", &row.service), ("echo", &row.echo)] {
        if side.refused > 0 {
            line.push_str(&format!(
                "; {name} refused {} times, and was asked again",
                side.refused
            ));
        }
    }
    for (name, time) in [
        ("client", row.cpu.client),
        ("service", row.cpu.service),
        ("echo", row.cpu.echo),
    ] {
        if let Some(time) = time {
            line.push_str(&format!("; {name} computed {:.2} s", time.as_secs_f64()));
        }
    }
    line
}

fn side(settings: &Settings, side: &Side) -> String {
    let (calls, p50, p99) = (side.rate(), side.quantile(0.5), side.quantile(0.99));
    let (p50, p99) = (p50 * 1e3, p99 * 1e3);
    let flows = calls * settings.flows_of_call();
    format!("{calls:.0} calls/s, {flows:.0} flows/s, p50 {p50:.3} ms, p99 {p99:.3} ms")
}

/// The whole report.
pub(super) fn json<M: Method>(
    settings: &Settings,
    calls: &Calls<M>,
    echo_pid: u32,
    rows: &[Row],
) -> String {
    let mode = match settings.mode {
        Mode::Batch => "batch",
        Mode::Single => "single",
    };
    let rows: Vec<Value> = rows.iter().map(|row| of_row(settings, row)).collect();
    let report = json!({
        "mode": mode,
        "calls": calls.len(),
        "flows": calls.tally.flows(),
        "revision": calls.revision,
        "verdicts": calls.tally.counts(),
        "rounds": settings.rounds,
        "echoPid": echo_pid,
        "rows": rows,
    });
    format!("{report:#}\n")
}

fn of_row(settings: &Settings, row: &Row) -> Value {
    let Ratio {
        median,
        lowest,
        highest,
    } = row.throughput();
    let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64());
    json!({
        "connections": row.connections,
        "service": of_side(settings, &row.service),
        "echo": of_side(settings, &row.echo),
        "ratio": {
            "throughput": median,
            "throughputLowest": lowest,
            "throughputHighest": highest,
            "p50": row.latency(0.5),
            "p99": row.latency(0.99),
        },
        "cpuSeconds": {
            "client": seconds(row.cpu.client),
            "service": seconds(row.cpu.service),
            "echo": seconds(row.cpu.echo),
        },
    })
}

fn of_side(settings: &Settings, side: &Side) -> Value {
    json!({
        "callsPerSecond": side.rate(),
        "flowsPerSecond": side.rate() * settings.flows_of_call(),
        "refusedCalls": side.refused,
        "p50Seconds": side.quantile(0.5),
        "p99Seconds": side.quantile(0.99),
    })
}
