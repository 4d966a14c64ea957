//! Filters and routes for packets that are symbolic, or many at once.

use std::sync::Arc;

use causeway_model::Protocol;
use causeway_model::protocol::PortRange;
use causeway_model::trace::{Addr, Code, Header, ServiceAddress, Stage};

use super::*;
use crate::table::{AddressMatch, Match, Rank};

const DENY: Action = Action::Deny(Code::SubnetAclRestriction);

fn packet(source: Addr, ports: PortRange) -> Packet {
    let header = Header {
        source,
        destination: Addr::Ip("10.0.0.1".parse().unwrap()),
        protocol: Protocol::TCP,
        source_ports: PortRange::EPHEMERAL,
        destination_ports: ports,
    };
    Packet {
        header,
        is_ipv6: false,
        is_reply: false,
        sender: None,
        zone: None,
    }
}

fn service() -> Addr {
    Addr::Service(Arc::new(ServiceAddress {
        service: "sqs".to_owned(),
        region: "eu-west-1".parse().unwrap(),
    }))
}

/// A filter of rules on sources: the block, the ports, what to do.
fn table(rules: &[(&str, PortRange, Action)]) -> Table {
    let rules = rules.iter().map(|(net, destination_ports, action)| {
        let ends = Match::from(AddressMatch::Net(net.parse().unwrap()));
        let matches = Match {
            destination_ports: *destination_ports,
            ..ends
        };
        Rule::when(
            matches,
            action.clone(),
            format!("{net} {destination_ports}"),
        )
    });
    Table {
        stage: Stage::NetworkAclIn,
        resource: None,
        order: Order::First,
        rules: rules.collect(),
        otherwise: Rule::always(DENY, "no rule"),
    }
}

fn said(table: &Table, packet: &Packet) -> String {
    let (word, rule) = match filter(table, packet, &Network::default()) {
        Filtered::Allowed(rule) => ("allowed", rule),
        Filtered::Denied(rule) => ("denied", rule),
        Filtered::Partly(rule) => ("partly", rule),
        Filtered::Unknown(rule) => ("unknown", rule),
    };
    format!("{word} by {}", rule.label)
}

#[test]
fn a_rule_for_addresses_that_are_already_decided_says_nothing() {
    let all = PortRange::ALL;
    let table = table(&[
        ("0.0.0.0/1", all, Action::Allow),
        ("8.0.0.0/8", all, DENY),
        ("128.0.0.0/1", all, Action::Allow),
        ("0.0.0.0/0", all, DENY),
    ]);
    let https = PortRange::one(443);
    assert_eq!(
        said(&table, &packet(Addr::Internet, https)),
        "allowed by 0.0.0.0/1 0-65535"
    );
    assert_eq!(
        said(&table, &packet(service(), https)),
        "allowed by 0.0.0.0/1 0-65535"
    );
}

#[test]
fn a_denial_of_some_of_the_internet_splits_it_and_leaves_a_service_in_doubt() {
    let all = PortRange::ALL;
    let table = table(&[("8.0.0.0/8", all, DENY), ("0.0.0.0/0", all, Action::Allow)]);
    let https = PortRange::one(443);
    assert_eq!(
        said(&table, &packet(Addr::Internet, https)),
        "partly by 8.0.0.0/8 0-65535"
    );
    assert_eq!(
        said(&table, &packet(service(), https)),
        "unknown by 8.0.0.0/8 0-65535"
    );
}

#[test]
fn adjoining_ranges_of_ports_are_one_up_to_the_last_port() {
    let range = |from, to| PortRange::new(from, to).unwrap();
    let any = "0.0.0.0/0";
    let halves = [
        (any, range(0, 999), Action::Allow),
        (any, range(1000, 65535), Action::Allow),
    ];
    let gap = [
        (any, range(0, 998), Action::Allow),
        (any, range(1000, 65535), Action::Allow),
    ];
    let internet = packet(Addr::Internet, PortRange::ALL);
    assert_eq!(
        said(&table(&halves), &internet),
        "allowed by 0.0.0.0/0 0-999"
    );
    assert_eq!(said(&table(&gap), &internet), "partly by no rule");
}

#[test]
fn a_doubt_outweighs_what_it_may_change() {
    let doubt = Action::Doubt(Code::UnknownResource);
    let https = PortRange::one(443);
    let source = || packet(Addr::Ip("10.0.0.2".parse().unwrap()), https);
    let unsure = table(&[("0.0.0.0/0", PortRange::ALL, doubt.clone())]);
    assert_eq!(said(&unsure, &source()), "unknown by 0.0.0.0/0 0-65535");
    let sure = table(&[
        ("0.0.0.0/0", https, Action::Allow),
        ("0.0.0.0/0", PortRange::ALL, doubt),
    ]);
    assert_eq!(said(&sure, &source()), "allowed by 0.0.0.0/0 443");
}

