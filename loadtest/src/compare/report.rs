//! A comparison in lines.

use crate::results::Results;

use super::band::{Compared, Verdict};

/// How many runs each side has: with one, its noise is not known.
pub(super) fn head(before: &Results, now: &Results) -> String {
    let (of_before, of_now) = (before.runs.len(), now.runs.len());
    let mut line = format!("{}: {of_before} runs before, {of_now} now", before.title);
    if of_before.min(of_now) < 3 {
        line.push_str("; noise is known from three runs on (run --repeat 3), up to then by the tolerance alone");
    }
    line
}

pub(super) fn line(figure: &Compared) -> String {
    let Compared {
        name,
        before,
        now,
        change,
        band,
        verdict,
    } = figure;
    let verdict = match verdict {
        Verdict::Better => "better",
        Verdict::Same => "the same",
        Verdict::Worse => "WORSE",
    };
    format!(
        "{name:<40} {before:>14.6} {now:>14.6}  {:+7.1}%  noise {:.1}%  {verdict}",
        change * 100.0,
        band * 100.0
    )
}
