//! What policies say of requests, statement by statement.
use super::*;
use causeway_model::protocol::{PortRange, Protocol};
use causeway_model::trace::Addr;

const ROLE: &str = "arn:aws:iam::111111111111:role/app";

fn decide_as(principal: &str, is_gateway: bool, statements: &str) -> Decision {
    let document = format!("{{\"Statement\": [{statements}]}}");
    let policy = Policy {
        document: Some(document.parse().unwrap()),
        endpoint: "vpce-1".to_owned(),
        vpc: "vpc-1".to_owned(),
        region: Some("eu-west-1".parse().unwrap()),
        is_gateway,
    };
    let own = ["s3:GetObject", "arn:aws:s3:::data/a/b"].map(str::to_owned);
    let [action, resource] = own;
    let request = Request::new(principal.to_owned(), action, resource).unwrap();
    let header = Header {
        source: Addr::Ip("10.0.1.10".parse().unwrap()),
        destination: Addr::Internet,
        protocol: Protocol::TCP,
        source_ports: PortRange::EPHEMERAL,
        destination_ports: PortRange::one(443),
    };
    policy.decide(&request, &header)
}

/// `yes`, `no` or `unknown` for one statement that allows if all of it holds.
fn says(principal: &str, is_gateway: bool, elements: &str) -> &'static str {
    let mut statement = format!("\"Effect\": \"Allow\", {elements}");
    for (name, not) in [
        ("Principal", "NotPrincipal"),
        ("Action", "NotAction"),
        ("Resource", "NotResource"),
    ] {
        if !statement.contains(&format!("\"{name}\"")) && !statement.contains(not) {
            statement.push_str(&format!(", \"{name}\": \"*\""));
        }
    }
    match decide_as(principal, is_gateway, &format!("{{{statement}}}")) {
        Decision::Allows(_) => "yes",
        Decision::Denies(_) => "no",
        Decision::Unknown(_) => "unknown",
    }
}

fn condition(operator: &str, key: &str, value: &str) -> &'static str {
    let held = format!("\"Condition\": {{\"{operator}\": {{\"{key}\": {value}}}}}");
    says(ROLE, true, &held)
}

