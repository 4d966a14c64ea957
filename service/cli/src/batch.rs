//! `causeway batch`: many flows, one JSON object a line, in order and at one revision.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Map, Value};

use causeway_client::{At, Refusal, WhatIf, consistency, v1};

use crate::connect::{ConnectArgs, READ_SECONDS};
use crate::error::clean;
use crate::question::{self, QuestionError};
use crate::what_if::{With, WithArgs};
use crate::{CliError, Io, json, words};

/// How many flows one call asks for; with detail FULL fewer, whose answers fit into a message and into memory.
const CHUNK: usize = 10_000;
const FULL_CHUNK: usize = 1_000;

/// What `batch` is asked.
#[derive(Debug, Clone, Args)]
pub struct BatchArgs {
    /// The topology
    #[arg(long, value_name = "NAME")]
    pub topology: String,
    /// The flows: lines like {"from": "i-...", "to": "10.0.0.1", "protocol": "tcp", "port": 443}; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub input: PathBuf,
    /// Where the answers go; `-` is standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,
    /// How much to tell of each flow
    #[arg(long, value_enum, default_value_t = Detail::Verdict)]
    pub detail: Detail,
    /// Revision to answer from, a time as 2026-01-31T08:00:00Z, or a label [default: the newest revision]
    #[arg(long, value_name = "REVISION|TIME|LABEL")]
    pub at: Option<At>,
    /// What to ask with
    #[command(flatten)]
    pub with: WithArgs,
    /// Where the service is; the answers are lines of JSON in either format
    #[command(flatten)]
    pub connect: ConnectArgs,
}

/// How much to tell of each flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Detail {
    /// Its verdict, and the codes of what stops or qualifies it
    Verdict,
    /// And `path`, the ids of the forward hops
    Path,
    /// And `answer`, the whole answer
    Full,
}

/// A batch on its way.
#[derive(Debug)]
struct Batch<'a> {
    asked: WhatIf<'a>,
    detail: Detail,
    /// What the user asked for; after the first call, the revision of its answers.
    consistency: v1::Consistency,
    /// The revision of the answers.
    revision: Option<u64>,
    tally: Tally,
}

/// What became of the lines so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Tally {
    answered: usize,
    failed: usize,
    first_failure: Option<String>,
}

/// Where the lines come from.
struct Source {
    name: String,
    input: Box<dyn BufRead + Send>,
    /// How many lines were read.
    number: usize,
}

/// Where the answers go. A file has its name only when it is whole; so a file may also be answered into itself.
struct Sink<'a> {
    out: Box<dyn Write + Send + 'a>,
    file: Option<Unfinished>,
}

/// A file that is being written under another name.
struct Unfinished {
    path: PathBuf,
    partial: PathBuf,
}

/// One line of input.
#[derive(Debug)]
struct Line {
    /// From 1.
    number: usize,
    /// What the line holds; for a line that is no object, the whole of it under `input`.
    fields: Map<String, Value>,
    flow: Result<v1::Flow, QuestionError>,
}

pub(crate) async fn run(args: BatchArgs, io: &mut Io<'_>) -> Result<(), CliError> {
    args.with.check_beside(&args.input)?;
    let mut source = Source::open(&args.input)?;
    let with = args.with.read(&args.topology)?;
    let client = args.connect.client(READ_SECONDS).await?;
    let mut batch = Batch {
        asked: With::ask(with.as_ref(), &client, &args.topology),
        detail: args.detail,
        consistency: consistency::at(args.at.unwrap_or_default()),
        revision: None,
        tally: Tally::default(),
    };
    let mut sink = Sink::open(&args.output, io.out)?;
    loop {
        let lines = source.lines(batch.detail.chunk())?;
        if lines.is_empty() {
            break;
        }
        batch.answer(lines, &mut sink).await?;
        if io.progress {
            let done = batch.tally.answered + batch.tally.failed;
            write!(io.err, "\r{done} flows")
                .and_then(|()| io.err.flush())
                .map_err(CliError::Output)?;
        }
    }
    sink.finish()?;
    batch.tally.print(io).map_err(CliError::Output)?;
    if let (Some(with), Some(revision)) = (with, batch.revision) {
        let note = clean(&with.note(revision));
        writeln!(io.err, "note: {note}").map_err(CliError::Output)?;
    }
    Ok(())
}

// === impl Batch ===

impl Batch<'_> {
    /// Answers some lines, in their order.
    async fn answer(&mut self, lines: Vec<Line>, sink: &mut Sink<'_>) -> Result<(), CliError> {
        let flows: Vec<_> = lines
            .iter()
            .filter_map(|line| line.flow.clone().ok())
            .collect();
        let mut items = Vec::new();
        if !flows.is_empty() {
            let detail = self.detail.into();
            let answer = self
                .asked
                .batch(flows, detail, self.consistency.clone())
                .await?;
            self.consistency = consistency::exactly(answer.revision);
            self.revision = Some(answer.revision);
            items = answer.items;
        }
        let mut items = items.into_iter();
        for line in lines {
            let item = match &line.flow {
                Ok(_) => items.next(),
                Err(_) => None,
            };
            let value = self.line(line, item)?;
            sink.line(&value)?;
        }
        sink.flush()
    }

    /// The line of output for a line of input.
    fn line(&mut self, line: Line, item: Option<v1::BatchItem>) -> Result<Value, CliError> {
        let Line {
            number,
            mut fields,
            flow,
        } = line;
        // What the input carries under our names is not an answer of ours.
        for ours in ["verdict", "codes", "path", "answer", "error"] {
            fields.shift_remove(ours);
        }
        let fault = match (flow, item) {
            (Err(fault), _) => fault.to_string(),
            (Ok(_), None) => "the service gave no answer".to_owned(),
            (Ok(_), Some(item)) => match &item.error {
                Some(error) => Refusal::from(error).to_string(),
                None => {
                    self.tally.answered += 1;
                    self.detail.add(&item, &mut fields)?;
                    return Ok(Value::Object(fields));
                }
            },
        };
        let error = format!("line {number}: {fault}");
        self.tally.failed += 1;
        self.tally
            .first_failure
            .get_or_insert_with(|| error.clone());
        fields.insert("error".to_owned(), Value::from(error));
        Ok(Value::Object(fields))
    }
}

