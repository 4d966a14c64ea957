//! Kinds that the example estate has none of.

use super::*;
use crate::Warning;

#[track_caller]
fn first(file: &str, document: &str, wanted: v1::ResourceKind) -> (Import, Kind) {
    let import = import(&[(&home(file), document)]);
    let kind = import.resources.iter().find_map(|it| {
        it.kind
            .clone()
            .filter(|kind| name_of(kind) == wanted.as_str_name())
    });
    (import, kind.unwrap())
}

fn name_of(kind: &Kind) -> String {
    let text = format!("{kind:?}");
    let name = text.split('(').next().unwrap();
    let mut out = "RESOURCE_KIND".to_owned();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(letter.to_ascii_uppercase());
    }
    out
}

#[test]
fn direct_connect_is_read_from_lower_camel_case_and_its_gateway_is_global() {
    let document = r#"{"directConnectGateways": [{"directConnectGatewayId": "dxgw", "ownerAccount": "111111111111", "amazonSideAsn": 64512,
            "directConnectGatewayState": "available", "tags": [{"key": "Name", "value": "dx"}]}],
        "directConnectGatewayAssociations": [{"associationId": "a", "directConnectGatewayId": "dxgw", "associationState": "associated",
            "associatedGateway": {"id": "tgw-1", "type": "transitGateway"}, "allowedPrefixesToDirectConnectGateway": [{"cidr": "10.0.0.0/8"}]}],
        "virtualInterfaces": [{"virtualInterfaceId": "dxvif-1", "virtualInterfaceType": "transit", "virtualGatewayId": "", "region": "eu-west-1",
            "ownerAccount": "111111111111", "directConnectGatewayId": "dxgw", "virtualInterfaceState": "available", "bgpPeers": [{"bgpStatus": "up"}]}]}"#;
    let (import, kind) = first("dx.json", document, v1::ResourceKind::DirectConnectGateway);
    let Kind::DirectConnectGateway(gateway) = kind else {
        panic!()
    };
    assert_eq!(
        (gateway.amazon_side_asn, gateway.associations.len()),
        (64512, 1)
    );
    assert!(gateway.associations[0].associated);
    assert_eq!(import.resources[0].region, "");
    assert_eq!(import.resources[0].tags[0].value, "dx");
    assert_eq!(
        import.scopes[0],
        v1::ImportScope {
            owner_id: "111111111111".to_owned(),
            region: String::new(),
            kind: v1::ResourceKind::DirectConnectGateway.into(),
        }
    );
    let (_, kind) = first("dx.json", document, v1::ResourceKind::VirtualInterface);
    let Kind::VirtualInterface(interface) = kind else {
        panic!()
    };
    assert!(interface.available && interface.bgp_up);
    assert_eq!(
        interface.gateway,
        Some(v1::virtual_interface::Gateway::DirectConnectGatewayId(
            "dxgw".to_owned()
        ))
    );
}

#[test]
fn a_vpn_connection_has_its_routes_and_tunnels() {
    let document = r#"{"VpnConnections": [{"VpnConnectionId": "vpn-1", "VpnGatewayId": "vgw-1", "CustomerGatewayId": "cgw-1", "State": "available",
        "Options": {"StaticRoutesOnly": true}, "Routes": [{"DestinationCidrBlock": "192.168.0.0/16", "State": "available"},
        {"DestinationCidrBlock": "192.169.0.0/16", "State": "deleted"}],
        "VgwTelemetry": [{"OutsideIpAddress": "52.0.0.2", "Status": "DOWN"}, {"OutsideIpAddress": "52.0.0.1", "Status": "UP", "AcceptedRouteCount": 3}]}]}"#;
    let (_, kind) = first("v.json", document, v1::ResourceKind::VpnConnection);
    let Kind::VpnConnection(vpn) = kind else {
        panic!()
    };
    assert_eq!(vpn.routes, ["192.168.0.0/16"]);
    let up: Vec<bool> = vpn.vgw_telemetry.iter().map(|tunnel| tunnel.up).collect();
    assert_eq!((up, vpn.static_routes_only), (vec![true, false], true));
}

