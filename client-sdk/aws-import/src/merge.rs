//! Lays the views of each resource over each other and reads them as one. Knows ranks and conflicts; must not know
//! kinds.
//!
//! Of two views the better one wins, field by field: first that of the owning account, then that of the resource's
//! Region, then the fuller one, then the one that comes first by its file's name. What the better one lacks is taken
//! from the next. Two views that rank alike and differ in a field that both give are a conflict, if the resource would
//! read differently.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use causeway_proto::v1;

use crate::Import;
use crate::error::ImportError;
use crate::finish::{self, Built};
use crate::gather::{Gather, Key};
use crate::kinds;
use crate::location::{Location, is_account};
use crate::locator::{Locator, by_shape};
use crate::notes::Notes;
use crate::record::{Record, tags_of};
use crate::scope;
use crate::view::{Shape, View};
use crate::warning::Warning;

/// How much a view counts. Higher is better.
type Standing = (u8, u8, Shape);

/// Makes the import out of what the documents show.
pub(crate) fn import(mut gather: Gather) -> Result<Import, ImportError> {
    gather.settle();
    let locator = Locator::new(&gather);
    let mut built: BTreeMap<Key, Built> = BTreeMap::new();
    let mut unread: BTreeSet<String> = BTreeSet::new();
    // Each resource's views are let go as soon as it is read: a large dump is in memory once, not twice.
    for (key, views) in std::mem::take(&mut gather.views) {
        match build(&key, &views, &locator, &gather.notes)? {
            Outcome::Built(resource) => {
                built.insert(key, *resource);
            }
            Outcome::LeftOut => {}
            Outcome::NotDescribed => {
                unread.insert(key.1);
            }
        }
    }
    let scopes = scope::scopes(&gather, &locator, &unread);
    finish::zones(&mut built, &gather.zones, &locator);
    finish::transit_tables(&mut built, &gather.notes);
    finish::endpoints(&mut built);
    finish::containers(&mut built, &gather.notes);
    let assumptions = scope::assumptions(&gather, &locator, &built);
    let resources = built.into_values().map(|built| built.resource).collect();
    let (faults, warnings) = gather.notes.into_parts();
    if !faults.is_empty() {
        return Err(ImportError::Records { faults });
    }
    let mut not_understood = gather.not_understood;
    not_understood.sort();
    Ok(Import {
        resources,
        scopes,
        warnings,
        not_understood,
        assumptions,
    })
}

enum Outcome {
    Built(Box<Built>),
    /// It is no resource of the contract, or cannot be read: a warning or a fault says so.
    LeftOut,
    /// Only answers about it are there.
    NotDescribed,
}

fn build(
    key: &Key,
    views: &[View],
    locator: &Locator,
    notes: &Notes,
) -> Result<Outcome, ImportError> {
    let (kind, id) = key;
    let is_described = views.iter().any(|view| view.shape != Shape::Part);
    if !is_described && !kinds::stands_alone(*kind) {
        for view in views {
            notes.warn(Warning::ParentMissing {
                place: view.place.clone(),
                parent_id: id.clone(),
            });
        }
        return Ok(Outcome::NotDescribed);
    }
    let ordered = by_shape(views);
    let Some((best, below)) = ordered.split_first() else {
        return Ok(Outcome::LeftOut);
    };
    let location = locator.locate(key, &ordered, &Record::of(best, below, notes))?;
    let standing = |view: &View| standing(view, &location, locator);
    let mut ordered = ordered;
    ordered.sort_by_key(|view| (Reverse(standing(view)), view.source));
    let Some((best, below)) = ordered.split_first() else {
        return Ok(Outcome::LeftOut);
    };
    let record = Record::of(best, below, notes);
    if let Some(reason) = kinds::left_out(*kind, &record) {
        notes.warn(Warning::LeftOut {
            place: best.place.clone(),
            resource_id: id.clone(),
            reason,
        });
        return Ok(Outcome::LeftOut);
    }
    let Some(read) = kinds::read(key, &record) else {
        return Ok(Outcome::LeftOut);
    };
    let rivals = Rivals {
        key,
        record: &record,
        read: &read,
        ordered: &ordered,
    };
    rivals.warn_of_conflicts(&standing, notes);
    let resource = v1::Resource {
        owner_id: location.owner.unwrap_or_default(),
        region: location.region.unwrap_or_default(),
        tags: record.tags(),
        kind: Some(read),
    };
    Ok(Outcome::Built(Box::new(Built {
        resource,
        file: Arc::clone(&best.place.file),
        has_associations: record.has("Associations"),
        has_static_routes_alone: !record.has("Routes")
            && record.has("StaticRoutes")
            && !record.has("StaticRoutesTruncated"),
        has_propagations: record.has("Propagations") && !record.has("PropagationsTruncated"),
    })))
}

fn standing(view: &View, location: &Location, locator: &Locator) -> Standing {
    let asker = locator.asker(view.source);
    // What AWS itself owns, and what is global, every asker sees alike.
    let owner = location.owner.as_ref().filter(|owner| is_account(owner));
    let region = location.region.as_ref().filter(|region| !region.is_empty());
    (
        fits(owner, asker.and_then(|asker| asker.owner.as_ref())),
        fits(region, asker.and_then(|asker| asker.region.as_ref())),
        view.shape,
    )
}

fn fits(owner: Option<&String>, asker: Option<&String>) -> u8 {
    match (owner, asker) {
        (Some(owner), Some(asker)) if owner == asker => 2,
        (Some(_), Some(_)) => 0,
        _ => 1,
    }
}

/// The views of one resource, and what they were read as.
struct Rivals<'a> {
    key: &'a Key,
    record: &'a Record<'a>,
    read: &'a v1::resource::Kind,
    /// Best first.
    ordered: &'a [&'a View],
}

impl Rivals<'_> {
    fn warn_of_conflicts(&self, standing: &impl Fn(&View) -> Standing, notes: &Notes) {
        if self.ordered.len() < 2 {
            return;
        }
        let mut taken: BTreeMap<&str, &View> = BTreeMap::new();
        for view in self.ordered {
            for (field, value) in view.fields.iter().filter(|(_, value)| !value.is_null()) {
                let best = *taken.entry(field).or_insert(view);
                let is_rival = !std::ptr::eq(best, *view)
                    && best.fields.get(field) != Some(value)
                    && standing(best) == standing(view);
                if is_rival && self.differs(field, best, view) {
                    notes.warn(Warning::Conflict {
                        resource_id: self.key.1.clone(),
                        field: field.split('/').next().unwrap_or(field).to_owned(),
                        taken: Arc::clone(&best.place.file),
                        other: Arc::clone(&view.place.file),
                    });
                }
            }
        }
    }

    /// Whether the resource would be another one with the field of the other view.
    fn differs(&self, field: &str, best: &View, other: &View) -> bool {
        if field.eq_ignore_ascii_case("tags") || field == "TagSet" {
            let best: BTreeMap<&str, &str> = tags_of(&best.fields).collect();
            return tags_of(&other.fields)
                .any(|(key, value)| best.get(key).is_some_and(|best| *best != value));
        }
        let unheard = Notes::default();
        kinds::read(self.key, &self.record.forcing(field, other, &unheard)).as_ref()
            != Some(self.read)
    }
}
