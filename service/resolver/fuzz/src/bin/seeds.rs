//! Writes the scenarios of the corpus as cases: `seeds DIRECTORY`. Each has the whole network of a scenario and a few of its questions.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use causeway_model::fields::{Field, Value};
use causeway_model::flow::Flow;
use causeway_resolver_fuzz::write;

/// The notation of the scenarios, where the service's tests have it.
#[expect(dead_code, reason = "the tests use all of it, the seeds a part")]
#[path = "../../../../tests/it"]
mod it {
    pub(crate) mod notation;
}

/// Questions of one seed.
const QUESTIONS: usize = 4;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = PathBuf::from(env::args_os().nth(1).ok_or("expected a directory")?);
    fs::create_dir_all(&directory)?;
    let scenarios = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/scenarios");
    for file in fs::read_dir(scenarios)? {
        let path = file?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let scenario = it::notation::read(&fs::read_to_string(&path)?)?;
        let resources = scenario.resources.iter().map(Field::to_value);
        let resources = Value::List(resources.collect());
        for (number, questions) in scenario.questions.chunks(QUESTIONS).enumerate() {
            let flows = questions.iter().map(|question| flow(&question.flow));
            let case = Value::Record(vec![
                ("resources".into(), resources.clone()),
                ("flows".into(), Value::List(flows.collect())),
            ]);
            fs::write(directory.join(format!("{name}-{number}")), write(&case))?;
        }
    }
    Ok(())
}

fn flow(flow: &Flow) -> Value {
    let text = |text: String| Value::Text(text);
    let mut fields = vec![
        ("from".into(), text(flow.source.to_string())),
        ("to".into(), text(flow.destination.to_string())),
        ("protocol".into(), text(flow.protocol().to_string())),
    ];
    if flow.protocol().has_ports() {
        let port = flow.destination_ports().from();
        fields.push(("port".into(), Value::Number(i64::from(port))));
    }
    if let Some(request) = &flow.request {
        fields.push(("principal".into(), text(request.principal().to_owned())));
        fields.push(("action".into(), text(request.action().to_owned())));
        fields.push(("resource".into(), text(request.resource().to_owned())));
    }
    let list = |texts: Vec<String>| Value::List(texts.into_iter().map(Value::Text).collect());
    let wanted = &flow.constraints;
    let names = |ids: &[causeway_model::ResourceId]| ids.iter().map(ToString::to_string).collect();
    let without = wanted.without.iter().map(ToString::to_string).collect();
    fields.push(("without".into(), list(without)));
    fields.push(("through".into(), list(names(&wanted.through))));
    fields.push(("avoiding".into(), list(names(&wanted.avoiding))));
    Value::Record(fields)
}
