//! What AWS's words become.

use causeway_proto::v1;

use super::*;

#[test]
fn an_unknown_state_is_a_warning_and_carries_no_traffic() {
    let endpoint = r#"{"VpcEndpoints": [{"VpcEndpointId": "vpce-1", "VpcEndpointType": "Interface", "VpcId": "vpc-11111111", "State": "dreaming"}]}"#;
    let import = import(&[(&home("e.json"), endpoint), (&home("v.json"), &vpcs(VPC))]);
    let endpoint = only(&import, |kind| {
        if let Kind::VpcEndpoint(it) = kind {
            Some(it)
        } else {
            None
        }
    });
    assert_eq!(endpoint.state(), v1::VpcEndpointState::Failed);
    assert_eq!(
        lines(&import),
        [format!(
            "`{HOME}/e.json`: VpcEndpoints[0]: State `dreaming` is not known; taken for FAILED"
        )]
    );
}

#[test]
fn a_type_that_is_not_known_leaves_the_record_out_aloud() {
    let endpoint = r#"{"VpcEndpoints": [{"VpcEndpointId": "vpce-1", "VpcEndpointType": "Teleport", "VpcId": "vpc-11111111"}]}"#;
    let import = import(&[(&home("e.json"), endpoint)]);
    assert_eq!(import.resources, []);
    assert!(lines(&import)[0].ends_with("the record is left out"));
}

#[test]
fn blocks_that_are_no_longer_associated_do_not_count() {
    let record = r#"{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "CidrBlockAssociationSet": [
        {"CidrBlock": "10.0.0.0/16", "CidrBlockState": {"State": "associated"}},
        {"CidrBlock": "10.1.0.0/16", "CidrBlockState": {"State": "disassociated"}}],
        "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "2001:db8::/56", "Ipv6CidrBlockState": {"State": "associated"}}]}"#;
    let import = import(&[(&home("v.json"), &vpcs(record))]);
    assert_eq!(
        only(&import, vpc).cidr_blocks,
        ["10.0.0.0/16", "2001:db8::/56"]
    );
}

#[test]
fn a_route_to_an_instance_goes_to_its_interface() {
    let tables = r#"{"RouteTables": [{"RouteTableId": "rtb-1", "VpcId": "vpc-11111111", "Routes": [
        {"DestinationIpv6CidrBlock": "::/0", "InstanceId": "i-1", "NetworkInterfaceId": "eni-1", "State": "active", "Origin": "CreateRoute"}]}]}"#;
    let import = import(&[(&home("r.json"), tables), (&home("v.json"), &vpcs(VPC))]);
    let table = only(&import, |kind| {
        if let Kind::RouteTable(it) = kind {
            Some(it)
        } else {
            None
        }
    });
    assert_eq!(
        table.routes[0].target,
        Some(v1::route::Target::NetworkInterfaceId("eni-1".to_owned()))
    );
    assert_eq!(
        table.routes[0].destination,
        Some(v1::route::Destination::DestinationIpv6CidrBlock(
            "::/0".to_owned()
        ))
    );
}

#[test]
fn what_is_deleted_and_whose_container_is_gone_is_not_imported() {
    let nat = r#"{"NatGateways": [{"NatGatewayId": "nat-1", "VpcId": "vpc-9", "SubnetId": "subnet-9", "State": "deleted"}],
        "TransitGateways": [{"TransitGatewayId": "tgw-1", "State": "deleted"}]}"#;
    let import = import(&[(&home("n.json"), nat)]);
    assert_eq!(import.resources, []);
    assert_eq!(
        import.scopes.len(),
        2,
        "the listings are complete all the same"
    );
    assert!(
        lines(&import)
            .iter()
            .any(|line| line.contains("`tgw-1` left out: it is deleted"))
    );
}
