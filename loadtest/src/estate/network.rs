//! A VPC: its subnets, route tables, gateways, security groups and network ACL.

use causeway_client::v1::{
    ConnectivityType, GatewayAttachment, GatewayAttachmentState, InternetGateway, IpPermission,
    ManagedPrefixList, NatGateway, NatGatewayAddress, NatGatewayState, NetworkAcl, NetworkAclEntry,
    NetworkInterfaceType, Resource, Route, RouteOrigin, RouteState, RouteTable,
    RouteTableAssociation, RuleAction, SecurityGroup, Subnet, UserIdGroupPair, Vpc, resource::Kind,
    route, route_table_association,
};

use super::Place;
use super::ids::{Tier, ZONES, number};

/// The security groups of a VPC, by the tier that they are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Public,
    App,
    Data,
    Endpoints,
}

impl Place {
    pub(super) fn vpc(self) -> String {
        self.id("vpc", 0)
    }

    pub(super) fn group(self, group: Group) -> String {
        self.id("sg", group as u32)
    }

    pub(super) fn internet_gateway(self) -> String {
        self.id("igw", 0)
    }

    /// The number of the route table of a tier: private tiers of a zone have one each.
    pub(super) fn route_table(self, tier: Tier, zone: usize) -> String {
        match tier {
            Tier::Data | Tier::Transit => self.id("rtb", 0),
            Tier::Public => self.id("rtb", 1),
            Tier::App => self.id("rtb", 2 + number(zone)),
        }
    }

    pub(super) fn network(self, resources: &mut Vec<Resource>) {
        let vpc = Vpc {
            vpc_id: self.vpc(),
            cidr_blocks: vec![self.block()],
            enable_dns_support: Some(true),
            enable_dns_hostnames: Some(true),
            ..Vpc::default()
        };
        resources.push(self.resource("main", Kind::Vpc(vpc)));
        for tier in Tier::ALL {
            for zone in 0..ZONES.len() {
                resources.push(self.subnet_of(tier, zone));
            }
        }
        let gateway = InternetGateway {
            internet_gateway_id: self.internet_gateway(),
            attachments: vec![GatewayAttachment {
                vpc_id: self.vpc(),
                state: GatewayAttachmentState::Attached.into(),
            }],
        };
        resources.push(self.resource("internet", Kind::InternetGateway(gateway)));
        for zone in 0..ZONES.len() {
            self.nat_gateway(zone, resources);
        }
        self.route_tables(resources);
        self.groups(resources);
        resources.push(self.network_acl());
        if self.is_first() {
            resources.push(self.prefix_list());
        }
    }

    fn subnet_of(self, tier: Tier, zone: usize) -> Resource {
        let subnet = Subnet {
            subnet_id: self.subnet(tier, zone),
            vpc_id: self.vpc(),
            cidr_blocks: vec![self.subnet_block(tier, zone)],
            availability_zone: self.zone(zone),
            availability_zone_id: format!("{}-az{}", self.region(), zone + 1),
        };
        self.resource(tier.name(), Kind::Subnet(subnet))
    }

    fn nat_gateway(self, zone: usize, resources: &mut Vec<Resource>) {
        let own = number(zone);
        let address = self.address(Tier::Public, zone, 4);
        let interface = self.id("eni", own);
        let public = self.public_address(own);
        resources.push(
            self.interface(&interface, (Tier::Public, zone), address, |interface| {
                interface.interface_type = NetworkInterfaceType::NatGateway.into();
                interface.source_dest_check = Some(false);
                interface.requester_managed = true;
                if let Some(own) = interface.private_ip_addresses.first_mut() {
                    own.public_ip.clone_from(&public);
                }
            }),
        );
        let gateway = NatGateway {
            nat_gateway_id: self.id("nat", own),
            vpc_id: self.vpc(),
            subnet_id: self.subnet(Tier::Public, zone),
            state: NatGatewayState::Available.into(),
            connectivity_type: ConnectivityType::Public.into(),
            nat_gateway_addresses: vec![NatGatewayAddress {
                network_interface_id: interface,
                private_ip: address.to_string(),
                public_ip: public,
                ..NatGatewayAddress::default()
            }],
            ..NatGateway::default()
        };
        resources.push(self.resource("out", Kind::NatGateway(gateway)));
    }

