//! Which account and Region a resource belongs to.

use super::*;
use crate::Warning;

#[test]
fn folders_tell_what_the_records_do_not() {
    let gateway = r#"{"CustomerGateways": [{"CustomerGatewayId": "cgw-1", "IpAddress": "192.0.2.1", "BgpAsn": "65000"}]}"#;
    for name in [
        "111111111111/eu-west-1/a.json",
        "dump/eu-west-1/111111111111/deep/a.json",
    ] {
        let import = import(&[(name, gateway)]);
        let resource = &import.resources[0];
        assert_eq!(
            (resource.owner_id.as_str(), resource.region.as_str()),
            ("111111111111", "eu-west-1"),
            "{name}"
        );
        assert_eq!(import.warnings, [], "{name}");
        assert_eq!(import.scopes.len(), 1, "{name}");
    }
}

#[test]
fn a_flat_layout_tells_by_records_containers_and_neighbours() {
    let subnets = r#"{"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-11111111", "CidrBlock": "10.0.0.0/24",
        "SubnetArn": "arn:aws:ec2:eu-west-1:111111111111:subnet/subnet-1", "AvailabilityZone": "eu-west-1a"}]}"#;
    let nat = r#"{"NatGateways": [{"NatGatewayId": "nat-1", "VpcId": "vpc-11111111", "SubnetId": "subnet-1", "State": "available"}]}"#;
    let customer = r#"{"CustomerGateways": [{"CustomerGatewayId": "cgw-1"}]}"#;
    let import = import(&[
        ("c.json", customer),
        ("n.json", nat),
        ("s.json", subnets),
        ("v.json", &vpcs(VPC)),
    ]);
    for resource in &import.resources {
        assert_eq!(
            (resource.owner_id.as_str(), resource.region.as_str()),
            ("111111111111", "eu-west-1"),
            "{resource:?}"
        );
    }
    let assumed = |id: &str| {
        import.warnings.iter().any(|warning| {
        matches!(warning, Warning::LocationAssumed { resource_id, .. } if resource_id == id)
    })
    };
    assert!(
        assumed("cgw-1") && !assumed("nat-1"),
        "{:?}",
        lines(&import)
    );
    assert_eq!(import.scopes.len(), 4);
}

#[test]
fn a_resource_that_nothing_locates_fails_the_import() {
    let text = refused(&[(
        "a.json",
        r#"{"CustomerGateways": [{"CustomerGatewayId": "cgw-1"}]}"#,
    )]);
    assert_eq!(
        text,
        "cannot tell the account of `cgw-1` in `a.json`, put the file into a folder `<account>/<region>/`"
    );
}

#[test]
fn zones_are_told_by_their_id_as_the_account_sees_it() {
    let zones = r#"{"AvailabilityZones": [{"ZoneName": "eu-west-1a", "ZoneId": "euw1-az3"}]}"#;
    let subnets = r#"{"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-11111111", "CidrBlock": "10.0.0.0/24", "AvailabilityZone": "eu-west-1a"}]}"#;
    let import = import(&[
        (&home("s.json"), subnets),
        (&home("v.json"), &vpcs(VPC)),
        (&home("z.json"), zones),
    ]);
    let subnet = only(&import, |kind| {
        if let Kind::Subnet(it) = kind {
            Some(it)
        } else {
            None
        }
    });
    assert_eq!(subnet.availability_zone_id, "euw1-az3");
}

#[test]
fn a_flat_dump_of_two_regions_is_told_apart_by_what_lies_in_the_vpcs() {
    let document = r#"{
        "Vpcs": [{"VpcId": "vpc-1", "OwnerId": "111111111111", "CidrBlock": "10.0.0.0/16"},
            {"VpcId": "vpc-2", "OwnerId": "111111111111", "CidrBlock": "10.1.0.0/16"}],
        "Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24", "AvailabilityZone": "eu-west-1a"},
            {"SubnetId": "subnet-2", "VpcId": "vpc-2", "CidrBlock": "10.1.0.0/24", "AvailabilityZone": "us-east-1a"}],
        "VpnGateways": [{"VpnGatewayId": "vgw-1", "VpcAttachments": [{"VpcId": "vpc-1", "State": "attached"}]},
            {"VpnGatewayId": "vgw-2", "VpcAttachments": [{"VpcId": "vpc-2", "State": "attached"}]}],
        "VpnConnections": [{"VpnConnectionId": "vpn-1", "VpnGatewayId": "vgw-1"}, {"VpnConnectionId": "vpn-2", "VpnGatewayId": "vgw-2"}]}"#;
    let import = import(&[("a.json", document)]);
    for resource in &import.resources {
        let text = format!("{:?}", resource.kind);
        let expected = if text.contains("-2\"") {
            "us-east-1"
        } else {
            "eu-west-1"
        };
        assert_eq!(
            (resource.owner_id.as_str(), resource.region.as_str()),
            ("111111111111", expected),
            "{text}"
        );
    }
    assert_eq!(import.resources.len(), 8);
    // In which Region AWS was asked cannot be told, and so nothing is known to be complete.
    assert_eq!(import.scopes, []);
    assert!(
        import
            .warnings
            .iter()
            .all(|warning| matches!(warning, Warning::ScopeUnknown { .. })),
        "{:?}",
        lines(&import)
    );
}

#[test]
fn a_listing_that_nobody_can_be_named_for_is_no_scope_and_a_warning() {
    let two = |account: &str, id: &str| {
        VPC.replace("111111111111", account)
            .replace("vpc-11111111", id)
    };
    let document = format!(
        r#"{{"Vpcs": [{}, {}]}}"#,
        two("111111111111", "vpc-1"),
        two("222222222222", "vpc-2")
    );
    let import = import(&[("eu-west-1/v.json", &document)]);
    assert_eq!((import.resources.len(), import.scopes.len()), (2, 0));
    assert!(
        matches!(import.warnings.as_slice(), [Warning::ScopeUnknown { .. }]),
        "{:?}",
        lines(&import)
    );
}
