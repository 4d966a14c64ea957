//! Questions out of a file: one JSON object a line, as `causeway batch` reads them.

mod pick;

use std::path::Path;

use causeway_client::v1::Flow;
use serde_json::{Map, Value};

use crate::LoadError;

pub use pick::Pick;

/// A line, for messages.
pub const EXAMPLE: &str = r#"{"from": "i-0abc", "to": "10.0.0.5", "protocol": "tcp", "port": 443}"#;

/// Reads the questions of a file. Empty lines are passed over, unknown keys are ignored.
///
/// # Errors
/// [`LoadError`] if the file cannot be read, has a line that is no question, or has none at all.
pub fn read(path: &Path) -> Result<Vec<Flow>, LoadError> {
    let text = std::fs::read_to_string(path).map_err(|source| LoadError::Unreadable {
        path: path.to_path_buf(),
        source,
    })?;
    let mut flows = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        flows.push(flow(line).map_err(|fault| LoadError::NoQuestion {
            path: path.to_path_buf(),
            line: index.saturating_add(1),
            fault,
        })?);
    }
    if flows.is_empty() {
        return Err(LoadError::NoQuestions {
            path: path.to_path_buf(),
        });
    }
    Ok(flows)
}

fn flow(line: &str) -> Result<Flow, String> {
    let object: Map<String, Value> =
        serde_json::from_str(line).map_err(|error| format!("not a JSON object ({error})"))?;
    Ok(Flow {
        source: text(&object, "from")?.ok_or("`from` is missing")?,
        destination: text(&object, "to")?.ok_or("`to` is missing")?,
        protocol: protocol(&object)?,
        destination_port: port(&object, "port")?,
        source_port: port(&object, "sourcePort")?,
        ..Flow::default()
    })
}

fn protocol(object: &Map<String, Value>) -> Result<String, String> {
    if let Some(Value::Number(number)) = object.get("protocol") {
        return Ok(number.to_string());
    }
    Ok(text(object, "protocol")?.unwrap_or_default())
}

fn text(object: &Map<String, Value>, key: &str) -> Result<Option<String>, String> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(format!("`{key}` is no text: `{other}`")),
    }
}

fn port(object: &Map<String, Value>, key: &str) -> Result<Option<u32>, String> {
    let Some(value) = object.get(key).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let port = value.as_u64().and_then(|port| u16::try_from(port).ok());
    port.map(|port| Some(u32::from(port)))
        .ok_or_else(|| format!("`{key}` is no number from 0 to 65535: `{value}`"))
}

#[cfg(test)]
mod tests;
