//! Lists, compared item by item without regard to places.

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;

use super::Found;

/// The lists whose items have a key, with the fields that make it. Of fields that exclude each other all are named.
pub(super) const KEYS: [(&str, &[&str]); 11] = [
    ("associations", &["associated_gateway_id"]),
    ("attachments", &["vpc_id"]),
    ("entries", &["egress", "rule_number"]),
    ("exclusions", &["exclusion_id"]),
    ("private_ip_addresses", &["private_ip_address"]),
    ("resource_record_sets", &["name", "type"]),
    (
        "routes",
        &[
            "destination_cidr_block",
            "destination_ipv6_cidr_block",
            "destination_prefix_list_id",
            "prefix_list_id",
        ],
    ),
    ("tags", &["key"]),
    ("targets", &["id", "port"]),
    ("vgw_telemetry", &["outside_ip_address"]),
    ("vpc_attachments", &["vpc_id"]),
];

/// Tells items that are new, gone, or changed under the same key; and if there are none, that the order is another one.
pub(super) fn compare(found: &mut Found, path: &str, (old, new): (&[Value], &[Value])) {
    let mut old_left = Left::of(old, |item| Some(item.to_string()));
    let new_left: Vec<Placed<'_>> = new
        .iter()
        .enumerate()
        .filter(|(_, item)| old_left.take(&item.to_string()).is_none())
        .collect();
    let old_left = old_left.in_order();
    if old_left.is_empty() && new_left.is_empty() {
        let whole = |items: &[Value]| Value::Array(items.to_vec());
        found.add(path.to_owned(), &whole(old), &whole(new));
        return;
    }
    let names = key_of(path);
    let mut old_left = Left::placed(old_left, |item| key(item, names));
    for (at, item) in new_left {
        let path = format!("{path}[{at}]");
        let same = key(item, names).and_then(|key| old_left.take(&key));
        match same {
            Some((_, held)) => found.compare(&path, held, item),
            None => found.add(path, &Value::Null, item),
        }
    }
    for (at, item) in old_left.in_order() {
        found.add(format!("{path}[{at}]"), item, &Value::Null);
    }
}

/// An item and its place.
type Placed<'a> = (usize, &'a Value);

/// Items that were not matched yet, by a text that they are matched by.
#[derive(Debug, Default)]
struct Left<'a> {
    by_text: BTreeMap<String, VecDeque<Placed<'a>>>,
    /// Those without such a text.
    others: Vec<Placed<'a>>,
}

impl<'a> Left<'a> {
    fn of(items: &'a [Value], text: impl Fn(&Value) -> Option<String>) -> Self {
        Self::placed(items.iter().enumerate().collect(), text)
    }

    fn placed(items: Vec<Placed<'a>>, text: impl Fn(&Value) -> Option<String>) -> Self {
        let mut left = Self::default();
        for placed in items {
            match text(placed.1) {
                Some(text) => left.by_text.entry(text).or_default().push_back(placed),
                None => left.others.push(placed),
            }
        }
        left
    }

    /// Matches the first item of this text.
    fn take(&mut self, text: &str) -> Option<Placed<'a>> {
        self.by_text.get_mut(text)?.pop_front()
    }

    fn in_order(self) -> Vec<Placed<'a>> {
        let mut items: Vec<Placed<'a>> = self.by_text.into_values().flatten().collect();
        items.extend(self.others);
        items.sort_unstable_by_key(|(at, _)| *at);
        items
    }
}

/// The fields that make the key of a list's items; none if they have no key.
fn key_of(path: &str) -> &'static [&'static str] {
    let list = path.rsplit('.').next().unwrap_or(path);
    KEYS.iter()
        .find(|(name, _)| *name == list)
        .map_or(&[], |(_, names)| *names)
}

/// The key of an item, of whose fields at least one must be set.
fn key(item: &Value, names: &[&str]) -> Option<String> {
    let values: Vec<&Value> = names.iter().filter_map(|name| item.get(name)).collect();
    values
        .iter()
        .any(|value| !value.is_null())
        .then(|| format!("{values:?}"))
}