#[test]
fn actions_and_resources_have_wildcards() {
    assert_eq!(says(ROLE, true, r#""Action": "s3:get*""#), "yes");
    assert_eq!(says(ROLE, true, r#""Action": "s3:Get?bject""#), "yes");
    assert_eq!(
        says(ROLE, true, r#""Action": ["s3:Put*", "dynamodb:*"]"#),
        "no"
    );
    assert_eq!(says(ROLE, true, r#""NotAction": "s3:Put*""#), "yes");
    assert_eq!(says(ROLE, true, r#""NotAction": "s3:*""#), "no");
    assert_eq!(
        says(ROLE, true, r#""Resource": "arn:aws:s3:::data/*""#),
        "yes"
    );
    assert_eq!(
        says(ROLE, true, r#""Resource": "arn:aws:s3:::DATA/*""#),
        "no"
    );
    assert_eq!(says(ROLE, true, r#""Resource": "arn:aws:s3:::data""#), "no");
    assert_eq!(says(ROLE, true, r#""Resource": "arn:*:data/a/b""#), "yes");
    assert_eq!(
        says(ROLE, true, r#""NotResource": "arn:aws:s3:::data/*""#),
        "no"
    );
    assert_eq!(
        says(
            ROLE,
            true,
            r#""Resource": "arn:aws:s3:::${aws:username}/*""#
        ),
        "unknown"
    );
}

#[test]
fn principals_are_accounts_and_arns_at_interface_endpoints() {
    let named = |named: &str| {
        says(
            ROLE,
            false,
            &format!("\"Principal\": {{\"AWS\": \"{named}\"}}"),
        )
    };
    assert_eq!(named("111111111111"), "yes");
    assert_eq!(named("arn:aws:iam::111111111111:root"), "yes");
    assert_eq!(named("222222222222"), "no");
    assert_eq!(named(ROLE), "yes");
    assert_eq!(named("arn:aws:iam::111111111111:role/other"), "no");
    assert_eq!(
        named("arn:aws:sts::111111111111:assumed-role/app/one"),
        "unknown"
    );
    let session = "arn:aws:sts::111111111111:assumed-role/app/one";
    let role = format!("\"Principal\": {{\"AWS\": \"{ROLE}\"}}");
    // The role of a session may have a path, which its ARN would tell and the session's does not.
    assert_eq!(says(session, false, &role), "unknown");
    let other = r#""NotPrincipal": {"AWS": "arn:aws:iam::111111111111:role/other"}"#;
    assert_eq!(says(session, false, other), "yes");
}

#[test]
fn at_gateway_endpoints_an_account_is_its_root_user() {
    let account = r#""Principal": {"AWS": "111111111111"}"#;
    assert_eq!(says(ROLE, true, account), "no");
    assert_eq!(says("arn:aws:iam::111111111111:root", true, account), "yes");
    let role = format!("\"Principal\": {{\"AWS\": \"{ROLE}\"}}");
    assert_eq!(says(ROLE, true, &role), "unknown");
}

#[test]
fn conditions_compare_what_is_known() {
    assert_eq!(
        condition("StringEquals", "aws:SourceVpc", "\"vpc-1\""),
        "yes"
    );
    assert_eq!(
        condition("StringNotEquals", "aws:SourceVpc", "\"vpc-1\""),
        "no"
    );
    assert_eq!(
        condition("StringEquals", "aws:sourceVpce", "[\"vpce-2\", \"vpce-1\"]"),
        "yes"
    );
    assert_eq!(
        condition(
            "StringNotEquals",
            "aws:SourceVpce",
            "[\"vpce-2\", \"vpce-1\"]"
        ),
        "no"
    );
    assert_eq!(
        condition("IpAddress", "aws:VpcSourceIp", "\"10.0.1.0/24\""),
        "yes"
    );
    assert_eq!(
        condition("NotIpAddress", "aws:VpcSourceIp", "\"10.0.1.0/24\""),
        "no"
    );
    assert_eq!(
        condition("StringEquals", "aws:PrincipalAccount", "111111111111"),
        "yes"
    );
    assert_eq!(
        condition("ArnLike", "aws:PrincipalArn", "\"arn:aws:iam::*:role/*\""),
        "yes"
    );
    assert_eq!(
        condition(
            "ArnNotLike",
            "aws:PrincipalArn",
            "\"arn:aws:iam::*:user/*\""
        ),
        "yes"
    );
    assert_eq!(
        condition(
            "StringEquals",
            "aws:PrincipalArn",
            "\"arn:aws:iam::*:role/app\""
        ),
        "no"
    );
    assert_eq!(condition("Bool", "aws:SecureTransport", "false"), "no");
    assert_eq!(
        condition("ForAnyValue:StringEquals", "aws:SourceVpc", "\"vpc-1\""),
        "yes"
    );
}

#[test]
fn a_key_that_is_absent_fails_a_comparison_and_holds_its_opposite() {
    assert_eq!(
        condition("IpAddress", "aws:SourceIp", "\"0.0.0.0/0\""),
        "no"
    );
    assert_eq!(
        condition("NotIpAddress", "aws:SourceIp", "\"0.0.0.0/0\""),
        "yes"
    );
    assert_eq!(
        condition("IpAddressIfExists", "aws:SourceIp", "\"1.0.0.0/8\""),
        "yes"
    );
    assert_eq!(condition("Null", "aws:SourceIp", "true"), "yes");
    assert_eq!(condition("Null", "aws:SourceVpc", "true"), "no");
    assert_eq!(condition("Null", "aws:PrincipalArn", "\"false\""), "yes");
    assert_eq!(
        condition("ForAllValues:StringEquals", "aws:SourceIp", "\"x\""),
        "yes"
    );
    assert_eq!(
        condition("ForAnyValue:StringNotEquals", "aws:SourceIp", "\"x\""),
        "no"
    );
}

#[test]
fn what_cannot_be_known_decides_nothing() {
    assert_eq!(
        condition("StringEquals", "aws:PrincipalOrgID", "\"o-1\""),
        "unknown"
    );
    assert_eq!(
        condition("StringNotEquals", "aws:PrincipalOrgID", "\"o-1\""),
        "unknown"
    );
    assert_eq!(condition("Null", "aws:PrincipalOrgID", "true"), "unknown");
    assert_eq!(condition("NumericLessThan", "s3:max-keys", "10"), "unknown");
    assert_eq!(
        condition(
            "StringEquals",
            "aws:SourceVpc",
            "\"${aws:PrincipalTag/vpc}\""
        ),
        "unknown"
    );
}

const ALL: &str = r#""Principal": "*", "Action": "*", "Resource": "*""#;
const ORGANIZATION: &str = r#""Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}"#;

#[test]
fn a_deny_wins_and_a_doubt_counts_where_the_rest_does_not_decide() {
    let allow = format!("{{\"Effect\": \"Allow\", {ALL}}}");
    let deny = format!("{{\"Sid\": \"No\", \"Effect\": \"Deny\", {ALL}}}");
    let may_allow = format!("{{\"Effect\": \"Allow\", {ALL}, {ORGANIZATION}}}");
    let may_deny = format!("{{\"Effect\": \"Deny\", {ALL}, {ORGANIZATION}}}");
    let decide = |statements: &[&String]| {
        let statements: Vec<&str> = statements.iter().map(|one| one.as_str()).collect();
        decide_as(ROLE, true, &statements.join(", "))
    };
    let denied = Decision::Denies("statement No denies s3:GetObject".to_owned());
    assert_eq!(decide(&[&allow, &may_deny, &deny]), denied);
    assert!(matches!(decide(&[&allow, &may_allow]), Decision::Allows(_)));
    assert!(matches!(decide(&[&allow, &may_deny]), Decision::Unknown(_)));
    assert!(matches!(decide(&[&may_allow]), Decision::Unknown(_)));
    // Nobody allows it, so that it does not matter whether somebody denies it too.
    assert!(matches!(decide(&[&may_deny]), Decision::Denies(_)));
}
