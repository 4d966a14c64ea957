//! What ways cost: the components that an answer tells, by prices that are easy to tell apart.

use std::sync::Arc;

use causeway_model::price::{Cost, CostItem, Price, PriceBook, Rate, Tier};
use causeway_resolver::{Depth, Network};

use crate::notation;

const ESTATE: &str = "
vpc main 10.0.0.0/16 hostnames=on
vpc near 10.2.0.0/16
vpc far 10.1.0.0/16 region=us-east-1
subnet a main 10.0.1.0/24 zone=eu-west-1a
subnet b main 10.0.2.0/24 zone=eu-west-1b
subnet dark main 10.0.3.0/24
subnet near near 10.2.1.0/24 zone=eu-west-1b
subnet far far 10.1.1.0/24 zone=us-east-1a
igw main main
igw near near
nat main b 10.0.2.6 public=54.0.0.6
pcx far main far
tgw hub
attach main hub vpc vpc-main subnets=a table=hub
attach near hub vpc vpc-near subnets=near table=hub
attach site hub vpn vpn-site table=hub
vpn site tgw-hub routes=192.168.0.0/16 tunnels=up,up
tgw-routes hub hub: 10.2.0.0/16 -> near propagated, 10.0.0.0/16 -> main propagated, 192.168.0.0/16 -> site propagated
routes a main subnets=a: 0.0.0.0/0 -> nat-main, 10.1.0.0/16 -> pcx-far, 10.2.0.0/16 -> tgw-hub, 192.168.0.0/16 -> tgw-hub
routes b main subnets=b: 0.0.0.0/0 -> igw-main
routes dark main main:
routes near near main: 10.0.0.0/16 -> tgw-hub, 0.0.0.0/0 -> igw-near
routes far far main: 10.0.0.0/16 -> pcx-far
sg open main: in all from 0.0.0.0/0; out all to 0.0.0.0/0
eni web a 10.0.1.10 sg=open
instance db
eni db b 10.0.2.20 sg=open public=54.0.0.20 instance=db
tg db TCP/80 instance: i-db
lb net/db main in=a@10.0.1.61,b@10.0.2.61 cross-zone=on: TCP/80 -> db
lb app/db main in=a@10.0.1.62,b@10.0.2.62 sg=open: HTTP/80 -> db
eni dark dark 10.0.3.30 sg=open
eni near near 10.2.1.10 sg=open public=54.0.0.30
eni far far 10.1.1.10 sg=open
eni link a 10.0.1.50 type=vpc_endpoint sg=open
endpoint sqs main interface com.amazonaws.eu-west-1.sqs enis=link
";

/// A price of so many units for each item, by its place in the list: an hour costs that, a gigabyte a thousandth of it.
fn prices() -> PriceBook {
    let rate = |number: u64| Rate {
        hour: Some(Price(number * Price::ONE)),
        gb: vec![Tier {
            up_to_gb: None,
            price: Price(number * Price::ONE / 1000),
        }],
        note: String::new(),
    };
    let items = CostItem::ALL.iter().zip(1..);
    let mut everywhere: std::collections::BTreeMap<_, _> =
        items.map(|(item, number)| (*item, rate(number))).collect();
    everywhere.insert(
        CostItem::PublicIpv4Address,
        Rate {
            hour: Some(Price(5_000_000)),
            ..Rate::default()
        },
    );
    PriceBook {
        currency: "EUR".to_owned(),
        everywhere,
        ..PriceBook::default()
    }
}

fn cost(question: &str, prices: PriceBook) -> Option<Cost> {
    cost_in(ESTATE, question, prices)
}

fn cost_in(estate: &str, question: &str, prices: PriceBook) -> Option<Cost> {
    let scenario = notation::read(&format!("{estate}\n? {question}\n")).unwrap();
    let network = Network::compile(&scenario.snapshot().unwrap()).priced(Arc::new(prices));
    let flow = &scenario.questions.first()?.flow;
    network.resolve(flow, Depth::Full).unwrap().cost
}

