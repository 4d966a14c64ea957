//! Network Firewall and VPC Block Public Access.
//!
//! Rules are held by 5-tuple. What they say beyond that (variables, lists with exceptions, application protocols,
//! options of Suricata) is marked as not held, so that nobody takes a rule for more than is known of it.

use causeway_proto::v1;

use crate::location::Arn;
use crate::names;
use crate::record::{Record, sorted};
use crate::warning::Warning;

mod rules;

pub(super) fn firewall(id: &str, record: &Record<'_>) -> Option<v1::Firewall> {
    let states = record
        .child("FirewallStatus")
        .and_then(|status| status.child("SyncStates"));
    let mut endpoints = Vec::new();
    for zone in states.iter().flat_map(Record::field_names) {
        let attachment = states
            .as_ref()
            .and_then(|states| states.child(zone)?.child("Attachment"));
        endpoints.extend(attachment.and_then(|attachment| endpoint(id, zone, &attachment)));
    }
    let attachment = attachment(record);
    // It lies in no VPC of its owner.
    let is_attached = attachment.is_some() || record.has("TransitGatewayId");
    if endpoints.is_empty() && !is_attached {
        record.warn(Warning::DetailMissing {
            resource_id: id.to_owned(),
            what: "its endpoints are",
            call: "describe-firewall",
        });
    }
    endpoints.sort_by(|a, b| a.availability_zone.cmp(&b.availability_zone));
    Some(v1::Firewall {
        firewall_arn: id.to_owned(),
        firewall_name: record.text("FirewallName"),
        vpc_id: if is_attached {
            record.text("VpcId")
        } else {
            record.required("VpcId")?
        },
        firewall_policy_arn: record.text("FirewallPolicyArn"),
        endpoints,
        transit_gateway_attachment_id: attachment.unwrap_or_default(),
    })
}

/// The attachment of a firewall that hangs on a transit gateway. Whether it carries anything the attachment itself tells.
fn attachment(record: &Record<'_>) -> Option<String> {
    let status = record.child("FirewallStatus");
    let state = status.and_then(|status| status.child("TransitGatewayAttachmentSyncState"));
    let told = state.as_ref().and_then(|state| state.word("AttachmentId"));
    let listed = || record.word("TransitGatewayAttachmentId");
    told.or_else(listed).map(str::to_owned)
}

fn endpoint(firewall: &str, zone: &str, record: &Record<'_>) -> Option<v1::FirewallEndpoint> {
    let endpoint_id = record.word("EndpointId")?.to_owned();
    if record
        .word("Status")
        .is_some_and(|status| status != "READY")
    {
        let (place, resource_id) = (
            record.place().clone(),
            format!("{endpoint_id} of {firewall}"),
        );
        record.warn(Warning::LeftOut {
            place,
            resource_id,
            reason: "the endpoint is not ready",
        });
        return None;
    }
    Some(v1::FirewallEndpoint {
        availability_zone: zone.to_owned(),
        subnet_id: record.text("SubnetId"),
        endpoint_id,
    })
}

pub(super) fn policy(id: &str, record: &Record<'_>) -> Option<v1::FirewallPolicy> {
    let Some(policy) = record.child("FirewallPolicy") else {
        return record.required("FirewallPolicy").and(None);
    };
    let options = policy.child("StatefulEngineOptions");
    Some(v1::FirewallPolicy {
        firewall_policy_arn: id.to_owned(),
        stateless_rule_group_references: references(&policy, "StatelessRuleGroupReferences"),
        stateful_rule_group_references: references(&policy, "StatefulRuleGroupReferences"),
        stateless_default_actions: policy.texts("StatelessDefaultActions"),
        stateless_fragment_default_actions: policy.texts("StatelessFragmentDefaultActions"),
        stateful_default_actions: policy.texts("StatefulDefaultActions"),
        strict_order: options
            .is_some_and(|options| options.word("RuleOrder") == Some("STRICT_ORDER")),
    })
}

