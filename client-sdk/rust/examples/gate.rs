//! A gate for a pipeline: would this change break a flow that is wanted?
//!
//! ```text
//! cargo run -p causeway-client --example gate -- http://127.0.0.1:50151 prod changes.json wanted.jsonl
//! ```
//! The changes are in a file as `causeway apply -f` takes it, the flows are lines as `{"from": "i-0abc", "to": "10.0.0.1", "port": 443}`. Nothing is stored. The exit code is 0 if all flows that
//! get there today get there with the changes too, 2 if one does not, 1 for an error: of a change set that is not well-formed it names every fault.

#[path = "lines/question.rs"]
mod question;

use std::error::Error;
use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use causeway_client::{Client, consistency, v1};
use prost_reflect::{DescriptorPool, DynamicMessage};

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [endpoint, topology, changes, wanted] = &arguments[..] else {
        return Err("give ENDPOINT TOPOLOGY CHANGES WANTED".into());
    };
    let changes = read_changes(changes)?;
    let lines = std::fs::read_to_string(wanted)?;
    let lines: Vec<&str> = lines.lines().collect();
    let flows: Result<Vec<v1::Flow>, _> = lines.iter().map(|line| question::read(line)).collect();
    let flows = flows.map_err(|error| format!("{wanted}: {error}"))?;
    let client = Client::connect(endpoint).await?;

    let (verdict, newest) = (v1::Detail::Verdict, consistency::newest());
    let today = client
        .batch(topology, flows.clone(), verdict, newest)
        .await?;
    // Whatever others change meanwhile, both are asked at one revision.
    let same = consistency::exactly(today.revision);
    let changed = client.what_if(topology).changes(changes);
    let then = match changed.batch(flows, verdict, same).await {
        Ok(then) => then,
        Err(error) => {
            for fault in error.violations() {
                writeln!(stderr(), "{}: {}", fault.field, fault.description)?;
            }
            return Err(error.into());
        }
    };

    let mut out = stdout().lock();
    let mut broken = 0;
    for (line, (today, then)) in lines.iter().zip(today.items.iter().zip(&then.items)) {
        if is_open(today) && !is_open(then) {
            broken += 1;
            let codes: Vec<&str> = then.codes().map(|code| code.as_str_name()).collect();
            writeln!(out, "broken: {line}: {}", codes.join(", "))?;
        }
    }
    let asked = lines.len();
    writeln!(
        out,
        "{broken} of {asked} flows would break, at revision {}",
        today.revision
    )?;
    Ok(ExitCode::from(if broken == 0 { 0 } else { 2 }))
}

/// What is not certain is not open.
fn is_open(item: &v1::BatchItem) -> bool {
    item.verdict() == v1::Verdict::Reachable
}

/// The changes of a file that holds an ApplyChangesRequest as JSON.
fn read_changes(path: &str) -> Result<Vec<v1::Change>, Box<dyn Error>> {
    let text = std::fs::read_to_string(path)?;
    let pool = DescriptorPool::decode(causeway_proto::FILE_DESCRIPTOR_SET)?;
    let request = pool.get_message_by_name("causeway.v1.ApplyChangesRequest");
    let request = request.ok_or("the contract has no ApplyChangesRequest")?;
    let mut json = serde_json::Deserializer::from_str(&text);
    let message = DynamicMessage::deserialize(request, &mut json)
        .map_err(|error| format!("{path}: {error}"))?;
    json.end()?;
    let request: v1::ApplyChangesRequest = message.transcode_to()?;
    Ok(request.changes)
}