fn told(question: &str) -> Vec<String> {
    lines(cost(question, prices()))
}

/// In the network of a scenario.
fn told_in(scenario: &str, question: &str) -> Vec<String> {
    let path = format!(
        "{}/tests/scenarios/{scenario}.net",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(path).unwrap();
    let (estate, _) = text.split_once("\n? ").unwrap();
    lines(cost_in(estate, question, prices()))
}

/// Each component as `item resource hour/there/back`, then the sums.
fn lines(cost: Option<Cost>) -> Vec<String> {
    let Some(cost) = cost else {
        return vec!["none".to_owned()];
    };
    let text =
        |price: Option<Price>| price.map_or_else(|| "?".to_owned(), |price| price.to_string());
    let mut lines: Vec<String> = cost
        .components
        .iter()
        .map(|part| {
            let resource = part.resource.as_ref();
            let of = resource.map_or_else(
                || {
                    part.region
                        .as_ref()
                        .map_or(String::new(), ToString::to_string)
                },
                |named| named.id.to_string(),
            );
            let [hour, there, back] =
                [part.per_hour, part.per_gb_forward, part.per_gb_return].map(text);
            format!("{} {of} {hour}/{there}/{back}", part.item)
        })
        .collect();
    let sums = [cost.per_hour, cost.per_gb_forward, cost.per_gb_return];
    let sums = sums.map(|sum| sum.to_string()).join("/");
    let complete = if cost.is_complete { "all" } else { "at least" };
    lines.push(format!("{complete} {sums}"));
    lines
}

#[test]
fn a_way_within_a_zone_costs_nothing() {
    assert_eq!(
        told("eni-web -> 10.0.1.50 tcp/443").last().unwrap(),
        "all 1/0.001/0.001"
    );
    let cost = cost("eni-near -> eni-near tcp/443", prices());
    assert_eq!(cost, None, "what is never sent costs nothing");
}

#[test]
fn data_between_zones_is_charged_at_both_ends_in_both_directions() {
    assert_eq!(
        told("eni-web -> eni-db tcp/443"),
        ["zone_transfer eu-west-1 0/0.032/0.032", "all 0/0.032/0.032"]
    );
}

#[test]
fn where_the_zone_is_not_known_the_price_is_not() {
    assert_eq!(
        told("eni-web -> eni-dark tcp/443"),
        ["zone_transfer eu-west-1 0/?/?", "at least 0/0/0"]
    );
}

#[test]
fn a_nat_gateway_of_another_zone_costs_itself_the_transfer_its_address_and_what_leaves() {
    assert_eq!(
        told("eni-web -> 8.8.8.8 tcp/443"),
        [
            "nat_gateway nat-main 6/0.006/0.006",
            "public_ipv4_address nat-main 0.005/0/0",
            "zone_transfer eu-west-1 0/0.032/0.032",
            "internet_egress eu-west-1 0/0.015/0",
            "all 6.005/0.053/0.038"
        ]
    );
}

#[test]
fn what_comes_in_from_the_internet_is_free_and_its_reply_is_not() {
    assert_eq!(
        told("internet -> eni-db tcp/443"),
        [
            "public_ipv4_address eni-db 0.005/0/0",
            "internet_egress eu-west-1 0/0/0.015",
            "all 0.005/0/0.015"
        ]
    );
}

#[test]
fn a_transit_gateway_is_paid_by_who_sends_and_its_zones_are_free() {
    assert_eq!(
        told("eni-web -> eni-near tcp/443"),
        [
            "transit_gateway_attachment tgw-attach-main 8/0.008/0",
            "transit_gateway_attachment tgw-attach-near 8/0/0.008",
            "all 16/0.008/0.008"
        ]
    );
}

#[test]
fn a_peering_connection_to_another_region_costs_the_transfer_alone() {
    assert_eq!(
        told("eni-web -> eni-far tcp/443"),
        [
            "region_transfer eu-west-1 0/0.017/0",
            "region_transfer us-east-1 0/0/0.017",
            "all 0/0.017/0.017"
        ]
    );
}

#[test]
fn a_vpn_connection_is_paid_by_the_hour_and_what_leaves_by_it() {
    assert_eq!(
        told("eni-web -> 192.168.1.1 tcp/443"),
        [
            "transit_gateway_attachment tgw-attach-main 8/0.008/0",
            "transit_gateway_attachment tgw-attach-site 8/0/0.008",
            "vpn_connection vpn-site 9/0/0",
            "internet_egress eu-west-1 0/0.015/0",
            "all 25/0.023/0.008"
        ]
    );
}

#[test]
fn public_addresses_of_one_region_cost_what_zones_do() {
    assert_eq!(
        told("eni-db -> 54.0.0.30 tcp/443"),
        [
            "public_ipv4_address eni-db 0.005/0/0",
            "public_ipv4_address eni-near 0.005/0/0",
            "zone_transfer eu-west-1 0/0.032/0.032",
            "all 0.01/0.032/0.032"
        ]
    );
}

#[test]
fn a_service_at_its_public_address_is_free_in_its_own_region_alone() {
    assert_eq!(
        told("eni-db -> sns.eu-west-1.amazonaws.com tcp/443"),
        ["public_ipv4_address eni-db 0.005/0/0", "all 0.005/0/0"]
    );
    assert_eq!(
        told("eni-db -> sns.us-east-1.amazonaws.com tcp/443"),
        [
            "public_ipv4_address eni-db 0.005/0/0",
            "region_transfer eu-west-1 0/0.017/0",
            "region_transfer us-east-1 0/0/0.017",
            "all 0.005/0.017/0.017"
        ]
    );
}

#[test]
fn of_prices_by_volume_the_first_that_is_not_free_is_taken_and_all_are_told() {
    let tier = |up_to_gb, price| Tier {
        up_to_gb,
        price: Price(price),
    };
    let mut book = prices();
    let rate = Rate {
        gb: vec![
            tier(Some(100), 0),
            tier(Some(10_240), 90_000_000),
            tier(None, 50_000_000),
        ],
        note: "list price".to_owned(),
        ..Rate::default()
    };
    book.everywhere.insert(CostItem::InternetEgress, rate);
    let cost = cost("eni-db -> 8.8.8.8 tcp/443", book).unwrap();
    let egress = cost.components.iter();
    let egress = egress
        .into_iter()
        .find(|part| part.item == CostItem::InternetEgress)
        .unwrap();
    assert_eq!(egress.per_gb_forward, Some(Price(90_000_000)));
    assert_eq!(
        egress.basis,
        "0 up to 100 GB a month, 0.09 up to 10240 GB a month, 0.05 above; list price"
    );
}

#[test]
fn the_price_of_an_attachment_of_another_type_is_not_known() {
    assert_eq!(
        told_in("transit-gateways", "eni-a1 -> 10.6.0.1 tcp/443"),
        [
            "transit_gateway_attachment tgw-attach-a 8/0.008/0",
            "transit_gateway_attachment tgw-attach-wan ?/0/0",
            "at least 8/0.008/0"
        ]
    );
}

#[test]
fn a_way_that_does_not_arrive_has_no_cost() {
    assert_eq!(told("eni-far -> 8.8.8.8 tcp/443"), ["none"]);
}

#[test]
fn a_price_that_nobody_tells_is_said_to_be_unknown() {
    let cost = cost("eni-web -> 8.8.8.8 tcp/443", PriceBook::default()).unwrap();
    assert!(!cost.is_complete);
    let nat = cost.components.iter();
    let nat = nat
        .into_iter()
        .find(|part| part.item == CostItem::NatGateway)
        .unwrap();
    assert_eq!((nat.per_hour, nat.per_gb_forward), (None, None));
    assert_eq!(
        nat.basis,
        "the price file does not tell a price of it in eu-west-1"
    );
}

#[test]
fn an_interface_endpoint_takes_data_from_all_zones_at_one_price() {
    assert_eq!(
        told_in("endpoint-services", "eni-job -> 10.0.1.50 tcp/443"),
        [
            "interface_endpoint vpce-pay 1/0.001/0.001",
            "network_load_balancer arn:loadbalancer/net/pay 11/0.011/0.011",
            "all 12/0.012/0.012"
        ]
    );
    assert_eq!(
        told_in("interface-endpoints", "eni-web -> vpce-sqs tcp/443"),
        [
            "interface_endpoint vpce-sqs 1/0.001/0.001",
            "all 1/0.001/0.001"
        ]
    );
}

#[test]
fn a_network_load_balancer_pays_for_targets_in_other_zones_and_an_application_one_does_not() {
    assert_eq!(
        told("eni-web -> 10.0.1.61 tcp/80"),
        [
            "network_load_balancer arn:loadbalancer/net/db 11/0.011/0.011",
            "zone_transfer eu-west-1 0/0.032/0.032",
            "all 11/0.043/0.043"
        ]
    );
    assert_eq!(
        told("eni-web -> 10.0.1.62 tcp/80"),
        [
            "application_load_balancer arn:loadbalancer/app/db 12/0.012/0.012",
            "all 12/0.012/0.012"
        ]
    );
}

#[test]
fn a_service_of_another_region_costs_its_data_beside_the_endpoint() {
    assert_eq!(
        told_in("endpoint-services", "eni-far -> 10.9.1.50 tcp/443"),
        [
            "interface_endpoint vpce-near 1/0.001/0.001",
            "network_load_balancer arn:loadbalancer/net/pay 11/0.011/0.011",
            "cross_region_endpoint us-east-1 0/0.002/0",
            "cross_region_endpoint eu-west-1 0/0/0.002",
            "all 12/0.014/0.014"
        ]
    );
}

#[test]
fn an_endpoint_on_the_way_is_charged_once_in_each_direction() {
    assert_eq!(
        told_in("gateway-load-balancers", "eni-app -> 8.8.8.8 tcp/443"),
        [
            "gateway_load_balancer_endpoint vpce-wall 4/0.004/0.004",
            "gateway_load_balancer arn:lb/wall 13/0.013/0.013",
            "public_ipv4_address eni-app 0.005/0/0",
            "internet_egress eu-west-1 0/0.015/0",
            "all 17.005/0.032/0.017"
        ]
    );
    assert_eq!(
        told_in("network-firewalls", "eni-app -> 8.8.8.8 tcp/443"),
        [
            "network_firewall vpce-std 14/0.014/0.014",
            "public_ipv4_address eni-app 0.005/0/0",
            "internet_egress eu-west-1 0/0.015/0",
            "all 14.005/0.029/0.014"
        ]
    );
    assert_eq!(
        told_in(
            "gateway-endpoints",
            "eni-web -> s3.eu-west-1.amazonaws.com tcp/443"
        ),
        [
            "gateway_endpoint vpce-s3 5/0.005/0.005",
            "all 5/0.005/0.005"
        ]
    );
}

#[test]
fn a_peering_of_transit_gateways_is_an_hour_for_both() {
    assert_eq!(
        told_in("transit-peering", "eni-a -> eni-b tcp/443"),
        [
            "transit_gateway_attachment tgw-attach-a 8/0.008/0",
            "transit_gateway_attachment tgw-attach-link 8/0/0",
            "transit_gateway_attachment tgw-attach-link 8/0/0",
            "transit_gateway_attachment tgw-attach-b 8/0/0.008",
            "region_transfer eu-west-1 0/0.017/0",
            "region_transfer us-east-1 0/0/0.017",
            "all 32/0.025/0.025"
        ]
    );
}

#[test]
fn data_over_direct_connect_is_charged_as_it_leaves() {
    assert_eq!(
        told_in("premises-direct-connect", "eni-a -> 192.168.1.1 tcp/443"),
        ["direct_connect dxvif-one 10/0.01/0", "all 10/0.01/0"]
    );
}
