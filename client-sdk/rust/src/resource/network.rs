//! VPCs, subnets, internet gateways and route tables.

use causeway_proto::v1::{self, route, route_table_association};
use route::{Destination, Target};

use super::{Builder, Home, check};

// === impl Home ===

impl Home {
    /// A VPC with a CIDR block.
    pub fn vpc(&self, id: impl Into<String>, block: impl Into<String>) -> Builder<v1::Vpc> {
        let id = id.into();
        let vpc = v1::Vpc {
            vpc_id: id.clone(),
            ..v1::Vpc::default()
        };
        self.begin(id, "vpc-", "vpc_id", vpc).block_of_vpc(block)
    }

    /// A subnet of a VPC, with a CIDR block.
    pub fn subnet(
        &self,
        id: impl Into<String>,
        vpc_id: impl Into<String>,
        block: impl Into<String>,
    ) -> Builder<v1::Subnet> {
        let id = id.into();
        let subnet = v1::Subnet {
            subnet_id: id.clone(),
            ..v1::Subnet::default()
        };
        let mut builder = self.begin(id, "subnet-", "subnet_id", subnet);
        builder.kind.vpc_id = builder.id("vpc_id", vpc_id, "vpc-");
        builder.and_block(block)
    }

    /// An internet gateway.
    pub fn internet_gateway(&self, id: impl Into<String>) -> Builder<v1::InternetGateway> {
        let id = id.into();
        let gateway = v1::InternetGateway {
            internet_gateway_id: id.clone(),
            ..v1::InternetGateway::default()
        };
        self.begin(id, "igw-", "internet_gateway_id", gateway)
    }

    /// A route table of a VPC. Its local routes are there without being written.
    pub fn route_table(
        &self,
        id: impl Into<String>,
        vpc_id: impl Into<String>,
    ) -> Builder<v1::RouteTable> {
        let id = id.into();
        let table = v1::RouteTable {
            route_table_id: id.clone(),
            ..v1::RouteTable::default()
        };
        let mut builder = self.begin(id, "rtb-", "route_table_id", table);
        builder.kind.vpc_id = builder.id("vpc_id", vpc_id, "vpc-");
        builder
    }
}

// === impl Builder ===

impl Builder<v1::Vpc> {
    fn block_of_vpc(mut self, block: impl Into<String>) -> Self {
        let block = self.block("cidr_blocks", block);
        self.kind.cidr_blocks.push(block);
        self
    }

    /// Another CIDR block, of IPv4 or IPv6.
    pub fn and_block(self, block: impl Into<String>) -> Self {
        self.block_of_vpc(block)
    }

    /// Whether Amazon's DNS server answers in it; it does, if this is not said.
    pub fn dns_support(mut self, is_on: bool) -> Self {
        self.kind.enable_dns_support = Some(is_on);
        self
    }

    /// Whether private DNS names of endpoints work; they do not, if this is not said.
    pub fn dns_hostnames(mut self, is_on: bool) -> Self {
        self.kind.enable_dns_hostnames = Some(is_on);
        self
    }
}

impl Builder<v1::Subnet> {
    /// Another CIDR block, of IPv4 or IPv6.
    pub fn and_block(mut self, block: impl Into<String>) -> Self {
        let block = self.block("cidr_blocks", block);
        self.kind.cidr_blocks.push(block);
        self
    }

    /// Its zone by name, as `eu-west-1a`.
    pub fn zone(mut self, name: impl Into<String>) -> Self {
        self.kind.availability_zone = name.into();
        self
    }

    /// Its zone by id, as `euw1-az3`.
    pub fn zone_id(mut self, id: impl Into<String>) -> Self {
        self.kind.availability_zone_id = id.into();
        self
    }
}

impl Builder<v1::InternetGateway> {
    /// The VPC that it is attached to.
    pub fn attached_to(mut self, vpc_id: impl Into<String>) -> Self {
        let vpc_id = self.id("attachments", vpc_id, "vpc-");
        self.kind.attachments = vec![v1::GatewayAttachment {
            vpc_id,
            ..v1::GatewayAttachment::default()
        }];
        self
    }
}

impl Builder<v1::RouteTable> {
    /// Makes it the VPC's main table.
    pub fn main(self) -> Self {
        self.used_by(route_table_association::Target::Main(true))
    }

