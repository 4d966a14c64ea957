//! Messages to JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost_reflect::{
    DynamicMessage, EnumDescriptor, FieldDescriptor, MapKey, MessageDescriptor,
    ReflectMessage as _, Value as Field,
};
use serde_json::{Map, Value};

use super::prefix;

pub(super) fn message(message: &DynamicMessage) -> Value {
    let descriptor = message.descriptor();
    if descriptor.package_name() == "google.protobuf"
        && let Ok(value) = serde_json::to_value(message)
    {
        return value;
    }
    let mut object = Map::new();
    for field in descriptor.fields() {
        if field.supports_presence() && !message.has_field(&field) {
            continue;
        }
        let content = message.get_field(&field);
        object.insert(field.json_name().to_owned(), value(&content, &field));
    }
    Value::Object(object)
}

fn value(content: &Field, field: &FieldDescriptor) -> Value {
    match content {
        Field::Bool(flag) => Value::from(*flag),
        Field::I32(number) => Value::from(*number),
        Field::I64(number) => Value::from(*number),
        Field::U32(number) => Value::from(*number),
        Field::U64(number) => Value::from(*number),
        Field::F32(number) => Value::from(*number),
        Field::F64(number) => Value::from(*number),
        Field::String(text) => Value::from(text.as_str()),
        Field::Bytes(bytes) => Value::from(STANDARD.encode(bytes)),
        Field::EnumNumber(number) => match field.kind().as_enum() {
            Some(descriptor) => enum_value(*number, descriptor),
            None => Value::from(*number),
        },
        Field::Message(inner) => message(inner),
        Field::List(items) => items.iter().map(|item| value(item, field)).collect(),
        Field::Map(entries) => {
            let entry = field.kind();
            let entry = entry
                .as_message()
                .map(MessageDescriptor::map_entry_value_field);
            let of = entry.as_ref().unwrap_or(field);
            let entries = entries
                .iter()
                .map(|(key, item)| (map_key(key), value(item, of)));
            Value::Object(entries.collect())
        }
    }
}

/// A number that the contract has no name for is printed as the number.
fn enum_value(number: i32, descriptor: &EnumDescriptor) -> Value {
    let Some(named) = descriptor.get_value(number) else {
        return Value::from(number);
    };
    let name = named.name();
    Value::from(name.strip_prefix(&prefix(descriptor)).unwrap_or(name))
}

fn map_key(key: &MapKey) -> String {
    match key {
        MapKey::Bool(flag) => flag.to_string(),
        MapKey::I32(number) => number.to_string(),
        MapKey::I64(number) => number.to_string(),
        MapKey::U32(number) => number.to_string(),
        MapKey::U64(number) => number.to_string(),
        MapKey::String(text) => text.clone(),
    }
}
