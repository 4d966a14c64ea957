//! A selector as people write it: `eni-1`, `10.0.0.1`, `internet`, or conditions as `vpc:vpc-1,tag:Env=prod`.

use causeway_client::{matrix, v1};

use crate::CliError;

/// Reads a selector. What has no condition in it is an end, which the service reads.
pub(super) fn parse(text: &str) -> Result<v1::EndSelector, CliError> {
    let mut conditions = text.split(',').peekable();
    if conditions.peek().is_none_or(|first| !is_condition(first)) {
        return Ok(matrix::one(text));
    }
    let mut filter = v1::EndFilter::default();
    for condition in conditions {
        if !add(&mut filter, condition) {
            return Err(CliError::Selector {
                condition: condition.to_owned(),
            });
        }
    }
    Ok(matrix::all(filter))
}

fn is_condition(text: &str) -> bool {
    let words = ["vpc", "subnet", "sg", "account", "region", "tag"];
    matches!(text, "all" | "instances")
        || text
            .split_once(':')
            .is_some_and(|(word, _)| words.contains(&word))
}

/// Adds a condition; tells whether it is one, and not given twice.
fn add(filter: &mut v1::EndFilter, condition: &str) -> bool {
    if condition == "all" {
        return true;
    }
    if condition == "instances" {
        filter.kind = v1::ResourceKind::Instance.into();
        return true;
    }
    let Some((word, value)) = condition
        .split_once(':')
        .filter(|(_, value)| !value.is_empty())
    else {
        return false;
    };
    let field = match word {
        "vpc" => &mut filter.vpc_id,
        "subnet" => &mut filter.subnet_id,
        "sg" => &mut filter.security_group_id,
        "account" => &mut filter.owner_id,
        "region" => &mut filter.region,
        "tag" => {
            let (key, value) = value.split_once('=').unwrap_or((value, ""));
            filter.tags.push(v1::Tag {
                key: key.to_owned(),
                value: value.to_owned(),
            });
            return true;
        }
        _ => return false,
    };
    let is_new = field.is_empty();
    value.clone_into(field);
    is_new
}
