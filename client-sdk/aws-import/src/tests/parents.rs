//! Whom an answer is about.

use causeway_proto::v1;

use super::*;
use crate::Warning;

#[test]
fn a_vpc_attribute_finds_its_vpc_by_the_file_name() {
    let (listing, attribute) = (
        home("a.json"),
        home("describe-vpc-attribute-vpc-11111111-enableDnsHostnames.json"),
    );
    let import = import(&[
        (&listing, &vpcs(VPC)),
        (&attribute, r#"{"EnableDnsHostnames": {"Value": true}}"#),
    ]);
    assert_eq!(only(&import, vpc).enable_dns_hostnames, Some(true));
    assert_eq!(only(&import, vpc).enable_dns_support, None);
}

#[test]
fn a_sibling_key_tells_the_parent_before_the_file_name() {
    let (listing, attribute) = (
        home("a.json"),
        home("describe-vpc-attribute-vpc-22222222.json"),
    );
    let answer = r#"{"VpcId": "vpc-11111111", "EnableDnsSupport": {"Value": false}}"#;
    let import = import(&[(&listing, &vpcs(VPC)), (&attribute, answer)]);
    assert_eq!(only(&import, vpc).enable_dns_support, Some(false));
    assert_eq!(import.not_understood, []);
}

#[test]
fn an_answer_without_a_parent_is_a_named_warning() {
    let import = import(&[("x/entries.json", r#"{"Entries": [{"Cidr": "10.0.0.0/8"}]}"#)]);
    assert!(
        matches!(import.warnings.as_slice(), [Warning::ParentUnknown { place }] if &*place.file == "x/entries.json")
    );
    assert_eq!(import.resources, []);
}

#[test]
fn an_answer_about_what_is_not_described_is_a_named_warning() {
    let import = import(&[(
        &home("a.json"),
        r#"{"VpcId": "vpc-99999999", "EnableDnsSupport": {"Value": true}}"#,
    )]);
    assert!(
        lines(&import)[0].contains("`vpc-99999999`"),
        "{:?}",
        lines(&import)
    );
}

#[test]
fn each_answer_of_a_transit_gateway_table_finds_it_by_the_file_name() {
    let id = "tgw-rtb-0123456789abcdef0";
    let tables =
        format!(r#"{{"TransitGatewayRouteTables": [{{"TransitGatewayRouteTableId": "{id}"}}]}}"#);
    let name = |call: &str| home(&format!("{call}-{id}.json"));
    let import = import(&[
        (&home("t.json"), &tables),
        (
            &name("get-transit-gateway-route-table-associations"),
            r#"{"Associations": [{"TransitGatewayAttachmentId": "tgw-attach-1", "State": "associated"}]}"#,
        ),
        (
            &name("get-transit-gateway-route-table-propagations"),
            r#"{"TransitGatewayRouteTablePropagations": [
                {"TransitGatewayAttachmentId": "tgw-attach-1", "State": "enabled"},
                {"TransitGatewayAttachmentId": "tgw-attach-2", "State": "disabled"}]}"#,
        ),
        (
            &name("search-transit-gateway-routes"),
            r#"{"Routes": [{"DestinationCidrBlock": "10.0.0.0/8", "Type": "static", "State": "blackhole"}],
                "AdditionalRoutesAvailable": false}"#,
        ),
    ]);
    let table = only(&import, table);
    assert_eq!(table.association_attachment_ids, ["tgw-attach-1"]);
    assert_eq!(table.propagation_attachment_ids, ["tgw-attach-1"]);
    assert_eq!(table.routes[0].state(), v1::RouteState::Blackhole);
    assert!(table.routes_known);
}

const LB: &str =
    "arn:aws:elasticloadbalancing:eu-west-1:111111111111:loadbalancer/net/web/0123456789abcdef";
const TG: &str =
    "arn:aws:elasticloadbalancing:eu-west-1:111111111111:targetgroup/web-tg/0123456789abcdef";
const LISTENER: &str = "arn:aws:elasticloadbalancing:eu-west-1:111111111111:listener/net/web/0123456789abcdef/fedcba9876543210";

fn balancing() -> String {
    format!(
        r#"{{"Vpcs": [{VPC}],
            "LoadBalancers": [{{"LoadBalancerArn": "{LB}", "LoadBalancerName": "web", "Type": "network", "VpcId": "vpc-11111111"}}],
            "TargetGroups": [{{"TargetGroupArn": "{TG}", "TargetGroupName": "web-tg", "VpcId": "vpc-11111111"}}]}}"#
    )
}

