//! Differences by field: what is told, and under which path.

use std::collections::BTreeSet;

use causeway_model::resource::Resource;
use causeway_proto::FILE_DESCRIPTOR_SET;
use prost_reflect::{DescriptorPool, DynamicMessage, Kind, MessageDescriptor};
use serde_json::{Value, json};

use super::{Found, fields, list};
use crate::error::read;
use crate::wire::Wire;

fn descriptor() -> MessageDescriptor {
    DescriptorPool::decode(FILE_DESCRIPTOR_SET)
        .unwrap()
        .get_message_by_name("causeway.v1.Resource")
        .unwrap()
}

fn resource(json: Value) -> Resource {
    let message = DynamicMessage::deserialize(descriptor(), json).unwrap();
    let wire: causeway_proto::v1::Resource = message.transcode_to().unwrap();
    read(|faults| Resource::parse(wire, faults)).unwrap()
}

/// One line for each difference: `path: old -> new`.
fn told(before: Value, after: Value) -> Vec<String> {
    let found = fields(&resource(before), &resource(after)).unwrap();
    let text =
        |value: &Option<prost_types::Value>| value.as_ref().map_or_else(|| "-".to_owned(), plain);
    let lines = found.iter().map(|field| {
        let (old, new) = (text(&field.old_value), text(&field.new_value));
        format!("{}: {old} -> {new}", field.path)
    });
    lines.collect()
}

