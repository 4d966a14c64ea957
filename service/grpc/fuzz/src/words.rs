//! What is likely to stand in a text: what stands in the example estate under the same name, and what tests like to say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use causeway_proto::{FILE_DESCRIPTOR_SET, v1};
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, Value};

use crate::driver::Driver;

const TOPOLOGIES: [&str; 5] = ["t", "t", "t", "u", "new"];

const ENDS: [&str; 12] = [
    "internet",
    "10.0.1.10",
    "10.0.0.0/16",
    "0.0.0.0/0",
    "::/0",
    "2001:db8::1",
    "s3.eu-west-1.amazonaws.com",
    "tcp",
    "443",
    "icmp",
    "-1",
    "*",
];

/// Texts by the name of the field that they stand in.
pub(crate) struct Words {
    by_name: BTreeMap<String, Vec<String>>,
    all: Vec<String>,
}

/// The resources of the example estate.
pub(crate) fn example() -> Vec<v1::Resource> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/acme");
    let import = causeway_aws_import::read_dir(&directory).expect("the example can be read");
    import.resources
}

impl Words {
    pub(crate) fn of_example() -> Self {
        let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET)
            .expect("the description of the contract is whole");
        let kind = pool
            .get_message_by_name("causeway.v1.Resource")
            .expect("there are resources");
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for resource in example() {
            let message = DynamicMessage::decode(kind.clone(), resource.encode_to_vec().as_slice());
            gather(&message.expect("a resource is of its kind"), &mut found);
        }
        let all = found
            .values()
            .flatten()
            .cloned()
            .chain(ENDS.map(str::to_owned));
        Self {
            all: all.collect(),
            by_name: found
                .into_iter()
                .map(|(name, texts)| (name, texts.into_iter().collect()))
                .collect(),
        }
    }

    /// A text for a field of this name.
    pub(crate) fn text(&self, name: &str, driver: &mut Driver<'_>) -> String {
        let own = match self.by_name.get(name) {
            Some(words) => words.as_slice(),
            None => &self.all,
        };
        match (driver.byte(), name) {
            (0..=223, "topology" | "topologies" | "name") => (*driver.pick(&TOPOLOGIES)).to_owned(),
            (0..=127, "source" | "destination") => driver.pick(&ENDS).to_string(),
            (0..=160, "page_token" | "resume_token") => {
                let count = usize::from(driver.byte());
                BASE64_URL_SAFE_NO_PAD.encode(driver.bytes(count))
            }
            (0..=191, _) => driver.pick(own).clone(),
            (192..=223, _) => driver.pick(&self.all).clone(),
            (224..=229, _) => "x".repeat(driver.below(6_000)),
            (230..=235, _) => String::new(),
            (236..=255, _) => {
                let count = driver.below(40);
                String::from_utf8_lossy(driver.bytes(count)).into_owned()
            }
        }
    }
}

fn gather(message: &DynamicMessage, found: &mut BTreeMap<String, BTreeSet<String>>) {
    for (field, value) in message.fields() {
        let values = value.as_list().unwrap_or(std::slice::from_ref(value));
        for value in values {
            match value {
                Value::String(text) => {
                    found
                        .entry(field.name().to_owned())
                        .or_default()
                        .insert(text.clone());
                }
                Value::Message(inner) => gather(inner, found),
                _ => {}
            }
        }
    }
}