#[test]
fn load_balancing_answers_find_their_parent_by_its_name_in_the_file_name() {
    let import = import(&[
        (&home("all.json"), &balancing()),
        (
            &home("describe-target-health-web-tg.json"),
            r#"{"TargetHealthDescriptions": [{"Target": {"Id": "10.0.0.9", "Port": 80, "AvailabilityZone": "all"}, "TargetHealth": {"State": "unhealthy.draining"}}]}"#,
        ),
        (
            &home("describe-load-balancer-attributes-web.json"),
            r#"{"Attributes": [{"Key": "load_balancing.cross_zone.enabled", "Value": "true"}]}"#,
        ),
        (
            &home("describe-target-group-attributes-web-tg.json"),
            r#"{"Attributes": [{"Key": "preserve_client_ip.enabled", "Value": "false"}]}"#,
        ),
        (
            &home("describe-listeners-web.json"),
            &format!(r#"{{"Listeners": [{{"ListenerArn": "{LISTENER}", "Port": 80}}]}}"#),
        ),
    ]);
    assert_eq!(lines(&import), [""; 0]);
    let group = only(&import, group);
    assert_eq!(
        (
            group.targets[0].state(),
            group.targets[0].availability_zone.as_str()
        ),
        (v1::TargetHealthState::Draining, "")
    );
    assert_eq!(group.preserve_client_ip_enabled, Some(false));
    assert_eq!(only(&import, balancer).cross_zone_enabled, Some(true));
    assert_eq!(only(&import, balancer).listeners.len(), 1);
}

#[test]
fn target_groups_of_listener_rules_join_the_listener() {
    let listener = format!(
        r#"{{"Listeners": [{{"ListenerArn": "{LISTENER}", "LoadBalancerArn": "{LB}", "Port": 443, "Protocol": "HTTPS", "DefaultActions": [{{"Type": "fixed-response"}}]}}]}}"#
    );
    let rule = LISTENER.replace(":listener/", ":listener-rule/");
    let rules = format!(
        r#"{{"Rules": [{{"RuleArn": "{rule}/00112233", "Actions": [{{"Type": "forward", "ForwardConfig": {{"TargetGroups": [
            {{"TargetGroupArn": "{TG}", "Weight": 1}}, {{"TargetGroupArn": "unused", "Weight": 0}}]}}}}]}}]}}"#
    );
    let import = import(&[
        (&home("a.json"), &balancing()),
        (&home("l.json"), &listener),
        (&home("r.json"), &rules),
    ]);
    assert_eq!(only(&import, balancer).listeners[0].target_group_arns, [TG]);
}

#[test]
fn the_gathered_form_of_other_tools_is_understood() {
    let gathered = format!(
        r#"{{"LoadBalancerListeners": [{{"LoadBalancerArn": "{LB}", "Listeners": [{{"ListenerArn": "{LISTENER}", "Port": 80, "Protocol": "TCP"}}]}}],
            "LoadBalancerAttributes": [{{"LoadBalancerArn": "{LB}", "Attributes": [{{"Key": "load_balancing.cross_zone.enabled", "Value": "true"}}]}}],
            "LoadBalancerTargetHealth": [{{"TargetGroupArn": "{TG}", "TargetHealthDescriptions": [{{"Target": {{"Id": "i-1"}}, "TargetHealth": {{"State": "healthy"}}}}]}}]}}"#
    );
    let import = import(&[
        (&home("a.json"), &balancing()),
        (&home("g.json"), &gathered),
    ]);
    assert_eq!((lines(&import), import.not_understood.len()), (vec![], 0));
    assert_eq!(only(&import, balancer).listeners[0].protocol, "TCP");
    assert_eq!(only(&import, balancer).cross_zone_enabled, Some(true));
    assert_eq!(
        only(&import, group).targets[0].state(),
        v1::TargetHealthState::Healthy
    );
}