fn plain(value: &prost_types::Value) -> String {
    use prost_types::value::Kind;
    match value.kind.as_ref().unwrap() {
        Kind::NullValue(_) => panic!("null is never sent"),
        Kind::NumberValue(number) => number.to_string(),
        Kind::StringValue(text) => text.clone(),
        Kind::BoolValue(flag) => flag.to_string(),
        Kind::ListValue(list) => {
            let items: Vec<_> = list.values.iter().map(plain).collect();
            format!("[{}]", items.join(", "))
        }
        Kind::StructValue(fields) => {
            let fields = fields.fields.iter();
            let fields: Vec<_> = fields
                .map(|(name, value)| format!("{name}={}", plain(value)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
    }
}

fn group(permissions: &Value) -> Value {
    json!({"ownerId": "111111111111", "securityGroup": {"groupId": "sg-1", "vpcId": "vpc-1", "ipPermissions": permissions}})
}

fn table(routes: &Value) -> Value {
    json!({"ownerId": "111111111111", "routeTable": {"routeTableId": "rtb-1", "vpcId": "vpc-1", "routes": routes}})
}

fn rule(port: u16, range: &str) -> Value {
    json!({"ipProtocol": "tcp", "fromPort": port, "toPort": port, "ipRanges": [range]})
}

#[test]
fn an_item_without_a_key_is_new_or_gone_at_its_place() {
    let before = group(&json!([
        rule(22, "10.0.0.0/8"),
        rule(443, "0.0.0.0/0"),
        rule(80, "0.0.0.0/0")
    ]));
    let after = group(&json!([
        rule(80, "0.0.0.0/0"),
        rule(443, "10.0.0.0/8"),
        rule(22, "10.0.0.0/8")
    ]));
    assert_eq!(
        told(before, after),
        [
            "security_group.ip_permissions[1]: - -> {from_port=443, ip_protocol=tcp, ip_ranges=[10.0.0.0/8], to_port=443}",
            "security_group.ip_permissions[1]: {from_port=443, ip_protocol=tcp, ip_ranges=[0.0.0.0/0], to_port=443} -> -",
        ]
    );
}

#[test]
fn a_route_is_known_by_its_destination() {
    let before = table(&json!([
        {"destinationCidrBlock": "10.0.0.0/8", "transitGatewayId": "tgw-1"},
        {"destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat-1"},
    ]));
    let after = table(&json!([
        {"destinationCidrBlock": "10.1.0.0/16", "vpcPeeringConnectionId": "pcx-1"},
        {"destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat-1", "state": "ROUTE_STATE_BLACKHOLE"},
    ]));
    assert_eq!(
        told(before, after),
        [
            "route_table.routes[0]: - -> {destination_cidr_block=10.1.0.0/16, origin=CREATE_ROUTE, state=ACTIVE, vpc_peering_connection_id=pcx-1}",
            "route_table.routes[1].state: ACTIVE -> BLACKHOLE",
            "route_table.routes[0]: {destination_cidr_block=10.0.0.0/8, origin=CREATE_ROUTE, state=ACTIVE, transit_gateway_id=tgw-1} -> -",
        ]
    );
}

#[test]
fn a_field_that_is_not_set_is_absent() {
    let vpc = |rest: Value| {
        let mut vpc = json!({"vpcId": "vpc-1", "cidrBlocks": ["10.0.0.0/16"]});
        vpc.as_object_mut()
            .unwrap()
            .extend(rest.as_object().unwrap().clone());
        json!({"ownerId": "111111111111", "region": "eu-west-1", "tags": [{"key": "Name", "value": "main"}], "vpc": vpc})
    };
    let after = vpc(json!({"isDefault": true, "enableDnsSupport": false}));
    assert_eq!(
        told(
            vpc(json!({"dhcpOptionsId": "dopt-1", "enableDnsSupport": true})),
            after
        ),
        [
            "vpc.dhcp_options_id: dopt-1 -> -",
            "vpc.is_default: - -> true",
            "vpc.enable_dns_support: true -> false",
        ]
    );
}

#[test]
fn tags_are_known_by_their_keys() {
    let tagged = |tags: Value| json!({"ownerId": "111111111111", "tags": tags, "vpc": {"vpcId": "vpc-1", "cidrBlocks": ["10.0.0.0/16"]}});
    let before = tagged(json!([{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]));
    let after = tagged(json!([{"key": "c", "value": "1"}, {"key": "b", "value": "3"}]));
    assert_eq!(
        told(before, after),
        [
            "tags[0]: - -> {key=c, value=1}",
            "tags[1].value: 2 -> 3",
            "tags[0]: {key=a, value=1} -> -",
        ]
    );
}

#[test]
fn another_order_alone_is_one_difference_of_the_whole_list() {
    let vpc = |blocks: Value| json!({"ownerId": "111111111111", "vpc": {"vpcId": "vpc-1", "cidrBlocks": blocks}});
    assert_eq!(
        told(
            vpc(json!(["10.0.0.0/16", "10.1.0.0/16"])),
            vpc(json!(["10.1.0.0/16", "10.0.0.0/16"]))
        ),
        ["vpc.cidr_blocks: [10.0.0.0/16, 10.1.0.0/16] -> [10.1.0.0/16, 10.0.0.0/16]"]
    );
}

#[test]
fn an_item_that_stands_twice_and_then_once_is_gone_once() {
    let mut found = Found::default();
    found.compare("list", &json!([1, 1, 2]), &json!([2, 1]));
    let paths: Vec<_> = found.0.iter().map(|field| field.path.as_str()).collect();
    assert_eq!(paths, ["list[1]"]);
}

#[test]
fn keys_are_fields_of_the_contract_and_resources_have_no_maps() {
    let (mut waiting, mut seen) = (vec![descriptor()], BTreeSet::new());
    let mut keyed = BTreeSet::new();
    while let Some(message) = waiting.pop() {
        if !seen.insert(message.full_name().to_owned()) {
            continue;
        }
        for field in message.fields() {
            assert!(
                !field.is_map() && field.kind() != Kind::Bytes,
                "{}",
                field.full_name()
            );
            if let Some(held) = field.kind().as_message() {
                waiting.push(held.clone());
                let key = list::KEYS.iter().find(|(name, _)| *name == field.name());
                if let Some((name, names)) = key.filter(|_| field.is_list()) {
                    let known = names
                        .iter()
                        .filter(|name| held.get_field_by_name(name).is_some());
                    keyed.extend(known.map(|field| (*name, *field)));
                }
            }
        }
    }
    let named: BTreeSet<_> = list::KEYS
        .iter()
        .flat_map(|(list, names)| names.iter().map(|name| (*list, *name)))
        .collect();
    assert_eq!(named, keyed);
}
