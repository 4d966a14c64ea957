//! The example estate imports whole: two accounts, two Regions, as the AWS CLI prints them.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::read_dir;

fn acme() -> Import {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../service/tests/data/acme");
    read_dir(Path::new(dir)).unwrap()
}

fn names() -> BTreeMap<String, String> {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../service/tests/data/acme/names.json"
    );
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

#[track_caller]
fn find<'a, T>(
    import: &'a Import,
    pick: impl Fn(&'a Kind) -> Option<&'a T>,
) -> (&'a v1::Resource, &'a T) {
    let found = |resource: &'a v1::Resource| Some((resource, pick(resource.kind.as_ref()?)?));
    import.resources.iter().find_map(found).unwrap()
}

#[test]
fn every_kind_is_there_in_full_number() {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for resource in &acme().resources {
        let text = format!("{:?}", resource.kind.as_ref().unwrap());
        let kind = text.split('(').next().unwrap().to_owned();
        *counts.entry(kind).or_default() += 1;
    }
    let expected = [
        ("Address", 1),
        ("Instance", 12),
        ("InternetGateway", 1),
        ("LoadBalancer", 2),
        ("ManagedPrefixList", 4),
        ("NatGateway", 1),
        ("NetworkAcl", 9),
        ("NetworkInterface", 21),
        ("RouteTable", 18),
        ("SecurityGroup", 17),
        ("Subnet", 26),
        ("TargetGroup", 2),
        ("TransitGateway", 1),
        ("TransitGatewayAttachment", 2),
        ("TransitGatewayRouteTable", 1),
        ("Vpc", 8),
        ("VpcEndpoint", 4),
        ("VpcEndpointService", 22),
        ("VpcPeeringConnection", 1),
    ];
    let expected: BTreeMap<String, usize> = expected
        .map(|(kind, count)| (kind.to_owned(), count))
        .into();
    assert_eq!(counts, expected);
}

#[test]
fn only_what_is_no_aws_json_is_not_understood_and_nothing_is_doubtful() {
    let import = acme();
    let files: Vec<&str> = import
        .not_understood
        .iter()
        .map(|entry| entry.file.as_str())
        .collect();
    assert_eq!(files, ["expected.jsonl", "names.json"]);
    assert_eq!(import.warnings, []);
}

