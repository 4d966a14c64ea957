//! Records: the fields of one resource, laid over each other from all views of it, best view first. Knows how AWS's
//! JSON says text, numbers, lists; must not know what a field means.
//!
//! A field that is absent or null in the best view is looked for in the next. Every accessor is total: what is of the
//! wrong type is noted as a fault of the import and read as absent.

use std::collections::BTreeMap;
use std::net::IpAddr;

use causeway_proto::v1;
use ipnet::IpNet;
use serde_json::{Map, Value};

use crate::error::{FieldFault, RecordFault};
use crate::names::{self, Named};
use crate::notes::Notes;
use crate::view::{Place, View};
use crate::warning::Warning;

/// The fields of one resource, or of an object in it.
#[derive(Debug, Clone)]
pub(crate) struct Record<'a> {
    fields: &'a Map<String, Value>,
    place: &'a Place,
    /// What stands above: `Routes[2].` or nothing.
    path: String,
    /// The other views, best first.
    below: &'a [&'a View],
    /// A field to be taken from one view alone.
    forced: Option<(&'a str, &'a View)>,
    notes: &'a Notes,
}

impl<'a> Record<'a> {
    /// The record of a resource's views.
    pub(crate) fn of(best: &'a View, below: &'a [&'a View], notes: &'a Notes) -> Self {
        Self {
            fields: &best.fields,
            place: &best.place,
            path: String::new(),
            below,
            forced: None,
            notes,
        }
    }

    /// The same record, with one field as another view has it, noting into `notes`.
    pub(crate) fn forcing(&self, field: &'a str, view: &'a View, notes: &'a Notes) -> Self {
        Self {
            forced: Some((field, view)),
            notes,
            ..self.clone()
        }
    }

    /// Where the best view of the record stands.
    pub(crate) fn place(&self) -> &'a Place {
        self.place
    }

    pub(crate) fn warn(&self, warning: Warning) {
        self.notes.warn(warning);
    }

