//! Results as one page for people: tables, and plots in SVG. It has its style in it and asks for nothing else, so that it can be sent about and kept.

mod axis;
mod figures;
mod plot;
mod plots;
mod table;

use std::path::Path;

use crate::LoadError;
use crate::results::Results;

pub(crate) use axis::{Axis, Scale, Unit};
pub(crate) use figures::begun;
pub(crate) use plot::{Plot, Series};
pub(crate) use table::Table;

/// The style of the page, light and dark.
const STYLE: &str = include_str!("page/style.css");

/// A page of the results of `run`.
pub(crate) fn of_results(results: &Results) -> String {
    let mut body = figures::head(results);
    for (number, run) in results.runs.iter().enumerate() {
        let summary = match results.runs.len() {
            1 => "The run".to_owned(),
            count => format!("Run {} of {count}", number + 1),
        };
        let open = if number == 0 { " open" } else { "" };
        body.push_str(&format!(
            "<details{open}><summary>{summary}</summary>\n{}{}</details>\n",
            figures::of_run(run),
            plots::of_run(run)
        ));
    }
    body.push_str(&figures::settings(results));
    whole(&format!("Load test: {}", results.title), &body)
}

/// A page around its body.
pub(crate) fn whole(title: &str, body: &str) -> String {
    let title = text(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{body}</main>\n</body>\n</html>\n"
    )
}

/// Writes a page.
///
/// # Errors
/// [`LoadError`] if the file cannot be written.
pub(crate) fn write(path: &Path, page: &str) -> Result<(), LoadError> {
    std::fs::write(path, page).map_err(|source| LoadError::Unwritable {
        path: path.to_path_buf(),
        source,
    })
}

/// Text that is nothing but text, within an element and within the quotes of an attribute.
pub(crate) fn text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// A time for people, with its unit.
pub(crate) fn time(seconds: f64) -> String {
    match seconds {
        0.0 => "0".to_owned(),
        below if below < 1e-3 => format!("{} µs", number(seconds * 1e6)),
        below if below < 1.0 => format!("{} ms", number(seconds * 1e3)),
        _ => format!("{} s", number(seconds)),
    }
}

/// A number with three digits that mean something, and its thousands apart.
pub(crate) fn number(value: f64) -> String {
    let digits = match value.abs() {
        0.0 => 0,
        below if below < 0.1 => 3,
        below if below < 10.0 => 2,
        below if below < 100.0 => 1,
        _ => 0,
    };
    let written = format!("{value:.digits$}");
    let (whole, rest) = written.split_once('.').unwrap_or((&written, ""));
    let rest = rest.trim_end_matches('0');
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        let left = whole.len() - place;
        if place > 0 && left.is_multiple_of(3) && digit.is_ascii_digit() && !grouped.ends_with('-')
        {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if rest.is_empty() {
        grouped
    } else {
        format!("{grouped}.{rest}")
    }
}

#[cfg(test)]
mod tests;
