//! What stands after the colon of a hosted zone: its records.

use causeway_model::resources::dns::ResourceRecordSet;

use super::super::line::read;

/// `NAME TYPE VALUE[,VALUE]` or `NAME TYPE alias TARGET`, between semicolons.
pub(super) fn records(text: &str) -> Result<Vec<ResourceRecordSet>, String> {
    let sets = text.split("; ").filter(|set| !set.is_empty());
    sets.map(record_set).collect()
}

fn record_set(text: &str) -> Result<ResourceRecordSet, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (name, kind, values, alias) = match words.as_slice() {
        [name, kind, "alias", target] => (name, kind, "", Some(read(target)?)),
        [name, kind, values] => (name, kind, *values, None),
        _ => return Err(format!("`{text}`: expected `NAME TYPE VALUES`")),
    };
    let values = values.split(',').filter(|value| !value.is_empty());
    Ok(ResourceRecordSet {
        name: read(name)?,
        r#type: (*kind).to_owned(),
        resource_records: values.map(str::to_owned).collect(),
        alias_target_dns_name: alias,
    })
}
