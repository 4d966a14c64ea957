//! The contract and the model say the same, field by field; and what is wrong with a request is told in full.

mod answers;
mod faults;
mod names;

use std::collections::BTreeSet;

use causeway_model::Resource;
use causeway_proto::{FILE_DESCRIPTOR_SET, v1};
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, Value};
use serde_json::Value as Json;

use crate::error::{CallError, read};
use crate::wire::Wire;

/// At least one resource of each kind; together they give every field.
const KINDS: &str = include_str!("tests/kinds.json");

/// Fields that are read but never written, for another field says the same.
const ONE_WAY: [&str; 1] = ["causeway.v1.Route.vpc_endpoint_id"];

fn descriptor() -> MessageDescriptor {
    DescriptorPool::decode(FILE_DESCRIPTOR_SET)
        .unwrap()
        .get_message_by_name("causeway.v1.Resource")
        .unwrap()
}

fn kinds() -> Vec<DynamicMessage> {
    let all: Vec<Json> = serde_json::from_str(KINDS).unwrap();
    all.into_iter()
        .map(|json| DynamicMessage::deserialize(descriptor(), json).unwrap())
        .collect()
}

fn resource(json: &str) -> v1::Resource {
    let json: Json = serde_json::from_str(json).unwrap();
    DynamicMessage::deserialize(descriptor(), json)
        .unwrap()
        .transcode_to()
        .unwrap()
}

fn parse(wire: v1::Resource) -> Result<Resource, CallError> {
    read(|faults| Resource::parse(wire, faults))
}

#[test]
fn what_is_read_is_written_again_as_it_was() {
    for message in kinds() {
        let wire: v1::Resource = message.transcode_to().unwrap();
        let read = parse(wire.clone()).unwrap();
        assert_eq!(Wire::<v1::Resource>::render(&read), wire);
    }
}

#[test]
fn the_resources_of_these_tests_give_every_field_of_the_contract() {
    let (mut given, mut all) = (BTreeSet::new(), BTreeSet::new());
    fields_of(&descriptor(), &mut BTreeSet::new(), &mut all);
    for message in kinds() {
        given_fields(&message, &mut given);
    }
    let missing: Vec<_> = all.difference(&given).map(String::as_str).collect();
    assert_eq!(missing, ONE_WAY);
}

/// Names of all fields of a message and of what it holds.
fn fields_of(message: &MessageDescriptor, seen: &mut BTreeSet<String>, all: &mut BTreeSet<String>) {
    if !seen.insert(message.full_name().to_owned()) {
        return;
    }
    for field in message.fields() {
        all.insert(field.full_name().to_owned());
        if let Some(held) = field.kind().as_message() {
            fields_of(held, seen, all);
        }
    }
}

/// Names of the fields that a message gives, and what it holds.
fn given_fields(message: &DynamicMessage, given: &mut BTreeSet<String>) {
    for (field, value) in message.fields() {
        given.insert(field.full_name().to_owned());
        let values = value
            .as_list()
            .unwrap_or_else(|| std::slice::from_ref(value));
        values
            .iter()
            .filter_map(Value::as_message)
            .for_each(|held| given_fields(held, given));
    }
}

#[test]
fn what_is_not_given_stands_for_what_the_contract_says() {
    let table = r#"{"ownerId": "111111111111", "routeTable": {"routeTableId": "rtb-1", "vpcId": "vpc-1", "routes": [
        {"destinationCidrBlock": "10.0.0.0/8", "vpcEndpointId": "vpce-1"}]}}"#;
    let read = parse(resource(table)).unwrap();
    let Some(v1::resource::Kind::RouteTable(written)) = Wire::<v1::Resource>::render(&read).kind
    else {
        panic!("{read:?}")
    };
    assert_eq!(written.routes[0].state(), v1::RouteState::Active);
    assert_eq!(written.routes[0].origin(), v1::RouteOrigin::CreateRoute);
    assert_eq!(
        written.routes[0].target,
        Some(v1::route::Target::GatewayId("vpce-1".to_owned()))
    );
}

#[test]
fn ends_of_a_rule_for_all_protocols_are_taken_for_all() {
    let group = r#"{"ownerId": "111111111111", "securityGroup": {"groupId": "sg-1", "vpcId": "vpc-1", "ipPermissions": [
        {"ipProtocol": "-1", "fromPort": -1, "toPort": -1}, {"ipProtocol": "tcp", "fromPort": -1, "toPort": -1}, {"ipProtocol": "50", "fromPort": 0, "toPort": 0}]}}"#;
    let read = parse(resource(group)).unwrap();
    let Some(v1::resource::Kind::SecurityGroup(written)) = Wire::<v1::Resource>::render(&read).kind
    else {
        panic!("{read:?}")
    };
    assert!(
        written
            .ip_permissions
            .iter()
            .all(|rule| rule.from_port.is_none() && rule.to_port.is_none())
    );
}
