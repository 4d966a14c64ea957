//! Capacities as a table for people: in Markdown, so that it can be put where it is wanted, and as a page.

use crate::drive::Outcome;
use crate::page::{Axis, Plot, Scale, Series, Table, Unit, begun, number, text, time, whole};
use crate::results::Summary;

use super::probe::Probe;
use super::{Capacities, Row};

/// The head of the table.
pub(super) fn head(limit: f64) -> String {
    format!(
        "| interfaces | connections | calls/s with p99 within {limit} ms | flows/s | not kept at | p50 | p99 | service's share of the machine | generator's |\n\
         |---|---|---|---|---|---|---|---|---|"
    )
}

/// A row of it.
pub(super) fn row(row: &Row) -> String {
    format!("| {} |", cells(row).join(" | "))
}

fn cells(row: &Row) -> Vec<String> {
    let none = || "none".to_owned();
    let rate = |rate: Option<f64>| rate.map_or_else(none, number);
    let best = row.best();
    let ok = best.and_then(|probe| probe.figures.outcomes.get(&Outcome::Ok));
    let of = |read: fn(&Summary) -> f64| ok.map_or_else(none, |times| time(read(times)));
    let share = |share: Option<f64>| {
        share.map_or_else(
            || "not told".to_owned(),
            |share| format!("{}%", number(share * 100.0)),
        )
    };
    vec![
        row.interfaces
            .map_or_else(|| "imported".to_owned(), |count| number(count.into())),
        row.connections.to_string(),
        rate(row.calls_per_second),
        rate(row.flows_per_second),
        rate(row.not_kept_at),
        of(|times| times.p50_seconds),
        of(|times| times.p99_seconds),
        share(best.and_then(|probe| probe.service_cpu_share)),
        share(best.and_then(|probe| probe.client_cpu_share)),
    ]
}

/// Why a row may tell of the load generator and not of the service: what is in doubt of the rate that decided it, the lowest that was not kept.
pub(super) fn doubts(capacities: &Capacities) -> Vec<String> {
    let mut lines = Vec::new();
    for row in &capacities.rows {
        let missed = row.probes.iter().filter(|probe| !probe.kept);
        let lowest = missed.min_by(|one, other| one.rate.total_cmp(&other.rate));
        let doubts = lowest.iter().flat_map(|probe| {
            let at = format!("{}, at {} calls/s", row.name(), number(probe.rate));
            let doubts = probe.doubts.iter();
            doubts.map(move |doubt| format!("doubt: {at}: {doubt}"))
        });
        lines.extend(doubts);
    }
    lines
}

/// The page.
pub(super) fn page(capacities: &Capacities) -> String {
    let limit = time(capacities.p99_seconds);
    let head = [
        "interfaces",
        "connections",
        "calls/s",
        "flows/s",
        "not kept at",
        "p50",
        "p99",
        "service",
        "generator",
    ];
    let caption = format!(
        "The highest rates at which 99 of 100 calls were answered within {limit}, and the shares of the machine that both sides had"
    );
    let mut table = Table::new(&caption, &head);
    for row in &capacities.rows {
        table.row(cells(row));
    }
    let versions = &capacities.versions;
    let note = format!(
        "<p>{}, version {}, asked at {} by version {} on {} with {} cores; settings of {}.</p>\n",
        text(&capacities.endpoint),
        text(versions.service.as_deref().unwrap_or("not told")),
        begun(capacities.started_unix_seconds),
        text(&versions.loadtest),
        text(&capacities.machine.system),
        capacities.machine.cores,
        text(&capacities.title)
    );
    let doubts = doubts(capacities).into_iter();
    let doubts: String = doubts
        .map(|doubt| format!("<p class=\"doubt\">{}</p>\n", text(&doubt)))
        .collect();
    let mut p99 = plot("p99", capacities, |times| times.p99_seconds);
    p99.series.push(bound(capacities));
    let tried: String = capacities
        .rows
        .iter()
        .map(|row| probes(row).html())
        .collect();
    let settings = text(&format!("{:#}", capacities.scenario));
    let body = format!(
        "{note}{doubts}{}{}{}<details><summary>All rates that were tried</summary>\n{tried}</details>\n<details><summary>The settings</summary><pre>{settings}</pre></details>\n",
        table.html(),
        p99.html(),
        plot("p50", capacities, |times| times.p50_seconds).html(),
    );
    whole(&format!("Capacity: {}", capacities.title), &body)
}