#[test]
fn a_private_zone_is_joined_from_three_answers_and_a_public_one_left_out() {
    let zones = r#"{"HostedZones": [{"Id": "/hostedzone/Z0123456789", "Name": "corp.", "Config": {"PrivateZone": true}},
        {"Id": "/hostedzone/Z9876543210", "Name": "example.com.", "Config": {"PrivateZone": false}}], "IsTruncated": false}"#;
    let zone = r#"{"HostedZone": {"Id": "/hostedzone/Z0123456789", "Name": "corp.", "Config": {"PrivateZone": true}},
        "VPCs": [{"VPCRegion": "eu-west-1", "VPCId": "vpc-1"}]}"#;
    let records = r#"{"ResourceRecordSets": [{"Name": "db.corp.", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.0.0.9"}]},
        {"Name": "lb.corp.", "Type": "A", "AliasTarget": {"DNSName": "x.elb.amazonaws.com.", "HostedZoneId": "Z"}},
        {"Name": "\\052.corp.", "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "db.corp."}]}]}"#;
    let import = import(&[
        (&home("list-hosted-zones.json"), zones),
        (&home("get-hosted-zone.json"), zone),
        (&home("list-resource-record-sets-Z0123456789.json"), records),
    ]);
    let zone = only(&import, |kind| {
        if let Kind::HostedZone(it) = kind {
            Some(it)
        } else {
            None
        }
    });
    assert_eq!(
        (zone.vpc_ids.as_slice(), zone.records_known),
        (["vpc-1".to_owned()].as_slice(), true)
    );
    assert_eq!(
        zone.resource_record_sets[1].alias_target_dns_name,
        "x.elb.amazonaws.com."
    );
    assert_eq!(zone.resource_record_sets[2].name, "*.corp.");
    assert_eq!(lines(&import).len(), 1);
    assert!(lines(&import)[0].contains("`Z9876543210` left out: it is a public hosted zone"));
    assert_eq!(
        (import.resources[0].region.as_str(), import.scopes.len()),
        ("", 1)
    );
}

#[test]
fn a_resolver_rule_has_the_vpcs_it_is_associated_with() {
    let document = r#"{"ResolverRules": [{"Id": "rslvr-rr-1", "Arn": "arn:aws:route53resolver:eu-west-1:111111111111:resolver-rule/rslvr-rr-1",
            "DomainName": "corp.", "RuleType": "FORWARD", "TargetIps": [{"Ip": "10.0.0.2", "Port": 53}], "OwnerId": "111111111111"}],
        "ResolverRuleAssociations": [{"Id": "a", "ResolverRuleId": "rslvr-rr-1", "VPCId": "vpc-1", "Status": "COMPLETE"},
            {"Id": "b", "ResolverRuleId": "rslvr-rr-1", "VPCId": "vpc-2", "Status": "DELETING"}]}"#;
    let (_, kind) = first("r.json", document, v1::ResourceKind::ResolverRule);
    let Kind::ResolverRule(rule) = kind else {
        panic!()
    };
    assert_eq!(
        (rule.target_ips, rule.vpc_ids),
        (vec!["10.0.0.2".to_owned()], vec!["vpc-1".to_owned()])
    );
}

const FIREWALL: &str = "arn:aws:network-firewall:eu-west-1:111111111111:firewall/main";

#[test]
fn a_firewall_has_its_endpoints_from_the_status_beside_it() {
    let document = format!(
        r#"{{"Firewall": {{"FirewallName": "main", "FirewallArn": "{FIREWALL}", "VpcId": "vpc-1", "FirewallPolicyArn": "p"}},
            "FirewallStatus": {{"Status": "READY", "SyncStates": {{"eu-west-1a": {{"Attachment": {{"SubnetId": "subnet-1",
            "EndpointId": "vpce-1", "Status": "READY"}}}}}}}}}}"#
    );
    let (_, kind) = first("f.json", &document, v1::ResourceKind::Firewall);
    let Kind::Firewall(firewall) = kind else {
        panic!()
    };
    assert_eq!(firewall.endpoints[0].endpoint_id, "vpce-1");
}

