//! What symbolic addresses match.

use std::sync::Arc;

use super::*;

fn packet(destination: Addr, is_ipv6: bool) -> Packet {
    let header = Header {
        source: Addr::Internet,
        destination,
        protocol: Protocol::TCP,
        source_ports: PortRange::EPHEMERAL,
        destination_ports: PortRange::one(443),
    };
    Packet {
        header,
        is_ipv6,
        is_reply: false,
        sender: None,
        zone: None,
    }
}

fn service(name: &str) -> ServiceAddress {
    ServiceAddress {
        service: name.to_owned(),
        region: "eu-west-1".parse().unwrap(),
    }
}

fn symbolic(name: &str) -> Addr {
    Addr::Service(Arc::new(service(name)))
}

fn matched(packet: &Packet, net: &str) -> Matched {
    let wanted = Match::to(AddressMatch::Net(net.parse().unwrap()));
    packet.matches(&wanted, &Network::default())
}

#[test]
fn the_internet_is_partly_in_a_public_block_and_never_in_a_private_one() {
    let internet = packet(Addr::Internet, false);
    assert_eq!(matched(&internet, "0.0.0.0/0"), Matched::Yes);
    assert_eq!(matched(&internet, "8.0.0.0/8"), Matched::Partly);
    assert_eq!(matched(&internet, "10.0.0.0/8"), Matched::No);
    assert_eq!(matched(&internet, "100.64.0.0/10"), Matched::No);
    assert_eq!(matched(&internet, "::/0"), Matched::No);
    assert_eq!(matched(&packet(Addr::Internet, true), "::/0"), Matched::Yes);
    assert_eq!(
        matched(&packet(Addr::Internet, true), "fd00::/8"),
        Matched::No
    );
}

#[test]
fn where_a_service_is_within_the_internet_is_not_known() {
    let sqs = packet(symbolic("sqs"), false);
    assert_eq!(matched(&sqs, "0.0.0.0/0"), Matched::Yes);
    assert_eq!(matched(&sqs, "8.0.0.0/8"), Matched::Unknown);
    assert_eq!(matched(&sqs, "10.0.0.0/8"), Matched::No);
}

#[test]
fn the_addresses_of_services_are_apart() {
    let net: IpNet = "52.218.0.0/17".parse().unwrap();
    let mut network = Network::default();
    let lists = &mut std::sync::Arc::make_mut(&mut network.frame).lists;
    lists.push(PrefixList {
        service: Some(service("s3")),
        entries: Some(vec![net]),
    });
    lists.push(PrefixList {
        service: Some(service("dynamodb")),
        entries: None,
    });
    let is_in = |address: Addr, service: ServiceAddress, entries: Option<&[IpNet]>| {
        matches_service(&service, entries, &address, &network)
    };
    let ip = |text: &str| Addr::Ip(text.parse().unwrap());
    let entries = Some([net].to_vec());
    assert_eq!(
        is_in(symbolic("sqs"), service("s3"), entries.as_deref()),
        Matched::No
    );
    assert_eq!(
        is_in(symbolic("dynamodb"), service("dynamodb"), None),
        Matched::Yes
    );
    assert_eq!(
        is_in(ip("52.218.0.9"), service("s3"), entries.as_deref()),
        Matched::Yes
    );
    assert_eq!(
        is_in(ip("52.218.0.9"), service("dynamodb"), None),
        Matched::No
    );
    assert_eq!(
        is_in(ip("8.8.8.8"), service("dynamodb"), None),
        Matched::Unknown
    );
    assert_eq!(
        is_in(ip("10.0.0.1"), service("dynamodb"), None),
        Matched::No
    );
    assert_eq!(
        is_in(Addr::Internet, service("s3"), entries.as_deref()),
        Matched::No
    );
}

#[test]
fn a_rule_is_as_good_as_its_worst_part() {
    let mut sqs = packet(symbolic("sqs"), false);
    sqs.header.destination_ports = PortRange::ALL;
    let wanted = Match {
        destination_ports: PortRange::one(443),
        ..Match::to(AddressMatch::Net("8.0.0.0/8".parse().unwrap()))
    };
    assert_eq!(sqs.matches(&wanted, &Network::default()), Matched::Unknown);
    let replies = Match {
        is_reply: Some(true),
        ..Match::ANY
    };
    assert_eq!(sqs.matches(&replies, &Network::default()), Matched::No);
}
