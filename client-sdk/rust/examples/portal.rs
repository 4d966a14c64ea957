//! What a portal for teams would say: why does my job not reach S3?
//!
//! ```text
//! cargo run -p causeway-client --example portal -- http://127.0.0.1:50151 prod i-0abc s3.eu-west-1.amazonaws.com 443
//! ```
//! The exit code is 0 if the flow gets there, 2 if it does not or cannot be known, 1 for an error.

use std::error::Error;
use std::io::{Write, stdout};
use std::process::ExitCode;
use std::time::Duration;

use causeway_client::{Client, Hedge, consistency, flow, v1};

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [endpoint, topology, source, destination, port] = &arguments[..] else {
        return Err("give ENDPOINT TOPOLOGY SOURCE DESTINATION PORT".into());
    };
    // Somebody waits for the answer: it is there in two seconds, or nobody reads it.
    let client = Client::builder()
        .endpoint(endpoint)
        .deadline(Duration::from_secs(2))
        .hedge(Hedge::after(Duration::from_millis(100)))
        .connect()
        .await?;
    let flow = flow::between(source, destination).tcp(port.parse()?);
    let answer = match client.resolve(topology, flow, consistency::newest()).await {
        Ok(answer) => answer,
        Err(error) if error.reason() == Some(v1::ErrorReason::ResourceNotFound) => {
            return Err(format!("{source} is not in {topology} (yet): {error}").into());
        }
        Err(error) => return Err(error.into()),
    };
    tell(&answer, source, destination)?;
    Ok(match answer.verdict() {
        v1::Verdict::Reachable => ExitCode::SUCCESS,
        v1::Verdict::Unspecified
        | v1::Verdict::Unreachable
        | v1::Verdict::Ambiguous
        | v1::Verdict::Undetermined => ExitCode::from(2),
    })
}

/// Tells the answer to somebody who knows the job, and not the network.
fn tell(answer: &v1::PathAnswer, source: &str, destination: &str) -> std::io::Result<()> {
    let mut out = stdout().lock();
    let headline = match answer.verdict() {
        v1::Verdict::Reachable => "reaches",
        v1::Verdict::Unreachable => "does not reach",
        v1::Verdict::Ambiguous => "may or may not reach",
        v1::Verdict::Undetermined | v1::Verdict::Unspecified => "cannot be said to reach",
    };
    writeln!(
        out,
        "{source} {headline} {destination}, as of revision {}",
        answer.revision
    )?;
    for why in &answer.explanations {
        let place = match (&*why.name, &*why.resource_id) {
            ("", id) => id.to_owned(),
            (name, id) => format!("{name} ({id})"),
        };
        let code = why.code().as_str_name();
        let code = code.trim_start_matches("EXPLANATION_CODE_");
        writeln!(out, "- {code} at {place}: {}", why.detail)?;
    }
    let hops = answer.forward.iter().flat_map(|trace| &trace.hops);
    let way: Vec<&str> = hops
        .map(|hop| &*hop.resource_id)
        .filter(|id| !id.is_empty())
        .collect();
    writeln!(out, "the way there: {}", way.join(" -> "))?;
    for assumption in &answer.assumptions {
        writeln!(out, "taken for granted: {assumption}")?;
    }
    Ok(())
}
