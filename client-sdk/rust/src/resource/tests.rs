//! What the builders make, and what they refuse.

use causeway_proto::v1;
use v1::resource::Kind;
use v1::route::{Destination, Target};

use super::*;

fn home() -> Home {
    Home::new("111122223333", "eu-west-1")
}

fn faults<K: Buildable>(builder: Builder<K>) -> Vec<String> {
    let told = builder.build().unwrap_err();
    let each = told.faults().iter();
    each.map(|one| format!("{}: {}", one.field, one.fault))
        .collect()
}

#[test]
fn a_resource_has_its_account_its_region_its_tags_and_its_kind() {
    let vpc = home()
        .vpc("vpc-1", "10.0.0.0/16")
        .and_block("2001:db8::/56");
    let made = vpc.name("main").tag("team", "a").build().unwrap();
    assert_eq!(
        (&*made.owner_id, &*made.region),
        ("111122223333", "eu-west-1")
    );
    let tags: Vec<_> = made
        .tags
        .iter()
        .map(|tag| (&*tag.key, &*tag.value))
        .collect();
    assert_eq!(tags, [("Name", "main"), ("team", "a")]);
    let Some(Kind::Vpc(vpc)) = made.kind else {
        panic!("not a VPC")
    };
    assert_eq!(vpc.vpc_id, "vpc-1");
    assert_eq!(vpc.cidr_blocks, ["10.0.0.0/16", "2001:db8::/56"]);
}

#[test]
fn a_route_leads_to_what_its_id_says() {
    let table = home()
        .route_table("rtb-1", "vpc-1")
        .route("0.0.0.0/0", "igw-1")
        .route("::/0", "eigw-1")
        .route("pl-1", "vpce-1")
        .route("10.1.0.0/16", "vpce-2")
        .route("10.2.0.0/16", "tgw-1")
        .blackhole("10.3.0.0/16");
    let Some(Kind::RouteTable(table)) = table.build().unwrap().kind else {
        panic!("not a route table")
    };
    let targets: Vec<_> = table
        .routes
        .iter()
        .map(|route| route.target.clone())
        .collect();
    assert_eq!(
        targets,
        [
            Some(Target::GatewayId("igw-1".to_owned())),
            Some(Target::EgressOnlyInternetGatewayId("eigw-1".to_owned())),
            Some(Target::GatewayId("vpce-1".to_owned())),
            Some(Target::VpcEndpointId("vpce-2".to_owned())),
            Some(Target::TransitGatewayId("tgw-1".to_owned())),
            None,
        ]
    );
    assert_eq!(
        table.routes[2].destination,
        Some(Destination::DestinationPrefixListId("pl-1".to_owned()))
    );
    assert_eq!(
        table.routes[1].destination,
        Some(Destination::DestinationIpv6CidrBlock("::/0".to_owned()))
    );
    assert_eq!(table.routes[5].state(), v1::RouteState::Blackhole);
}

