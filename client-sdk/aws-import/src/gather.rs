//! Turns documents into views of resources, by the table of keys. Knows how an answer finds its parent; must not know
//! what the fields of a record mean.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use causeway_proto::v1::ResourceKind;
use serde_json::{Map, Value};

use crate::document::{Document, Source};
use crate::error::{FieldFault, RecordFault};
use crate::keys::{ENVELOPE, Handling, KEYS};
use crate::notes::Notes;
use crate::view::{Place, Shape, View};
use crate::warning::{NotUnderstood, Warning};

mod gathered;
mod parents;

/// A resource, by kind and id.
pub(crate) type Key = (ResourceKind, String);

/// Everything that the documents show, before it is merged.
#[derive(Debug, Default)]
pub(crate) struct Gather {
    pub(crate) sources: Vec<Source>,
    pub(crate) views: BTreeMap<Key, Vec<View>>,
    pub(crate) listings: Vec<Listing>,
    pub(crate) zones: Vec<Zone>,
    /// Answers whose parent only the file's name tells, by a name and not an id.
    pending: Vec<Pending>,
    pub(crate) not_understood: Vec<NotUnderstood>,
    pub(crate) notes: Notes,
}

/// A listing of a kind.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) kind: ResourceKind,
    pub(crate) place: Place,
    pub(crate) source: usize,
    pub(crate) ids: Vec<String>,
    /// Whether it shows all there are.
    pub(crate) complete: bool,
}

/// A zone's id, as one account sees it.
#[derive(Debug)]
pub(crate) struct Zone {
    pub(crate) source: usize,
    pub(crate) name: String,
    pub(crate) id: String,
}

#[derive(Debug)]
struct Pending {
    kinds: Vec<ResourceKind>,
    view: View,
}

/// One document while it is read.
pub(crate) struct Reading<'g> {
    pub(crate) gather: &'g mut Gather,
    members: Vec<(String, Value)>,
    pub(crate) source: Source,
    /// Index of the document.
    index: usize,
    /// Sibling keys that named a parent.
    used: BTreeSet<&'static str>,
    /// Whether there are more pages than this.
    pub(crate) truncated: bool,
}

impl Gather {
    /// Takes one document in.
    pub(crate) fn document(&mut self, document: Document) {
        let index = self.sources.len();
        let source = document.source;
        let file = Arc::clone(&source.name);
        self.sources.push(source.clone());
        let Some(members) = document.members else {
            self.not_understood.push(NotUnderstood::file(&file, 1));
            return;
        };
        let count = members.len();
        let truncated = is_truncated(&members);
        let mut reading = Reading {
            gather: self,
            members,
            source,
            index,
            used: BTreeSet::new(),
            truncated,
        };
        let known = reading.read();
        let left = reading.left();
        if known {
            let keys = left
                .iter()
                .map(|(key, count)| NotUnderstood::key(&file, key, *count));
            self.not_understood.extend(keys);
        } else {
            self.not_understood.push(NotUnderstood::file(&file, count));
        }
    }

    pub(crate) fn add(&mut self, key: Key, view: View) {
        self.views.entry(key).or_default().push(view);
    }
}

