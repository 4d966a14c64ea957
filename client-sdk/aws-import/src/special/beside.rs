//! Answers about one resource whose parts stand beside each other in a file, and Block Public Access, which names its
//! account and Region instead of having an id.

use causeway_proto::v1::ResourceKind;
use serde_json::Value;

use crate::gather::Reading;
use crate::location::{Arn, Location};
use crate::view::Shape;
use crate::warning::Warning;

/// GetHostedZone: the zone, with its VPCs beside.
pub(crate) fn hosted_zone(reading: &mut Reading<'_>, key: &'static str, value: Value) {
    with_beside(
        reading,
        key,
        (ResourceKind::HostedZone, "Id"),
        ("VPCs", value),
    );
}

/// DescribeFirewallPolicy: who it is in one key, what it says in another.
pub(crate) fn firewall_policy(reading: &mut Reading<'_>, key: &'static str, value: Value) {
    with_beside(
        reading,
        key,
        (ResourceKind::FirewallPolicy, "FirewallPolicyArn"),
        ("FirewallPolicy", value),
    );
}

/// DescribeRuleGroup: who it is in one key, what it says in another.
pub(crate) fn rule_group(reading: &mut Reading<'_>, key: &'static str, value: Value) {
    with_beside(
        reading,
        key,
        (ResourceKind::FirewallRuleGroup, "RuleGroupArn"),
        ("RuleGroup", value),
    );
}

/// DescribeFirewall: the firewall, with its endpoints in the status beside.
pub(crate) fn firewall(reading: &mut Reading<'_>, key: &'static str, value: Value) {
    with_beside(
        reading,
        key,
        (ResourceKind::Firewall, "FirewallArn"),
        ("FirewallStatus", value),
    );
}

/// A record that is the whole value of its key, and the member beside it that belongs to it.
fn with_beside(
    reading: &mut Reading<'_>,
    key: &str,
    form: (ResourceKind, &str),
    item: (&str, Value),
) {
    let (kind, id) = form;
    let (beside, value) = item;
    if !value.is_object() {
        return reading.odd(key);
    }
    let place = reading.place(key, None);
    let Some((found, mut fields)) = reading.identified(&place, id, value) else {
        return;
    };
    if let Some(value) = reading.take(beside) {
        fields.insert(beside.to_owned(), value);
    }
    reading.view((kind, found), fields, (place, Shape::Full));
}

/// DescribeVpcBlockPublicAccessOptions: one object for an account in a Region.
pub(crate) fn block_public_access(reading: &mut Reading<'_>, key: &'static str, value: Value) {
    let Value::Object(fields) = value else {
        return reading.odd(key);
    };
    let text = |field: &str| fields.get(field).and_then(Value::as_str).map(str::to_owned);
    let given = Location {
        owner: text("AwsAccountId"),
        region: text("AwsRegion"),
    };
    let place = reading.place(key, None);
    let Some(id) = options_id(&given.or(&reading.source.location)) else {
        return reading.warn(Warning::ParentUnknown { place });
    };
    reading.listing(
        key,
        ResourceKind::VpcBlockPublicAccessOptions,
        !reading.truncated,
    );
    reading.listed(key, ResourceKind::VpcBlockPublicAccessOptions, &id);
    reading.view(
        (ResourceKind::VpcBlockPublicAccessOptions, id),
        fields,
        (place, Shape::Full),
    );
}

/// DescribeVpcBlockPublicAccessExclusions: each names what it excepts by ARN, and so account and Region.
pub(crate) fn block_public_access_exclusions(
    reading: &mut Reading<'_>,
    key: &'static str,
    value: Value,
) {
    let Value::Array(items) = value else {
        return reading.odd(key);
    };
    if reading.truncated {
        reading.warn(Warning::Incomplete {
            place: reading.place(key, None),
        });
    }
    for (index, item) in items.into_iter().enumerate() {
        let place = reading.place(key, Some(index));
        let Some((exclusion, fields)) = reading.identified(&place, "ExclusionId", item) else {
            continue;
        };
        let arn = fields
            .get("ResourceArn")
            .and_then(Value::as_str)
            .and_then(Arn::parse);
        let given = arn.map(|arn| arn.location()).unwrap_or_default();
        match options_id(&given.or(&reading.source.location)) {
            Some(id) => {
                let field = format!("{key}/{exclusion}");
                reading.part(
                    (ResourceKind::VpcBlockPublicAccessOptions, id),
                    &field,
                    Value::Object(fields),
                    place,
                );
            }
            None => reading.warn(Warning::ParentUnknown { place }),
        }
    }
}

fn options_id(location: &Location) -> Option<String> {
    Some(format!(
        "vpcbpa-{}-{}",
        location.owner.as_ref()?,
        location.region.as_ref()?
    ))
}
