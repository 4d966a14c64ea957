//! Several views of one resource.

use causeway_proto::v1;

use super::*;
use crate::Warning;

#[test]
fn a_conflict_names_both_files_and_takes_the_first() {
    let other = VPC.replace("10.0.0.0/16", "10.9.0.0/16");
    let import = import(&[
        (&home("a.json"), &vpcs(VPC)),
        (&home("b.json"), &vpcs(&other)),
    ]);
    assert_eq!(only(&import, vpc).cidr_blocks, ["10.0.0.0/16"]);
    let expected = format!(
        "`vpc-11111111`: `{HOME}/a.json` and `{HOME}/b.json` differ in CidrBlock; taken from `{HOME}/a.json`"
    );
    assert_eq!(lines(&import), [expected]);
}

#[test]
fn views_that_differ_in_nothing_the_topology_holds_merge_in_silence() {
    let other = VPC.replace(
        "}",
        r#", "BlockPublicAccessStates": {}, "InstanceTenancy": "dedicated"}"#,
    );
    let import = import(&[
        (&home("a.json"), &vpcs(VPC)),
        (&home("b.json"), &vpcs(&other)),
    ]);
    assert_eq!(
        (only(&import, vpc).cidr_blocks.len(), lines(&import)),
        (1, vec![])
    );
}

const NLB: &str = "arn:aws:elasticloadbalancing:eu-west-1:222222222222:loadbalancer/net/x/1";

#[test]
fn the_owners_view_wins_and_takes_what_it_lacks_from_the_consumers() {
    let consumer = r#"{"ServiceNames": ["com.amazonaws.vpce.eu-west-1.vpce-svc-1"], "ServiceDetails": [{
        "ServiceId": "vpce-svc-1", "ServiceName": "com.amazonaws.vpce.eu-west-1.vpce-svc-1", "Owner": "222222222222",
        "AcceptanceRequired": true, "PrivateDnsNames": [{"PrivateDnsName": "api.example.com"}],
        "PrivateDnsNameVerificationState": "verified", "ServiceType": [{"ServiceType": "Interface"}]}]}"#;
    let owner = format!(
        r#"{{"ServiceConfigurations": [{{"ServiceId": "vpce-svc-1", "ServiceName": "com.amazonaws.vpce.eu-west-1.vpce-svc-1",
            "AcceptanceRequired": false, "PrivateDnsNameConfiguration": {{}}, "NetworkLoadBalancerArns": ["{NLB}"]}}],
            "ServiceId": "vpce-svc-1", "AllowedPrincipals": []}}"#
    );
    let import = import(&[
        (&home("c.json"), consumer),
        ("222222222222/eu-west-1/o.json", &owner),
    ]);
    let service = only(&import, service);
    assert!(!service.acceptance_required, "the owner says so");
    assert_eq!(service.private_dns_names, ["api.example.com"]);
    assert_eq!(service.private_dns_name_state(), v1::DnsNameState::Verified);
    assert!(service.permissions_known && service.allowed_principals.is_empty());
    assert_eq!(
        (lines(&import), import.resources[0].owner_id.as_str()),
        (vec![], "222222222222")
    );
}

#[test]
fn a_shared_subnet_is_taken_as_its_owner_sees_it_whichever_file_comes_first() {
    let subnet = |tag: &str| {
        format!(
            r#"{{"Subnets": [{{"SubnetId": "subnet-1", "VpcId": "vpc-22222222", "OwnerId": "222222222222", "CidrBlock": "10.0.0.0/24",
                "AvailabilityZone": "{tag}", "AvailabilityZoneId": "euw1-az1"}}]}}"#
        )
    };
    let vpc = r#"{"Vpcs": [{"VpcId": "vpc-22222222", "OwnerId": "222222222222", "CidrBlock": "10.0.0.0/16"}]}"#;
    let import = import(&[
        (&home("s.json"), &subnet("eu-west-1c")),
        ("222222222222/eu-west-1/s.json", &subnet("eu-west-1a")),
        ("222222222222/eu-west-1/v.json", vpc),
    ]);
    let subnet = only(&import, |kind| {
        if let Kind::Subnet(it) = kind {
            Some(it)
        } else {
            None
        }
    });
    assert_eq!(
        (subnet.availability_zone.as_str(), lines(&import)),
        ("eu-west-1a", vec![])
    );
}

