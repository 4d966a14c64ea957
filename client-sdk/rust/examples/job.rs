//! A batch job: any number of flows from a file of lines, answered into lines, at one revision and in bounded memory.
//!
//! ```text
//! cargo run -p causeway-client --example job -- http://127.0.0.1:50151 prod flows.jsonl > answers.jsonl
//! ```
//! A flow is a line as `{"from": "i-0abc", "to": "10.0.0.1", "port": 443}`; its answer is the line of the same place. The exit code is 0 also if single flows have no answer: their lines
//! say why.

#[path = "lines/question.rs"]
mod question;

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write, stderr, stdout};
use std::pin::pin;
use std::time::Duration;

use causeway_client::{Answered, Client, consistency, v1};
use futures::TryStreamExt;
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [endpoint, topology, input] = &arguments[..] else {
        return Err("give ENDPOINT TOPOLOGY FLOWS".into());
    };
    // Nobody waits: a call may take long, and is repeated often.
    let client = Client::builder()
        .endpoint(endpoint)
        .deadline(Duration::from_secs(300))
        .max_retries(10)
        .connect()
        .await?;

    // Lines are read only as calls are made. The first that cannot be read ends the job, after what came before it.
    let lines = BufReader::new(File::open(input)?).lines().zip(1..);
    let (faults, mut found) = tokio::sync::mpsc::channel(1);
    let flows = lines.map_while(move |(line, number): (_, u64)| {
        let read = line.map_err(Into::into);
        match read.and_then(|line| question::read(&line)) {
            Ok(flow) => Some(flow),
            Err(error) => {
                // There is room for one, and there is one.
                let _room = faults.try_send(format!("line {number}: {error}"));
                None
            }
        }
    });
    let batch = client.batch(topology, flows, v1::Detail::Path, consistency::newest());
    let mut answers = pin!(batch.answers());
    let mut out = BufWriter::new(stdout().lock());
    let mut count: u64 = 0;
    while let Some(answered) = answers.try_next().await? {
        writeln!(out, "{}", line(&answered))?;
        count += 1;
    }
    out.flush()?;
    writeln!(stderr(), "{count} flows answered")?;
    match found.try_recv() {
        Ok(fault) => Err(format!("{input}: {fault}").into()),
        Err(_nothing) => Ok(()),
    }
}

/// The line of an answer.
fn line(answered: &Answered) -> serde_json::Value {
    match &answered.outcome {
        Ok(item) => json!({
            "verdict": item.verdict().as_str_name().trim_start_matches("VERDICT_"),
            "path": item.path,
            "revision": answered.revision,
        }),
        Err(refusal) => json!({ "error": refusal.to_string() }),
    }
}
