//! Faults: all at once, each with its path, in plain words.

use causeway_proto::v1;

use super::{parse, resource};
use crate::error::{CallError, FoundFaults, read};
use crate::requests;
use crate::wire::{Wire, flow};

/// Paths and words of the faults.
fn told<T>(outcome: Result<T, CallError>) -> Vec<String> {
    let Err(CallError::InvalidRequest(FoundFaults { found, count })) = outcome else {
        panic!("no fault was found")
    };
    assert_eq!(found.len(), count);
    found
        .into_iter()
        .map(|fault| format!("{}: {}", fault.field, fault.description))
        .collect()
}

#[track_caller]
fn check(json: &str, expected: &[&str]) {
    assert_eq!(told(parse(resource(json))), expected);
}

#[test]
fn every_fault_of_a_change_set_is_told_with_its_path() {
    let put = |json| v1::Change {
        action: Some(v1::change::Action::Put(resource(json))),
    };
    let changes = vec![
        put(
            r#"{"ownerId": "111111111111", "vpc": {"vpcId": "vpc-1", "cidrBlocks": ["10.0.0.0/16"]}}"#,
        ),
        put(
            r#"{"ownerId": "me", "region": "Europe", "tags": [{"key": "a"}, {"value": "b"}], "subnet": {"vpcId": "subnet-1", "cidrBlocks": ["10.0.1.0/24", "10.0.2.1/24", "ten"]}}"#,
        ),
        v1::Change { action: None },
        v1::Change {
            action: Some(v1::change::Action::DeleteResourceId("a b".to_owned())),
        },
    ];
    let request = v1::ApplyChangesRequest {
        topology: "No Name".to_owned(),
        changes,
        request_id: "r".repeat(129),
        ..v1::ApplyChangesRequest::default()
    };
    assert_eq!(
        told(
            requests::apply(request)
                .map_err(|unread| CallError::InvalidRequest(unread.faults.into()))
        ),
        [
            "topology: `No Name` is no topology name: 1 to 63 of `a-z`, `0-9` and `-`, starting with a letter, ending with a letter or digit",
            "request_id: is 129 bytes long, the maximum is 128",
            "changes[1].put.owner_id: `me` holds a character that no id has, expected an account id of twelve digits",
            "changes[1].put.region: `Europe` holds a character that no id has, expected a Region, as `eu-west-1`",
            "changes[1].put.tags[1].key: is 0 characters long, expected 1 to 128",
            "changes[1].put.subnet.subnet_id: is required, expected the id of a subnet, `subnet-...`",
            "changes[1].put.subnet.vpc_id: `subnet-1` is not of this kind, expected the id of a VPC, `vpc-...`",
            "changes[1].put.subnet.cidr_blocks[1]: `10.0.2.1/24` has host bits set, the block would be `10.0.2.0/24`",
            "changes[1].put.subnet.cidr_blocks[2]: `ten` is no CIDR block, expected one as `10.0.0.0/16`",
            "changes[2].action: is required, expected one of put, delete_resource_id and patch",
            "changes[3].delete_resource_id: `a b` holds a character that no id has, expected an AWS id",
        ]
    );
}

#[test]
fn a_resource_without_a_kind_is_a_fault() {
    check(
        r#"{"ownerId": "111111111111"}"#,
        &["kind: is required, expected one of the kinds of resources, as `vpc`"],
    );
}

#[test]
fn numbers_that_are_no_values_of_their_enums_are_faults() {
    let mut wire = resource(
        r#"{"ownerId": "111111111111", "natGateway": {"natGatewayId": "nat-1", "vpcId": "vpc-1"}}"#,
    );
    if let Some(v1::resource::Kind::NatGateway(nat)) = &mut wire.kind {
        (nat.state, nat.connectivity_type) = (77, -1);
    }
    assert_eq!(
        told(parse(wire)),
        [
            "nat_gateway.state: `77` is no value of NatGatewayState",
            "nat_gateway.connectivity_type: `-1` is no value of ConnectivityType"
        ]
    );
}