#[test]
fn a_firewall_on_a_transit_gateway_has_its_attachment_from_the_status_beside_it() {
    let document = format!(
        r#"{{"Firewall": {{"FirewallName": "main", "FirewallArn": "{FIREWALL}", "TransitGatewayId": "tgw-1", "FirewallPolicyArn": "p"}},
            "FirewallStatus": {{"Status": "READY", "TransitGatewayAttachmentSyncState": {{"AttachmentId": "tgw-attach-1",
            "TransitGatewayAttachmentStatus": "READY"}}}}}}"#
    );
    let (import, kind) = first("f.json", &document, v1::ResourceKind::Firewall);
    let Kind::Firewall(firewall) = kind else {
        panic!()
    };
    assert_eq!(
        (
            firewall.vpc_id.as_str(),
            firewall.transit_gateway_attachment_id.as_str()
        ),
        ("", "tgw-attach-1")
    );
    assert!(import.warnings.is_empty(), "{:?}", import.warnings);
}

#[test]
fn a_list_of_names_alone_is_no_scope() {
    let document =
        format!(r#"{{"Firewalls": [{{"FirewallName": "main", "FirewallArn": "{FIREWALL}"}}]}}"#);
    let import = import(&[(&home("f.json"), &document)]);
    assert_eq!((import.resources.len(), import.scopes.len()), (0, 0));
    assert!(
        matches!(import.warnings.as_slice(), [Warning::ParentMissing { parent_id, .. }] if parent_id == FIREWALL)
    );
}

#[test]
fn firewall_rules_keep_their_order_and_say_what_they_cannot_hold() {
    let document = r#"{"RuleGroupResponse": {"RuleGroupArn": "arn:aws:network-firewall:eu-west-1:111111111111:stateful-rulegroup/g", "Type": "STATEFUL"},
        "RuleGroup": {"RulesSource": {"StatefulRules": [
            {"Action": "DROP", "Header": {"Protocol": "TCP", "Source": "$HOME_NET", "SourcePort": "ANY", "Direction": "FORWARD",
                "Destination": "ANY", "DestinationPort": "22"}, "RuleOptions": [{"Keyword": "sid", "Settings": ["1"]}]},
            {"Action": "PASS", "Header": {"Protocol": "IP", "Source": "10.0.0.0/8", "SourcePort": "ANY", "Direction": "ANY",
                "Destination": "ANY", "DestinationPort": "ANY"}, "RuleOptions": []}]}}}"#;
    let (_, kind) = first("g.json", document, v1::ResourceKind::FirewallRuleGroup);
    let Kind::FirewallRuleGroup(group) = kind else {
        panic!()
    };
    assert!(group.stateful && !group.has_other_rules);
    let seen: Vec<_> = group
        .rules
        .iter()
        .map(|rule| (rule.priority, rule.action(), rule.has_other_options))
        .collect();
    assert_eq!(
        seen,
        [
            (1, v1::FirewallRuleAction::Drop, true),
            (2, v1::FirewallRuleAction::Pass, false)
        ]
    );
}