#[test]
fn a_service_whose_permissions_nobody_gave_is_a_warning() {
    let owner = format!(
        r#"{{"ServiceConfigurations": [{{"ServiceId": "vpce-svc-1", "ServiceName": "com.amazonaws.vpce.eu-west-1.vpce-svc-1",
            "NetworkLoadBalancerArns": ["{NLB}"]}}]}}"#
    );
    let import = import(&[("o.json", &owner)]);
    assert!(!only(&import, service).permissions_known);
    assert!(lines(&import)[0].starts_with("`vpce-svc-1`: its allowed principals are not known"));
}

#[test]
fn an_interface_is_merged_from_its_instance_and_its_own_listing() {
    let instances = r#"{"Reservations": [{"OwnerId": "111111111111", "Instances": [{"InstanceId": "i-1", "VpcId": "vpc-11111111",
        "SubnetId": "subnet-1", "State": {"Name": "running"}, "Placement": {"AvailabilityZone": "eu-west-1a"},
        "NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "VpcId": "vpc-11111111", "SubnetId": "subnet-1", "OwnerId": "111111111111",
            "Attachment": {"DeviceIndex": 1}, "SourceDestCheck": true, "Description": "old", "PrivateIpAddresses": [
                {"Primary": true, "PrivateIpAddress": "10.0.0.9", "Association": {"PublicIp": "52.0.0.1"}}]}]}]}]}"#;
    let listing = r#"{"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "VpcId": "vpc-11111111", "SubnetId": "subnet-1",
        "OwnerId": "111111111111", "SourceDestCheck": false, "InterfaceType": "quicksight", "TagSet": [{"Key": "Name", "Value": "n"}]}]}"#;
    let alone = import(&[("111111111111/eu-west-1/i.json", instances)]);
    assert_eq!(only(&alone, interface).instance_id, "i-1");
    assert_eq!(
        only(&alone, interface).private_ip_addresses[0].public_ip,
        "52.0.0.1"
    );
    let both = import(&[
        ("111111111111/eu-west-1/i.json", instances),
        ("111111111111/eu-west-1/n.json", listing),
    ]);
    let merged = only(&both, interface);
    assert_eq!(
        (merged.source_dest_check, merged.device_index),
        (Some(false), 1)
    );
    assert_eq!(merged.interface_type(), v1::NetworkInterfaceType::Other);
    assert!(
        both.warnings
            .iter()
            .all(|warning| matches!(warning, Warning::ContainerMissing { .. })),
        "{:?}",
        lines(&both)
    );
    let tagged = both
        .resources
        .iter()
        .find(|it| !it.tags.is_empty())
        .unwrap();
    assert_eq!(
        tagged.tags,
        [v1::Tag {
            key: "Name".to_owned(),
            value: "n".to_owned()
        }]
    );
}

#[test]
fn a_terminated_instance_whose_subnet_is_gone_is_left_out_and_named() {
    let instances = r#"{"Reservations": [{"OwnerId": "111111111111", "Instances": [{"InstanceId": "i-1", "VpcId": "vpc-11111111",
        "SubnetId": "subnet-1", "State": {"Name": "terminated"}, "Placement": {"AvailabilityZone": "eu-west-1a"}}]}]}"#;
    let import = import(&[("111111111111/eu-west-1/i.json", instances)]);
    assert!(import.resources.is_empty());
    assert_eq!(
        lines(&import),
        [
            "`111111111111/eu-west-1/i.json`: `i-1` lies in `subnet-1`, which the dump does not hold; it is deleted, failed or terminated itself, and left out"
        ]
    );
}