// === impl Detail ===

impl Detail {
    /// How many flows one call asks for.
    fn chunk(self) -> usize {
        match self {
            Self::Verdict | Self::Path => CHUNK,
            Self::Full => FULL_CHUNK,
        }
    }

    /// Adds what a line is told of its answer.
    fn add(self, item: &v1::BatchItem, fields: &mut Map<String, Value>) -> Result<(), CliError> {
        fields.insert(
            "verdict".to_owned(),
            Value::from(words::verdict(item.verdict())),
        );
        let codes: Value = item.codes().map(words::code).collect();
        fields.insert("codes".to_owned(), codes);
        if self != Self::Verdict {
            fields.insert("path".to_owned(), Value::from(item.path.clone()));
        }
        if let (Self::Full, Some(answer)) = (self, &item.answer) {
            fields.insert("answer".to_owned(), json::to_value(answer)?);
        }
        Ok(())
    }
}

impl From<Detail> for v1::Detail {
    fn from(detail: Detail) -> Self {
        match detail {
            Detail::Verdict => Self::Verdict,
            Detail::Path => Self::Path,
            Detail::Full => Self::Full,
        }
    }
}

// === impl Tally ===

impl Tally {
    /// Says on the side how it went: nothing, if all went well and nobody watches.
    fn print(&self, io: &mut Io<'_>) -> io::Result<()> {
        let Self {
            answered,
            failed,
            first_failure,
        } = self;
        if io.progress {
            writeln!(io.err, "\r{answered} flows answered")?;
        }
        match first_failure {
            Some(first) => writeln!(
                io.err,
                "warning: lines with an error: {failed}; the first is {}",
                clean(first)
            ),
            None => Ok(()),
        }
    }
}

// === impl Source ===

impl Source {
    fn open(path: &Path) -> Result<Self, CliError> {
        let name = path.display().to_string();
        let input: Box<dyn BufRead + Send> = if path == Path::new("-") {
            Box::new(BufReader::new(io::stdin()))
        } else {
            let file = File::open(path).map_err(|source| CliError::Read {
                path: name.clone(),
                source,
            })?;
            Box::new(BufReader::new(file))
        };
        Ok(Self {
            name,
            input,
            number: 0,
        })
    }

    /// The next lines, at most so many; none at the end. Blank lines count, but ask nothing.
    fn lines(&mut self, most: usize) -> Result<Vec<Line>, CliError> {
        let mut lines = Vec::new();
        let mut text = Vec::new();
        while lines.len() < most {
            text.clear();
            let read = self.input.read_until(b'\n', &mut text);
            let read = read.map_err(|source| CliError::Read {
                path: self.name.clone(),
                source,
            })?;
            if read == 0 {
                break;
            }
            self.number += 1;
            let text = text.trim_ascii();
            if !text.is_empty() {
                lines.push(Line::parse(self.number, text));
            }
        }
        Ok(lines)
    }
}

// === impl Line ===

impl Line {
    fn parse(number: usize, text: &[u8]) -> Self {
        let as_input = |input| Map::from_iter([("input".to_owned(), input)]);
        let (fields, flow) = match question::parse(text) {
            Ok(Value::Object(fields)) => {
                let flow = question::flow(&fields);
                (fields, flow)
            }
            Ok(other) => (as_input(other), Err(QuestionError::NotAnObject)),
            Err(fault) => {
                let text = String::from_utf8_lossy(text).into_owned();
                (as_input(Value::from(text)), Err(fault))
            }
        };
        Self {
            number,
            fields,
            flow,
        }
    }
}

// === impl Sink ===

impl<'a> Sink<'a> {
    fn open(path: &Path, out: &'a mut (dyn Write + Send)) -> Result<Self, CliError> {
        if path == Path::new("-") {
            let out = Box::new(BufWriter::new(out));
            return Ok(Self { out, file: None });
        }
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let file = Unfinished {
            path: path.to_owned(),
            partial: PathBuf::from(partial),
        };
        let created = File::create(&file.partial).map_err(|error| file.failed(error))?;
        Ok(Self {
            out: Box::new(BufWriter::new(created)),
            file: Some(file),
        })
    }

    fn line(&mut self, value: &Value) -> Result<(), CliError> {
        let written = writeln!(self.out, "{value}");
        written.map_err(|error| self.failed(error))
    }

    fn flush(&mut self) -> Result<(), CliError> {
        let flushed = self.out.flush();
        flushed.map_err(|error| self.failed(error))
    }

    fn finish(mut self) -> Result<(), CliError> {
        self.flush()?;
        match self.file {
            Some(file) => {
                std::fs::rename(&file.partial, &file.path).map_err(|error| file.failed(error))
            }
            None => Ok(()),
        }
    }

    fn failed(&self, error: io::Error) -> CliError {
        match &self.file {
            Some(file) => file.failed(error),
            None => CliError::Output(error),
        }
    }
}

impl Unfinished {
    fn failed(&self, source: io::Error) -> CliError {
        CliError::Write {
            path: self.path.display().to_string(),
            source,
        }
    }
}

#[cfg(test)]
mod tests;
