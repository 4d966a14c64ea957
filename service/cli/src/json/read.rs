//! JSON to messages.

use std::collections::BTreeMap;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost_reflect::{
    DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, Value as Field,
};
use serde::de::DeserializeSeed as _;
use serde_json::{Map, Value};

use super::{Fault, JsonError, prefix};

/// A fault on its way up, which gathers its path.
struct At {
    path: String,
    fault: Fault,
}

pub(super) fn message(
    value: &Value,
    descriptor: &MessageDescriptor,
) -> Result<DynamicMessage, JsonError> {
    read_message(value, descriptor).map_err(|at| JsonError::Value {
        path: at.path,
        fault: at.fault,
    })
}

fn read_message(value: &Value, descriptor: &MessageDescriptor) -> Result<DynamicMessage, At> {
    if descriptor.package_name() == "google.protobuf" {
        return descriptor.clone().deserialize(value).map_err(|error| {
            At::here(Fault::WellKnown {
                message: super::fault(&error),
            })
        });
    }
    let Value::Object(object) = value else {
        return Err(wrong_type(
            &format!("an object ({})", descriptor.name()),
            value,
        ));
    };
    let mut message = DynamicMessage::new(descriptor.clone());
    // Which name stood for each field and each oneof.
    let mut seen = BTreeMap::new();
    for (name, value) in object {
        let field = field(descriptor, name).map_err(|at| at.under(name))?;
        if value.is_null() {
            continue;
        }
        let slot = match field.containing_oneof() {
            Some(oneof) => oneof.full_name().to_owned(),
            None => field.full_name().to_owned(),
        };
        if let Some(other) = seen.insert(slot, name) {
            let other = other.clone();
            return Err(At::here(Fault::OneOnly { other }).under(name));
        }
        let content = read_field(value, &field).map_err(|at| at.under(name))?;
        message.set_field(&field, content);
    }
    Ok(message)
}

fn field(descriptor: &MessageDescriptor, name: &str) -> Result<FieldDescriptor, At> {
    descriptor
        .get_field_by_json_name(name)
        .or_else(|| descriptor.get_field_by_name(name))
        .ok_or_else(|| {
            let known = descriptor
                .fields()
                .map(|field| field.json_name().to_owned());
            At::here(Fault::UnknownField {
                message: descriptor.name().to_owned(),
                known: closest_first(name, known.collect()),
            })
        })
}

/// Words in the order of how close they are to what was written: the first ones may be what was meant.
fn closest_first(written: &str, mut words: Vec<String>) -> Vec<String> {
    let closeness = |word: &str| strsim::jaro_winkler(written, word);
    words.sort_by(|a, b| closeness(b).total_cmp(&closeness(a)));
    words
}

fn read_field(value: &Value, field: &FieldDescriptor) -> Result<Field, At> {
    if field.is_map() {
        // The contract has no maps: they would have no order, and messages that are equal would not be equal bytes.
        return Err(wrong_type("a field that is not a map", value));
    }
    if !field.is_list() {
        return read_one(value, &field.kind());
    }
    let Value::Array(items) = value else {
        return Err(wrong_type("a list", value));
    };
    let item =
        |(at, item)| read_one(item, &field.kind()).map_err(|fault: At| fault.under_index(at));
    let items: Result<_, At> = items.iter().enumerate().map(item).collect();
    Ok(Field::List(items?))
}

fn read_one(value: &Value, kind: &Kind) -> Result<Field, At> {
    match kind {
        Kind::Bool => value
            .as_bool()
            .map(Field::Bool)
            .ok_or_else(|| wrong_type("true or false", value)),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
            number(value, "a whole number of 32 bits").map(Field::I32)
        }
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
            number(value, "a whole number of 64 bits").map(Field::I64)
        }
        Kind::Uint32 | Kind::Fixed32 => {
            number(value, "a whole number from 0 to 4294967295").map(Field::U32)
        }
        Kind::Uint64 | Kind::Fixed64 => number(value, "a whole number, 0 or more").map(Field::U64),
        Kind::Float => number(value, "a number").map(Field::F32),
        Kind::Double => number(value, "a number").map(Field::F64),
        Kind::String => Ok(Field::String(text(value, "text")?.to_owned())),
        Kind::Bytes => {
            let bytes = STANDARD.decode(text(value, "text in base64")?);
            let bytes = bytes.map_err(|_not_base64| wrong_type("text in base64", value))?;
            Ok(Field::Bytes(bytes.into()))
        }
        Kind::Enum(descriptor) => enum_number(value, descriptor).map(Field::EnumNumber),
        Kind::Message(descriptor) => read_message(value, descriptor).map(Field::Message),
    }
}

/// A number, or the same as text, as other writers of this JSON give large ones.
fn number<N: FromStr>(value: &Value, expected: &str) -> Result<N, At> {
    let text = match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| wrong_type(expected, value))
}

fn text<'v>(value: &'v Value, expected: &str) -> Result<&'v str, At> {
    value.as_str().ok_or_else(|| wrong_type(expected, value))
}

fn enum_number(value: &Value, descriptor: &EnumDescriptor) -> Result<i32, At> {
    let name = text(value, "a word")?;
    let prefix = prefix(descriptor);
    let long = format!("{prefix}{name}");
    descriptor
        .get_value_by_name(&long)
        .or_else(|| descriptor.get_value_by_name(name))
        .map(|named| named.number())
        .ok_or_else(|| {
            let given = descriptor.values().filter(|named| named.number() != 0);
            let short = |name: &str| name.strip_prefix(&prefix).unwrap_or(name).to_owned();
            At::here(Fault::UnknownValue {
                found: name.to_owned(),
                known: closest_first(name, given.map(|named| short(named.name())).collect()),
            })
        })
}

fn wrong_type(expected: &str, found: &Value) -> At {
    At::here(Fault::WrongType {
        expected: expected.to_owned(),
        found: describe(found),
    })
}

/// A value as an error names it: the whole of a short one, the kind of a long one.
pub(crate) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => format!("`{flag}`"),
        Value::Number(number) => format!("`{number}`"),
        Value::String(text) if text.chars().count() <= 40 => format!("the text `{text}`"),
        Value::String(_) => "a long text".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(object) if Map::is_empty(object) => "an empty object".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

// === impl At ===

impl At {
    fn here(fault: Fault) -> Self {
        Self {
            path: String::new(),
            fault,
        }
    }

    fn under(mut self, name: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') {
            ""
        } else {
            "."
        };
        self.path = format!("{name}{dot}{}", self.path);
        self
    }

    fn under_index(mut self, index: usize) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') {
            ""
        } else {
            "."
        };
        self.path = format!("[{index}]{dot}{}", self.path);
        self
    }
}
