//! The tables of a page of results.

use causeway_client::Timestamp;

use crate::drive::Outcome;
use crate::results::{Figures, Results, Run, Summary, Usage};
use crate::run::doubts;

use super::{Table, number, text, time};

/// What was run, where.
pub(super) fn head(results: &Results) -> String {
    let description = results.scenario.get("description");
    let description = description.and_then(|value| value.as_str()).unwrap_or("");
    let service = results.versions.service.as_deref();
    let mut table = Table::new("What was run", &[]);
    let seed = results.scenario.get("seed").map(ToString::to_string);
    for (name, value) in [
        (
            "service",
            format!(
                "{}, version {}",
                results.endpoint,
                service.unwrap_or("not told")
            ),
        ),
        (
            "load generator",
            format!(
                "version {}, on {} with {} cores",
                results.versions.loadtest, results.machine.system, results.machine.cores
            ),
        ),
        ("begun", begun(results.started_unix_seconds)),
        ("seed", seed.unwrap_or_default()),
    ] {
        table.row(vec![name.to_owned(), value]);
    }
    format!("<p>{}</p>\n{}", text(description), table.html())
}

/// As `2026-03-01T12:00:00Z`.
pub(crate) fn begun(unix_seconds: u64) -> String {
    let seconds = i64::try_from(unix_seconds).unwrap_or(i64::MAX);
    Timestamp { seconds, nanos: 0 }.to_string()
}

/// What came of a run.
pub(super) fn of_run(run: &Run) -> String {
    let mut html = String::new();
    for doubt in doubts(run) {
        html.push_str(&format!("<p class=\"doubt\">{}</p>\n", text(&doubt)));
    }
    html.push_str(&by_kind(run).html());
    if run.stages.len() > 1 {
        html.push_str(&by_stage(run).html());
    }
    html.push_str(&by_outcome(run).html());
    html.push_str(&sides(run).html());
    html.push_str(&faults(run).html());
    html
}

/// The settings, folded away.
pub(super) fn settings(results: &Results) -> String {
    let settings = format!("{:#}", results.scenario);
    format!(
        "<details><summary>The settings</summary><pre>{}</pre></details>\n",
        text(&settings)
    )
}

const COLUMNS: [&str; 11] = [
    "calls",
    "offered/s",
    "answered/s",
    "flows/s",
    "p50",
    "p90",
    "p99",
    "p99.9",
    "p99.99",
    "max",
    "not answered",
];

fn row(name: String, figures: &Figures) -> Vec<String> {
    let mut cells = vec![
        name,
        number(figures.offered_per_second),
        number(figures.answered_per_second),
        number(figures.flows_per_second),
    ];
    let not_available = || "-".to_owned();
    match figures.outcomes.get(&Outcome::Ok) {
        Some(times) => cells.extend(latencies(times)),
        None => cells.extend(std::iter::repeat_with(not_available).take(6)),
    }
    let ok = figures
        .outcomes
        .get(&Outcome::Ok)
        .map_or(0, |times| times.count);
    cells.push(figures.intended.saturating_sub(ok).to_string());
    cells
}

/// The latencies that are told of an outcome.
fn latencies(times: &Summary) -> [String; 6] {
    [
        times.p50_seconds,
        times.p90_seconds,
        times.p99_seconds,
        times.p999_seconds,
        times.p9999_seconds,
        times.max_seconds,
    ]
    .map(time)
}

fn by_kind(run: &Run) -> Table {
    let mut table = Table::new(
        "Calls, with the latency of those that were answered, from when they were to be sent",
        &COLUMNS,
    );
    table.row(row("all".to_owned(), &run.total));
    for (kind, figures) in &run.kinds {
        table.row(row(kind.name().to_owned(), figures));
    }
    table
}

fn by_stage(run: &Run) -> Table {
    let mut columns = COLUMNS;
    columns[0] = "stage";
    let mut table = Table::new("The same by stage", &columns);
    for stage in &run.stages {
        let [from, to] = stage.levels;
        let level = if from.to_bits() == to.to_bits() {
            format!("{} at {}", stage.name, number(from))
        } else {
            format!("{} {} to {}", stage.name, number(from), number(to))
        };
        let counts = if stage.measured { "" } else { " (not counted)" };
        table.row(row(level + counts, &stage.figures));
    }
    table
}

fn by_outcome(run: &Run) -> Table {
    let head = [
        "outcome", "calls", "p50", "p90", "p99", "p99.9", "p99.99", "max",
    ];
    let mut table = Table::new("How calls ended, of all that were to be sent", &head);
    for outcome in Outcome::ALL {
        let Some(times) = run.total.outcomes.get(&outcome) else {
            continue;
        };
        let mut cells = vec![outcome.name().to_owned(), times.count.to_string()];
        cells.extend(latencies(times));
        table.row(cells);
    }
    let skipped = vec![
        "skipped: not sent".to_owned(),
        run.total.skipped.to_string(),
    ];
    table.row(skipped);
    table.row(vec![
        "sent late, of all".to_owned(),
        run.total.late.to_string(),
    ]);
    table
}

fn sides(run: &Run) -> Table {
    let head = [
        "side",
        "computed",
        "of the machine",
        "memory before",
        "at most",
        "after",
    ];
    let mut table = Table::new("What both sides used", &head);
    table.row(usage("load generator", &run.client));
    if let Some(service) = &run.service {
        table.row(usage("service", service));
    }
    let lag = &run.send_lag;
    table.row(vec![
        "sends later than intended".to_owned(),
        format!("p50 {}", time(lag.p50_seconds)),
        format!("p99 {}", time(lag.p99_seconds)),
        format!("max {}", time(lag.max_seconds)),
    ]);
    if let Some(cache) = run.cache {
        table.row(vec![
            "answers from the cache".to_owned(),
            format!("{}%", number(cache.hit_ratio * 100.0)),
            format!("{} hits", number(cache.hits)),
            format!("{} carried", number(cache.carried)),
            format!("{} misses", number(cache.misses)),
        ]);
    }
    if run.watch_events > 0 {
        table.row(vec![
            "events of standing watches".to_owned(),
            run.watch_events.to_string(),
        ]);
    }
    table
}

fn usage(name: &str, usage: &Usage) -> Vec<String> {
    let not_told = || "not told".to_owned();
    let mut cells = vec![name.to_owned()];
    cells.push(usage.cpu_seconds.map_or_else(not_told, time));
    let share = usage
        .cpu_share
        .map(|share| format!("{}%", number(share * 100.0)));
    cells.push(share.unwrap_or_else(not_told));
    if let Some(memory) = usage.memory_bytes {
        cells.extend(memory.map(|bytes| format!("{} MiB", bytes >> 20)));
    }
    cells
}

fn faults(run: &Run) -> Table {
    let mut table = Table::new("What went wrong", &["code", "times", "message"]);
    for fault in &run.faults {
        table.row(vec![
            fault.code.clone(),
            fault.count.to_string(),
            fault.message.clone(),
        ]);
    }
    table
}
