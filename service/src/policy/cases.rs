//! Test cases of policies: who asks for what, and whether it should be allowed.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use causeway_access::{Action, Class, Principal, Rules};
use causeway_model::ids::{AccountId, Region};
use causeway_model::revision::TopologyName;
use serde::Deserialize;
use thiserror::Error;

/// Why test cases cannot be used.
#[derive(Debug, Error)]
pub(crate) enum PolicyTestError {
    /// The file cannot be read.
    #[error("cannot read the test cases `{}`", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not what it should be.
    #[error("the test cases `{}` are wrong", .path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A case cannot be put before the policies.
    #[error("test case `{name}`: {what}")]
    Case {
        /// The case.
        name: String,
        /// What is wrong with it.
        what: String,
    },
}

/// A test case.
#[derive(Debug)]
pub(super) struct Case {
    name: String,
    principal: Principal,
    action: Action,
    topology: TopologyName,
    class: Option<Class>,
    allow: bool,
}

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    test: Vec<Test>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    name: String,
    principal: String,
    action: String,
    topology: String,
    resource: Option<Resource>,
    allow: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Resource {
    account: String,
    region: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

/// The test cases of a file.
pub(super) fn read(path: &Path) -> Result<Vec<Case>, PolicyTestError> {
    let text = std::fs::read_to_string(path).map_err(|source| PolicyTestError::Read {
        path: path.to_owned(),
        source,
    })?;
    let file: File = toml::from_str(&text).map_err(|source| PolicyTestError::Parse {
        path: path.to_owned(),
        source: Box::new(source),
    })?;
    let cases = file.test.into_iter().map(|test| {
        let name = test.name.clone();
        Case::of(test).map_err(|what| PolicyTestError::Case { name, what })
    });
    cases.collect()
}

// === impl Case ===

impl Case {
    fn of(test: Test) -> Result<Self, String> {
        let Test {
            name,
            principal,
            action,
            topology,
            resource,
            allow,
        } = test;
        let found = Action::named(&action).ok_or_else(|| {
            format!("there is no action `{action}`; `causeway policy schema` lists them")
        })?;
        Ok(Self {
            name,
            principal: principal_of(&principal)?,
            action: found,
            topology: topology
                .parse()
                .map_err(|error| format!("topology: {error}"))?,
            class: class(found, resource)?,
            allow,
        })
    }

    /// How it fails, if it does.
    pub(super) fn run(&self, rules: &Arc<Rules>) -> Option<String> {
        let caller = rules.caller(self.principal.clone());
        let allowed = caller.is_allowed(self.action, &self.topology, self.class.as_ref());
        let told = |allow| if allow { "allowed" } else { "denied" };
        (allowed != self.allow).then(|| {
            let (is, should) = (told(allowed), told(self.allow));
            format!(
                "{}: {} on topology `{}` is {is} to {}, and should be {should}",
                self.name, self.action, self.topology, self.principal
            )
        })
    }
}

fn principal_of(text: &str) -> Result<Principal, String> {
    if text == "anonymous" {
        Ok(Principal::Anonymous)
    } else if let Some(name) = text.strip_prefix("token:") {
        Ok(Principal::Token(name.to_owned()))
    } else if text.starts_with("spiffe://") {
        Ok(Principal::Workload(text.to_owned()))
    } else {
        Err(format!(
            "`{text}` is no principal, expected `anonymous`, `token:NAME` or a SPIFFE id"
        ))
    }
}

/// What the action is about: a resource of its kind, or the topology.
fn class(action: Action, resource: Option<Resource>) -> Result<Option<Class>, String> {
    match (action, resource) {
        (Action::Of(_), None) => Ok(None),
        (Action::Of(_), Some(_)) => Err(format!(
            "{action} is about a topology; leave `resource` out"
        )),
        (Action::To(..), None) => Err(format!(
            "{action} is about a resource; say its account in `resource`"
        )),
        (Action::To(_, kind), Some(resource)) => {
            let Resource {
                account,
                region,
                tags,
            } = resource;
            let account: AccountId = account
                .parse()
                .map_err(|error| format!("resource.account {error}"))?;
            let region: Option<Region> = region
                .map(|region| region.parse())
                .transpose()
                .map_err(|error| format!("resource.region {error}"))?;
            Ok(Some(Class {
                kind,
                account,
                region,
                tags: tags.into_iter().collect(),
            }))
        }
    }
}
