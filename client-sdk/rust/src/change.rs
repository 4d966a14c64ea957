//! Changes of a topology, as the contract has them.

use causeway_proto::v1::{self, change::Action};

pub(crate) fn put(resource: v1::Resource) -> v1::Change {
    change(Action::Put(resource))
}

pub(crate) fn delete(resource_id: impl Into<String>) -> v1::Change {
    change(Action::DeleteResourceId(resource_id.into()))
}

pub(crate) fn patch<'p>(
    resource_id: impl Into<String>,
    resource: v1::Resource,
    paths: impl IntoIterator<Item = &'p str>,
) -> v1::Change {
    let paths = paths.into_iter().map(str::to_owned).collect();
    change(Action::Patch(v1::ResourcePatch {
        resource_id: resource_id.into(),
        resource: Some(resource),
        update_mask: Some(prost_types::FieldMask { paths }),
    }))
}

fn change(action: Action) -> v1::Change {
    v1::Change {
        action: Some(action),
    }
}
