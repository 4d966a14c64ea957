//! Policies: read from files, and held against the schema before anything is decided by them.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::time::SystemTime;

use cedar_policy::ffi::DetailedError;
use cedar_policy::{Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use serde_json::Value;
use thiserror::Error;

/// What policies can speak of, in Cedar's own language.
pub const SCHEMA: &str = include_str!("../causeway.cedarschema");

/// Policies that fit the schema.
#[derive(Debug, Clone)]
pub struct Policies {
    pub(crate) policies: Vec<(Policy, Mentions)>,
}

/// What files were when they were looked at: their names, when they were written, how long they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp(Vec<(PathBuf, SystemTime, u64)>);

/// What the conditions of a policy look at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mentions {
    /// Whether they look at the resource.
    pub(crate) resource: bool,
    /// The keys of tags that they look at.
    pub(crate) tags: BTreeSet<String>,
    /// Whether they look at a tag whose key is not written there.
    pub(crate) any_tag: bool,
    /// Whether they, or the scope, name a resource by an id.
    ids: bool,
}

/// One thing that is wrong with policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub file: String,
    /// The line, from 1, where that can be told.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, what } = self;
        match line {
            Some(line) => write!(f, "{file}:{line}: {what}"),
            None => write!(f, "{file}: {what}"),
        }
    }
}

/// Why there are no policies.
#[derive(Debug, Error)]
pub enum PolicyError {
    /// A file or directory cannot be read.
    #[error("cannot read the policies `{}`", .path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The directory has no policies.
    #[error("`{}` has no file whose name ends in .cedar; nobody could do anything", .path.display())]
    None {
        /// The directory.
        path: PathBuf,
    },
    /// Policies are not what they should be.
    #[error("the policies have {} fault(s): {}", .faults.len(), told(.faults))]
    Wrong {
        /// All of them.
        faults: Vec<Fault>,
    },
    /// The schema is broken: a fault of the build.
    #[error("the schema of the policies cannot be read: {what}")]
    Schema {
        /// Why not.
        what: String,
    },
}

fn told(faults: &[Fault]) -> String {
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    faults.join("; ")
}

pub(crate) fn schema() -> Result<Schema, PolicyError> {
    let read = Schema::from_cedarschema_str(SCHEMA);
    read.map(|(schema, _)| schema)
        .map_err(|error| PolicyError::Schema {
            what: error.to_string(),
        })
}

// === impl Policies ===

impl Policies {
    /// The policies of a file, or of the `*.cedar` files of a directory.
    ///
    /// # Errors
    /// [`PolicyError`] if something cannot be read, or anything is wrong with any of them.
    pub fn read(path: &Path) -> Result<Self, PolicyError> {
        let mut texts = Vec::new();
        for file in files(path)? {
            let text = std::fs::read_to_string(&file).map_err(|source| PolicyError::Read {
                path: file.clone(),
                source,
            })?;
            texts.push((file.display().to_string(), text));
        }
        if texts.is_empty() {
            return Err(PolicyError::None {
                path: path.to_owned(),
            });
        }
        Self::parse(&texts)
    }

    /// The policies of texts, each with the name of its file.
    ///
    /// # Errors
    /// [`PolicyError::Wrong`] with everything that is wrong with them.
    pub fn parse(texts: &[(String, String)]) -> Result<Self, PolicyError> {
        let validator = Validator::new(schema()?);
        let (mut policies, mut faults) = (Vec::new(), Vec::new());
        for (file, text) in texts {
            let file = File { file, text };
            match PolicySet::from_str(text) {
                Ok(set) => {
                    file.check(&validator, &set, &mut faults);
                    policies.extend(file.policies(&set, &mut faults));
                }
                Err(error) => faults.extend(file.faults(&DetailedError::from(&error))),
            }
        }
        if faults.is_empty() {
            Ok(Self { policies })
        } else {
            Err(PolicyError::Wrong { faults })
        }
    }

    /// What the files are by now, without reading them: when it is another, they may have changed.
    ///
    /// # Errors
    /// [`PolicyError::Read`] if something cannot be looked at.
    pub fn stamp(path: &Path) -> Result<Stamp, PolicyError> {
        let mut stamp = Vec::new();
        for file in files(path)? {
            let fail = |source| PolicyError::Read {
                path: file.clone(),
                source,
            };
            let held = std::fs::metadata(&file).map_err(fail)?;
            stamp.push((file.clone(), held.modified().map_err(fail)?, held.len()));
        }
        Ok(Stamp(stamp))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.policies.len()
    }

