//! VPC endpoints and the services behind them.

use causeway_model::resources::endpoints::{
    DnsEntry, DnsNameState, ServiceState, ServiceType, VpcEndpointConnection, VpcEndpointState,
    VpcEndpointType,
};
use causeway_model::resources::{VpcEndpoint, VpcEndpointService};
use causeway_proto::v1;

use crate::wire::macros::{message, names};

message! {
    VpcEndpoint = v1::VpcEndpoint {
        vpc_endpoint_id, vpc_endpoint_type, vpc_id, service_name, state, route_table_ids, subnet_ids, network_interface_ids, group_ids,
        private_dns_enabled, dns_entries, policy_document, service_region, resource_configuration_arn, service_network_arn,
        private_dns_only_for_inbound_resolver_endpoint,
    }
    DnsEntry = v1::DnsEntry { dns_name, hosted_zone_id }
    VpcEndpointService = v1::VpcEndpointService {
        service_id, service_name, service_type, service_state, availability_zones, acceptance_required, network_load_balancer_arns,
        gateway_load_balancer_arns, base_endpoint_dns_names, private_dns_names, private_dns_name_state, supported_regions, permissions_known,
        allowed_principals, connections, vpc_endpoint_policy_supported,
    }
    VpcEndpointConnection = v1::VpcEndpointConnection { vpc_endpoint_id, vpc_endpoint_owner, vpc_endpoint_state, vpc_endpoint_region }
}

names! {
    VpcEndpointType = v1::VpcEndpointType, required { Interface, Gateway, GatewayLoadBalancer, Resource, ServiceNetwork, Tunnel }
    VpcEndpointState = v1::VpcEndpointState, absent Available {
        PendingAcceptance, Pending, Available, Deleting, Deleted, Rejected, Failed, Expired, Partial,
    }
    ServiceType = v1::ServiceType, required { Interface, Gateway, GatewayLoadBalancer }
    ServiceState = v1::ServiceState, absent Available { Pending, Available, Deleting, Deleted, Failed }
    DnsNameState = v1::DnsNameState, required { PendingVerification, Verified, Failed }
}
