//! What ways are like: the qualities that an answer tells beside its traces.

use causeway_model::trace::Qualities;
use causeway_resolver::{Depth, Network};

use crate::notation;

const ESTATE: &str = "
vpc main 10.0.0.0/16 hostnames=on
vpc far 10.1.0.0/16 region=us-east-1
subnet a main 10.0.1.0/24 zone=eu-west-1a
subnet b main 10.0.2.0/24 zone=eu-west-1b
subnet far far 10.1.1.0/24 zone=us-east-1a
igw main main
nat main b 10.0.2.6 public=54.0.0.6
pcx far main far
routes a main subnets=a: 0.0.0.0/0 -> nat-main, 10.1.0.0/16 -> pcx-far
routes b main subnets=b: 0.0.0.0/0 -> igw-main
routes far far main: 10.0.0.0/16 -> pcx-far
sg open main: in all from 0.0.0.0/0; out all to 0.0.0.0/0
eni web a 10.0.1.10 sg=open
eni db b 10.0.2.20 sg=open public=54.0.0.20
eni far far 10.1.1.10 sg=open
";

/// Whether it uses public addresses and leaves the network, and what it crosses, in words.
fn told(question: &str) -> Option<String> {
    let scenario = notation::read(&format!("{ESTATE}\n? {question}\n")).unwrap();
    let network = Network::compile(&scenario.snapshot().unwrap());
    let flow = &scenario.questions.first()?.flow;
    let Qualities {
        uses_public_addresses,
        leaves_aws_network,
        regions,
        zones,
    } = network.resolve(flow, Depth::Full).unwrap().qualities?;
    let public = if uses_public_addresses {
        "public"
    } else {
        "private"
    };
    let leaves = if leaves_aws_network {
        "leaves"
    } else {
        "stays"
    };
    Some(format!("{public}, {leaves}, {regions:?}, {zones:?}"))
}

#[test]
fn a_way_within_a_vpc_is_private_and_crosses_the_zones_of_its_subnets() {
    assert_eq!(
        told("eni-web -> eni-db tcp/443").as_deref(),
        Some("private, stays, [eu-west-1], [eu-west-1a, eu-west-1b]")
    );
}

#[test]
fn a_way_to_the_internet_leaves_and_one_to_a_service_of_aws_does_not() {
    assert_eq!(
        told("eni-web -> internet tcp/443").as_deref(),
        Some("public, leaves, [eu-west-1], [eu-west-1a, eu-west-1b]")
    );
    assert_eq!(
        told("eni-db -> sqs.eu-west-1.amazonaws.com tcp/443").as_deref(),
        Some("public, stays, [eu-west-1], [eu-west-1b]")
    );
    assert_eq!(
        told("internet -> eni-db tcp/443").as_deref(),
        Some("public, leaves, [eu-west-1], [eu-west-1b]")
    );
}

#[test]
fn a_way_over_a_peering_connection_crosses_regions() {
    assert_eq!(
        told("eni-web -> eni-far tcp/443").as_deref(),
        Some("private, stays, [eu-west-1, us-east-1], [eu-west-1a, us-east-1a]")
    );
}

#[test]
fn where_no_way_is_begun_there_is_nothing_to_tell() {
    assert_eq!(told("eni-web -> nowhere.example tcp/443"), None);
}
