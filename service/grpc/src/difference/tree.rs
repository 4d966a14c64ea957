//! Resources as trees of named values, from the contract's description.

use causeway_proto::v1;
use prost_reflect::{
    DynamicMessage, EnumDescriptor, FieldDescriptor, ReflectMessage as _, Value as Held,
};
use prost_types::value::Kind;
use serde_json::{Map, Value};

use crate::error::CallError;
use crate::wire::resource::by_fields;

/// A resource with all fields that its messages have; those that are not set are null.
pub(super) fn of(resource: &v1::Resource) -> Result<Value, CallError> {
    let message = by_fields(resource).ok_or(CallError::Description)?;
    Ok(object(&message))
}

fn object(message: &DynamicMessage) -> Value {
    let descriptor = message.descriptor();
    let fields = descriptor.fields().map(|field| {
        let held = message.has_field(&field).then(|| message.get_field(&field));
        let value = held.map_or(Value::Null, |held| value(&held, &field));
        (field.name().to_owned(), value)
    });
    Value::Object(fields.collect::<Map<_, _>>())
}

fn value(held: &Held, field: &FieldDescriptor) -> Value {
    match held {
        Held::Bool(flag) => Value::from(*flag),
        Held::I32(number) => Value::from(*number),
        Held::I64(number) => Value::from(*number),
        Held::U32(number) => Value::from(*number),
        Held::U64(number) => Value::from(*number),
        Held::F32(number) => Value::from(*number),
        Held::F64(number) => Value::from(*number),
        Held::String(text) => Value::from(text.as_str()),
        Held::EnumNumber(number) => name(*number, field.kind().as_enum()),
        Held::Message(message) => object(message),
        Held::List(items) => items.iter().map(|item| value(item, field)).collect(),
        // Resources have neither. A test holds the contract to that.
        Held::Bytes(_) | Held::Map(_) => Value::Null,
    }
}

/// The name of an enum's value without the prefix that all of them have: the name of the zero value without its last word.
fn name(number: i32, descriptor: Option<&EnumDescriptor>) -> Value {
    let named = descriptor.and_then(|descriptor| {
        let (value, zero) = (descriptor.get_value(number)?, descriptor.default_value());
        let prefix = zero.name().strip_suffix("UNSPECIFIED")?.to_owned();
        let name = value.name().strip_prefix(&prefix)?;
        Some(Value::from(name))
    });
    named.unwrap_or_else(|| Value::from(number))
}

/// A value as the contract sends it, without the fields that are not set; nothing for null.
pub(super) fn message(value: &Value) -> Option<prost_types::Value> {
    let kind = match value {
        Value::Null => return None,
        Value::Bool(flag) => Kind::BoolValue(*flag),
        Value::Number(number) => Kind::NumberValue(number.as_f64()?),
        Value::String(text) => Kind::StringValue(text.clone()),
        Value::Array(items) => Kind::ListValue(prost_types::ListValue {
            values: items.iter().filter_map(message).collect(),
        }),
        Value::Object(fields) => {
            let set = fields
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), message(value)?)));
            Kind::StructValue(prost_types::Struct {
                fields: set.collect(),
            })
        }
    };
    Some(prost_types::Value { kind: Some(kind) })
}
