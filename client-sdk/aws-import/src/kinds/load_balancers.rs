//! Load balancers with their listeners, and target groups with their targets.

use causeway_proto::v1;

use crate::record::{Record, sorted};
use crate::warning::Warning;

pub(super) fn balancer(id: &str, record: &Record<'_>) -> Option<v1::LoadBalancer> {
    let listeners = listeners(record);
    if listeners.is_empty() && !record.has("ListenersGiven") {
        missing(record, id, "its listeners are", "describe-listeners");
    }
    let state = record.child("State");
    Some(v1::LoadBalancer {
        load_balancer_arn: id.to_owned(),
        load_balancer_name: record.text("LoadBalancerName"),
        r#type: record.required_choice::<v1::LoadBalancerType>("Type")?,
        scheme: record.choice("Scheme", v1::LoadBalancerScheme::Internal),
        vpc_id: record.required("VpcId")?,
        dns_name: record.text("DNSName"),
        state: state
            .map(|state| state.choice("Code", v1::LoadBalancerState::Failed))
            .unwrap_or_default(),
        availability_zones: zones(record),
        security_groups: record.text_set("SecurityGroups"),
        listeners,
        cross_zone_enabled: attribute(record, "load_balancing.cross_zone.enabled"),
        enforce_security_group_inbound_rules_on_private_link_traffic: record
            .switch("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"),
    })
}

fn zones(record: &Record<'_>) -> Vec<v1::LoadBalancerZone> {
    let address_fields = ["PrivateIPv4Address", "IPv6Address", "IpAddress"];
    let zone = |zone: &Record<'_>| v1::LoadBalancerZone {
        zone_name: zone.text("ZoneName"),
        subnet_id: zone.text("SubnetId"),
        addresses: zone
            .children("LoadBalancerAddresses")
            .iter()
            .flat_map(|address| {
                address_fields
                    .iter()
                    .filter_map(|field| address.address(field))
            })
            .collect(),
    };
    let mut zones: Vec<_> = record
        .children("AvailabilityZones")
        .iter()
        .map(zone)
        .collect();
    zones.sort_by(|a, b| (&a.zone_name, &a.subnet_id).cmp(&(&b.zone_name, &b.subnet_id)));
    zones
}

fn listeners(record: &Record<'_>) -> Vec<v1::Listener> {
    let rules = record.members("Rules");
    let listener = |listener: &Record<'_>| {
        let listener_arn = listener.required("ListenerArn")?;
        let mut groups = forwarded_to(listener, "DefaultActions");
        for rule in rules
            .iter()
            .filter(|rule| rule.word("ListenerArn") == Some(listener_arn.as_str()))
        {
            groups.extend(forwarded_to(rule, "Actions"));
        }
        Some(v1::Listener {
            port: listener.number("Port").unwrap_or_default(),
            protocol: listener.text("Protocol"),
            target_group_arns: sorted(groups),
            listener_arn,
        })
    };
    record
        .members("Listeners")
        .iter()
        .filter_map(listener)
        .collect()
}

/// Target groups that actions forward to. A group of weight zero gets nothing.
fn forwarded_to(record: &Record<'_>, field: &str) -> Vec<String> {
    let mut groups = Vec::new();
    for action in record.children(field) {
        groups.extend(action.word("TargetGroupArn").map(str::to_owned));
        let Some(config) = action.child("ForwardConfig") else {
            continue;
        };
        let weighted = config.children("TargetGroups");
        let used = weighted
            .iter()
            .filter(|group| group.number::<i64>("Weight") != Some(0));
        groups.extend(
            used.filter_map(|group| group.word("TargetGroupArn"))
                .map(str::to_owned),
        );
    }
    groups
}

pub(super) fn target_group(id: &str, record: &Record<'_>) -> Option<v1::TargetGroup> {
    let targets_known =
        record.has("TargetHealthDescriptions") && !record.has("TargetHealthDescriptionsTruncated");
    if !targets_known {
        missing(record, id, "its targets are", "describe-target-health");
    }
    let descriptions = if targets_known {
        record.children("TargetHealthDescriptions")
    } else {
        Vec::new()
    };
    let mut targets: Vec<_> = descriptions.iter().filter_map(target).collect();
    targets.sort_by(|a, b| (&a.id, a.port).cmp(&(&b.id, b.port)));
    Some(v1::TargetGroup {
        target_group_arn: id.to_owned(),
        target_group_name: record.text("TargetGroupName"),
        protocol: record.text("Protocol"),
        port: record.number("Port").unwrap_or_default(),
        vpc_id: record.text("VpcId"),
        target_type: record.choice("TargetType", v1::TargetType::Unspecified),
        load_balancer_arns: record.text_set("LoadBalancerArns"),
        targets,
        targets_known,
        preserve_client_ip_enabled: attribute(record, "preserve_client_ip.enabled"),
    })
}

fn target(record: &Record<'_>) -> Option<v1::Target> {
    let target = record.child("Target")?;
    let health = record.child("TargetHealth");
    // A target of another VPC's address is in the zone `all`, which is none.
    let zone = target
        .word("AvailabilityZone")
        .filter(|zone| *zone != "all");
    Some(v1::Target {
        id: target.required("Id")?,
        port: target.number("Port").unwrap_or_default(),
        availability_zone: zone.unwrap_or_default().to_owned(),
        state: health
            .map(|health| health.choice("State", v1::TargetHealthState::Unavailable))
            .unwrap_or_default(),
    })
}

/// The value of an attribute that is true or false.
fn attribute(record: &Record<'_>, key: &str) -> Option<bool> {
    let attributes = record.children("Attributes");
    attributes
        .iter()
        .find(|attribute| attribute.word("Key") == Some(key))?
        .switch("Value")
}

fn missing(record: &Record<'_>, id: &str, what: &'static str, call: &'static str) {
    record.warn(Warning::DetailMissing {
        resource_id: id.to_owned(),
        what,
        call,
    });
}