fn gathered_tables(attachment: &str) -> Import {
    let document = format!(
        r#"{{"Vpcs": [{VPC}],
            "TransitGateways": [{{"TransitGatewayId": "tgw-1", "OwnerId": "111111111111"}}],
            "TransitGatewayAttachments": [{attachment}],
            "TransitGatewayRouteTables": [{{"TransitGatewayRouteTableId": "tgw-rtb-1", "TransitGatewayId": "tgw-1"}}],
            "TransitGatewayPropagations": [{{"TransitGatewayRouteTableId": "tgw-rtb-1",
                "TransitGatewayRouteTablePropagations": [{{"TransitGatewayAttachmentId": "tgw-attach-1", "State": "enabled"}}]}}],
            "TransitGatewayStaticRoutes": [{{"TransitGatewayRouteTableId": "tgw-rtb-1", "AdditionalRoutesAvailable": false,
                "Routes": [{{"DestinationCidrBlock": "0.0.0.0/0", "Type": "static", "State": "active",
                    "TransitGatewayAttachments": [{{"TransitGatewayAttachmentId": "tgw-attach-1"}}]}}]}}]}}"#
    );
    import(&[(&home("g.json"), &document)])
}

#[test]
fn gathered_static_routes_are_completed_by_what_vpcs_propagate() {
    let import = gathered_tables(
        r#"{"TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "tgw-1", "ResourceType": "vpc",
            "ResourceId": "vpc-11111111", "ResourceOwnerId": "111111111111", "State": "available",
            "Association": {"TransitGatewayRouteTableId": "tgw-rtb-1", "State": "associated"}}"#,
    );
    let table = only(&import, table);
    assert!(table.routes_known);
    let types: Vec<_> = table
        .routes
        .iter()
        .map(v1::TransitGatewayRoute::r#type)
        .collect();
    assert_eq!(
        types,
        [
            v1::TransitGatewayRouteType::Static,
            v1::TransitGatewayRouteType::Propagated
        ]
    );
    assert_eq!(
        table.association_attachment_ids,
        ["tgw-attach-1"],
        "told by the attachment"
    );
}

#[test]
fn gathered_static_routes_beside_a_vpn_leave_the_routes_unknown() {
    let import = gathered_tables(
        r#"{"TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "tgw-1", "ResourceType": "vpn",
            "ResourceId": "vpn-1", "ResourceOwnerId": "111111111111", "State": "available"}"#,
    );
    assert!(!only(&import, table).routes_known);
    assert!(
        lines(&import)
            .iter()
            .any(|line| line.contains("`tgw-rtb-1`: its propagated routes are not known"))
    );
}

#[test]
fn of_names_that_end_a_file_name_the_longest_counts_and_one_in_the_same_folder_first() {
    let group = |account: &str, name: &str| {
        format!(
            r#"{{"TargetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:{account}:targetgroup/{name}/{account}", "TargetGroupName": "{name}"}}"#
        )
    };
    let groups = |account: &str| {
        format!(
            r#"{{"TargetGroups": [{}, {}]}}"#,
            group(account, "tg"),
            group(account, "web-tg")
        )
    };
    let health = r#"{"TargetHealthDescriptions": [{"Target": {"Id": "10.0.0.9"}}]}"#;
    let import = import(&[
        (&home("groups.json"), &groups("111111111111")),
        (
            "222222222222/eu-west-1/groups.json",
            &groups("222222222222"),
        ),
        (
            "222222222222/eu-west-1/describe-target-health-web-tg.json",
            health,
        ),
    ]);
    let known: Vec<&str> = import
        .resources
        .iter()
        .filter_map(|it| it.kind.as_ref().and_then(super::group))
        .filter(|it| it.targets_known)
        .map(|it| it.target_group_arn.as_str())
        .collect();
    assert_eq!(
        known,
        ["arn:aws:elasticloadbalancing:eu-west-1:222222222222:targetgroup/web-tg/222222222222"]
    );
}
