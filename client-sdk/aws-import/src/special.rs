//! The top-level keys that no general rule reads. Knows the shape of those answers; must not know what becomes of the
//! fields of a record.

mod beside;

use std::collections::BTreeSet;

use causeway_proto::v1::ResourceKind;
use serde_json::{Map, Value};

use crate::gather::{Reading, Zone};
use crate::view::Shape;
use crate::warning::{NotUnderstood, Warning};

pub(crate) use beside::{
    block_public_access, block_public_access_exclusions, firewall, firewall_policy, hosted_zone,
    rule_group,
};

/// Reads the value of one key.
pub(crate) type Reader = fn(&mut Reading<'_>, &'static str, Value);

/// DescribeInstances: instances in reservations, with views of their interfaces in them.
pub(crate) fn reservations(reading: &mut Reading<'_>, key: &'static str, value: Value) {
    let Value::Array(reservations) = value else {
        return reading.odd(key);
    };
    reading.listing(key, ResourceKind::Instance, !reading.truncated);
    for (index, mut reservation) in reservations.into_iter().enumerate() {
        let owner = reservation.get("OwnerId").cloned();
        let Some(Value::Array(instances)) = reservation.get_mut("Instances").map(Value::take)
        else {
            reading.odd(key);
            continue;
        };
        for instance in instances {
            self::instance(reading, key, index, (owner.clone(), instance));
        }
    }
}

fn instance(reading: &mut Reading<'_>, key: &str, index: usize, item: (Option<Value>, Value)) {
    let (owner, instance) = item;
    let place = reading.place(key, Some(index));
    let Some((id, mut fields)) = reading.identified(&place, "InstanceId", instance) else {
        return;
    };
    if let Some(owner) = owner {
        fields.entry("OwnerId").or_insert(owner);
    }
    let zone = fields
        .get("Placement")
        .and_then(|placement| placement.get("AvailabilityZone"))
        .cloned();
    let interfaces = fields.remove("NetworkInterfaces");
    reading.listed(key, ResourceKind::Instance, &id);
    for interface in interfaces.into_iter().filter_map(into_array).flatten() {
        let Some((found, mut fields)) = reading.identified(&place, "NetworkInterfaceId", interface)
        else {
            continue;
        };
        if let Some(zone) = &zone {
            fields.insert("AvailabilityZone".to_owned(), zone.clone());
        }
        let attachment = fields
            .entry("Attachment")
            .or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(attachment) = attachment {
            attachment.insert("InstanceId".to_owned(), Value::String(id.clone()));
        }
        reading.view(
            (ResourceKind::NetworkInterface, found),
            fields,
            (place.clone(), Shape::Glimpse),
        );
    }
    reading.view((ResourceKind::Instance, id), fields, (place, Shape::Full));
}

/// DescribeAvailabilityZones: which zone a name stands for in this account.
pub(crate) fn availability_zones(reading: &mut Reading<'_>, key: &'static str, value: Value) {
    let Value::Array(zones) = value else {
        return reading.odd(key);
    };
    let source = reading.index();
    for zone in &zones {
        let text = |field: &str| zone.get(field).and_then(Value::as_str).map(str::to_owned);
        if let (Some(name), Some(id)) = (text("ZoneName"), text("ZoneId")) {
            reading.gather.zones.push(Zone { source, name, id });
        }
    }
}

/// DescribeManagedPrefixLists and DescribePrefixLists share a key; only the first shows the customer's own lists.
pub(crate) fn prefix_lists(reading: &mut Reading<'_>, key: &'static str, value: Value) {
    let Value::Array(items) = value else {
        return reading.odd(key);
    };
    let managed =
        |item: &Value| item.get("OwnerId").is_some() || item.get("PrefixListArn").is_some();
    let all_managed = !items.is_empty() && items.iter().all(managed);
    if all_managed || reading.source.stem.contains("managed-prefix-list") {
        reading.listing(key, ResourceKind::ManagedPrefixList, !reading.truncated);
    }
    reading.records(
        key,
        ResourceKind::ManagedPrefixList,
        ("PrefixListId", Shape::Full),
        items,
    );
}

