//! Changes, import scopes, filters and consistency.

use std::sync::Arc;

use causeway_engine::{Asked, Consistency, Filter, TagFilter};
use causeway_model::change::Change;
use causeway_model::revision::Revision;
use causeway_model::snapshot::Scope;
use causeway_proto::v1;

use crate::faults::Faults;
use crate::wire::macros::message;
use crate::wire::{Wire, patch};

message! {
    Scope = v1::ImportScope { owner_id, region, kind }
}

/// A change that was applied: patches have become puts.
pub(crate) fn applied(change: &Change) -> v1::Change {
    use v1::change::Action;
    let action = match change {
        Change::Put(resource) => Action::Put(resource.as_ref().render()),
        Change::Delete(id) => Action::DeleteResourceId(id.render()),
    };
    v1::Change {
        action: Some(action),
    }
}

/// A change as it is asked for.
pub(crate) fn asked(wire: v1::Change, faults: &mut Faults) -> Option<Asked> {
    use v1::change::Action;
    let v1::Change { action } = wire;
    match action {
        Some(Action::Put(resource)) => faults
            .field("put", |faults| Wire::parse(resource, faults))
            .map(|resource| Asked::Whole(Change::Put(Box::new(resource)))),
        Some(Action::DeleteResourceId(id)) => faults
            .field("delete_resource_id", |faults| Wire::parse(id, faults))
            .map(|id| Asked::Whole(Change::Delete(id))),
        Some(Action::Patch(patch)) => faults
            .field("patch", |faults| patch::parse(patch, faults))
            .map(|patch| Asked::Patch(Arc::new(patch))),
        None => faults.field("action", |faults| {
            faults.missing("one of put, delete_resource_id and patch")
        }),
    }
}

impl Wire<Option<v1::Consistency>> for Consistency {
    fn parse(wire: Option<v1::Consistency>, faults: &mut Faults) -> Option<Self> {
        use v1::consistency::Requirement;
        match wire.and_then(|v1::Consistency { requirement }| requirement) {
            None | Some(Requirement::Newest(true)) => Some(Self::Newest),
            Some(Requirement::Newest(false)) => faults.field("newest", |faults| {
                faults.add("must be true where it is given")
            }),
            Some(Requirement::AtLeastRevision(revision)) => Some(Self::AtLeast(Revision(revision))),
            Some(Requirement::ExactRevision(revision)) => Some(Self::Exact(Revision(revision))),
            Some(Requirement::AsOf(time)) => faults
                .field("as_of", |faults| Wire::parse(time, faults))
                .map(Self::AsOf),
            Some(Requirement::Label(name)) => faults
                .field("label", |faults| Wire::parse(name, faults))
                .map(Self::Label),
        }
    }

    fn render(&self) -> Option<v1::Consistency> {
        use v1::consistency::Requirement;
        let requirement = match self {
            Self::Newest => Requirement::Newest(true),
            Self::AtLeast(revision) => Requirement::AtLeastRevision(revision.0),
            Self::Exact(revision) => Requirement::ExactRevision(revision.0),
            Self::AsOf(time) => Requirement::AsOf(time.render()),
            Self::Label(name) => Requirement::Label(name.render()),
        };
        Some(v1::Consistency {
            requirement: Some(requirement),
        })
    }
}

impl Wire<v1::ResourceFilter> for Filter {
    fn parse(wire: v1::ResourceFilter, faults: &mut Faults) -> Option<Self> {
        let v1::ResourceFilter {
            kinds,
            vpc_id,
            owner_id,
            region,
            tags,
        } = wire;
        let kinds = faults.field("kinds", |faults| Wire::parse(kinds, faults));
        let vpc = faults.field("vpc_id", |faults| Wire::parse(vpc_id, faults));
        let owner = faults.field("owner_id", |faults| Wire::parse(owner_id, faults));
        let region = faults.field("region", |faults| Wire::parse(region, faults));
        let tags = faults.field("tags", |faults| Wire::parse(tags, faults));
        Some(Self {
            kinds: kinds?,
            vpc: vpc?,
            owner: owner?,
            region: region?,
            tags: tags?,
        })
    }

    fn render(&self) -> v1::ResourceFilter {
        let Self {
            kinds,
            vpc,
            owner,
            region,
            tags,
        } = self;
        v1::ResourceFilter {
            kinds: kinds.render(),
            vpc_id: vpc.render(),
            owner_id: owner.render(),
            region: region.render(),
            tags: tags.render(),
        }
    }
}

impl Wire<v1::Tag> for TagFilter {
    fn parse(wire: v1::Tag, faults: &mut Faults) -> Option<Self> {
        let v1::Tag { key, value } = wire;
        let key = super::adapters::given::parse("key", key, faults)?;
        Some(Self {
            key,
            value: (!value.is_empty()).then_some(value),
        })
    }

    fn render(&self) -> v1::Tag {
        let Self { key, value } = self;
        v1::Tag {
            key: key.clone(),
            value: value.clone().unwrap_or_default(),
        }
    }
}
