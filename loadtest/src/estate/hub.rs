//! What is between VPCs: the transit gateway of the Region, peering, and the service that the first VPC offers to all.

use causeway_client::v1::{
    Listener, LoadBalancer, LoadBalancerScheme, LoadBalancerState, LoadBalancerType,
    LoadBalancerZone, Resource, RouteState, ServiceState, ServiceType, Target, TargetGroup,
    TargetHealthState, TargetType, TransitGateway, TransitGatewayAttachment,
    TransitGatewayAttachmentResourceType, TransitGatewayAttachmentState, TransitGatewayRoute,
    TransitGatewayRouteTable, TransitGatewayRouteType, VpcEndpointService, VpcPeeringConnection,
    VpcPeeringConnectionState, VpcPeeringConnectionVpcInfo, resource::Kind,
    transit_gateway_route::Destination,
};

use super::Place;
use super::ids::{Tier, ZONES};

/// Interfaces of the first VPC that answer for the service.
const TARGETS: u32 = 3;

impl Place {
    pub(super) fn transit_gateway(self) -> String {
        self.first().id("tgw", 0)
    }

    fn transit_table(self) -> String {
        self.first().id("tgw-rtb", 0)
    }

    fn attachment(self) -> String {
        self.id("tgw-attach", 0)
    }

    /// The VPC that this one is peered with, and the connection: neighbours by two.
    pub(super) fn peer(self) -> Option<(Self, String)> {
        let number = self.number ^ 1;
        let last = self.first().number + self.neighbours;
        let owner = Self {
            number: self.number & !1,
            ..self
        };
        (number < last).then(|| (Self { number, ..self }, owner.id("pcx", 0)))
    }

    /// What is between this VPC and others.
    pub(super) fn hub(self, resources: &mut Vec<Resource>) {
        if self.is_first() {
            resources.push(self.gateway());
            resources.push(self.gateway_table());
        }
        let attachment = TransitGatewayAttachment {
            transit_gateway_attachment_id: self.attachment(),
            transit_gateway_id: self.transit_gateway(),
            transit_gateway_owner_id: self.first().owner(),
            resource_type: TransitGatewayAttachmentResourceType::Vpc.into(),
            resource_id: self.vpc(),
            resource_owner_id: self.owner(),
            state: TransitGatewayAttachmentState::Available.into(),
            association_transit_gateway_route_table_id: self.transit_table(),
            subnet_ids: (0..ZONES.len())
                .map(|zone| self.subnet(Tier::Transit, zone))
                .collect(),
            ..TransitGatewayAttachment::default()
        };
        resources.push(self.resource("hub", Kind::TransitGatewayAttachment(attachment)));
        if let Some((peer, connection)) = self.peer()
            && self.number < peer.number
        {
            resources.push(self.peering(peer, connection));
        }
    }

    fn gateway(self) -> Resource {
        let gateway = TransitGateway {
            transit_gateway_id: self.transit_gateway(),
            amazon_side_asn: 64_512,
            ..TransitGateway::default()
        };
        self.resource("hub", Kind::TransitGateway(gateway))
    }

    /// The table of the gateway, with a propagated route to each VPC of the Region.
    fn gateway_table(self) -> Resource {
        let first = self.first().number;
        let all = (first..first + self.neighbours).map(|number| Self { number, ..self });
        let routes = all.map(|place| TransitGatewayRoute {
            destination: Some(Destination::DestinationCidrBlock(place.block())),
            transit_gateway_attachment_ids: vec![place.attachment()],
            r#type: TransitGatewayRouteType::Propagated.into(),
            state: RouteState::Active.into(),
        });
        let table = TransitGatewayRouteTable {
            transit_gateway_route_table_id: self.transit_table(),
            transit_gateway_id: self.transit_gateway(),
            routes_known: true,
            routes: routes.collect(),
            ..TransitGatewayRouteTable::default()
        };
        self.resource("hub", Kind::TransitGatewayRouteTable(table))
    }

