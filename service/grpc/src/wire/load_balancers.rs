//! Load balancers, listeners and target groups.

use causeway_model::resources::load_balancers::{
    Listener, LoadBalancerScheme, LoadBalancerState, LoadBalancerType, LoadBalancerZone, Target,
    TargetHealthState, TargetType,
};
use causeway_model::resources::{LoadBalancer, TargetGroup};
use causeway_proto::v1;

use crate::wire::macros::{message, names};

message! {
    LoadBalancer = v1::LoadBalancer {
        load_balancer_arn, load_balancer_name, r#type, scheme, vpc_id, dns_name, state, availability_zones, security_groups, listeners,
        cross_zone_enabled, enforce_security_group_inbound_rules_on_private_link_traffic,
    }
    LoadBalancerZone = v1::LoadBalancerZone { zone_name, subnet_id, addresses }
    Listener = v1::Listener { listener_arn, port, protocol, target_group_arns }
    TargetGroup = v1::TargetGroup {
        target_group_arn, target_group_name, protocol, port, vpc_id, target_type, load_balancer_arns, targets, targets_known,
        preserve_client_ip_enabled,
    }
    Target = v1::Target { id as given, port, availability_zone, state }
}

names! {
    LoadBalancerType = v1::LoadBalancerType, required { Application, Network, Gateway }
    LoadBalancerScheme = v1::LoadBalancerScheme, absent Internal { Internal, InternetFacing }
    LoadBalancerState = v1::LoadBalancerState, absent Active { Provisioning, Active, ActiveImpaired, Failed }
    TargetType = v1::TargetType, absent Instance { Instance, Ip, Lambda, Alb }
    TargetHealthState = v1::TargetHealthState, required { Initial, Healthy, Unhealthy, Unused, Draining, Unavailable }
}
