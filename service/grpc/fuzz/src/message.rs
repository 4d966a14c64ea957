//! Messages that are well-formed, whatever they say: a walk through a description, on which the bytes of the case decide.

use prost_reflect::prost::bytes::Bytes;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};

use crate::driver::Driver;
use crate::words::Words;

/// How deep messages may stand in each other.
const DEPTH: usize = 9;

const NUMBERS: [u64; 14] = [
    0,
    1,
    2,
    3,
    4,
    80,
    443,
    65_535,
    65_536,
    32_768,
    u32::MAX as u64,
    i64::MAX as u64,
    u64::MAX,
    100_000,
];

/// A message of this kind.
pub(crate) fn message(
    kind: &MessageDescriptor,
    words: &Words,
    driver: &mut Driver<'_>,
) -> DynamicMessage {
    Writing { words, depth: 0 }.message(kind, driver)
}

#[derive(Clone, Copy)]
struct Writing<'w> {
    words: &'w Words,
    depth: usize,
}

impl Writing<'_> {
    fn message(self, kind: &MessageDescriptor, driver: &mut Driver<'_>) -> DynamicMessage {
        let mut message = DynamicMessage::new(kind.clone());
        for field in kind.fields() {
            let is_alternative = field
                .containing_oneof()
                .is_some_and(|oneof| !oneof.is_synthetic());
            // Past the end of the case everything ends.
            if !is_alternative && !driver.is_over() && self.is_wanted(&field, driver) {
                message.set_field(&field, self.field(&field, driver));
            }
        }
        for oneof in kind.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            let fields: Vec<FieldDescriptor> = oneof.fields().collect();
            let choice = if driver.is_over() {
                fields.len()
            } else {
                driver.below(fields.len() * 8 + 1) / 8
            };
            if let Some(field) = fields.get(choice)
                && (self.depth < DEPTH || field.kind().as_message().is_none())
            {
                message.set_field(field, self.field(field, driver));
            }
        }
        message
    }

    /// Names and ids are there mostly, other things now and then.
    fn is_wanted(self, field: &FieldDescriptor, driver: &mut Driver<'_>) -> bool {
        let name = field.name();
        let roll = driver.byte();
        if field.kind().as_message().is_some() {
            let is_content = matches!(name, "flows" | "changes" | "resources" | "flow");
            return self.depth < DEPTH && (roll < 110 || is_content && roll < 240);
        }
        match name {
            "topology" | "name" => roll < 245,
            "request_id" | "expected_revision" | "page_token" => roll < 48,
            _ if name.ends_with("_id") => roll < 235,
            _ => roll < 140,
        }
    }

    fn field(self, field: &FieldDescriptor, driver: &mut Driver<'_>) -> Value {
        if field.is_map() {
            return Value::Map(std::collections::HashMap::new());
        }
        if !field.is_list() {
            return self.value(field, driver);
        }
        let count = match driver.byte() {
            0..=127 => 1,
            128..=191 => 2,
            192..=223 => 4,
            224..=239 => 0,
            240..=255 => driver.below(64),
        };
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(self.value(field, driver));
        }
        Value::List(values)
    }

    fn value(self, field: &FieldDescriptor, driver: &mut Driver<'_>) -> Value {
        match field.kind() {
            Kind::Message(kind) => {
                let depth = self.depth + 1;
                Value::Message(Writing { depth, ..self }.message(&kind, driver))
            }
            Kind::String => Value::String(self.words.text(field.name(), driver)),
            Kind::Bytes => {
                let count = driver.below(64);
                Value::Bytes(Bytes::copy_from_slice(driver.bytes(count)))
            }
            Kind::Bool => Value::Bool(driver.byte() % 2 == 1),
            Kind::Enum(kind) => {
                let numbers: Vec<i32> = kind.values().map(|value| value.number()).collect();
                let is_known = driver.byte() < 240;
                Value::EnumNumber(if is_known {
                    *driver.pick(&numbers)
                } else {
                    number(driver) as i32
                })
            }
            Kind::Double => Value::F64(f64::from_bits(number(driver))),
            Kind::Float => Value::F32(f32::from_bits(number(driver) as u32)),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(number(driver) as i32),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(number(driver) as i64),
            Kind::Uint32 | Kind::Fixed32 => Value::U32(number(driver) as u32),
            Kind::Uint64 | Kind::Fixed64 => Value::U64(number(driver)),
        }
    }
}

fn number(driver: &mut Driver<'_>) -> u64 {
    match driver.byte() {
        0..=159 => *driver.pick(&NUMBERS),
        160..=239 => u64::from(driver.byte()),
        240..=255 => driver.number(),
    }
}