    fn peering(self, peer: Self, connection: String) -> Resource {
        let side = |place: Self| VpcPeeringConnectionVpcInfo {
            vpc_id: place.vpc(),
            owner_id: place.owner(),
            region: place.region().to_owned(),
            cidr_blocks: vec![place.block()],
            allow_dns_resolution_from_remote_vpc: true,
        };
        let connection = VpcPeeringConnection {
            vpc_peering_connection_id: connection,
            requester_vpc_info: Some(side(self)),
            accepter_vpc_info: Some(side(peer)),
            status: VpcPeeringConnectionState::Active.into(),
        };
        self.resource("neighbour", Kind::VpcPeeringConnection(connection))
    }

    /// The name of the Region's own service.
    pub(super) fn service_name(self) -> String {
        let service = self.first().id("vpce-svc", 0);
        format!("com.amazonaws.vpce.{}.{service}", self.region())
    }

    fn arn(self, what: &str) -> String {
        let (region, owner) = (self.region(), self.owner());
        format!("arn:aws:elasticloadbalancing:{region}:{owner}:{what}/0123456789abcdef")
    }

    /// The service that the first VPC of a Region offers.
    pub(super) fn service(self, resources: &mut Vec<Resource>) {
        if !self.is_first() {
            return;
        }
        let (balancer, group) = (
            self.arn("loadbalancer/net/shared"),
            self.arn("targetgroup/shared"),
        );
        resources.push(self.balancer(&balancer, &group));
        let targets = (0..TARGETS.min(self.interfaces)).map(|own| Target {
            id: self.id("i", own),
            port: 443,
            availability_zone: String::new(),
            state: TargetHealthState::Healthy.into(),
        });
        let group = TargetGroup {
            target_group_arn: group,
            target_group_name: "shared".to_owned(),
            protocol: "TCP".to_owned(),
            port: 443,
            vpc_id: self.vpc(),
            target_type: TargetType::Instance.into(),
            load_balancer_arns: vec![balancer.clone()],
            targets: targets.collect(),
            targets_known: true,
            preserve_client_ip_enabled: Some(false),
        };
        resources.push(self.resource("shared", Kind::TargetGroup(group)));
        let service = VpcEndpointService {
            service_id: self.id("vpce-svc", 0),
            service_name: self.service_name(),
            service_type: ServiceType::Interface.into(),
            service_state: ServiceState::Available.into(),
            availability_zones: (0..ZONES.len()).map(|zone| self.zone(zone)).collect(),
            network_load_balancer_arns: vec![balancer],
            permissions_known: true,
            allowed_principals: vec!["*".to_owned()],
            ..VpcEndpointService::default()
        };
        resources.push(self.resource("shared", Kind::VpcEndpointService(service)));
    }

    fn balancer(self, arn: &str, group: &str) -> Resource {
        let zones = (0..ZONES.len()).map(|zone| LoadBalancerZone {
            zone_name: self.zone(zone),
            subnet_id: self.subnet(Tier::App, zone),
            addresses: vec![self.address(Tier::App, zone, 8).to_string()],
        });
        let listener = Listener {
            listener_arn: self.arn("listener/net/shared"),
            port: 443,
            protocol: "TCP".to_owned(),
            target_group_arns: vec![group.to_owned()],
        };
        let balancer = LoadBalancer {
            load_balancer_arn: arn.to_owned(),
            load_balancer_name: "shared".to_owned(),
            r#type: LoadBalancerType::Network.into(),
            scheme: LoadBalancerScheme::Internal.into(),
            vpc_id: self.vpc(),
            dns_name: format!("shared.elb.{}.amazonaws.com", self.region()),
            state: LoadBalancerState::Active.into(),
            availability_zones: zones.collect(),
            listeners: vec![listener],
            cross_zone_enabled: Some(true),
            ..LoadBalancer::default()
        };
        self.resource("shared", Kind::LoadBalancer(balancer))
    }
}
