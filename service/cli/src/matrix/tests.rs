//! How selectors and services are read.

use causeway_client::{matrix, v1};

use super::{selector, service};

#[test]
fn what_has_no_condition_is_an_end() {
    for text in ["i-1", "10.0.0.1", "2001:db8::1", "internet"] {
        assert_eq!(selector::parse(text).unwrap(), matrix::one(text));
    }
}

#[test]
fn conditions_hold_together() {
    let told = selector::parse(
        "instances,vpc:vpc-1,subnet:subnet-1,sg:sg-1,account:111122223333,region:eu-west-1,tag:Env=prod,tag:Team",
    );
    let tag = |key: &str, value: &str| v1::Tag {
        key: key.to_owned(),
        value: value.to_owned(),
    };
    let wanted = v1::EndFilter {
        kind: v1::ResourceKind::Instance.into(),
        vpc_id: "vpc-1".to_owned(),
        subnet_id: "subnet-1".to_owned(),
        security_group_id: "sg-1".to_owned(),
        owner_id: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
        tags: vec![tag("Env", "prod"), tag("Team", "")],
    };
    assert_eq!(told.unwrap(), matrix::all(wanted));
    let all = matrix::all(v1::EndFilter::default());
    assert_eq!(selector::parse("all").unwrap(), all);
}

#[test]
fn what_is_no_condition_is_named() {
    for (text, wrong) in [
        ("vpc:", "`vpc:`"),
        ("vpc:vpc-1,vpc:vpc-2", "`vpc:vpc-2`"),
        ("sg:sg-1,eni-1", "`eni-1`"),
    ] {
        let told = selector::parse(text).unwrap_err().to_string();
        assert!(told.contains(wrong), "{told}");
    }
}

#[test]
fn services_are_ports_or_protocols() {
    assert_eq!(service("443").unwrap(), matrix::service("tcp", 443));
    assert_eq!(service("53/udp").unwrap(), matrix::service("udp", 53));
    assert_eq!(service("icmp").unwrap(), matrix::service("icmp", None));
    for text in ["0", "70000", "443/", "/tcp", ""] {
        service(text).unwrap_err();
    }
}