fn plot(name: &str, capacities: &Capacities, read: fn(&Summary) -> f64) -> Plot {
    let rows = capacities.rows.iter();
    Plot {
        title: format!("Throughput against latency, {name}"),
        note: "of calls that were answered, at each rate that was tried".to_owned(),
        x: Axis::new("calls offered a second", Scale::Log, Unit::Number),
        y: Axis::new(&format!("latency, {name}"), Scale::Log, Unit::Time),
        series: rows.map(|row| curve(row, read)).collect(),
        marks: Vec::new(),
    }
}

fn curve(row: &Row, read: fn(&Summary) -> f64) -> Series {
    let points = row.probes.iter().map(|probe| {
        let ok = probe.figures.outcomes.get(&Outcome::Ok);
        (probe.rate, ok.map(read))
    });
    let mut points: Vec<_> = points.collect();
    points.sort_unstable_by(|(one, _), (other, _)| one.total_cmp(other));
    let names = points.iter();
    let names = names.map(|(rate, _)| format!("at {}", number(*rate)));
    let names = names.collect();
    Series::line(&row.name(), points).marked(names)
}

/// What had to be kept, from the lowest rate to the highest.
fn bound(capacities: &Capacities) -> Series {
    let probes = capacities.rows.iter().flat_map(|row| &row.probes);
    let mut rates: Vec<f64> = probes.map(|probe| probe.rate).collect();
    rates.sort_unstable_by(f64::total_cmp);
    let ends = [rates.first(), rates.last()].into_iter().flatten();
    let points = ends.map(|rate| (*rate, Some(capacities.p99_seconds)));
    let name = format!("the limit, {}", time(capacities.p99_seconds));
    Series::line(&name, points.collect()).dashed()
}

fn probes(row: &Row) -> Table {
    let head = [
        "calls/s",
        "kept",
        "in time",
        "of",
        "refused",
        "failed",
        "skipped",
        "sent late",
        "p50",
        "p99",
    ];
    let mut table = Table::new(&row.name(), &head);
    for probe in &row.probes {
        table.row(tried(probe));
    }
    table
}

fn tried(probe: &Probe) -> Vec<String> {
    let figures = &probe.figures;
    let count = |outcome| {
        figures
            .outcomes
            .get(&outcome)
            .map_or(0, |times| times.count)
    };
    let ok = figures.outcomes.get(&Outcome::Ok);
    let of =
        |read: fn(&Summary) -> f64| ok.map_or_else(|| "-".to_owned(), |times| time(read(times)));
    vec![
        number(probe.rate),
        if probe.kept { "yes" } else { "no" }.to_owned(),
        probe.in_time.to_string(),
        figures.intended.to_string(),
        count(Outcome::Refused).to_string(),
        (count(Outcome::Error) + count(Outcome::Deadline)).to_string(),
        figures.skipped.to_string(),
        figures.late.to_string(),
        of(|times| times.p50_seconds),
        of(|times| times.p99_seconds),
    ]
}

impl Row {
    fn best(&self) -> Option<&Probe> {
        let kept = self.probes.iter().filter(|probe| probe.kept);
        kept.max_by(|one, other| one.rate.total_cmp(&other.rate))
    }

    fn name(&self) -> String {
        let plural = if self.connections == 1 { "" } else { "s" };
        let estate = match self.interfaces {
            Some(count) => format!("{} interfaces", number(count.into())),
            None => "imported".to_owned(),
        };
        format!("{estate}, {} connection{plural}", self.connections)
    }
}