    /// Whether there are none, so that nobody may do anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty()
    }
}

/// The files that a path stands for, by name.
fn files(path: &Path) -> Result<Vec<PathBuf>, PolicyError> {
    let fail = |source| PolicyError::Read {
        path: path.to_owned(),
        source,
    };
    if !std::fs::metadata(path).map_err(fail)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(fail)? {
        let file = entry.map_err(fail)?.path();
        if file.extension().is_some_and(|ending| ending == "cedar") {
            found.push(file);
        }
    }
    found.sort();
    Ok(found)
}

/// A file with its text.
#[derive(Clone, Copy)]
struct File<'a> {
    file: &'a str,
    text: &'a str,
}

// === impl File ===

impl File<'_> {
    /// Holds the policies against the schema. What Cedar only warns of, as of a policy that can never apply, is a fault here: a `forbid` that does nothing is
    /// worse than none.
    fn check(self, validator: &Validator, set: &PolicySet, faults: &mut Vec<Fault>) {
        let result = validator.validate(set, ValidationMode::Strict);
        let errors = result.validation_errors().map(DetailedError::from);
        let warnings = result.validation_warnings().map(DetailedError::from);
        for error in errors.chain(warnings) {
            faults.extend(self.faults(&error));
        }
        for template in set.templates() {
            faults.push(Fault {
                file: self.file.to_owned(),
                line: self.line_of(&template.to_cedar()),
                what: "is a template; policies are written out".to_owned(),
            });
        }
    }

    /// The policies, with names that tell where they are.
    fn policies(self, set: &PolicySet, faults: &mut Vec<Fault>) -> Vec<(Policy, Mentions)> {
        let mut found = Vec::new();
        for policy in set.policies() {
            let line = policy.to_cedar().and_then(|text| self.line_of(&text));
            let fault = |what: String| Fault {
                file: self.file.to_owned(),
                line,
                what,
            };
            match policy.to_json() {
                Ok(json) => {
                    let mentions = Mentions::of(&json);
                    if mentions.ids {
                        faults.push(fault(
                            "names a resource by its id; policies choose resources by topology, kind, account, region and tags".to_owned(),
                        ));
                    }
                    let id = PolicyId::new(format!("{}#{}", self.file, policy.id()));
                    found.push((policy.new_id(id), mentions));
                }
                Err(error) => faults.push(fault(error.to_string())),
            }
        }
        found
    }

    fn faults(self, error: &DetailedError) -> Vec<Fault> {
        let mut what = error.message.clone();
        if let Some(help) = &error.help {
            what.push_str("; ");
            what.push_str(help);
        }
        let at = error
            .source_locations
            .first()
            .map(|label| self.line(label.loc.start));
        let first = Fault {
            file: self.file.to_owned(),
            line: at,
            what,
        };
        let related = error.related.iter().flat_map(|error| self.faults(error));
        std::iter::once(first).chain(related).collect()
    }

    /// The line of a place in the text.
    fn line(self, at: usize) -> usize {
        let before = self.text.as_bytes().iter().take(at);
        before
            .filter(|byte| **byte == b'\n')
            .count()
            .saturating_add(1)
    }

    fn line_of(self, part: &str) -> Option<usize> {
        self.text.find(part).map(|at| self.line(at))
    }
}

// === impl Mentions ===

impl Mentions {
    fn of(policy: &Value) -> Self {
        let mut mentions = Self::default();
        if let Some(conditions) = policy.get("conditions") {
            mentions.look(conditions);
        }
        mentions.ids = mentions.ids || names_resource(policy);
        mentions
    }

    fn look(&mut self, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    match key.as_str() {
                        "Var" => self.resource |= value != "principal",
                        "getTag" | "hasTag" => self.tag(value),
                        _ => {}
                    }
                    self.look(value);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.look(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn tag(&mut self, operands: &Value) {
        let key = operands.pointer("/right/Value").and_then(Value::as_str);
        match key {
            Some(key) => {
                self.tags.insert(key.to_owned());
            }
            None => self.any_tag = true,
        }
    }
}

/// Whether an entity of the type of resources stands there.
fn names_resource(value: &Value) -> bool {
    match value {
        Value::Object(fields) => {
            let is_entity = fields.contains_key("id")
                && fields
                    .get("type")
                    .is_some_and(|named| named == crate::entities::RESOURCE);
            is_entity || fields.values().any(names_resource)
        }
        Value::Array(items) => items.iter().any(names_resource),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests;