fn references(policy: &Record<'_>, field: &str) -> Vec<v1::FirewallRuleGroupReference> {
    let reference = |record: &Record<'_>| {
        let resource_arn = record.required("ResourceArn")?;
        Some(v1::FirewallRuleGroupReference {
            resource_arn,
            priority: record.number("Priority").unwrap_or_default(),
        })
    };
    let mut references: Vec<_> = policy
        .children(field)
        .iter()
        .filter_map(reference)
        .collect();
    references.sort_by(|a, b| (a.priority, &a.resource_arn).cmp(&(b.priority, &b.resource_arn)));
    references
}

pub(super) fn rule_group(id: &str, record: &Record<'_>) -> Option<v1::FirewallRuleGroup> {
    let group = record.child("RuleGroup");
    let source = group.as_ref().and_then(|group| group.child("RulesSource"));
    let stateful = record
        .word("Type")
        .is_some_and(|word| word.eq_ignore_ascii_case("stateful"));
    let (rules, has_other_rules) = match &source {
        Some(source) => rules::rules(source),
        None => (Vec::new(), true),
    };
    if source.is_none() {
        record.warn(Warning::DetailMissing {
            resource_id: id.to_owned(),
            what: "its rules are",
            call: "describe-rule-group",
        });
    }
    Some(v1::FirewallRuleGroup {
        rule_group_arn: id.to_owned(),
        stateful,
        rules,
        has_other_rules,
    })
}

pub(super) fn block_public_access(
    id: &str,
    record: &Record<'_>,
) -> Option<v1::VpcBlockPublicAccessOptions> {
    record.required("InternetGatewayBlockMode")?;
    let exclusions = record.members("VpcBlockPublicAccessExclusions");
    Some(v1::VpcBlockPublicAccessOptions {
        options_id: id.to_owned(),
        internet_gateway_block_mode: record.choice(
            "InternetGatewayBlockMode",
            v1::InternetGatewayBlockMode::BlockBidirectional,
        ),
        exclusions: exclusions.iter().filter_map(exclusion).collect(),
    })
}

fn exclusion(record: &Record<'_>) -> Option<v1::VpcBlockPublicAccessExclusion> {
    if record.word("State").is_some_and(|state| {
        !matches!(
            state,
            "create-complete" | "update-complete" | "update-in-progress"
        )
    }) {
        return None;
    }
    let arn = record.required("ResourceArn")?;
    let resource = Arn::parse(&arn).and_then(|arn| {
        let (kind, id) = arn.resource.split_once('/')?;
        match kind {
            "vpc" => Some(v1::vpc_block_public_access_exclusion::Resource::VpcId(
                id.to_owned(),
            )),
            "subnet" => Some(v1::vpc_block_public_access_exclusion::Resource::SubnetId(
                id.to_owned(),
            )),
            _ => None,
        }
    });
    let resource =
        resource.or_else(|| record.malformed("ResourceArn", "VPC's or subnet's ARN", &arn))?;
    let mode = record
        .word("InternetGatewayExclusionMode")
        .unwrap_or("allow-egress");
    Some(v1::VpcBlockPublicAccessExclusion {
        exclusion_id: record.required("ExclusionId")?,
        resource: Some(resource),
        // What is not known to be open both ways is taken to be open for what starts inside.
        allow_egress_only: mode != "allow-bidirectional",
    })
}

/// The action of a rule; what is not known is taken to drop.
fn action(record: &Record<'_>, field: &str, word: &str) -> i32 {
    let word = word
        .strip_prefix("aws:")
        .filter(|word| *word != "forward_to_sfe")
        .unwrap_or(word);
    let action = names::parse::<v1::FirewallRuleAction>(word);
    if action.is_none() {
        record.warn_unknown(
            field,
            word,
            Some(names::short(v1::FirewallRuleAction::Drop)),
        );
    }
    action.unwrap_or(v1::FirewallRuleAction::Drop).into()
}

/// Words of a list, sorted, each once.
fn set(words: impl Iterator<Item = String>) -> Vec<String> {
    sorted(words.collect())
}
