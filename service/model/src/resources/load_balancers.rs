//! Load balancers, listeners and target groups.

use std::net::IpAddr;

use crate::fields::{Setting, enumeration, record};
use crate::ids::{
    ListenerArn, LoadBalancerArn, SecurityGroupId, SubnetId, TargetGroupArn, VpcId, ZoneName,
};

record! {
    /// A load balancer of the second generation.
    pub struct LoadBalancer {
        load_balancer_arn: LoadBalancerArn,
        load_balancer_name: String,
        r#type: LoadBalancerType,
        scheme: LoadBalancerScheme,
        vpc_id: VpcId,
        dns_name: String,
        state: LoadBalancerState,
        availability_zones: Vec<LoadBalancerZone>,
        security_groups: Vec<SecurityGroupId>,
        listeners: Vec<Listener>,
        cross_zone_enabled: Setting,
        enforce_security_group_inbound_rules_on_private_link_traffic: Setting,
    }

    /// A zone of a load balancer.
    pub struct LoadBalancerZone {
        zone_name: Option<ZoneName>,
        subnet_id: Option<SubnetId>,
        addresses: Vec<IpAddr>,
    }

    /// A listener.
    pub struct Listener {
        listener_arn: ListenerArn,
        port: u16,
        protocol: String,
        target_group_arns: Vec<TargetGroupArn>,
    }

    /// A target group.
    pub struct TargetGroup {
        target_group_arn: TargetGroupArn,
        target_group_name: String,
        protocol: String,
        port: u16,
        vpc_id: Option<VpcId>,
        target_type: TargetType,
        load_balancer_arns: Vec<LoadBalancerArn>,
        targets: Vec<Target>,
        targets_known: bool,
        preserve_client_ip_enabled: Setting,
    }

    /// A target.
    pub struct Target {
        id: String,
        port: u16,
        availability_zone: Option<ZoneName>,
        state: Option<TargetHealthState>,
    }
}

enumeration! {
    /// Type of a load balancer.
    pub enum LoadBalancerType {
        Application = "application",
        Network = "network",
        Gateway = "gateway",
    }

    /// Whether a load balancer faces the internet.
    pub enum LoadBalancerScheme {
        Internal = "internal",
        InternetFacing = "internet_facing",
    }

    /// State of a load balancer.
    pub enum LoadBalancerState {
        Provisioning = "provisioning",
        Active = "active",
        ActiveImpaired = "active_impaired",
        Failed = "failed",
    }

    /// What a target's id names.
    pub enum TargetType {
        Instance = "instance",
        Ip = "ip",
        Lambda = "lambda",
        Alb = "alb",
    }

    /// Health of a target.
    pub enum TargetHealthState {
        Initial = "initial",
        Healthy = "healthy",
        Unhealthy = "unhealthy",
        Unused = "unused",
        Draining = "draining",
        Unavailable = "unavailable",
    }
}