impl Reading<'_> {
    /// Reads all that the table of keys knows; false if that is nothing.
    fn read(&mut self) -> bool {
        let mut known = false;
        for (key, handling) in KEYS {
            while let Some(value) = self.take(key) {
                known |= self.handle(key, *handling, value);
            }
        }
        known
    }

    /// Index of the document.
    pub(crate) fn index(&self) -> usize {
        self.index
    }

    /// Takes a member out of the document.
    pub(crate) fn take(&mut self, key: &str) -> Option<Value> {
        let index = self.members.iter().position(|(name, _)| name == key)?;
        Some(self.members.remove(index).1)
    }

    /// What nothing took: keys and how many records stand under each.
    fn left(&self) -> Vec<(String, usize)> {
        let unknown = |(key, _): &&(String, Value)| {
            !ENVELOPE.contains(&key.as_str()) && !self.used.contains(key.as_str())
        };
        let counted =
            |(key, value): &(String, Value)| (key.clone(), value.as_array().map_or(1, Vec::len));
        self.members.iter().filter(unknown).map(counted).collect()
    }

    fn handle(&mut self, key: &'static str, handling: Handling, value: Value) -> bool {
        match (handling, value) {
            (Handling::Special(reader), value) => reader(self, key, value),
            (Handling::Answer { parents, field }, value) => self.answer(key, parents, field, value),
            (Handling::Listing { kind, id, shape }, Value::Array(items)) => {
                self.listing(key, kind, !self.truncated);
                self.records(key, kind, (id, shape), items);
            }
            (Handling::Records { kind, id, shape }, Value::Array(items)) => {
                self.records(key, kind, (id, shape), items)
            }
            (Handling::Members { parent, member }, Value::Array(items)) => {
                self.members(key, parent, member, items)
            }
            (
                Handling::Gathered {
                    parent,
                    answer,
                    field,
                },
                Value::Array(items),
            ) => {
                self.gathered(key, parent, (answer, field), items);
            }
            (
                Handling::GatheredMembers {
                    parent,
                    answer,
                    member,
                },
                Value::Array(items),
            ) => {
                self.gathered_members(key, parent, (answer, member), items);
            }
            (
                Handling::Listing { .. }
                | Handling::Records { .. }
                | Handling::Members { .. }
                | Handling::Gathered { .. }
                | Handling::GatheredMembers { .. },
                _,
            ) => self.odd(key),
        }
        true
    }

    /// A known key whose value is of a form that AWS does not give it.
    pub(crate) fn odd(&mut self, key: &str) {
        let file = Arc::clone(&self.source.name);
        self.gather
            .not_understood
            .push(NotUnderstood::key(&file, key, 1));
    }

    /// Notes that there is a listing of a kind; `records` adds its ids.
    pub(crate) fn listing(&mut self, key: &str, kind: ResourceKind, complete: bool) {
        let place = self.place(key, None);
        if self.truncated {
            self.gather.notes.warn(Warning::Incomplete {
                place: place.clone(),
            });
        }
        let source = self.index;
        self.gather.listings.push(Listing {
            kind,
            place,
            source,
            ids: Vec::new(),
            complete,
        });
    }

    /// Takes a list of records, each with its id in the field `id`.
    pub(crate) fn records(
        &mut self,
        key: &str,
        kind: ResourceKind,
        form: (&str, Shape),
        items: Vec<Value>,
    ) {
        let (id, shape) = form;
        for (index, item) in items.into_iter().enumerate() {
            let place = self.place(key, Some(index));
            if let Some((found, fields)) = self.identified(&place, id, item) {
                self.listed(key, kind, &found);
                self.view((kind, found), fields, (place, shape));
            }
        }
    }

    /// Adds a view of a resource.
    pub(crate) fn view(&mut self, key: Key, fields: Map<String, Value>, at: (Place, Shape)) {
        let (place, shape) = at;
        let source = self.index;
        self.gather.add(
            key,
            View {
                fields,
                place,
                source,
                shape,
            },
        );
    }

    /// Adds an answer about a resource, as one field of it.
    pub(crate) fn part(&mut self, key: Key, field: &str, value: Value, place: Place) {
        let fields = Map::from_iter([(field.to_owned(), value)]);
        self.view(key, fields, (place, Shape::Part));
    }

    /// An object and its id; a fault when it has none.
    pub(crate) fn identified(
        &self,
        place: &Place,
        id: &str,
        item: Value,
    ) -> Option<(String, Map<String, Value>)> {
        let fault = |field: &str, fault| {
            self.gather.notes.fault(RecordFault {
                place: place.clone(),
                field: field.to_owned(),
                fault,
            });
        };
        let Value::Object(fields) = item else {
            fault(id, FieldFault::Missing);
            return None;
        };
        let found = fields
            .get(id)
            .and_then(Value::as_str)
            .filter(|found| !found.is_empty());
        let Some(found) = found else {
            fault(id, FieldFault::Missing);
            return None;
        };
        // Route 53 writes its ids as paths.
        let found = found
            .strip_prefix("/hostedzone/")
            .unwrap_or(found)
            .to_owned();
        Some((found, fields))
    }

    /// Adds an id to the listing that was noted last, if that is the listing of this key.
    pub(crate) fn listed(&mut self, key: &str, kind: ResourceKind, id: &str) {
        let source = self.index;
        let last = self.gather.listings.last_mut();
        let same = |listing: &&mut Listing| {
            listing.source == source && listing.kind == kind && listing.place.key.as_ref() == key
        };
        if let Some(listing) = last.filter(same) {
            listing.ids.push(id.to_owned());
        }
    }

    pub(crate) fn place(&self, key: &str, index: Option<usize>) -> Place {
        Place {
            file: Arc::clone(&self.source.name),
            key: Arc::from(key),
            index,
        }
    }

    pub(crate) fn warn(&self, warning: Warning) {
        self.gather.notes.warn(warning);
    }
}

fn is_truncated(members: &[(String, Value)]) -> bool {
    members.iter().any(|(key, value)| match key.as_str() {
        "NextToken" | "nextToken" | "NextMarker" => {
            value.as_str().is_some_and(|token| !token.is_empty())
        }
        "IsTruncated" => value.as_bool() == Some(true),
        _ => false,
    })
}
