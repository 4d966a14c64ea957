//! Every word that AWS documents has a value.

use causeway_proto::v1;

use super::{Named, parse, short};

#[track_caller]
fn all_known<E: Named>(words: &str) {
    let unknown: Vec<&str> = words
        .split(' ')
        .filter(|word| parse::<E>(word).is_none())
        .collect();
    assert!(unknown.is_empty(), "{}: {unknown:?}", E::PREFIX);
}

#[test]
fn each_state_that_aws_documents_is_known() {
    all_known::<v1::NatGatewayState>("pending failed available deleting deleted");
    all_known::<v1::RouteState>("active blackhole filtered pending");
    all_known::<v1::InstanceState>("pending running shutting-down terminated stopping stopped");
    all_known::<v1::GatewayAttachmentState>("available attaching attached detaching detached");
    all_known::<v1::NetworkInterfaceStatus>("available associated attaching in-use detaching");
    all_known::<v1::VpcEndpointState>(
        "PendingAcceptance pendingAcceptance Pending available Deleting deleted rejected failed expired Partial",
    );
    all_known::<v1::ServiceState>("Pending Available Deleting Deleted Failed");
    all_known::<v1::DnsNameState>("pendingVerification verified failed");
    all_known::<v1::LoadBalancerState>("active provisioning active_impaired failed");
    all_known::<v1::TargetHealthState>(
        "initial healthy unhealthy unhealthy.draining unused draining unavailable",
    );
    all_known::<v1::VpcPeeringConnectionState>(
        "initiating-request pending-acceptance active deleted rejected failed expired provisioning deleting",
    );
    all_known::<v1::TransitGatewayAttachmentState>(
        "initiating initiatingRequest pendingAcceptance rollingBack pending available modifying deleting deleted failed rejected rejecting failing",
    );
    all_known::<v1::VpnConnectionState>("pending available deleting deleted");
}

#[test]
fn each_type_that_aws_documents_is_known() {
    all_known::<v1::VpcEndpointType>(
        "Interface Gateway GatewayLoadBalancer Resource ServiceNetwork",
    );
    all_known::<v1::ServiceType>("Interface Gateway GatewayLoadBalancer");
    all_known::<v1::RouteOrigin>(
        "CreateRouteTable CreateRoute EnableVgwRoutePropagation Advertisement",
    );
    all_known::<v1::NetworkInterfaceType>(
        "interface natGateway nat_gateway efa efa-only trunk branch load_balancer lambda network_load_balancer vpc_endpoint transit_gateway gateway_load_balancer gateway_load_balancer_endpoint",
    );
    all_known::<v1::LoadBalancerType>("application network gateway");
    all_known::<v1::LoadBalancerScheme>("internal internet-facing");
    all_known::<v1::TargetType>("instance ip lambda alb");
    all_known::<v1::TransitGatewayAttachmentResourceType>(
        "vpc vpn vpn-concentrator direct-connect-gateway connect peering tgw-peering network-function client-vpn",
    );
    all_known::<v1::TransitGatewayRouteType>("static propagated");
    all_known::<v1::VirtualInterfaceType>("private public transit");
    all_known::<v1::ResolverRuleType>("FORWARD SYSTEM RECURSIVE");
    all_known::<v1::InternetGatewayBlockMode>("off block-bidirectional block-ingress");
    all_known::<v1::RuleAction>("allow deny");
    all_known::<v1::ConnectivityType>("public private");
    all_known::<v1::AvailabilityMode>("zonal regional");
}

#[test]
fn no_word_is_taken_for_the_value_that_means_not_given() {
    assert_eq!(parse::<v1::NatGatewayState>("unspecified"), None);
}

#[test]
fn a_word_in_any_spelling_names_one_value() {
    for word in [
        "pendingAcceptance",
        "PendingAcceptance",
        "pending-acceptance",
        "pending_acceptance",
    ] {
        assert_eq!(
            parse(word),
            Some(v1::VpcEndpointState::PendingAcceptance),
            "{word}"
        );
    }
    assert_eq!(
        short(v1::VpcEndpointState::PendingAcceptance),
        "PENDING_ACCEPTANCE"
    );
}
