//! Patches: fields of a resource that are to change, by the contract's own description of it.

use causeway_engine::Patch;
use causeway_model::ids::ResourceId;
use causeway_model::resource::Resource;
use causeway_proto::v1;
use prost_reflect::{DynamicMessage, MessageDescriptor, ReflectMessage as _};

use crate::faults::Faults;
use crate::wire::Wire;
use crate::wire::resource::{by_fields, raw_id};

/// Most paths of one patch: a resource has fewer fields.
const MAX_PATHS: usize = 100;

/// A patch that can be read.
#[derive(Debug)]
pub(super) struct FieldPatch {
    resource: ResourceId,
    /// The new values, at their places.
    values: DynamicMessage,
    /// The fields to change, name by name.
    paths: Vec<Vec<String>>,
}

/// Reads a patch: each path must lead to a field that may be changed.
pub(super) fn parse(wire: v1::ResourcePatch, faults: &mut Faults) -> Option<FieldPatch> {
    let v1::ResourcePatch {
        resource_id,
        resource,
        update_mask,
    } = wire;
    let id = faults.field("resource_id", |faults| Wire::parse(resource_id, faults));
    let paths = update_mask.map(|mask| mask.paths).unwrap_or_default();
    let values = by_fields(&resource.unwrap_or_default());
    let descriptor = values.as_ref().map(DynamicMessage::descriptor);
    let paths = faults.field("update_mask", |faults| {
        read_paths(&paths, descriptor.as_ref(), faults)
    });
    Some(FieldPatch {
        resource: id?,
        values: values?,
        paths: paths?,
    })
}

fn read_paths(
    paths: &[String],
    of: Option<&MessageDescriptor>,
    faults: &mut Faults,
) -> Option<Vec<Vec<String>>> {
    if paths.is_empty() || paths.len() > MAX_PATHS {
        let count = paths.len();
        return faults.add(format!(
            "names {count} fields, expected 1 to {MAX_PATHS}, as `subnet.cidr_blocks`"
        ));
    }
    let read = paths
        .iter()
        .enumerate()
        .map(|(index, path)| faults.item(index, |faults| read_path(path, of, faults)));
    // All are read before the first that failed ends it, so that every fault is noted.
    let read: Vec<Option<Vec<String>>> = read.collect();
    read.into_iter().collect()
}

fn read_path(
    path: &str,
    of: Option<&MessageDescriptor>,
    faults: &mut Faults,
) -> Option<Vec<String>> {
    let mut message = of.cloned();
    let names: Vec<&str> = path.split('.').collect();
    for (place, name) in names.iter().enumerate() {
        let field = message
            .as_ref()
            .and_then(|message| message.get_field_by_name(name));
        let Some(field) = field else {
            return faults.add(format!("`{path}` leads to no field of a resource"));
        };
        let is_last = place.saturating_add(1) == names.len();
        let is_kind = place == 0 && field.containing_oneof().is_some();
        if is_last && is_kind {
            return faults.add(format!(
                "`{path}` is the whole resource: put it, or name its fields, as `{path}.tags`"
            ));
        }
        let kind = field.kind();
        let next = kind.as_message().cloned();
        message = next.filter(|_| !field.is_list() && !field.is_map());
    }
    Some(names.into_iter().map(str::to_owned).collect())
}

// === impl FieldPatch ===

impl Patch for FieldPatch {
    fn resource(&self) -> &ResourceId {
        &self.resource
    }

    fn apply(&self, resource: &Resource) -> Result<Resource, Vec<(String, String)>> {
        let whole = |reason: String| vec![(String::new(), reason)];
        let old: v1::Resource = resource.render();
        let mut message = by_fields(&old)
            .ok_or_else(|| whole("the contract's description is broken".to_owned()))?;
        let mut faults = Vec::new();
        for path in &self.paths {
            if !copy(&self.values, &mut message, path) {
                let reason = format!("the resource is a {}", resource.kind());
                faults.push((path.join("."), reason));
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let new: v1::Resource = message
            .transcode_to()
            .map_err(|error| whole(error.to_string()))?;
        if raw_id(&new) != Some(self.resource.as_str()) {
            return Err(whole("the id cannot be changed".to_owned()));
        }
        let mut faults = Faults::default();
        Wire::parse(new, &mut faults).ok_or_else(|| {
            let found = faults.into_found().into_iter();
            found
                .map(|fault| (fault.field, fault.description))
                .collect()
        })
    }
}

/// Gives one message the field of another; tells whether it could: a resource of another kind has no such field.
fn copy(from: &DynamicMessage, to: &mut DynamicMessage, path: &[String]) -> bool {
    let Some((name, rest)) = path.split_first() else {
        return false;
    };
    let Some(field) = to.descriptor().get_field_by_name(name) else {
        return false;
    };
    if rest.is_empty() {
        if from.has_field(&field) {
            to.set_field(&field, from.get_field(&field).into_owned());
        } else {
            to.clear_field(&field);
        }
        return true;
    }
    if !to.has_field(&field) && field.containing_oneof().is_some() {
        return false;
    }
    let inner = from.get_field(&field).into_owned();
    match (
        inner.as_message(),
        to.get_field_mut(&field).as_message_mut(),
    ) {
        (Some(inner), Some(own)) => copy(inner, own, rest),
        _ => false,
    }
}
