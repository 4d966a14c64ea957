//! One JSON file: its top-level members in order, and what its path says. Knows paths and JSON; must not know kinds.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::error::ImportError;
use crate::location::{Location, is_account, is_region};

/// Where a document came from, and what its folders say.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// The file, relative to the directory that is imported.
    pub(crate) name: Arc<str>,
    /// The folder of the file; empty at the top.
    pub(crate) folder: String,
    /// The file's name without its extension.
    pub(crate) stem: String,
    /// Account and Region as the folders say.
    pub(crate) location: Location,
}

/// A parsed file.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) source: Source,
    /// Top-level members in order, doubled keys included; `None` when the file is JSON but no object.
    pub(crate) members: Option<Vec<(String, Value)>>,
}

impl Document {
    /// Parses a file's text.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, ImportError> {
        // PowerShell puts a byte order mark before what it redirects.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let members = if text.trim_start().starts_with('{') {
            serde_json::from_str::<Members>(text).map(|members| Some(members.0))
        } else {
            serde_json::from_str::<Value>(text).map(|_| None)
        };
        let members = members.map_err(|source| ImportError::Broken {
            file: name.to_owned(),
            line: source.line(),
            column: source.column(),
            source,
        })?;
        Ok(Self {
            source: Source::of(name),
            members,
        })
    }

    /// Fills what the file's own folders leave open from the folders above.
    pub(crate) fn within(mut self, root: &Location) -> Self {
        let location = &mut self.source.location;
        if location.owner.is_none() {
            location.owner.clone_from(&root.owner);
        }
        if location.region.is_none() {
            location.region.clone_from(&root.region);
        }
        self
    }
}

impl Source {
    fn of(name: &str) -> Self {
        let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
        let stem = file.strip_suffix(".json").unwrap_or(file);
        Self {
            name: Arc::from(name),
            folder: folder.to_owned(),
            stem: stem.to_owned(),
            location: of_folders(folder.split('/')),
        }
    }
}

/// What folders say of account and Region: the innermost of each counts.
pub(crate) fn of_folders<'a>(folders: impl Iterator<Item = &'a str>) -> Location {
    let mut location = Location::default();
    for folder in folders {
        if is_account(folder) {
            location.owner = Some(folder.to_owned());
        } else if is_region(folder) {
            location.region = Some(folder.to_owned());
        }
    }
    location
}

/// The members of an object in order. A map would keep the last of two equal keys and lose the other in silence.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}