    fn route_tables(self, resources: &mut Vec<Resource>) {
        let to_hub = || {
            route(
                "10.0.0.0/8",
                route::Target::TransitGatewayId(self.transit_gateway()),
            )
        };
        let everywhere = |target| route("0.0.0.0/0", target);
        let main = route_table_association::Target::Main(true);
        resources.push(self.table(Tier::Data, 0, vec![main], vec![to_hub()]));
        let subnets = (0..ZONES.len())
            .map(|zone| route_table_association::Target::SubnetId(self.subnet(Tier::Public, zone)));
        let out = everywhere(route::Target::GatewayId(self.internet_gateway()));
        resources.push(self.table(Tier::Public, 0, subnets.collect(), vec![out, to_hub()]));
        for zone in 0..ZONES.len() {
            let subnet = route_table_association::Target::SubnetId(self.subnet(Tier::App, zone));
            let nat = self.id("nat", number(zone));
            let mut routes = vec![everywhere(route::Target::NatGatewayId(nat)), to_hub()];
            routes.extend(self.peer().map(|(peer, connection)| {
                let target = route::Target::VpcPeeringConnectionId(connection);
                route(&peer.block(), target)
            }));
            resources.push(self.table(Tier::App, zone, vec![subnet], routes));
        }
    }

    fn table(
        self,
        tier: Tier,
        zone: usize,
        associations: Vec<route_table_association::Target>,
        mut routes: Vec<Route>,
    ) -> Resource {
        let local = route(&self.block(), route::Target::GatewayId("local".to_owned()));
        routes.insert(0, local);
        let associations = associations
            .into_iter()
            .map(|target| RouteTableAssociation {
                target: Some(target),
            });
        let table = RouteTable {
            route_table_id: self.route_table(tier, zone),
            vpc_id: self.vpc(),
            associations: associations.collect(),
            routes,
            propagating_vgws: Vec::new(),
        };
        self.resource(tier.name(), Kind::RouteTable(table))
    }

    fn groups(self, resources: &mut Vec<Resource>) {
        let of = |group: Group| UserIdGroupPair {
            group_id: self.group(group),
            user_id: self.owner(),
            ..UserIdGroupPair::default()
        };
        let anyone = "0.0.0.0/0";
        let private = "10.0.0.0/8";
        let rules = [
            (Group::Public, "public", vec![tcp(443, &[anyone], vec![])]),
            (
                Group::App,
                "app",
                vec![
                    tcp(8080, &[], vec![of(Group::Public)]),
                    tcp(443, &[private], vec![]),
                ],
            ),
            (
                Group::Data,
                "data",
                vec![tcp(5432, &[], vec![of(Group::App)])],
            ),
            (
                Group::Endpoints,
                "endpoints",
                vec![tcp(443, &[private], vec![])],
            ),
        ];
        for (group, name, inbound) in rules {
            let all = IpPermission {
                ip_protocol: "-1".to_owned(),
                ip_ranges: vec![anyone.to_owned()],
                ..IpPermission::default()
            };
            let group = SecurityGroup {
                group_id: self.group(group),
                group_name: name.to_owned(),
                vpc_id: self.vpc(),
                ip_permissions: inbound,
                ip_permissions_egress: vec![all],
            };
            resources.push(self.resource(name, Kind::SecurityGroup(group)));
        }
    }

    fn network_acl(self) -> Resource {
        let entry = |egress: bool| NetworkAclEntry {
            rule_number: 100,
            egress,
            protocol: "-1".to_owned(),
            rule_action: RuleAction::Allow.into(),
            cidr_block: "0.0.0.0/0".to_owned(),
            ..NetworkAclEntry::default()
        };
        let acl = NetworkAcl {
            network_acl_id: self.id("acl", 0),
            vpc_id: self.vpc(),
            is_default: true,
            subnet_ids: Vec::new(),
            entries: vec![entry(false), entry(true)],
        };
        self.resource("default", Kind::NetworkAcl(acl))
    }

    /// The addresses of S3, as AWS's own list of the Region has them.
    fn prefix_list(self) -> Resource {
        let list = ManagedPrefixList {
            prefix_list_id: self.s3_list(),
            prefix_list_name: format!("com.amazonaws.{}.s3", self.region()),
            entries_known: true,
            entries: vec!["52.218.0.0/17".to_owned(), "3.5.64.0/21".to_owned()],
        };
        self.resource("s3", Kind::ManagedPrefixList(list))
    }

    pub(super) fn s3_list(self) -> String {
        self.first().id("pl", 0)
    }
}

fn route(destination: &str, target: route::Target) -> Route {
    Route {
        destination: Some(route::Destination::DestinationCidrBlock(
            destination.to_owned(),
        )),
        target: Some(target),
        state: RouteState::Active.into(),
        origin: RouteOrigin::CreateRoute.into(),
    }
}

fn tcp(port: i32, ranges: &[&str], groups: Vec<UserIdGroupPair>) -> IpPermission {
    IpPermission {
        ip_protocol: "tcp".to_owned(),
        from_port: Some(port),
        to_port: Some(port),
        ip_ranges: ranges.iter().map(|range| (*range).to_owned()).collect(),
        user_id_group_pairs: groups,
        ..IpPermission::default()
    }
}