#[test]
fn stateless_firewall_rules_come_by_priority() {
    let rule = |priority: u32, action: &str| {
        format!(
            r#"{{"Priority": {priority}, "RuleDefinition": {{"Actions": ["{action}"], "MatchAttributes": {{"Protocols": [6],
                "Sources": [{{"AddressDefinition": "10.0.0.1"}}], "DestinationPorts": [{{"FromPort": 80, "ToPort": 81}}]}}}}}}"#
        )
    };
    let document = format!(
        r#"{{"RuleGroupResponse": {{"RuleGroupArn": "arn:aws:network-firewall:eu-west-1:111111111111:stateless-rulegroup/g", "Type": "STATELESS"}},
            "RuleGroup": {{"RulesSource": {{"StatelessRulesAndCustomActions": {{"StatelessRules": [{}, {}]}}}}}}}}"#,
        rule(20, "aws:forward_to_sfe"),
        rule(10, "aws:drop")
    );
    let (_, kind) = first("g.json", &document, v1::ResourceKind::FirewallRuleGroup);
    let Kind::FirewallRuleGroup(group) = kind else {
        panic!()
    };
    let actions: Vec<_> = group.rules.iter().map(v1::FirewallRule::action).collect();
    assert_eq!(
        actions,
        [
            v1::FirewallRuleAction::Drop,
            v1::FirewallRuleAction::ForwardToStateful
        ]
    );
    assert_eq!(group.rules[0].sources, ["10.0.0.1/32"]);
    assert_eq!(
        group.rules[0].destination_ports,
        [v1::PortRange { from: 80, to: 81 }]
    );
}

#[test]
fn block_public_access_has_an_id_of_account_and_region_and_its_exclusions() {
    let document = r#"{"VpcBlockPublicAccessOptions": {"AwsAccountId": "111111111111", "AwsRegion": "eu-west-1",
            "State": "update-complete", "InternetGatewayBlockMode": "block-ingress"},
        "VpcBlockPublicAccessExclusions": [{"ExclusionId": "vpcbpa-exclude-1", "State": "create-complete",
            "InternetGatewayExclusionMode": "allow-egress", "ResourceArn": "arn:aws:ec2:eu-west-1:111111111111:subnet/subnet-1"}]}"#;
    let import = import(&[("b.json", document)]);
    let options = only(&import, |kind| {
        if let Kind::VpcBlockPublicAccessOptions(it) = kind {
            Some(it)
        } else {
            None
        }
    });
    assert_eq!(options.options_id, "vpcbpa-111111111111-eu-west-1");
    assert_eq!(
        options.internet_gateway_block_mode(),
        v1::InternetGatewayBlockMode::BlockIngress
    );
    assert!(options.exclusions[0].allow_egress_only);
    assert_eq!(import.scopes.len(), 1);
}

#[test]
fn a_transit_gateway_peering_is_one_attachment_of_the_side_that_asked() {
    let view = |own: &str, other: &str| {
        format!(
            r#"{{"TransitGatewayAttachments": [{{"TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "{own}",
                "TransitGatewayOwnerId": "111111111111", "ResourceOwnerId": "111111111111", "ResourceType": "peering",
                "ResourceId": "{other}", "State": "available"}}],
            "TransitGatewayPeeringAttachments": [{{"TransitGatewayAttachmentId": "tgw-attach-1", "State": "available",
                "RequesterTgwInfo": {{"TransitGatewayId": "tgw-1", "OwnerId": "111111111111", "Region": "us-east-1"}},
                "AccepterTgwInfo": {{"TransitGatewayId": "tgw-2", "OwnerId": "111111111111", "Region": "eu-west-1"}}}}]}}"#
        )
    };
    let import = import(&[
        ("111111111111/eu-west-1/a.json", &view("tgw-2", "tgw-1")),
        ("111111111111/us-east-1/a.json", &view("tgw-1", "tgw-2")),
    ]);
    let attachment = only(&import, |kind| {
        if let Kind::TransitGatewayAttachment(it) = kind {
            Some(it)
        } else {
            None
        }
    });
    assert_eq!(
        (
            attachment.transit_gateway_id.as_str(),
            attachment.peer_transit_gateway_id.as_str()
        ),
        ("tgw-1", "tgw-2")
    );
    assert_eq!(
        (
            attachment.peer_region.as_str(),
            import.resources[0].region.as_str()
        ),
        ("eu-west-1", "us-east-1")
    );
    assert_eq!(lines(&import), [""; 0]);
}

