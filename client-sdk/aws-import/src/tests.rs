//! Imports of a few documents, and what is asked of them.

mod acme;
mod kinds;
mod locations;
mod merging;
mod parents;
mod rest;
mod words;

use causeway_proto::v1::{self, resource::Kind};

use crate::{Import, read_documents};

const VPC: &str =
    r#"{"VpcId": "vpc-11111111", "OwnerId": "111111111111", "CidrBlock": "10.0.0.0/16"}"#;

#[track_caller]
fn import(documents: &[(&str, &str)]) -> Import {
    read_documents(documents.iter().copied()).unwrap()
}

#[track_caller]
fn refused(documents: &[(&str, &str)]) -> String {
    read_documents(documents.iter().copied())
        .unwrap_err()
        .to_string()
}

#[track_caller]
fn only<'a, T>(import: &'a Import, pick: impl Fn(&'a Kind) -> Option<&'a T>) -> &'a T {
    let mut found = import
        .resources
        .iter()
        .filter_map(|resource| pick(resource.kind.as_ref()?));
    let first = found.next().expect("no such resource");
    assert!(found.next().is_none(), "several such resources");
    first
}

fn vpc(kind: &Kind) -> Option<&v1::Vpc> {
    if let Kind::Vpc(it) = kind {
        Some(it)
    } else {
        None
    }
}

fn interface(kind: &Kind) -> Option<&v1::NetworkInterface> {
    if let Kind::NetworkInterface(it) = kind {
        Some(it)
    } else {
        None
    }
}

fn service(kind: &Kind) -> Option<&v1::VpcEndpointService> {
    if let Kind::VpcEndpointService(it) = kind {
        Some(it)
    } else {
        None
    }
}

fn table(kind: &Kind) -> Option<&v1::TransitGatewayRouteTable> {
    if let Kind::TransitGatewayRouteTable(it) = kind {
        Some(it)
    } else {
        None
    }
}

fn balancer(kind: &Kind) -> Option<&v1::LoadBalancer> {
    if let Kind::LoadBalancer(it) = kind {
        Some(it)
    } else {
        None
    }
}

fn group(kind: &Kind) -> Option<&v1::TargetGroup> {
    if let Kind::TargetGroup(it) = kind {
        Some(it)
    } else {
        None
    }
}

fn lines(import: &Import) -> Vec<String> {
    import.warnings.iter().map(ToString::to_string).collect()
}

fn vpcs(record: &str) -> String {
    format!(r#"{{"Vpcs": [{record}]}}"#)
}

const HOME: &str = "111111111111/eu-west-1";

fn home(file: &str) -> String {
    format!("{HOME}/{file}")
}