    /// Whether a field is given at all.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.find(field).is_some()
    }

    /// A text; nothing when it is absent or empty.
    pub(crate) fn word(&self, field: &str) -> Option<&'a str> {
        let (value, place) = self.find(field)?;
        let text = value
            .as_str()
            .or_else(|| self.wrong(place, field, FieldFault::NotA("text")))?;
        (!text.is_empty()).then_some(text)
    }

    /// A text, empty when absent.
    pub(crate) fn text(&self, field: &str) -> String {
        self.word(field).unwrap_or_default().to_owned()
    }

    /// A text that must be there.
    pub(crate) fn required(&self, field: &str) -> Option<String> {
        let word = self.word(field);
        if word.is_none() && !self.has_fault_at(field) {
            self.wrong::<()>(self.place, field, FieldFault::Missing);
        }
        word.map(str::to_owned)
    }

    /// A truth value.
    pub(crate) fn flag(&self, field: &str) -> Option<bool> {
        let (value, place) = self.find(field)?;
        value
            .as_bool()
            .or_else(|| self.wrong(place, field, FieldFault::NotA("truth value")))
    }

    /// Whether a switch that AWS writes as a word is on.
    pub(crate) fn switch(&self, field: &str) -> Option<bool> {
        let word = self.word(field)?;
        match word.to_ascii_lowercase().as_str() {
            "enable" | "enabled" | "on" | "true" => Some(true),
            "disable" | "disabled" | "off" | "false" => Some(false),
            _ => {
                self.warn_unknown(field, word, None);
                None
            }
        }
    }

    /// A number; AWS writes some of them as text.
    pub(crate) fn number<N: TryFrom<i64>>(&self, field: &str) -> Option<N> {
        let (value, place) = self.find(field)?;
        if value.as_str() == Some("") {
            return None;
        }
        let number = value.as_i64().or_else(|| value.as_str()?.parse().ok());
        number
            .and_then(|number| N::try_from(number).ok())
            .or_else(|| {
                let fault = FieldFault::Malformed {
                    form: "number in range",
                    value: value.to_string(),
                };
                self.wrong(place, field, fault)
            })
    }

    /// A number that must be there.
    pub(crate) fn required_number<N: TryFrom<i64>>(&self, field: &str) -> Option<N> {
        if !self.has(field) {
            return self.wrong(self.place, field, FieldFault::Missing);
        }
        self.number(field)
    }

    /// A CIDR block in its one spelling, without host bits.
    pub(crate) fn cidr(&self, field: &str) -> Option<String> {
        let word = self.word(field)?;
        canonical_cidr(word).or_else(|| self.malformed(field, "CIDR block", word))
    }

    /// An address in its one spelling.
    pub(crate) fn address(&self, field: &str) -> Option<String> {
        let word = self.word(field)?;
        match word.parse::<IpAddr>() {
            Ok(address) => Some(address.to_string()),
            Err(_) => self.malformed(field, "address", word),
        }
    }

    /// A list of texts, in order.
    pub(crate) fn texts(&self, field: &str) -> Vec<String> {
        let Some((items, place)) = self.list(field) else {
            return Vec::new();
        };
        let mut texts = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match item.as_str() {
                Some(text) => texts.push(text.to_owned()),
                None => {
                    self.wrong::<()>(
                        place,
                        &format!("{field}[{index}]"),
                        FieldFault::NotA("text"),
                    );
                }
            }
        }
        texts
    }

    /// A list of texts whose order means nothing, sorted, each once.
    pub(crate) fn text_set(&self, field: &str) -> Vec<String> {
        sorted(self.texts(field))
    }

    /// An object.
    pub(crate) fn child(&self, field: &str) -> Option<Record<'a>> {
        let (value, place) = self.find(field)?;
        self.inner(value, place, field)
    }

    /// A list of objects, in order.
    pub(crate) fn children(&self, field: &str) -> Vec<Record<'a>> {
        let Some((items, place)) = self.list(field) else {
            return Vec::new();
        };
        let inner = |(index, item)| self.inner(item, place, &format!("{field}[{index}]"));
        items.iter().enumerate().filter_map(inner).collect()
    }

    /// The objects that several answers gave under `field`, by their ids; see `keys::Handling::Members`.
    pub(crate) fn members(&self, field: &str) -> Vec<Record<'a>> {
        let mut members: BTreeMap<&'a str, (&'a Value, &'a Place)> = BTreeMap::new();
        let views = self.below.iter().map(|view| (&view.fields, &view.place));
        for (fields, place) in std::iter::once((self.fields, self.place)).chain(views) {
            for (key, value) in fields {
                if key
                    .strip_prefix(field)
                    .is_some_and(|rest| rest.starts_with('/'))
                {
                    members.entry(key).or_insert((value, place));
                }
            }
        }
        if let Some((key, view)) = self.forced
            && let (Some(member), Some(value)) = (members.get_mut(key), view.fields.get(key))
        {
            *member = (value, &view.place);
        }
        let inner = |(key, (value, place))| self.inner(value, place, key);
        members.into_iter().filter_map(inner).collect()
    }

    /// One text field of each object in a list, sorted, each once.
    pub(crate) fn pick(&self, field: &str, inner: &str) -> Vec<String> {
        sorted(
            self.children(field)
                .iter()
                .filter_map(|child| child.word(inner))
                .map(str::to_owned)
                .collect(),
        )
    }

    /// One CIDR block of each object in a list, in order.
    pub(crate) fn pick_cidrs(&self, field: &str, inner: &str) -> Vec<String> {
        self.children(field)
            .iter()
            .filter_map(|child| child.cidr(inner))
            .collect()
    }

    /// A word of an enum as the contract's number, 0 when absent. A word that is not known is taken for `otherwise`,
    /// and that is a warning.
    pub(crate) fn choice<E: Named>(&self, field: &str, otherwise: E) -> i32 {
        let Some(word) = self.word(field) else {
            return 0;
        };
        let value = names::parse::<E>(word).unwrap_or_else(|| {
            self.warn_unknown(field, word, Some(names::short(otherwise)));
            otherwise
        });
        value.into()
    }

    /// A word of an enum that must be there. When it is not known, nothing can be said of the record.
    pub(crate) fn required_choice<E: Named>(&self, field: &str) -> Option<i32> {
        self.required(field)?;
        let word = self.word(field)?;
        let value = names::parse::<E>(word);
        if value.is_none() {
            self.warn_unknown(field, word, None);
        }
        value.map(Into::into)
    }

    /// Tags, by key. AWS spells the list in three ways; tags of all views count, the best view's first.
    pub(crate) fn tags(&self) -> Vec<v1::Tag> {
        let mut tags = BTreeMap::new();
        let views = self.below.iter().map(|view| &view.fields);
        for fields in std::iter::once(self.fields).chain(views) {
            for (key, value) in tags_of(fields) {
                tags.entry(key).or_insert(value);
            }
        }
        let tag = |(key, value): (&str, &str)| v1::Tag {
            key: key.to_owned(),
            value: value.to_owned(),
        };
        tags.into_iter().map(tag).collect()
    }

    pub(crate) fn warn_unknown(&self, field: &str, value: &str, taken_for: Option<&str>) {
        self.notes.warn(Warning::UnknownValue {
            place: self.place.clone(),
            field: format!("{}{field}", self.path),
            value: value.to_owned(),
            taken_for: taken_for.map(str::to_owned),
        });
    }

    pub(crate) fn malformed<T>(&self, field: &str, form: &'static str, value: &str) -> Option<T> {
        let place = self.find(field).map_or(self.place, |(_, place)| place);
        self.wrong(
            place,
            field,
            FieldFault::Malformed {
                form,
                value: value.to_owned(),
            },
        )
    }

    /// The names of the object's fields.
    pub(crate) fn field_names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.fields.keys().map(String::as_str)
    }

    /// A field as it stands.
    pub(crate) fn raw(&self, field: &str) -> Option<&'a Value> {
        self.find(field).map(|(value, _)| value)
    }

    fn find(&self, field: &str) -> Option<(&'a Value, &'a Place)> {
        if let Some((forced, view)) = self.forced
            && forced == field
        {
            return given(&view.fields, field).map(|value| (value, &view.place));
        }
        let best = given(self.fields, field).map(|value| (value, self.place));
        best.or_else(|| {
            self.below
                .iter()
                .find_map(|view| Some((given(&view.fields, field)?, &view.place)))
        })
    }

    fn list(&self, field: &str) -> Option<(&'a [Value], &'a Place)> {
        let (value, place) = self.find(field)?;
        match value.as_array() {
            Some(items) => Some((items.as_slice(), place)),
            None => self.wrong(place, field, FieldFault::NotA("list")),
        }
    }

    fn inner(&self, value: &'a Value, place: &'a Place, step: &str) -> Option<Record<'a>> {
        let Some(fields) = value.as_object() else {
            return self.wrong(place, step, FieldFault::NotA("object"));
        };
        let path = format!("{}{step}.", self.path);
        Some(Record {
            fields,
            place,
            path,
            below: &[],
            forced: None,
            notes: self.notes,
        })
    }

    fn wrong<T>(&self, place: &Place, field: &str, fault: FieldFault) -> Option<T> {
        self.notes.fault(RecordFault {
            place: place.clone(),
            field: format!("{}{field}", self.path),
            fault,
        });
        None
    }

    /// Whether the field is there but of a wrong type, which was noted already.
    fn has_fault_at(&self, field: &str) -> bool {
        self.find(field)
            .is_some_and(|(value, _)| !value.is_string())
    }
}

/// A CIDR block in its one spelling; nothing when it is none.
pub(crate) fn canonical_cidr(word: &str) -> Option<String> {
    word.parse::<IpNet>()
        .ok()
        .map(|net| net.trunc().to_string())
}

/// Texts whose order means nothing, in the one order that makes equal sets equal lists.
pub(crate) fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort_unstable();
    texts.dedup();
    texts
}

/// The tags in an object's fields.
pub(crate) fn tags_of(fields: &Map<String, Value>) -> impl Iterator<Item = (&str, &str)> {
    let lists = ["Tags", "TagSet", "tags"]
        .into_iter()
        .filter_map(|name| fields.get(name)?.as_array());
    lists.flatten().filter_map(|tag| {
        let key = tag.get("Key").or_else(|| tag.get("key"))?.as_str()?;
        let value = tag.get("Value").or_else(|| tag.get("value"))?.as_str()?;
        Some((key, value))
    })
}

fn given<'a>(fields: &'a Map<String, Value>, field: &str) -> Option<&'a Value> {
    fields.get(field).filter(|value| !value.is_null())
}