#[test]
fn what_is_required_in_a_list_is_named_with_its_place() {
    check(
        r#"{"ownerId": "111111111111", "networkAcl": {"networkAclId": "acl-1", "vpcId": "vpc-1", "entries": [
            {"ruleNumber": 1, "protocol": "tcp", "ruleAction": "RULE_ACTION_ALLOW", "cidrBlock": "::/0"},
            {"ruleNumber": 2, "protocol": "tpc", "portRange": {"from": 70000, "to": 1}, "icmpTypeCode": {"type": 256, "code": -2}},
            {"ruleNumber": 3, "protocol": "6", "ruleAction": "RULE_ACTION_DENY", "cidrBlock": "0.0.0.0/0", "portRange": {"from": 2, "to": 1}}]}}"#,
        &[
            "network_acl.entries[1].protocol: `tpc` is no protocol: expected -1, tcp, udp, icmp, icmpv6 or a number from 0 to 255",
            "network_acl.entries[1].rule_action: is required, expected a value of RuleAction",
            "network_acl.entries[1].cidr_block: is required, expected a CIDR block, as `10.0.0.0/16`",
            "network_acl.entries[1].port_range.from: `70000` is no port, expected 0 to 65535",
            "network_acl.entries[1].icmp_type_code.type: `256` is no ICMP type or code, expected 0 to 255, or -1 for all",
            "network_acl.entries[1].icmp_type_code.code: `-2` is no ICMP type or code, expected 0 to 255, or -1 for all",
            "network_acl.entries[2].port_range: the last port 1 is below the first 2",
        ],
    );
}

#[test]
fn ends_of_a_rule_come_together_and_fit_its_protocol() {
    check(
        r#"{"ownerId": "111111111111", "securityGroup": {"groupId": "sg-1", "vpcId": "vpc-1", "ipPermissions": [
            {"ipProtocol": "tcp", "fromPort": 1}, {"ipProtocol": "udp", "toPort": 1}, {"ipProtocol": "tcp", "fromPort": 2, "toPort": 1},
            {"ipProtocol": "tcp", "fromPort": -1, "toPort": 65536}, {"ipProtocol": "icmp", "fromPort": 300, "toPort": 0}]}}"#,
        &[
            "security_group.ip_permissions[0].to_port: is required, expected a number, for from_port is given",
            "security_group.ip_permissions[1].from_port: is required, expected a number, for to_port is given",
            "security_group.ip_permissions[2].to_port: the last port 1 is below the first 2",
            "security_group.ip_permissions[3].from_port: `-1` is no port, expected 0 to 65535",
            "security_group.ip_permissions[3].to_port: `65536` is no port, expected 0 to 65535",
            "security_group.ip_permissions[4].from_port: `300` is no ICMP type or code, expected 0 to 255, or -1 for all",
        ],
    );
}

#[test]
fn members_of_a_oneof_stand_in_paths_under_their_own_names() {
    check(
        r#"{"ownerId": "111111111111", "routeTable": {"routeTableId": "rtb-1", "vpcId": "vpc-1",
            "associations": [{"main": false}, {}, {"gatewayId": "nat-1"}],
            "routes": [{"destinationCidrBlock": "::/0", "gatewayId": "tgw-1"}, {"instanceId": "j-1"}]}}"#,
        &[
            "route_table.associations[0].main: must be true where it is given; leave it out for another target",
            "route_table.associations[1].target: is required, expected one of main, subnet_id and gateway_id",
            "route_table.associations[2].gateway_id: `nat-1` is no gateway that a table can be associated with, expected `igw-...` or `vgw-...`",
            "route_table.routes[0].destination_cidr_block: `::/0` is of the other address family, expected an IPv4 block",
            "route_table.routes[0].gateway_id: `tgw-1` is no gateway, expected `local`, `igw-...`, `vgw-...` or `vpce-...`",
            "route_table.routes[1].destination: is required, expected one of destination_cidr_block, destination_ipv6_cidr_block and destination_prefix_list_id",
            "route_table.routes[1].instance_id: `j-1` is not of this kind, expected the id of an instance, `i-...`",
        ],
    );
}

