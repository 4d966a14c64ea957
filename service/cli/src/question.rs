//! A question as one JSON object: `{"from": X, "to": Y, "protocol": "tcp", "port": 443, "sourcePort": N}`, who asks for what
//! (`principal`, `action`, `resource`), and what its way must do without, pass and not pass (`without`, `through`, `avoiding`, lists);
//! other keys are its asker's.

use serde_json::{Map, Value};

use causeway_client::v1;

use crate::json;

/// Why a line is no question.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum QuestionError {
    #[error("not JSON: {fault}, in column {column}")]
    NotJson { fault: String, column: usize },
    #[error("expected an object like {{\"from\": \"i-...\", \"to\": \"10.0.0.1\", \"port\": 443}}")]
    NotAnObject,
    #[error("`{field}` is missing")]
    Missing { field: &'static str },
    #[error("`{field}` must be {expected}, found {found}")]
    WrongType {
        field: &'static str,
        expected: &'static str,
        found: String,
    },
    #[error("`port` is missing; {protocol} needs one")]
    MissingPort { protocol: String },
}

/// Reads a line as an object.
pub(crate) fn parse(line: &[u8]) -> Result<Value, QuestionError> {
    serde_json::from_slice(line).map_err(|error| QuestionError::NotJson {
        fault: json::fault(&error),
        column: error.column(),
    })
}

/// The flow that an object asks for.
pub(crate) fn flow(question: &Map<String, Value>) -> Result<v1::Flow, QuestionError> {
    let protocol = protocol(question)?;
    let destination_port = port(question, "port")?;
    if destination_port.is_none() && has_ports(&protocol) {
        return Err(QuestionError::MissingPort { protocol });
    }
    Ok(v1::Flow {
        source: end(question, "from")?,
        destination: end(question, "to")?,
        protocol,
        destination_port,
        source_port: port(question, "sourcePort")?,
        principal: text(question, "principal")?,
        action: text(question, "action")?,
        resource: text(question, "resource")?,
        without: texts(question, "without")?,
        through: texts(question, "through")?,
        avoiding: texts(question, "avoiding")?,
    })
}

/// Whether a flow of this protocol needs a destination port.
pub(crate) fn has_ports(protocol: &str) -> bool {
    ["tcp", "udp", "6", "17"]
        .iter()
        .any(|with| protocol.eq_ignore_ascii_case(with))
}

fn end(question: &Map<String, Value>, field: &'static str) -> Result<String, QuestionError> {
    match given(question, field) {
        None => Err(QuestionError::Missing { field }),
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        Some(other) => Err(wrong(field, "an id, an address or a name", other)),
    }
}

/// A text that may be missing.
fn text(question: &Map<String, Value>, field: &'static str) -> Result<String, QuestionError> {
    match given(question, field) {
        None => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(other) => Err(wrong(field, "a text", other)),
    }
}

/// A list of texts that may be missing.
fn texts(question: &Map<String, Value>, field: &'static str) -> Result<Vec<String>, QuestionError> {
    let expected = "a list of texts";
    match given(question, field) {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .map(|item| item.ok_or_else(|| wrong(field, expected, &Value::from(items.clone()))))
            .collect(),
        Some(other) => Err(wrong(field, expected, other)),
    }
}

fn protocol(question: &Map<String, Value>) -> Result<String, QuestionError> {
    let field = "protocol";
    match given(question, field) {
        None => Ok("tcp".to_owned()),
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        Some(Value::Number(number)) if number.is_u64() => Ok(number.to_string()),
        Some(other) => Err(wrong(field, "a protocol's name or number", other)),
    }
}

fn port(question: &Map<String, Value>, field: &'static str) -> Result<Option<u32>, QuestionError> {
    let Some(value) = given(question, field) else {
        return Ok(None);
    };
    let number = value.as_u64().and_then(|number| u16::try_from(number).ok());
    match number {
        Some(number @ 1..) => Ok(Some(u32::from(number))),
        Some(0) | None => Err(wrong(field, "a number from 1 to 65535", value)),
    }
}

/// A field that stands there; null is absent.
fn given<'q>(question: &'q Map<String, Value>, field: &str) -> Option<&'q Value> {
    question.get(field).filter(|value| !value.is_null())
}

fn wrong(field: &'static str, expected: &'static str, found: &Value) -> QuestionError {
    QuestionError::WrongType {
        field,
        expected,
        found: json::describe(found),
    }
}