    /// A subnet that uses it.
    pub fn subnet(mut self, subnet_id: impl Into<String>) -> Self {
        let id = self.id("associations", subnet_id, "subnet-");
        self.used_by(route_table_association::Target::SubnetId(id))
    }

    /// An internet gateway or a virtual private gateway that uses it for what comes in.
    pub fn gateway(mut self, gateway_id: impl Into<String>) -> Self {
        let id = gateway_id.into();
        let prefix = if id.starts_with("vgw-") {
            "vgw-"
        } else {
            "igw-"
        };
        self.check("associations", check::id(&id, prefix));
        self.used_by(route_table_association::Target::GatewayId(id))
    }

    /// A route: to a CIDR block or a prefix list `pl-...`, by what has this id. That may be an internet gateway (`igw-`), an egress-only one (`eigw-`, for IPv6), a virtual
    /// private gateway (`vgw-`), a NAT gateway (`nat-`), an instance (`i-`), a network interface (`eni-`), a peering connection (`pcx-`), a transit
    /// gateway (`tgw-`) or an endpoint (`vpce-`, of a gateway for a prefix list, of a Gateway Load Balancer for a block).
    pub fn route(mut self, destination: impl Into<String>, target: impl Into<String>) -> Self {
        let (destination, is_v6) = self.destination(destination.into());
        let id = target.into();
        if id.starts_with("eigw-") && is_v6 == Some(false) {
            let fault = format!("`{id}` takes IPv6 alone");
            self.fault("routes", fault);
        }
        let is_list = matches!(destination, Destination::DestinationPrefixListId(_));
        let target = to(&id, is_list);
        if target.is_none() {
            let fault = format!("`{id}` is no id of what a route can lead to");
            self.fault("routes", fault);
        }
        self.add(destination, target, v1::RouteState::Unspecified)
    }

    /// A route that drops what is sent to a CIDR block or a prefix list, for its target is gone.
    pub fn blackhole(mut self, destination: impl Into<String>) -> Self {
        let (destination, _) = self.destination(destination.into());
        self.add(destination, None, v1::RouteState::Blackhole)
    }

    /// A virtual private gateway whose routes are propagated into it.
    pub fn propagating(mut self, gateway_id: impl Into<String>) -> Self {
        let id = self.id("propagating_vgws", gateway_id, "vgw-");
        self.kind.propagating_vgws.push(id);
        self
    }

    fn used_by(mut self, target: route_table_association::Target) -> Self {
        let target = Some(target);
        self.kind
            .associations
            .push(v1::RouteTableAssociation { target });
        self
    }

    /// What a text names, and of a block whether it is of IPv6.
    fn destination(&mut self, text: String) -> (Destination, Option<bool>) {
        if text.starts_with("pl-") {
            self.check("routes", check::id(&text, "pl-"));
            return (Destination::DestinationPrefixListId(text), None);
        }
        match check::block(&text) {
            Ok(true) => (Destination::DestinationIpv6CidrBlock(text), Some(true)),
            Ok(false) => (Destination::DestinationCidrBlock(text), Some(false)),
            Err(fault) => {
                self.fault("routes", fault);
                (Destination::DestinationCidrBlock(text), None)
            }
        }
    }

    fn add(
        mut self,
        destination: Destination,
        target: Option<Target>,
        state: v1::RouteState,
    ) -> Self {
        let destination = Some(destination);
        let mut routes = self.kind.routes.iter();
        if routes.any(|route| route.destination == destination) {
            self.fault("routes", "two routes have one destination".to_owned());
        }
        self.kind.routes.push(v1::Route {
            destination,
            target,
            state: state.into(),
            ..v1::Route::default()
        });
        self
    }
}

/// What has this id, as the contract has it.
fn to(id: &str, is_list: bool) -> Option<Target> {
    let (prefix, rest) = id.split_once('-')?;
    let own = id.to_owned();
    let target = match prefix {
        "igw" | "vgw" => Target::GatewayId(own),
        "vpce" if is_list => Target::GatewayId(own),
        "vpce" => Target::VpcEndpointId(own),
        "eigw" => Target::EgressOnlyInternetGatewayId(own),
        "nat" => Target::NatGatewayId(own),
        "i" => Target::InstanceId(own),
        "eni" => Target::NetworkInterfaceId(own),
        "pcx" => Target::VpcPeeringConnectionId(own),
        "tgw" => Target::TransitGatewayId(own),
        _ => return None,
    };
    (!rest.is_empty()).then_some(target)
}