#[test]
fn a_flow_is_told_all_that_is_wrong_with_it() {
    let cases = [
        (
            ("", "", "", None, None),
            vec![
                "source: is required, expected a resource id, an address or `internet`",
                "destination: is required, expected a resource id, an address or `internet`",
            ],
        ),
        (
            ("s3.amazonaws.com", "10.0.0.1", "tcp", Some(443), None),
            vec![
                "source: `s3.amazonaws.com` is a DNS name; a source is a resource id, an address or `internet`",
            ],
        ),
        (
            ("10.0.0.1", "10.0.0.2", "", None, None),
            vec!["destination_port: tcp needs a destination port from 1 to 65535"],
        ),
        (
            ("10.0.0.1", "10.0.0.2", "udp", Some(0), Some(65_536)),
            vec![
                "destination_port: `0` is no port, expected 1 to 65535",
                "source_port: `65536` is no port, expected 1 to 65535",
            ],
        ),
        (
            ("10.0.0.1", "10.0.0.2", "icmp", Some(1), None),
            vec!["destination_port: icmp has no ports"],
        ),
        (
            ("10.0.0.1", "10.0.0.2", "icmp", None, Some(1)),
            vec!["source_port: icmp has no ports"],
        ),
        (
            ("10.0.0.1", "nowhere", "gre", None, None),
            vec![
                "destination: `nowhere` is no resource id, no address, no DNS name and not `internet`",
                "protocol: `gre` is no protocol: expected tcp, udp, icmp, icmpv6 or a number from 0 to 255",
            ],
        ),
    ];
    for ((source, destination, protocol, destination_port, source_port), expected) in cases {
        let (source, destination, protocol) = (
            source.to_owned(),
            destination.to_owned(),
            protocol.to_owned(),
        );
        let wire = v1::Flow {
            source,
            destination,
            protocol,
            destination_port,
            source_port,
            ..v1::Flow::default()
        };
        assert_eq!(told(read(|faults| flow::parse(wire, faults))), expected);
    }
}

#[test]
fn a_request_is_whole_and_constraints_are_ids_and_zones() {
    let asked = |principal: &str, action: &str, resource: &str, without: &[&str]| {
        let wire = v1::Flow {
            source: "10.0.0.1".to_owned(),
            destination: "10.0.0.2".to_owned(),
            destination_port: Some(443),
            principal: principal.to_owned(),
            action: action.to_owned(),
            resource: resource.to_owned(),
            without: without.iter().map(|text| (*text).to_owned()).collect(),
            ..v1::Flow::default()
        };
        read(|faults| flow::parse(wire, faults))
    };
    let role = "arn:aws:iam::111122223333:role/app";
    assert!(
        asked(
            role,
            "s3:GetObject",
            "*",
            &["vpce-1", "eu-west-1a", "euw1-az1"]
        )
        .is_ok()
    );
    let required = "is required, expected all of principal, action and resource, or none of them";
    assert_eq!(
        told(asked("", "s3:GetObject", "", &[])),
        [
            format!("principal: {required}"),
            format!("resource: {required}")
        ]
    );
    assert_eq!(
        told(asked(role, "GetObject", "*", &["Zone A"])),
        [
            "action: `GetObject` is no action, expected one as `s3:GetObject`",
            "without[0]: `Zone A` holds a character that no id has, expected a zone's name, as `eu-west-1a`",
        ]
    );
}

#[test]
fn a_policy_that_cannot_be_read_is_a_fault_of_its_field() {
    let wire = v1::VpcEndpoint {
        vpc_endpoint_id: "vpce-1".to_owned(),
        vpc_endpoint_type: v1::VpcEndpointType::Gateway.into(),
        vpc_id: "vpc-1".to_owned(),
        policy_document: "{}".to_owned(),
        ..v1::VpcEndpoint::default()
    };
    let parsed = read(|faults| {
        <causeway_model::resources::VpcEndpoint as Wire<v1::VpcEndpoint>>::parse(wire, faults)
    });
    let fault =
        "policy_document: `Statement` of the policy must be a statement or a list of statements";
    assert_eq!(told(parsed), [fault]);
}

#[test]
fn every_protocol_is_for_rules_alone() {
    let wire = v1::Flow {
        source: "i-1".to_owned(),
        destination: "10.0.0.1".to_owned(),
        protocol: "-1".to_owned(),
        ..v1::Flow::default()
    };
    assert_eq!(
        told(read(|faults| flow::parse(wire, faults))),
        [
            "protocol: `-1` is no protocol: expected tcp, udp, icmp, icmpv6 or a number from 0 to 255"
        ]
    );
    check(
        r#"{"ownerId": "111111111111", "region": "eu-west-1",
            "securityGroup": {"groupId": "sg-1", "vpcId": "vpc-1", "ipPermissions": [{"ipProtocol": "all of them"}]}}"#,
        &[
            "security_group.ip_permissions[0].ip_protocol: `all of them` is no protocol: expected -1, tcp, udp, icmp, icmpv6 or a number from 0 to 255",
        ],
    );
}
