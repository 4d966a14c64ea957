//! VPC endpoints, and the services behind them.

use causeway_proto::v1;

use crate::record::{Record, sorted};
use crate::warning::Warning;

pub(super) fn endpoint(id: &str, record: &Record<'_>) -> Option<v1::VpcEndpoint> {
    let options = record.child("DnsOptions");
    let inbound_only = "PrivateDnsOnlyForInboundResolverEndpoint";
    Some(v1::VpcEndpoint {
        vpc_endpoint_id: id.to_owned(),
        vpc_endpoint_type: record.required_choice::<v1::VpcEndpointType>("VpcEndpointType")?,
        vpc_id: record.required("VpcId")?,
        service_name: record.text("ServiceName"),
        state: record.choice("State", v1::VpcEndpointState::Failed),
        route_table_ids: record.text_set("RouteTableIds"),
        subnet_ids: record.text_set("SubnetIds"),
        network_interface_ids: record.text_set("NetworkInterfaceIds"),
        group_ids: record.pick("Groups", "GroupId"),
        private_dns_enabled: record.flag("PrivateDnsEnabled").unwrap_or_default(),
        dns_entries: record
            .children("DnsEntries")
            .iter()
            .filter_map(dns_entry)
            .collect(),
        policy_document: policy(record),
        service_region: record.text("ServiceRegion"),
        resource_configuration_arn: record.text("ResourceConfigurationArn"),
        service_network_arn: record.text("ServiceNetworkArn"),
        private_dns_only_for_inbound_resolver_endpoint: options
            .and_then(|options| options.flag(inbound_only))
            .unwrap_or_default(),
    })
}

fn dns_entry(record: &Record<'_>) -> Option<v1::DnsEntry> {
    Some(v1::DnsEntry {
        dns_name: record.required("DnsName")?,
        hosted_zone_id: record.text("HostedZoneId"),
    })
}

/// A policy is JSON in a text; some tools write it as an object.
fn policy(record: &Record<'_>) -> String {
    match record.raw("PolicyDocument") {
        Some(document) if document.is_object() => document.to_string(),
        _ => record.text("PolicyDocument"),
    }
}

pub(super) fn service(id: &str, record: &Record<'_>) -> Option<v1::VpcEndpointService> {
    let service_name = record.required("ServiceName")?;
    let permissions_known =
        record.has("AllowedPrincipals") && !record.has("AllowedPrincipalsTruncated");
    // Only the owner sees the state and the load balancers, and only the owner can ask for permissions.
    let owners = [
        "ServiceState",
        "NetworkLoadBalancerArns",
        "GatewayLoadBalancerArns",
    ];
    let is_owners_view = owners.iter().any(|field| record.has(field));
    if is_owners_view && !permissions_known {
        record.warn(Warning::DetailMissing {
            resource_id: id.to_owned(),
            what: "its allowed principals are",
            call: "describe-vpc-endpoint-service-permissions",
        });
    }
    let types = record.children("ServiceType");
    Some(v1::VpcEndpointService {
        service_id: id.to_owned(),
        service_type: types.first().map(service_type).unwrap_or_default(),
        service_state: record.choice("ServiceState", v1::ServiceState::Failed),
        availability_zones: record.text_set("AvailabilityZones"),
        acceptance_required: record.flag("AcceptanceRequired").unwrap_or_default(),
        network_load_balancer_arns: record.text_set("NetworkLoadBalancerArns"),
        gateway_load_balancer_arns: record.text_set("GatewayLoadBalancerArns"),
        base_endpoint_dns_names: record.text_set("BaseEndpointDnsNames"),
        private_dns_names: private_dns_names(record),
        private_dns_name_state: dns_name_state(record),
        supported_regions: supported_regions(record, &service_name),
        service_name,
        permissions_known,
        allowed_principals: if permissions_known {
            record.pick("AllowedPrincipals", "Principal")
        } else {
            Vec::new()
        },
        connections: record
            .members("VpcEndpointConnections")
            .iter()
            .filter_map(connection)
            .collect(),
        vpc_endpoint_policy_supported: record
            .flag("VpcEndpointPolicySupported")
            .unwrap_or_default(),
    })
}

/// A type that is not known stays unnamed, so that the endpoint's own type is not contradicted.
fn service_type(record: &Record<'_>) -> i32 {
    record.choice("ServiceType", v1::ServiceType::Unspecified)
}

fn private_dns_names(record: &Record<'_>) -> Vec<String> {
    let mut names = record.pick("PrivateDnsNames", "PrivateDnsName");
    names.extend(record.word("PrivateDnsName").map(str::to_owned));
    sorted(names)
}

/// The owner's view has the state in an object that is empty where there is no name; the consumer's has it flat.
fn dns_name_state(record: &Record<'_>) -> i32 {
    let owners = record
        .child("PrivateDnsNameConfiguration")
        .filter(|owners| owners.has("State"));
    match owners {
        Some(owners) => owners.choice("State", v1::DnsNameState::Failed),
        None => record.choice("PrivateDnsNameVerificationState", v1::DnsNameState::Failed),
    }
}

/// Regions beside the service's own, which stands in its name.
fn supported_regions(record: &Record<'_>, service_name: &str) -> Vec<String> {
    let offered = |region: &Record<'_>| {
        let is_offered = region
            .word("ServiceState")
            .is_none_or(|state| state.eq_ignore_ascii_case("available"));
        let word = region.word("Region")?;
        (is_offered && !service_name.split('.').any(|part| part == word)).then(|| word.to_owned())
    };
    sorted(
        record
            .children("SupportedRegions")
            .iter()
            .filter_map(offered)
            .collect(),
    )
}

fn connection(record: &Record<'_>) -> Option<v1::VpcEndpointConnection> {
    Some(v1::VpcEndpointConnection {
        vpc_endpoint_id: record.required("VpcEndpointId")?,
        vpc_endpoint_owner: record.text("VpcEndpointOwner"),
        vpc_endpoint_state: record.choice("VpcEndpointState", v1::VpcEndpointState::Failed),
        vpc_endpoint_region: record.text("VpcEndpointRegion"),
    })
}