#[test]
fn what_may_already_be_decided_is_certain_for_nobody() {
    let block = "10.0.0.0/24".parse().unwrap();
    let some = PortRange::new(0, 999).unwrap();
    let table = table(&[
        ("0.0.0.0/0", some, Action::Allow),
        ("10.0.0.0/25", PortRange::ALL, Action::Allow),
        ("0.0.0.0/0", PortRange::ALL, DENY),
    ]);
    assert_eq!(
        said(&table, &packet(Addr::Within(block), PortRange::ALL)),
        "unknown by 10.0.0.0/25 0-65535"
    );
}

#[test]
fn blocks_of_some_ports_leave_those_of_others() {
    let range = |from, to| PortRange::new(from, to).unwrap();
    let table = table(&[
        ("0.0.0.0/1", range(0, 999), Action::Allow),
        ("128.0.0.0/1", PortRange::ALL, Action::Allow),
        ("0.0.0.0/1", range(1000, 65535), Action::Allow),
    ]);
    assert_eq!(
        said(&table, &packet(Addr::Internet, PortRange::ALL)),
        "allowed by 0.0.0.0/1 0-999"
    );
}

/// Packets from one of a block to the internet, at any ports.
fn from_a_block() -> Packet {
    let mut packet = packet(
        Addr::Within("192.168.0.0/16".parse().unwrap()),
        PortRange::ALL,
    );
    packet.header.destination = Addr::Internet;
    packet
}

/// A rule by both ends: its blocks, and ports of the destination.
fn between(from: &str, to: &str, destination_ports: PortRange, action: Action) -> Rule {
    let [source, destination] = [from, to].map(|net| AddressMatch::Net(net.parse().unwrap()));
    let matches = Match {
        source,
        destination,
        destination_ports,
        ..Match::ANY
    };
    Rule::when(matches, action, format!("{from} -> {to}"))
}

#[test]
fn rules_by_one_end_leave_the_other_as_it_is() {
    let mut packet = packet(service(), PortRange::ALL);
    packet.header.destination = Addr::Within("192.168.0.0/16".parse().unwrap());
    let all = PortRange::ALL;
    let mut halves = table(&[
        ("0.0.0.0/1", all, Action::Allow),
        ("128.0.0.0/1", all, Action::Allow),
    ]);
    assert_eq!(said(&halves, &packet), "allowed by 0.0.0.0/1 0-65535");
    halves.rules.pop();
    assert_eq!(said(&halves, &packet), "unknown by 0.0.0.0/1 0-65535");
}

#[test]
fn rules_by_both_ends_are_for_all_once_each_part_of_one_has_all_of_the_other() {
    let [any, lower, upper] = ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1"];
    let rules = [
        between("192.168.0.0/17", lower, PortRange::ALL, Action::Allow),
        between("192.168.0.0/18", upper, PortRange::ALL, Action::Allow),
        between("192.168.64.0/18", upper, PortRange::ALL, Action::Allow),
        between("192.168.128.0/17", any, PortRange::ALL, Action::Allow),
    ];
    let whole = Table {
        rules: rules.to_vec(),
        ..table(&[])
    };
    assert_eq!(
        said(&whole, &from_a_block()),
        "allowed by 192.168.0.0/17 -> 0.0.0.0/1"
    );
    for without in 0..rules.len() {
        let mut rules = rules.to_vec();
        rules.remove(without);
        let part = Table {
            rules,
            ..table(&[])
        };
        assert!(said(&part, &from_a_block()).starts_with("unknown"));
    }
}

#[test]
fn a_flow_in_more_parts_than_are_told_apart_is_sure_of_nothing() {
    let mut rules = Vec::new();
    for number in 0..300 {
        let from = format!("192.168.{}.{}/32", number / 256, number % 256);
        rules.push(between(&from, "8.8.8.0/24", PortRange::one(number), DENY));
    }
    let all = PortRange::ALL;
    for net in ["0.0.0.0/1", "128.0.0.0/1"] {
        rules.push(between("192.168.0.0/16", net, all, Action::Allow));
    }
    let table = Table {
        rules,
        ..table(&[])
    };
    assert_eq!(
        said(&table, &from_a_block()),
        "unknown by 192.168.0.0/32 -> 8.8.8.0/24"
    );
}

#[test]
fn of_equal_routes_the_first_wins_and_prefix_lists_share() {
    let rule = |rank, code| Rule {
        rank,
        ..Rule::always(Action::Drop(code), "route")
    };
    let lists = [
        rule(Rank::PrefixList, Code::BadState),
        rule(Rank::PrefixList, Code::BadState),
        rule(Rank::PrefixList, Code::BadStateRoute),
        rule(Rank::Propagated, Code::RoutingLoop),
    ];
    let actions = |found: Vec<&Rule>| {
        found
            .iter()
            .filter_map(|rule| rule.action.code())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        actions(routes::best_of_equals(lists.iter())),
        [Code::BadState, Code::BadStateRoute]
    );
    let first = [
        rule(Rank::Static, Code::BadState),
        rule(Rank::PrefixList, Code::BadStateRoute),
    ];
    assert_eq!(
        actions(routes::best_of_equals(first.iter())),
        [Code::BadState]
    );
}
