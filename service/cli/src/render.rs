//! A path answer as text: the packet's way and the reply's, hop by hop, then what stops it.

mod about;

use std::io::{self, Write};

use causeway_client::v1;

use crate::error::clean;
use crate::table::Columns;
use crate::words;

pub(crate) use about::about;

/// Prints an answer in full.
///
/// # Errors
/// Those of the writer.
pub fn answer(flow: &v1::Flow, answer: &v1::PathAnswer, out: &mut dyn Write) -> io::Result<()> {
    let verdict = words::verdict(answer.verdict());
    let (source, destination) = (clean(&flow.source), clean(&words::destination(flow)));
    writeln!(
        out,
        "{verdict}  {source} -> {destination}  at revision {}",
        answer.revision
    )?;
    if let Some(forward) = &answer.forward {
        writeln!(out, "\nforward")?;
        trace(forward, out)?;
    }
    if let Some(back) = &answer.r#return {
        writeln!(out, "\nreturn")?;
        trace(back, out)?;
    }
    if !answer.explanations.is_empty() {
        writeln!(out, "\n{}", explanations_title(answer.verdict()))?;
        explanations(&answer.explanations, out)?;
    }
    if !answer.alternatives.is_empty() || answer.alternatives_truncated {
        writeln!(out, "\nother ways")?;
        alternatives(answer, out)?;
    }
    if !answer.assumptions.is_empty() {
        writeln!(out, "\ntaken for granted")?;
    }
    for assumption in &answer.assumptions {
        writeln!(out, "  {}", clean(assumption))?;
    }
    Ok(())
}

/// Prints a trace: a line for each step, the hop named on its first one, then how it ends.
///
/// # Errors
/// Those of the writer.
pub fn trace(trace: &v1::Trace, out: &mut dyn Write) -> io::Result<()> {
    let mut columns = Columns::new("  ");
    for hop in &trace.hops {
        let label = label(hop);
        if hop.steps.is_empty() {
            columns.row([&label, "", "", "", ""]);
        }
        for (at, step) in hop.steps.iter().enumerate() {
            let label = if at == 0 { label.as_str() } else { "" };
            let by = if step.resource_id == hop.resource_id {
                ""
            } else {
                &step.resource_id
            };
            columns.row([
                label,
                &words::stage(step.stage()),
                by,
                &words::action(step.action()),
                &evidence(step),
            ]);
        }
    }
    columns.print(out)?;
    writeln!(out, "  => {}", words::disposition(trace.disposition()))
}

/// The ids of a trace's hops, in one line.
pub(crate) fn way(trace: &v1::Trace) -> String {
    let hops: Vec<_> = trace.hops.iter().map(hop_name).collect();
    hops.join(" > ")
}

/// A hop's kind, id and name.
fn label(hop: &v1::Hop) -> String {
    let kind = words::kind(hop.resource_kind());
    let space = if kind.is_empty() { "" } else { " " };
    format!("{kind}{space}{}", hop_name(hop))
}

pub(crate) fn hop_name(hop: &v1::Hop) -> String {
    let name = words::named(&hop.resource_id, &hop.name);
    if !hop.account.is_empty() {
        return format!("account {}, not shown", clean(&hop.account));
    }
    if name.is_empty() {
        "internet".to_owned()
    } else {
        name
    }
}

/// The rule that decided, the code if it stopped the packet, and what became of the header.
fn evidence(step: &v1::Step) -> String {
    let mut parts = Vec::new();
    if step.code() != v1::ExplanationCode::Unspecified {
        parts.push(words::code(step.code()).to_owned());
    }
    if !step.rule.is_empty() {
        parts.push(step.rule.clone());
    }
    if let (Some(before), Some(after)) = (&step.before, &step.after) {
        parts.extend(changes(before, after));
    }
    parts.join("; ")
}

/// What a translation changed.
fn changes(before: &v1::Header, after: &v1::Header) -> Vec<String> {
    let source = |header: &v1::Header| {
        end(
            &header.source,
            header.source_port_from,
            header.source_port_to,
        )
    };
    let destination = |header: &v1::Header| {
        end(
            &header.destination,
            header.destination_port_from,
            header.destination_port_to,
        )
    };
    let sides = [
        ("source", source(before), source(after)),
        ("destination", destination(before), destination(after)),
    ];
    let changed = sides
        .into_iter()
        .filter(|(_, before, after)| before != after);
    changed
        .map(|(side, before, after)| format!("{side} {before} -> {after}"))
        .collect()
}

/// An address with its ports, as `10.0.0.1:443` or `[2001:db8::1]:32768-65535`.
fn end(address: &str, from: u32, to: u32) -> String {
    let address = if address.contains(':') {
        format!("[{address}]")
    } else {
        address.to_owned()
    };
    match (from, to) {
        (0, 0) => address,
        (from, to) if from == to => format!("{address}:{from}"),
        (from, to) => format!("{address}:{from}-{to}"),
    }
}

fn explanations_title(verdict: v1::Verdict) -> &'static str {
    match verdict {
        v1::Verdict::Unreachable => "what stops it",
        v1::Verdict::Ambiguous | v1::Verdict::Undetermined => "why",
        v1::Verdict::Reachable | v1::Verdict::Unspecified => "worth knowing",
    }
}

fn explanations(explanations: &[v1::Explanation], out: &mut dyn Write) -> io::Result<()> {
    for explanation in explanations {
        let kind = words::kind(explanation.resource_kind());
        let name = words::named(&explanation.resource_id, &explanation.name);
        let at = clean([kind, name].join(" ").trim());
        let direction = match explanation.direction() {
            v1::Direction::Return => ", on the way back",
            v1::Direction::Forward | v1::Direction::Unspecified => "",
        };
        writeln!(
            out,
            "  {}  {at}{direction}",
            words::code(explanation.code())
        )?;
        if !explanation.detail.is_empty() {
            writeln!(out, "      {}", clean(&explanation.detail))?;
        }
    }
    Ok(())
}

fn alternatives(answer: &v1::PathAnswer, out: &mut dyn Write) -> io::Result<()> {
    let mut columns = Columns::new("  ");
    for alternative in &answer.alternatives {
        let trace = alternative.forward.as_ref();
        let end = trace.map_or_else(String::new, |trace| {
            format!(
                "{} => {}",
                way(trace),
                words::disposition(trace.disposition())
            )
        });
        let times = format!("{}x", alternative.count.max(1));
        columns.row([&times, words::verdict(alternative.verdict()), &end]);
    }
    columns.print(out)?;
    if answer.alternatives_truncated {
        writeln!(out, "  and more that are not shown")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
