//! The demonstration: a list of questions, asked as one batch, and the answers as a table for eyes.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use serde_json::{Map, Value};

use causeway_client::{Client, Code, Refusal, consistency, v1};

use crate::question;
use crate::table::Sheet;
use crate::{CliError, words};

/// Widths of the columns, which fill a line of 120 with the space between them.
const WIDTHS: [u16; 4] = [46, 15, 30, 29];

/// A question and how it is shown.
struct Question {
    title: Option<String>,
    flow: v1::Flow,
}

/// Names of resources, by their ids.
type Names = BTreeMap<String, String>;

/// Asks `topology` all questions in one batch and prints the answers. The questions are lines as `causeway batch` takes them, with a `name` where
/// they have one; blank lines are skipped.
///
/// # Errors
/// [`CliError::Question`] for the first line that is no question; those of the client and of the writer.
pub async fn demo(
    client: &Client,
    topology: &str,
    questions: impl BufRead,
    out: &mut impl Write,
) -> Result<(), CliError> {
    let questions = read(questions)?;
    let flows = questions.iter().map(|question| question.flow.clone());
    let flows: Vec<_> = flows.collect();
    let answer = client
        .batch(topology, flows, v1::Detail::Full, consistency::newest())
        .await?;
    let names = names(client, topology, &questions, &answer).await?;
    let mut sheet = Sheet::new(["question", "verdict", "way", "what stops it"], WIDTHS);
    for (question, item) in questions.iter().zip(&answer.items) {
        sheet.row(row(question, item, &names));
    }
    sheet.print(out).map_err(CliError::Output)?;
    writeln!(out, "{}", summary(topology, &answer)).map_err(CliError::Output)
}

fn read(questions: impl BufRead) -> Result<Vec<Question>, CliError> {
    let mut read = Vec::new();
    for (at, text) in questions.lines().enumerate() {
        let text = text.map_err(|source| CliError::Read {
            path: "the questions".to_owned(),
            source,
        })?;
        if text.trim().is_empty() {
            continue;
        }
        let question = parse(text.as_bytes()).map_err(|fault| CliError::Question {
            line: at + 1,
            fault: fault.to_string(),
        })?;
        read.push(question);
    }
    Ok(read)
}

fn parse(text: &[u8]) -> Result<Question, question::QuestionError> {
    let Value::Object(fields) = question::parse(text)? else {
        return Err(question::QuestionError::NotAnObject);
    };
    Ok(Question {
        flow: question::flow(&fields)?,
        title: title(&fields),
    })
}

fn title(fields: &Map<String, Value>) -> Option<String> {
    fields
        .get("name")
        .and_then(Value::as_str)
        .map(str::to_owned)
}

/// The names that the answers tell, and those of the questions' ends, which may be no hops.
async fn names(
    client: &Client,
    topology: &str,
    questions: &[Question],
    answer: &v1::BatchResolvePathsResponse,
) -> Result<Names, CliError> {
    let mut names = Names::new();
    for answer in answer.items.iter().filter_map(|item| item.answer.as_ref()) {
        let traces = answer.forward.iter().chain(&answer.r#return);
        let hops = traces
            .flat_map(|trace| &trace.hops)
            .map(|hop| (&hop.resource_id, &hop.name));
        let explained = answer
            .explanations
            .iter()
            .map(|fault| (&fault.resource_id, &fault.name));
        for (id, name) in hops.chain(explained).filter(|(_, name)| !name.is_empty()) {
            names.insert(id.clone(), name.clone());
        }
    }
    let ends = questions
        .iter()
        .flat_map(|question| [&question.flow.source, &question.flow.destination]);
    for id in ends.filter(|end| is_id(end)) {
        if !names.contains_key(id) {
            let name = name_of(client, topology, id, answer.revision).await?;
            names.insert(id.clone(), name);
        }
    }
    Ok(names)
}

/// The name of a resource; empty if it has none, or is not there.
async fn name_of(
    client: &Client,
    topology: &str,
    id: &str,
    revision: u64,
) -> Result<String, CliError> {
    let resource = match client.get_resource(topology, id, Some(revision)).await {
        Ok(resource) => resource,
        Err(error) if error.code() == Code::NotFound => return Ok(String::new()),
        Err(error) => return Err(error.into()),
    };
    let name = resource.tags.into_iter().find(|tag| tag.key == "Name");
    Ok(name.map(|tag| tag.value).unwrap_or_default())
}

/// Whether an end of a flow looks like AWS's ids: neither an address, nor a name with dots, nor `internet`.
fn is_id(end: &str) -> bool {
    end.contains('-') && !end.contains(['.', ':'])
}

fn row(question: &Question, item: &v1::BatchItem, names: &Names) -> [Vec<String>; 4] {
    let named = |id: &str| words::named(id, names.get(id).map_or("", String::as_str));
    let flow = &question.flow;
    let asked = v1::Flow {
        destination: named(&flow.destination),
        ..flow.clone()
    };
    let mut cell: Vec<_> = question.title.iter().cloned().collect();
    cell.push(format!("from {}", named(&flow.source)));
    cell.push(format!("to {}", words::destination(&asked)));
    if let Some(error) = &item.error {
        let fault = Refusal::from(error).to_string();
        return [cell, vec!["error".to_owned()], Vec::new(), vec![fault]];
    }
    let verdict = vec![words::verdict(item.verdict()).to_owned()];
    [cell, verdict, way(item, &named), stops(item, &named)]
}

/// The hops, one a line.
fn way(item: &v1::BatchItem, named: &impl Fn(&str) -> String) -> Vec<String> {
    let trace = item
        .answer
        .as_ref()
        .and_then(|answer| answer.forward.as_ref());
    let Some(trace) = trace else {
        return item.path.iter().map(|id| named(id)).collect();
    };
    let mut lines: Vec<_> = trace.hops.iter().map(crate::render::hop_name).collect();
    lines.push(format!("=> {}", words::disposition(trace.disposition())));
    lines
}

/// What stops or qualifies the flow: the code, and under it the resource.
fn stops(item: &v1::BatchItem, named: &impl Fn(&str) -> String) -> Vec<String> {
    let Some(answer) = &item.answer else {
        return item
            .codes()
            .map(|code| words::code(code).to_owned())
            .collect();
    };
    let mut lines: Vec<String> = Vec::new();
    for explanation in &answer.explanations {
        lines.push(words::code(explanation.code()).to_owned());
        let at = named(&explanation.resource_id);
        let back = if explanation.direction() == v1::Direction::Return {
            ", reply"
        } else {
            ""
        };
        if !at.is_empty() {
            lines.push(format!("- {at}{back}"));
        }
    }
    lines
}

/// How many answers there are of each verdict.
fn summary(topology: &str, answer: &v1::BatchResolvePathsResponse) -> String {
    let mut counts = BTreeMap::new();
    for item in &answer.items {
        let word = if item.error.is_some() {
            "error"
        } else {
            words::verdict(item.verdict())
        };
        *counts.entry(word).or_insert(0_usize) += 1;
    }
    let counts: Vec<_> = counts
        .iter()
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    let (total, revision) = (answer.items.len(), answer.revision);
    format!(
        "{total} paths in `{topology}` at revision {revision}: {}",
        counts.join(", ")
    )
}

#[cfg(test)]
mod tests;
