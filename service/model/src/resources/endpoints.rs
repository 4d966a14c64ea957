//! VPC endpoints and the services behind them.

use crate::fields::{enumeration, record};
use crate::ids::{
    AccountId, DnsName, LoadBalancerArn, NetworkInterfaceId, Region, ResourceId, RouteTableId,
    SecurityGroupId, ServiceId, ServiceName, SubnetId, VpcEndpointId, VpcId, ZoneName,
};
use crate::policy::PolicyDocument;

record! {
    /// A VPC endpoint.
    pub struct VpcEndpoint {
        vpc_endpoint_id: VpcEndpointId,
        vpc_endpoint_type: VpcEndpointType,
        vpc_id: VpcId,
        service_name: Option<ServiceName>,
        state: VpcEndpointState,
        route_table_ids: Vec<RouteTableId>,
        subnet_ids: Vec<SubnetId>,
        network_interface_ids: Vec<NetworkInterfaceId>,
        group_ids: Vec<SecurityGroupId>,
        private_dns_enabled: bool,
        dns_entries: Vec<DnsEntry>,
        policy_document: Option<PolicyDocument>,
        service_region: Option<Region>,
        resource_configuration_arn: Option<ResourceId>,
        service_network_arn: Option<ResourceId>,
        private_dns_only_for_inbound_resolver_endpoint: bool,
    }

    /// A DNS name of an endpoint.
    pub struct DnsEntry {
        dns_name: DnsName,
        hosted_zone_id: String,
    }

    /// An endpoint service.
    pub struct VpcEndpointService {
        service_id: ServiceId,
        service_name: ServiceName,
        service_type: Option<ServiceType>,
        service_state: ServiceState,
        availability_zones: Vec<ZoneName>,
        acceptance_required: bool,
        network_load_balancer_arns: Vec<LoadBalancerArn>,
        gateway_load_balancer_arns: Vec<LoadBalancerArn>,
        base_endpoint_dns_names: Vec<DnsName>,
        private_dns_names: Vec<DnsName>,
        private_dns_name_state: Option<DnsNameState>,
        supported_regions: Vec<Region>,
        permissions_known: bool,
        allowed_principals: Vec<String>,
        connections: Vec<VpcEndpointConnection>,
        vpc_endpoint_policy_supported: bool,
    }

    /// An endpoint's connection to a service.
    pub struct VpcEndpointConnection {
        vpc_endpoint_id: VpcEndpointId,
        vpc_endpoint_owner: Option<AccountId>,
        vpc_endpoint_state: VpcEndpointState,
        vpc_endpoint_region: Option<Region>,
    }
}

enumeration! {
    /// Type of a VPC endpoint.
    pub enum VpcEndpointType {
        Interface = "interface",
        Gateway = "gateway",
        GatewayLoadBalancer = "gateway_load_balancer",
        Resource = "resource",
        ServiceNetwork = "service_network",
        Tunnel = "tunnel",
    }

    /// State of a VPC endpoint, or of its connection to a service.
    pub enum VpcEndpointState {
        PendingAcceptance = "pending_acceptance",
        Pending = "pending",
        Available = "available",
        Deleting = "deleting",
        Deleted = "deleted",
        Rejected = "rejected",
        Failed = "failed",
        Expired = "expired",
        Partial = "partial",
    }

    /// Type of endpoint that a service is for.
    pub enum ServiceType {
        Interface = "interface",
        Gateway = "gateway",
        GatewayLoadBalancer = "gateway_load_balancer",
    }

    /// State of an endpoint service.
    pub enum ServiceState {
        Pending = "pending",
        Available = "available",
        Deleting = "deleting",
        Deleted = "deleted",
        Failed = "failed",
    }

    /// Whether a private DNS name was verified.
    pub enum DnsNameState {
        PendingVerification = "pending_verification",
        Verified = "verified",
        Failed = "failed",
    }
}
