//! Flows as lines of JSON: `{"from": "i-0abc", "to": "10.0.0.1", "protocol": "tcp", "port": 443}`. Other keys are the asker's own.

use std::error::Error;

use causeway_client::{flow, v1};
use serde_json::Value;

/// The flow that a line asks for.
pub(crate) fn read(line: &str) -> Result<v1::Flow, Box<dyn Error + Send + Sync>> {
    let line: Value = serde_json::from_str(line)?;
    let text = |key: &str| line.get(key).and_then(Value::as_str);
    let (Some(from), Some(to)) = (text("from"), text("to")) else {
        return Err("`from` and `to` are needed, as texts".into());
    };
    let port = || {
        let port = line.get("port").and_then(Value::as_u64);
        let port = port.and_then(|port| u16::try_from(port).ok());
        port.ok_or("`port` is needed, from 1 to 65535")
    };
    let between = flow::between(from, to);
    Ok(match text("protocol").unwrap_or("tcp") {
        "tcp" => between.tcp(port()?).into(),
        "udp" => between.udp(port()?).into(),
        other => between.protocol(other).into(),
    })
}
