//! Interfaces: those of instances, and of endpoints.

use std::net::Ipv4Addr;

use causeway_client::v1::{
    DnsEntry, Instance, InstanceState, NetworkInterface, NetworkInterfaceStatus,
    NetworkInterfaceType, PrivateIpAddress, Resource, VpcEndpoint, VpcEndpointState,
    VpcEndpointType, resource::Kind,
};

use super::Place;
use super::ids::{Tier, ZONES, number};
use super::network::Group;

/// The services that a VPC has interface endpoints for.
pub(super) const SERVICES: [&str; 2] = ["sqs", "ssm"];

/// The number of the first interface of an instance: those below are of gateways and endpoints.
const FIRST: u32 = 1000;

/// An interface of an instance, by its number in the VPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seat {
    pub(super) own: u32,
    pub(super) tier: Tier,
    pub(super) zone: usize,
}

impl Seat {
    /// Of ten interfaces, six are of the application, three of the data and one public.
    pub(super) fn of(own: u32) -> Self {
        let tier = match own % 10 {
            0..=5 => Tier::App,
            6..=8 => Tier::Data,
            _ => Tier::Public,
        };
        let zone = usize::try_from(own / 10).unwrap_or(0) % ZONES.len();
        Self { own, tier, zone }
    }
}

impl Place {
    pub(super) fn seat_id(self, seat: Seat) -> String {
        self.id("eni", FIRST + seat.own)
    }

    pub(super) fn seat_address(self, seat: Seat) -> Ipv4Addr {
        // The first addresses of a subnet are AWS's and those of gateways and endpoints.
        let place = seat.own / 30 * 6 + seat.own % 10 % 6;
        self.address(seat.tier, seat.zone, 10 + place)
    }

    pub(super) fn instances(self, resources: &mut Vec<Resource>) {
        for own in 0..self.interfaces {
            let seat = Seat::of(own);
            let instance = self.id("i", own);
            let group = match seat.tier {
                Tier::Public => Group::Public,
                Tier::Data => Group::Data,
                Tier::App | Tier::Transit => Group::App,
            };
            let body = Instance {
                instance_id: instance.clone(),
                vpc_id: self.vpc(),
                subnet_id: self.subnet(seat.tier, seat.zone),
                state: InstanceState::Running.into(),
            };
            resources.push(self.resource(seat.tier.name(), Kind::Instance(body)));
            let (id, address) = (self.seat_id(seat), self.seat_address(seat));
            let tier = (seat.tier, seat.zone);
            resources.push(self.interface(&id, tier, address, |interface| {
                interface.group_ids = vec![self.group(group)];
                interface.instance_id = instance;
                if seat.tier == Tier::Public
                    && let Some(address) = interface.private_ip_addresses.first_mut()
                {
                    address.public_ip = self.public_address(10 + own / 10);
                }
            }));
        }
    }

    pub(super) fn interface(
        self,
        id: &str,
        (tier, zone): (Tier, usize),
        address: Ipv4Addr,
        edit: impl FnOnce(&mut NetworkInterface),
    ) -> Resource {
        let mut interface = NetworkInterface {
            network_interface_id: id.to_owned(),
            vpc_id: self.vpc(),
            subnet_id: self.subnet(tier, zone),
            interface_type: NetworkInterfaceType::Interface.into(),
            private_ip_addresses: vec![PrivateIpAddress {
                private_ip_address: address.to_string(),
                public_ip: String::new(),
            }],
            source_dest_check: Some(true),
            status: NetworkInterfaceStatus::InUse.into(),
            availability_zone: self.zone(zone),
            ..NetworkInterface::default()
        };
        edit(&mut interface);
        self.resource(tier.name(), Kind::NetworkInterface(interface))
    }

    pub(super) fn endpoints(self, resources: &mut Vec<Resource>) {
        let tables = (0..ZONES.len()).map(|zone| self.route_table(Tier::App, zone));
        let gateway = VpcEndpoint {
            vpc_endpoint_id: self.id("vpce", 0),
            vpc_endpoint_type: VpcEndpointType::Gateway.into(),
            vpc_id: self.vpc(),
            service_name: format!("com.amazonaws.{}.s3", self.region()),
            state: VpcEndpointState::Available.into(),
            route_table_ids: tables.collect(),
            ..VpcEndpoint::default()
        };
        resources.push(self.resource("s3", Kind::VpcEndpoint(gateway)));
        for (place, service) in SERVICES.iter().enumerate() {
            let name = format!("com.amazonaws.{}.{service}", self.region());
            self.interface_endpoint(number(place) + 1, &name, true, resources);
        }
        if self.number.is_multiple_of(4) {
            let name = self.service_name();
            self.interface_endpoint(number(SERVICES.len()) + 1, &name, false, resources);
        }
    }

    /// The address of an endpoint's interface in a zone.
    pub(super) fn endpoint_address(self, own: u32, zone: usize) -> Ipv4Addr {
        self.address(Tier::Data, zone, 4 + own)
    }

    fn interface_endpoint(
        self,
        own: u32,
        service_name: &str,
        is_private: bool,
        resources: &mut Vec<Resource>,
    ) {
        let endpoint = self.id("vpce", own);
        let interfaces = (0..ZONES.len()).map(|zone| self.id("eni", 100 * own + number(zone)));
        let interfaces: Vec<String> = interfaces.collect();
        for (zone, id) in interfaces.iter().enumerate() {
            let address = self.endpoint_address(own, zone);
            resources.push(
                self.interface(id, (Tier::Data, zone), address, |interface| {
                    interface.interface_type = NetworkInterfaceType::VpcEndpoint.into();
                    interface.requester_managed = true;
                    interface.group_ids = vec![self.group(Group::Endpoints)];
                }),
            );
        }
        let service = service_name.rsplit('.').next().unwrap_or_default();
        let entry = DnsEntry {
            dns_name: format!("{endpoint}.{service}.{}.vpce.amazonaws.com", self.region()),
            hosted_zone_id: String::new(),
        };
        let endpoint = VpcEndpoint {
            vpc_endpoint_id: endpoint,
            vpc_endpoint_type: VpcEndpointType::Interface.into(),
            vpc_id: self.vpc(),
            service_name: service_name.to_owned(),
            state: VpcEndpointState::Available.into(),
            subnet_ids: (0..ZONES.len())
                .map(|zone| self.subnet(Tier::Data, zone))
                .collect(),
            network_interface_ids: interfaces,
            group_ids: vec![self.group(Group::Endpoints)],
            private_dns_enabled: is_private,
            dns_entries: vec![entry],
            ..VpcEndpoint::default()
        };
        resources.push(self.resource(service, Kind::VpcEndpoint(endpoint)));
    }
}
