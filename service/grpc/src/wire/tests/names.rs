//! Enums: each number of the contract has its name in the model, and no other has one.

use causeway_model::resource::Kind;
use causeway_model::resources::{
    dns, endpoints, filters, firewall, gateways, hybrid, interfaces, load_balancers, routing,
    transit,
};
use causeway_model::trace;
use causeway_proto::FILE_DESCRIPTOR_SET;
use prost_reflect::DescriptorPool;

use crate::wire::Name;
use crate::wire::answer::Detail;

/// Checks one enum against the contract's description of it.
fn check<N: Name>() {
    let contract = DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap();
    let described = contract
        .get_enum_by_name(&format!("causeway.v1.{}", N::WORDS))
        .unwrap_or_else(|| panic!("there is no {}", N::WORDS));
    for value in described.values() {
        let read = N::from_number(value.number())
            .unwrap_or_else(|| panic!("{} is not read", value.full_name()));
        assert_eq!(
            read.map_or(0, N::number),
            value.number(),
            "{}",
            value.full_name()
        );
    }
    let beyond = i32::try_from(described.values().count()).unwrap();
    assert!(N::from_number(beyond).is_none() && N::from_number(-1).is_none());
}

#[test]
fn every_number_of_the_contract_has_a_name_and_no_other_has() {
    check::<Kind>();
    check::<Detail>();
    check::<dns::ResolverRuleType>();
    check::<endpoints::DnsNameState>();
    check::<endpoints::ServiceState>();
    check::<endpoints::ServiceType>();
    check::<endpoints::VpcEndpointState>();
    check::<endpoints::VpcEndpointType>();
    check::<filters::RuleAction>();
    check::<firewall::FirewallRuleAction>();
    check::<firewall::InternetGatewayBlockMode>();
    check::<gateways::AvailabilityMode>();
    check::<gateways::ConnectivityType>();
    check::<gateways::GatewayAttachmentState>();
    check::<gateways::NatGatewayState>();
    check::<hybrid::VirtualInterfaceType>();
    check::<hybrid::VpnConnectionState>();
    check::<interfaces::InstanceState>();
    check::<interfaces::NetworkInterfaceStatus>();
    check::<interfaces::NetworkInterfaceType>();
    check::<load_balancers::LoadBalancerScheme>();
    check::<load_balancers::LoadBalancerState>();
    check::<load_balancers::LoadBalancerType>();
    check::<load_balancers::TargetHealthState>();
    check::<load_balancers::TargetType>();
    check::<routing::RouteOrigin>();
    check::<routing::RouteState>();
    check::<transit::TransitGatewayAttachmentResourceType>();
    check::<transit::TransitGatewayAttachmentState>();
    check::<transit::TransitGatewayRouteType>();
    check::<transit::VpcPeeringConnectionState>();
    check::<trace::Code>();
    check::<trace::Direction>();
    check::<trace::Disposition>();
    check::<trace::Stage>();
    check::<trace::StepAction>();
    check::<trace::Verdict>();
}
