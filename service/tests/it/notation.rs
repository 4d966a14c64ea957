//! A small notation for networks and questions about them: one line for a resource, one for a question.
//!
//! The id of a resource is AWS's prefix and its name: `eni web ...` is `eni-web`. Options are `key=value`, in any order. Account and
//! Region of what is in a VPC are the VPC's. `#` begins a comment; a VPC or subnet stands before what is in it. Each function of
//! `kinds.rs` opens with the form of its line.
//!
//! A question is `? SOURCE -> DESTINATION [PROTOCOL[/PORT]] [from PORT] [as PRINCIPAL ACTION RESOURCE] [without A,B] [through A,B] [avoiding A,B]`;
//! what is expected stands below it, up to a blank line. `[TITLE]` on the line above gives a question a title, by which docs/semantics.md
//! refers to it; no other question of the file has it.

mod asked;
mod kinds;
mod line;
mod rules;

use std::collections::BTreeMap;

use causeway_model::flow::{Flow, FlowEnd};
use causeway_model::resource::Resource;
use causeway_model::{Change, ChangeSet, Snapshot};

use line::Line;

/// A network with questions.
#[derive(Debug, Default)]
pub(crate) struct Scenario {
    pub(crate) resources: Vec<Resource>,
    pub(crate) questions: Vec<Question>,
}

/// A question, and what is expected to be answered.
#[derive(Debug)]
pub(crate) struct Question {
    /// Number of its line, from 1.
    pub(crate) line: usize,
    /// By what docs/semantics.md refers to it.
    pub(crate) title: Option<String>,
    pub(crate) text: String,
    pub(crate) flow: Flow,
    pub(crate) expected: String,
}

/// Reads a text; an error names the line.
pub(crate) fn read(text: &str) -> Result<Scenario, String> {
    let mut scenario = Scenario::default();
    let mut places = Places::default();
    let (mut answers, mut above) = (false, None);
    for (number, line) in (1..).zip(text.lines()) {
        let fail = |fault: String| format!("line {number}, `{}`: {fault}", line.trim());
        let words = line.trim();
        if let Some(question) = words.strip_prefix("? ") {
            let flow = flow(question).map_err(fail)?;
            scenario.questions.push(Question {
                line: number,
                title: above.take(),
                text: question.to_owned(),
                flow,
                expected: String::new(),
            });
            answers = true;
        } else if words.is_empty() {
            answers = false;
        } else if let Some(question) = scenario.questions.last_mut().filter(|_| answers) {
            question.expected.push_str(line);
            question.expected.push('\n');
        } else if above.is_some() {
            return Err(fail("a title stands right above a question".to_owned()));
        } else if words.starts_with('[') {
            above = Some(title(words, &scenario).map_err(fail)?);
        } else if !words.starts_with('#') {
            let resource = Line::read(words).and_then(|line| kinds::resource(line, &mut places));
            scenario.resources.push(resource.map_err(fail)?);
        }
    }
    Ok(scenario)
}

/// The title in brackets. The signs that part references of docs/semantics.md from each other are not in it.
fn title(words: &str, scenario: &Scenario) -> Result<String, String> {
    let bare = words
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let title = bare.ok_or("expected `[TITLE]`")?;
    let mut titles = scenario
        .questions
        .iter()
        .filter_map(|question| question.title.as_deref());
    if title.is_empty() || title.contains([',', ';', ':', '[', ']']) {
        Err("a title has no commas, colons and brackets".to_owned())
    } else if titles.any(|other| other == title) {
        Err("another question has this title".to_owned())
    } else {
        Ok(title.to_owned())
    }
}

/// The text with other answers below its questions.
pub(crate) fn rewrite(text: &str, answers: &[String]) -> String {
    let mut answers = answers.iter();
    let mut is_answer = false;
    let mut new = String::new();
    for line in text.lines() {
        if line.trim().is_empty() {
            is_answer = false;
        }
        if !is_answer {
            new.push_str(line);
            new.push('\n');
        }
        if line.trim().starts_with("? ") {
            new.push_str(answers.next().map_or("", String::as_str));
            is_answer = true;
        }
    }
    new
}

impl Scenario {
    /// The resources as one set of changes.
    pub(crate) fn changes(&self) -> ChangeSet {
        let resources = self.resources.iter().cloned();
        ChangeSet {
            changes: resources.map(Change::put).collect(),
        }
    }

    /// The resources as a state; the error tells every fault.
    pub(crate) fn snapshot(&self) -> Result<Snapshot, String> {
        let applied = Snapshot::default().apply(&self.changes());
        applied.map(|(snapshot, _)| snapshot).map_err(|faults| {
            let faults = faults.iter().map(ToString::to_string);
            faults.collect::<Vec<_>>().join("; ")
        })
    }
}

/// What lines refer to that stand before.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// Account, Region and CIDR blocks of each VPC, by its name.
    vpcs: BTreeMap<String, [String; 3]>,
    /// The VPC of each subnet, by their names.
    subnets: BTreeMap<String, String>,
}

fn flow(text: &str) -> Result<Flow, String> {
    let (source, rest) = text
        .split_once(" -> ")
        .ok_or("expected `SOURCE -> DESTINATION`")?;
    let mut words = rest.split_whitespace();
    let destination = words.next().ok_or("names no destination")?;
    let (protocol, port) = match words.next() {
        Some(service) => service.split_once('/').unwrap_or((service, "")),
        None => ("tcp", "443"),
    };
    let (mut source_port, mut beside) = (None, asked::Beside::default());
    while let Some(word) = words.next() {
        match word {
            "from" => source_port = words.next().map(line::read).transpose()?,
            other => beside.read(other, &mut words)?,
        }
    }
    let port = if port.is_empty() {
        None
    } else {
        Some(line::read(port)?)
    };
    let ends: (FlowEnd, FlowEnd) = (line::read(source)?, line::read(destination)?);
    let flow = Flow::new(ends, line::read(protocol)?, port, source_port);
    flow.map(|flow| beside.of(flow))
        .map_err(|error| error.to_string())
}
