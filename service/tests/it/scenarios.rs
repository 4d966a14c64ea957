//! The scenario corpus: `tests/scenarios/*.net`, networks in the notation with questions and what is to be answered, step for step.
//!
//! Every question is answered by four ways: the naive walk, the walk on indexes, the engine, and a server over gRPC. All of them
//! must print what the file says. With UPDATE_SCENARIOS=1 in the environment the files are rewritten to what the walk says; then
//! read the difference, for the files are what the walk is held to.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use causeway_client::{ClientError, consistency};
use causeway_engine::{Clock, Consistency, Engine, Limits, Write};
use causeway_model::flow::{Flow, Request};
use causeway_model::revision::{Revision, Timestamp};
use causeway_model::trace::{Code, PathAnswer};
use causeway_proto::v1;
use causeway_resolver::{Depth, Network, ResolveError};
use causeway_store::MemoryStore;

use crate::harness::Served;
use crate::notation::{self, Question, Scenario};

/// The revision that one set of changes makes.
const FIRST: Revision = Revision(1);

#[tokio::test]
async fn every_way_of_asking_answers_what_the_scenario_says() {
    let served = Served::start().await;
    let mut faults = String::new();
    for file in files() {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.file_stem().unwrap().to_str().unwrap();
        let scenario = notation::read(&text).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        let asked = Asked::new(&served, name, &scenario).await;
        let mut answers = Vec::new();
        for question in &scenario.questions {
            let answer = asked.indexed(question);
            let others = [
                ("the naive walk", asked.naive(question)),
                ("the engine", asked.engine(question).await),
                ("gRPC", asked.grpc(&served, question).await),
            ];
            for (way, other) in others {
                faults.push_str(&difference(name, question, way, &answer, &other));
            }
            if !updates() {
                let expected = &question.expected;
                faults.push_str(&difference(name, question, "the walk", expected, &answer));
            }
            answers.push(answer);
        }
        if updates() {
            std::fs::write(&file, notation::rewrite(&text, &answers)).unwrap();
        }
    }
    assert!(faults.is_empty(), "\n{faults}");
}

/// A code that no scenario shows is one that nobody has seen to be right.
#[test]
fn every_code_that_the_resolver_gives_is_in_a_scenario() {
    let corpus: String = files()
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect();
    let mut source = String::new();
    collect(&root().join("resolver/src"), "rs", &mut |path| {
        source.push_str(&std::fs::read_to_string(path).unwrap());
    });
    let words = source.split(|next: char| !next.is_alphanumeric() && next != ':');
    let words: BTreeSet<&str> = words.collect();
    let given = Code::ALL.iter();
    let given = given.filter(|code| words.contains(format!("Code::{code:?}").as_str()));
    let unseen = given.filter(|code| !corpus.contains(&format!("  {code}  ")));
    let unseen: Vec<&Code> = unseen.collect();
    assert!(unseen.is_empty(), "no scenario gives {unseen:?}");
}

#[test]
fn every_disposition_is_in_a_scenario() {
    use causeway_model::trace::Disposition;
    let corpus: String = files()
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect();
    for disposition in Disposition::ALL {
        let words = disposition.as_str().to_ascii_lowercase().replace('_', " ");
        assert!(
            corpus.contains(&format!("  => {words}\n")),
            "no scenario ends `{words}`"
        );
    }
}

#[test]
fn an_error_of_the_notation_names_its_line() {
    let fault = notation::read("vpc main 10.0.0.0/16\n\nsubnet app main nonsense\n").unwrap_err();
    assert!(
        fault.starts_with("line 3, `subnet app main nonsense`: "),
        "{fault}"
    );
    let fault = notation::read("vpc main 10.0.0.0/16 colour=blue\n").unwrap_err();
    assert!(fault.ends_with("not understood: colour"), "{fault}");
    let fault = notation::read("[a]\nvpc main 10.0.0.0/16\n").unwrap_err();
    assert!(
        fault.ends_with("a title stands right above a question"),
        "{fault}"
    );
    let fault =
        notation::read("[a]\n? internet -> internet\n\n[a]\n? internet -> internet\n").unwrap_err();
    assert!(
        fault.ends_with("another question has this title"),
        "{fault}"
    );
}

/// A clock that does not go: no answer depends on the time.
#[derive(Debug)]
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }
}

/// One scenario, ready to be asked by every way.
struct Asked {
    name: String,
    network: Network,
    engine: Engine,
}

impl Asked {
    async fn new(served: &Served, name: &str, scenario: &Scenario) -> Self {
        let snapshot = scenario.snapshot();
        let snapshot = snapshot.unwrap_or_else(|fault| panic!("{name}: {fault}"));
        let store = Arc::new(MemoryStore::new());
        let engine = Engine::new(store, Arc::new(Stopped), Limits::default());
        let topology = name.parse().unwrap();
        let created = engine.create_topology(topology, String::new(), None).await;
        let write = Write {
            topology: created.unwrap().name,
            expected: None,
            request: None,
            author: String::new(),
            message: String::new(),
            trace: None,
        };
        engine.apply(write, scenario.changes()).await.unwrap();
        served.client.create_topology(name, "").await.unwrap();
        let resources = scenario
            .resources
            .iter()
            .map(causeway_grpc::render_resource);
        let apply = resources.fold(served.client.apply(name), |apply, resource| {
            apply.put(resource)
        });
        apply.send().await.unwrap();
        Self {
            name: name.to_owned(),
            network: Network::compile(&snapshot),
            engine,
        }
    }

