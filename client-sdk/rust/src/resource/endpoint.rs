//! VPC endpoints: each type has what it has, and nothing else.

use causeway_proto::v1::{self, VpcEndpointType};

use super::{Builder, Home};

/// An interface endpoint: interfaces in subnets, over PrivateLink.
#[derive(Debug, Clone)]
pub struct InterfaceEndpoint(v1::VpcEndpoint);

/// A gateway endpoint: routes to Amazon S3 or DynamoDB.
#[derive(Debug, Clone)]
pub struct GatewayEndpoint(v1::VpcEndpoint);

/// A Gateway Load Balancer endpoint: a route target in front of appliances.
#[derive(Debug, Clone)]
pub struct GatewayLoadBalancerEndpoint(v1::VpcEndpoint);

/// An endpoint that has network interfaces.
pub trait PrivateEndpoint: AsMut<v1::VpcEndpoint> {}

impl PrivateEndpoint for InterfaceEndpoint {}

impl PrivateEndpoint for GatewayLoadBalancerEndpoint {}

macro_rules! endpoint {
    ($($kind:ident),*) => {
        $(
            impl AsMut<v1::VpcEndpoint> for $kind {
                fn as_mut(&mut self) -> &mut v1::VpcEndpoint {
                    &mut self.0
                }
            }

            impl From<$kind> for v1::VpcEndpoint {
                fn from(endpoint: $kind) -> Self {
                    endpoint.0
                }
            }
        )*
    };
}

endpoint!(
    InterfaceEndpoint,
    GatewayEndpoint,
    GatewayLoadBalancerEndpoint
);

// === impl Home ===

impl Home {
    /// An interface endpoint of a VPC, for the service of this name, as `com.amazonaws.eu-west-1.sqs`.
    pub fn interface_endpoint(
        &self,
        id: impl Into<String>,
        vpc_id: impl Into<String>,
        service: impl Into<String>,
    ) -> Builder<InterfaceEndpoint> {
        let endpoint = of(VpcEndpointType::Interface, service);
        self.endpoint(id, vpc_id, InterfaceEndpoint(endpoint))
    }

    /// A gateway endpoint of a VPC, for the service of this name, as `com.amazonaws.eu-west-1.s3`. A route to the service's prefix list leads to it.
    pub fn gateway_endpoint(
        &self,
        id: impl Into<String>,
        vpc_id: impl Into<String>,
        service: impl Into<String>,
    ) -> Builder<GatewayEndpoint> {
        let endpoint = of(VpcEndpointType::Gateway, service);
        self.endpoint(id, vpc_id, GatewayEndpoint(endpoint))
    }

    /// A Gateway Load Balancer endpoint of a VPC, for the service of this name. Routes lead to it.
    pub fn gateway_load_balancer_endpoint(
        &self,
        id: impl Into<String>,
        vpc_id: impl Into<String>,
        service: impl Into<String>,
    ) -> Builder<GatewayLoadBalancerEndpoint> {
        let endpoint = of(VpcEndpointType::GatewayLoadBalancer, service);
        self.endpoint(id, vpc_id, GatewayLoadBalancerEndpoint(endpoint))
    }

    fn endpoint<K: AsMut<v1::VpcEndpoint>>(
        &self,
        id: impl Into<String>,
        vpc_id: impl Into<String>,
        mut kind: K,
    ) -> Builder<K> {
        let id = id.into();
        kind.as_mut().vpc_endpoint_id.clone_from(&id);
        let mut builder = self.begin(id, "vpce-", "vpc_endpoint_id", kind);
        let vpc_id = builder.id("vpc_id", vpc_id, "vpc-");
        builder.kind.as_mut().vpc_id = vpc_id;
        builder
    }
}

fn of(kind: VpcEndpointType, service: impl Into<String>) -> v1::VpcEndpoint {
    v1::VpcEndpoint {
        vpc_endpoint_type: kind.into(),
        service_name: service.into(),
        ..v1::VpcEndpoint::default()
    }
}

// === impl Builder ===

impl<K: PrivateEndpoint> Builder<K> {
    /// A subnet that it has an interface in, and that interface.
    pub fn interface(
        mut self,
        subnet_id: impl Into<String>,
        interface_id: impl Into<String>,
    ) -> Self {
        let subnet = self.id("subnet_ids", subnet_id, "subnet-");
        let interface = self.id("network_interface_ids", interface_id, "eni-");
        let endpoint = self.kind.as_mut();
        if !endpoint.subnet_ids.contains(&subnet) {
            endpoint.subnet_ids.push(subnet);
        }
        endpoint.network_interface_ids.push(interface);
        self
    }
}

impl Builder<InterfaceEndpoint> {
    /// A security group of it.
    pub fn group(mut self, group_id: impl Into<String>) -> Self {
        let id = self.id("group_ids", group_id, "sg-");
        self.kind.0.group_ids.push(id);
        self
    }

    /// Makes the service's own DNS name resolve to it inside the VPC.
    pub fn private_dns(mut self) -> Self {
        self.kind.0.private_dns_enabled = true;
        self
    }

    /// A DNS name of it.
    pub fn dns_name(mut self, name: impl Into<String>) -> Self {
        self.kind.0.dns_entries.push(v1::DnsEntry {
            dns_name: name.into(),
            ..v1::DnsEntry::default()
        });
        self
    }

    /// Its IAM policy, as JSON; without one it gives full access.
    pub fn policy(mut self, document: impl Into<String>) -> Self {
        self.kind.0.policy_document = document.into();
        self
    }
}

impl Builder<GatewayEndpoint> {
    /// A route table that it is associated with.
    pub fn route_table(mut self, route_table_id: impl Into<String>) -> Self {
        let id = self.id("route_table_ids", route_table_id, "rtb-");
        self.kind.0.route_table_ids.push(id);
        self
    }

    /// Its IAM policy, as JSON; without one it gives full access.
    pub fn policy(mut self, document: impl Into<String>) -> Self {
        self.kind.0.policy_document = document.into();
        self
    }
}