/// DescribeVpcEndpointServices: services as a consumer sees them, with a list of names beside that says nothing more.
pub(crate) fn service_details(reading: &mut Reading<'_>, key: &'static str, value: Value) {
    let Value::Array(mut items) = value else {
        return reading.odd(key);
    };
    let name_of = |item: &Value| {
        item.get("ServiceName")
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    if let Some(Value::Array(names)) = reading.take("ServiceNames") {
        let described: BTreeSet<String> = items.iter().filter_map(name_of).collect();
        let is_described =
            |name: &&Value| name.as_str().is_some_and(|name| described.contains(name));
        let missing = names.iter().filter(|name| !is_described(name)).count();
        not_understood(reading, "ServiceNames", missing);
    }
    for item in &mut items {
        let own = name_of(item).and_then(|name| name.rsplit('.').next().map(str::to_owned));
        if let (Some(own), Value::Object(fields)) =
            (own.filter(|own| own.starts_with("vpce-svc-")), item)
        {
            fields.entry("ServiceId").or_insert(Value::String(own));
        }
    }
    // Old versions of the AWS CLI print no ids, and without one a service cannot be held.
    let count = items.len();
    items.retain(|item| item.get("ServiceId").is_some());
    not_understood(reading, key, count - items.len());
    if reading.truncated {
        reading.warn(Warning::Incomplete {
            place: reading.place(key, None),
        });
    }
    reading.records(
        key,
        ResourceKind::VpcEndpointService,
        ("ServiceId", Shape::Glimpse),
        items,
    );
}

/// DescribeTags of Elastic Load Balancing.
pub(crate) fn tag_descriptions(reading: &mut Reading<'_>, key: &'static str, value: Value) {
    let Value::Array(items) = value else {
        return reading.odd(key);
    };
    let mut other = 0;
    for (index, mut item) in items.into_iter().enumerate() {
        let arn = item
            .get("ResourceArn")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let kind = if arn.contains(":loadbalancer/") {
            ResourceKind::LoadBalancer
        } else if arn.contains(":targetgroup/") {
            ResourceKind::TargetGroup
        } else {
            other += 1;
            continue;
        };
        let tags = item.get_mut("Tags").map(Value::take).unwrap_or_default();
        let place = reading.place(key, Some(index));
        reading.part((kind, arn), "Tags", tags, place);
    }
    not_understood(reading, key, other);
}

/// DescribeRules: rules of listeners. They go to the load balancer, whose ARN is in theirs.
pub(crate) fn listener_rules(reading: &mut Reading<'_>, key: &'static str, value: Value) {
    let Value::Array(items) = value else {
        return reading.odd(key);
    };
    let mut other = 0;
    for (index, item) in items.into_iter().enumerate() {
        let parents = item
            .get("RuleArn")
            .and_then(Value::as_str)
            .and_then(parents_of_rule);
        let (Some((load_balancer, listener)), Value::Object(mut fields)) = (parents, item) else {
            other += 1;
            continue;
        };
        fields.insert("ListenerArn".to_owned(), Value::String(listener));
        let rule = fields
            .get("RuleArn")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let field = format!("Rules/{rule}");
        let place = reading.place(key, Some(index));
        reading.part(
            (ResourceKind::LoadBalancer, load_balancer),
            &field,
            Value::Object(fields),
            place,
        );
    }
    not_understood(reading, key, other);
}

/// The load balancer and the listener in the ARN of a rule.
fn parents_of_rule(rule: &str) -> Option<(String, String)> {
    let (before, path) = rule.split_once(":listener-rule/")?;
    let (listener, _) = path.rsplit_once('/')?;
    let (load_balancer, _) = listener.rsplit_once('/')?;
    Some((
        format!("{before}:loadbalancer/{load_balancer}"),
        format!("{before}:listener/{listener}"),
    ))
}

fn not_understood(reading: &mut Reading<'_>, key: &str, count: usize) {
    if count > 0 {
        let entry = NotUnderstood::key(&reading.source.name, key, count);
        reading.gather.not_understood.push(entry);
    }
}

fn into_array(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(items) => Some(items),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            None
        }
    }
}