#[test]
fn what_does_not_fit_is_named_all_at_once() {
    let table = home().route_table("rtb-1", "subnet-1");
    let table = table
        .route("10.0.0.1/8", "igw-1")
        .route("0.0.0.0/0", "eigw-1");
    assert_eq!(
        faults(table.route("::/0", "sg-1").blackhole("::/0")),
        [
            "vpc_id: `subnet-1` is no id of the form vpc-...",
            "routes: `10.0.0.1/8` has host bits set, its block is 10.0.0.0/8",
            "routes: `eigw-1` takes IPv6 alone",
            "routes: `sg-1` is no id of what a route can lead to",
            "routes: two routes have one destination",
        ]
    );
    let group = home().security_group("sg-1", "vpc-1");
    #[expect(clippy::reversed_empty_ranges, reason = "it is what is refused")]
    let group = group.ingress(Traffic::tcp(2..=1), "10.0.0.0/33");
    assert_eq!(
        faults(group),
        [
            "ip_permissions: the ports 2 to 1 are none",
            "ip_permissions: `10.0.0.0/33` is no CIDR block as 10.0.0.0/16 or 2001:db8::/56",
        ]
    );
    let acl = home().network_acl("acl-1", "vpc-1");
    let acl = acl
        .allow_in(0, Traffic::all(), "0.0.0.0/0")
        .allow_in(100, Traffic::all(), "0.0.0.0/0")
        .deny_in(100, Traffic::icmp(), "0.0.0.0/0")
        .deny_in(100, Traffic::icmpv6(), "::/0")
        .deny_out(100, Traffic::icmp(), "0.0.0.0/0");
    assert_eq!(
        faults(acl),
        [
            "entries: rule 0 is not from 1 to 32766",
            "entries: rule 100 is there twice",
        ]
    );
    let nobody = Home::new("me", "eu-west-1").instance("eni-1");
    assert_eq!(
        faults(nobody.name("a").name("b")),
        [
            "owner_id: `me` is no account of twelve digits",
            "instance_id: `eni-1` is no id of the form i-...",
            "tags: `Name` is there twice",
        ]
    );
    let interface = home().interface("eni-1", "vpc-1", "subnet-1");
    let interface = interface
        .address("host")
        .public_address("2001:db8::1", "192.0.2.1");
    assert_eq!(
        faults(interface),
        [
            "private_ip_addresses: `host` is no address",
            "private_ip_addresses: `2001:db8::1` is of IPv6: it has no public address `192.0.2.1`",
        ]
    );
}

#[test]
fn rules_name_their_peers_by_what_they_are() {
    let group = home()
        .security_group("sg-1", "vpc-1")
        .ingress(Traffic::tcp(443), "sg-2")
        .egress(Traffic::all(), "pl-1")
        .egress(Traffic::udp(1024..=2048), "::/0");
    let Some(Kind::SecurityGroup(group)) = group.build().unwrap().kind else {
        panic!("not a security group")
    };
    let [ingress] = &group.ip_permissions[..] else {
        panic!("{group:?}")
    };
    assert_eq!(
        (&*ingress.ip_protocol, ingress.from_port, ingress.to_port),
        ("tcp", Some(443), Some(443))
    );
    assert_eq!(ingress.user_id_group_pairs[0].group_id, "sg-2");
    let [all, udp] = &group.ip_permissions_egress[..] else {
        panic!("{group:?}")
    };
    assert_eq!((&*all.ip_protocol, all.from_port), ("-1", None));
    assert_eq!(all.prefix_list_ids, ["pl-1"]);
    assert_eq!((udp.from_port, udp.to_port), (Some(1024), Some(2048)));
    assert_eq!(udp.ip_ranges, ["::/0"]);
}

#[test]
fn an_endpoint_is_of_its_type() {
    let kind = |made: Result<v1::Resource, InvalidResource>| match made.unwrap().kind {
        Some(Kind::VpcEndpoint(endpoint)) => endpoint,
        other => panic!("{other:?}"),
    };
    let home = home();
    let sqs = home.interface_endpoint("vpce-1", "vpc-1", "com.amazonaws.eu-west-1.sqs");
    let sqs = sqs
        .interface("subnet-1", "eni-1")
        .group("sg-1")
        .private_dns();
    let sqs = kind(sqs.build());
    assert_eq!(sqs.vpc_endpoint_type(), v1::VpcEndpointType::Interface);
    assert_eq!((&*sqs.vpc_endpoint_id, &*sqs.vpc_id), ("vpce-1", "vpc-1"));
    assert_eq!(
        (&sqs.subnet_ids[..], &sqs.group_ids[..]),
        (&["subnet-1".to_owned()][..], &["sg-1".to_owned()][..])
    );
    let s3 = home.gateway_endpoint("vpce-2", "vpc-1", "com.amazonaws.eu-west-1.s3");
    let s3 = kind(s3.route_table("rtb-1").build());
    assert_eq!(s3.vpc_endpoint_type(), v1::VpcEndpointType::Gateway);
    assert_eq!(s3.route_table_ids, ["rtb-1"]);
    let fleet = home.gateway_load_balancer_endpoint("vpce-3", "vpc-1", "service");
    let fleet = kind(fleet.interface("subnet-1", "eni-1").build());
    assert_eq!(
        fleet.vpc_endpoint_type(),
        v1::VpcEndpointType::GatewayLoadBalancer
    );
}