    fn indexed(&self, question: &Question) -> String {
        let answer = self.network.resolve(&question.flow, Depth::Full);
        print_result(question, answer)
    }

    fn naive(&self, question: &Question) -> String {
        let answer = self.network.resolve_naively(&question.flow, Depth::Full);
        print_result(question, answer)
    }

    async fn engine(&self, question: &Question) -> String {
        let topology = self.name.parse().unwrap();
        let paths = self.engine.paths(&topology, Consistency::Newest);
        let paths = paths.await.unwrap();
        match paths.resolve(&question.flow, Depth::Full) {
            Ok(answer) => print(
                question,
                &causeway_grpc::render_answer(&answer, paths.revision()),
            ),
            Err(ResolveError::UnknownResource { id }) => not_found(id.as_str()),
        }
    }

    async fn grpc(&self, served: &Served, question: &Question) -> String {
        let flow = wire(&question.flow);
        match served
            .client
            .resolve(&self.name, flow, consistency::newest())
            .await
        {
            Ok(answer) => print(question, &answer),
            Err(ClientError::Refused(refusal)) => {
                assert_eq!(
                    refusal.reason,
                    Some(v1::ErrorReason::ResourceNotFound),
                    "{refusal}"
                );
                let asked = wire(&question.flow);
                let named = [asked.source, asked.destination].into_iter();
                let named = named.chain(asked.without);
                let named = named.chain(asked.through).chain(asked.avoiding);
                let mut missing = named.filter(|id| refusal.message.contains(id.as_str()));
                not_found(&missing.next().unwrap())
            }
            Err(error) => panic!("{}: {error}", question.text),
        }
    }
}

fn print_result(question: &Question, answer: Result<PathAnswer, ResolveError>) -> String {
    match answer {
        Ok(answer) => print(question, &causeway_grpc::render_answer(&answer, FIRST)),
        Err(ResolveError::UnknownResource { id }) => not_found(id.as_str()),
    }
}

/// What the command prints, without its empty lines: those end an answer in the notation.
fn print(question: &Question, answer: &v1::PathAnswer) -> String {
    let mut out = Vec::new();
    causeway_cli::render::answer(&wire(&question.flow), answer, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty());
    lines.map(|line| format!("{line}\n")).collect()
}

fn not_found(id: &str) -> String {
    format!("{} {id}\n", v1::ErrorReason::ResourceNotFound.as_str_name())
}

fn wire(flow: &Flow) -> v1::Flow {
    let port = |range: causeway_model::PortRange| {
        let is_one = range.from() == range.to() && range.to() > 0;
        is_one.then(|| u32::from(range.to()))
    };
    let asked = |part: fn(&Request) -> &str| flow.request.as_ref().map_or("", part).to_owned();
    v1::Flow {
        source: flow.source.to_string(),
        destination: flow.destination.to_string(),
        protocol: flow.protocol().to_string(),
        destination_port: port(flow.destination_ports()),
        source_port: port(flow.source_ports()),
        principal: asked(Request::principal),
        action: asked(Request::action),
        resource: asked(Request::resource),
        without: flow
            .constraints
            .without
            .iter()
            .map(ToString::to_string)
            .collect(),
        through: flow
            .constraints
            .through
            .iter()
            .map(ToString::to_string)
            .collect(),
        avoiding: flow
            .constraints
            .avoiding
            .iter()
            .map(ToString::to_string)
            .collect(),
    }
}

/// Where two texts first differ, with what stands around it; nothing if they do not.
fn difference(file: &str, question: &Question, way: &str, expected: &str, found: &str) -> String {
    if expected == found {
        return String::new();
    }
    let (old, new): (BTreeSet<&str>, BTreeSet<&str>) =
        (expected.lines().collect(), found.lines().collect());
    let mark = |line: &str, others: &BTreeSet<&str>, sign: &str| {
        let sign = if others.contains(line) { " " } else { sign };
        format!("{sign} {line}\n")
    };
    let removed: String = expected.lines().map(|line| mark(line, &new, "-")).collect();
    let added: String = found.lines().map(|line| mark(line, &old, "+")).collect();
    format!(
        "{file}.net, line {}: ? {}\nexpected:\n{removed}{way}:\n{added}\n",
        question.line, question.text
    )
}

fn updates() -> bool {
    std::env::var_os("UPDATE_SCENARIOS").is_some_and(|value| value == "1")
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(&root().join("tests/scenarios"), "net", &mut |path| {
        found.push(path.to_owned());
    });
    found.sort();
    assert!(!found.is_empty(), "there are no scenarios");
    found
}

fn collect(folder: &Path, extension: &str, found: &mut impl FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, extension, found);
        } else if path.extension().is_some_and(|own| own == extension) {
            found(&path);
        }
    }
}