#[test]
fn every_name_of_the_estate_is_a_resource() {
    let import = acme();
    let text = format!("{:?}", import.resources);
    let missing: Vec<String> = names()
        .into_values()
        .filter(|id| !text.contains(id.as_str()))
        .collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn every_resource_has_an_account_and_a_region() {
    for resource in &acme().resources {
        let owner = resource.owner_id.as_str();
        assert!(
            ["111111111111", "222222222222", "AWS", "amazon"].contains(&owner),
            "{resource:?}"
        );
        assert!(
            ["eu-west-1", "us-east-1"].contains(&resource.region.as_str()),
            "{resource:?}"
        );
    }
}

#[test]
fn a_peering_connection_belongs_to_the_side_that_asked() {
    let import = acme();
    let (resource, peering) = find(&import, |kind| {
        if let Kind::VpcPeeringConnection(it) = kind {
            Some(it)
        } else {
            None
        }
    });
    assert_eq!(
        (resource.owner_id.as_str(), resource.region.as_str()),
        ("111111111111", "eu-west-1")
    );
    assert_eq!(
        peering.accepter_vpc_info.as_ref().unwrap().region,
        "us-east-1"
    );
    assert_eq!(peering.status(), v1::VpcPeeringConnectionState::Active);
}

#[test]
fn an_endpoint_service_is_whole_from_four_answers() {
    let import = acme();
    let (resource, service) = find(&import, |kind| {
        service(kind).filter(|it| it.service_id == "vpce-svc-4aef7408")
    });
    assert_eq!(resource.owner_id, "222222222222");
    assert_eq!(service.network_load_balancer_arns.len(), 1);
    assert_eq!(
        service.allowed_principals,
        ["arn:aws:iam::111111111111:root"]
    );
    assert_eq!(service.connections.len(), 1);
    assert!(service.permissions_known && service.acceptance_required);
    // Only the consumer's view says this.
    assert!(service.vpc_endpoint_policy_supported);
}

#[test]
fn a_service_of_aws_and_its_prefix_list_belong_to_aws() {
    let import = acme();
    let (resource, _) = find(&import, |kind| {
        service(kind).filter(|it| it.service_name == "com.amazonaws.eu-west-1.sqs")
    });
    assert_eq!(resource.owner_id, "amazon");
    let (resource, list) = find(&import, |kind| {
        if let Kind::ManagedPrefixList(it) = kind {
            Some(it).filter(|it| it.prefix_list_id == "pl-6da54004")
        } else {
            None
        }
    });
    assert_eq!(resource.owner_id, "AWS");
    assert_eq!(
        list.entries,
        ["3.5.64.0/21", "52.218.0.0/17", "52.92.0.0/17"]
    );
    assert!(list.entries_known);
}

#[test]
fn answers_named_after_their_parent_find_it() {
    let import = acme();
    let (_, group) = find(&import, |kind| {
        group(kind).filter(|it| it.target_group_name == "payments-tg")
    });
    assert_eq!(group.targets.len(), 2);
    let (_, balancer) = find(&import, |kind| {
        balancer(kind).filter(|it| it.load_balancer_name == "payments-nlb")
    });
    assert_eq!(
        balancer.listeners[0].target_group_arns,
        std::slice::from_ref(&group.target_group_arn)
    );
    assert_eq!(balancer.cross_zone_enabled, Some(false));
    let (_, table) = find(&import, table);
    assert!(table.routes_known);
    assert_eq!(
        (
            table.association_attachment_ids.len(),
            table.propagation_attachment_ids.len(),
            table.routes.len()
        ),
        (2, 2, 2)
    );
}

#[test]
fn listings_are_complete_for_the_account_and_region_that_asked_also_when_empty() {
    let import = acme();
    let has = |owner: &str, region: &str, kind: v1::ResourceKind| {
        import
            .scopes
            .iter()
            .any(|scope| scope.owner_id == owner && scope.region == region && scope.kind() == kind)
    };
    assert!(has("111111111111", "eu-west-1", v1::ResourceKind::Subnet));
    assert!(
        has("222222222222", "eu-west-1", v1::ResourceKind::VpnGateway),
        "an empty listing"
    );
    assert!(has(
        "111111111111",
        "us-east-1",
        v1::ResourceKind::ManagedPrefixList
    ));
    assert!(
        !has("222222222222", "eu-west-1", v1::ResourceKind::HostedZone),
        "never listed"
    );
    assert!(
        !has("222222222222", "us-east-1", v1::ResourceKind::Subnet),
        "never asked"
    );
    assert!(import.scopes.iter().all(|scope| scope.owner_id.len() == 12));
}

#[test]
fn what_the_dump_is_silent_about_is_assumed_aloud() {
    let import = acme();
    let about = |words: &str| {
        import
            .assumptions
            .iter()
            .find(|sentence| sentence.contains(words))
    };
    assert_eq!(
        about("Block Public Access").unwrap(),
        "no Block Public Access settings given for 111111111111/eu-west-1, 111111111111/us-east-1, \
         222222222222/eu-west-1: assuming that it is off"
    );
    assert_eq!(about("network ACLs"), None);
}

#[test]
fn resources_come_once_each_in_a_fixed_order() {
    let import = acme();
    assert_eq!(import, acme());
    let ids: std::collections::BTreeSet<String> = import
        .resources
        .iter()
        .map(|it| format!("{:?}", it.kind))
        .collect();
    assert_eq!(ids.len(), import.resources.len());
}