#[test]
fn network_acl_rules_of_both_families_stand_in_one_list_by_number() {
    let document = r#"{"NetworkAcls": [{"NetworkAclId": "acl-1", "VpcId": "vpc-1", "IsDefault": true, "Associations": [{"SubnetId": "subnet-1"}],
        "Entries": [{"Egress": false, "RuleNumber": 200, "Protocol": "6", "RuleAction": "deny", "Ipv6CidrBlock": "::/0", "PortRange": {"From": 22, "To": 22}},
            {"Egress": false, "RuleNumber": 100, "Protocol": "1", "RuleAction": "allow", "CidrBlock": "10.0.0.9/8", "IcmpTypeCode": {"Type": -1, "Code": -1}}]}]}"#;
    let (_, kind) = first("a.json", document, v1::ResourceKind::NetworkAcl);
    let Kind::NetworkAcl(acl) = kind else {
        panic!()
    };
    let blocks: Vec<&str> = acl
        .entries
        .iter()
        .map(|entry| entry.cidr_block.as_str())
        .collect();
    assert_eq!(blocks, ["10.0.0.0/8", "::/0"], "without host bits");
    assert_eq!(
        acl.entries[0].icmp_type_code,
        Some(v1::IcmpTypeCode {
            r#type: -1,
            code: -1
        })
    );
    assert_eq!(
        (acl.entries[1].rule_action(), acl.subnet_ids),
        (v1::RuleAction::Deny, vec!["subnet-1".to_owned()])
    );
}

#[test]
fn a_prefix_list_whose_entries_nobody_gave_is_unknown_and_a_warning() {
    let document = r#"{"PrefixLists": [{"PrefixListId": "pl-1", "PrefixListName": "mine", "OwnerId": "111111111111",
        "PrefixListArn": "arn:aws:ec2:eu-west-1:111111111111:prefix-list/pl-1", "State": "create-complete"}]}"#;
    let (import, kind) = first("p.json", document, v1::ResourceKind::ManagedPrefixList);
    let Kind::ManagedPrefixList(list) = kind else {
        panic!()
    };
    assert!(!list.entries_known && list.entries.is_empty());
    assert!(lines(&import)[0].contains("get-managed-prefix-list-entries"));
}

#[test]
fn service_names_without_details_are_not_understood() {
    let document = r#"{"ServiceNames": ["com.amazonaws.eu-west-1.s3", "com.amazonaws.eu-west-1.sqs"], "ServiceDetails": [
        {"ServiceName": "com.amazonaws.eu-west-1.s3", "ServiceId": "vpce-svc-1", "Owner": "amazon", "ServiceType": [{"ServiceType": "Gateway"}]}]}"#;
    let (import, _) = first("s.json", document, v1::ResourceKind::VpcEndpointService);
    assert_eq!(
        (
            import.not_understood[0].key.as_deref(),
            import.not_understood[0].count
        ),
        (Some("ServiceNames"), 1)
    );
}

#[test]
fn an_endpoint_names_the_region_of_its_service_only_when_it_is_another() {
    let endpoint = |id: &str, region: &str| {
        format!(
            r#"{{"VpcEndpointId": "{id}", "VpcEndpointType": "Interface", "VpcId": "vpc-1", "ServiceRegion": "{region}", "ServiceName": "s"}}"#
        )
    };
    let document = format!(
        r#"{{"VpcEndpoints": [{}, {}]}}"#,
        endpoint("vpce-1", "eu-west-1"),
        endpoint("vpce-2", "us-east-1")
    );
    let import = import(&[(&home("e.json"), &document)]);
    let regions: Vec<&str> = import
        .resources
        .iter()
        .map(|it| {
            if let Some(Kind::VpcEndpoint(it)) = &it.kind {
                it.service_region.as_str()
            } else {
                "?"
            }
        })
        .collect();
    assert_eq!(regions, ["", "us-east-1"]);
}
