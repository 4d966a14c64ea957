//! The text of answers.

use std::error::Error;

use expect_test::{Expect, expect};

use super::*;

#[track_caller]
fn check(given: &v1::PathAnswer, expected: &Expect) -> Result<(), Box<dyn Error>> {
    let flow = causeway_client::flow::tcp("i-1", "s3.eu-west-1.amazonaws.com", 443);
    let mut out = Vec::new();
    answer(&flow, given, &mut out)?;
    expected.assert_eq(&String::from_utf8(out)?);
    Ok(())
}

fn step(stage: v1::Stage, resource_id: &str, action: v1::StepAction, rule: &str) -> v1::Step {
    v1::Step {
        stage: stage.into(),
        resource_id: resource_id.to_owned(),
        rule: rule.to_owned(),
        action: action.into(),
        ..v1::Step::default()
    }
}

fn hop(kind: v1::ResourceKind, id: &str, name: &str, steps: Vec<v1::Step>) -> v1::Hop {
    v1::Hop {
        resource_id: id.to_owned(),
        resource_kind: kind.into(),
        name: name.to_owned(),
        steps,
        account: String::new(),
    }
}

fn header(source: &str, from: u32, to: u32) -> v1::Header {
    v1::Header {
        source: source.to_owned(),
        destination: "2001:db8::1".to_owned(),
        protocol: "tcp".to_owned(),
        source_port_from: from,
        source_port_to: to,
        destination_port_from: 443,
        destination_port_to: 443,
    }
}

fn forward() -> v1::Trace {
    let translation = v1::Step {
        before: Some(header("10.0.1.10", 32768, 65535)),
        after: Some(header("52.1.1.1", 1024, 65535)),
        ..step(
            v1::Stage::Translation,
            "nat-1",
            v1::StepAction::Translated,
            "",
        )
    };
    let denied = v1::Step {
        code: v1::ExplanationCode::SubnetAclRestriction.into(),
        ..step(
            v1::Stage::NetworkAclOut,
            "acl-1",
            v1::StepAction::Denied,
            "rule *",
        )
    };
    let open = step(
        v1::Stage::SecurityGroupOut,
        "sg-1",
        v1::StepAction::Allowed,
        "all to 0.0.0.0/0",
    );
    let route = step(
        v1::Stage::RouteTable,
        "rtb-1",
        v1::StepAction::Forwarded,
        "0.0.0.0/0 -> nat-1",
    );
    v1::Trace {
        hops: vec![
            hop(
                v1::ResourceKind::NetworkInterface,
                "eni-1",
                "web",
                vec![open],
            ),
            hop(
                v1::ResourceKind::Subnet,
                "subnet-1",
                "",
                vec![denied, route],
            ),
            hop(v1::ResourceKind::NatGateway, "nat-1", "", vec![translation]),
            hop(v1::ResourceKind::Unspecified, "", "", Vec::new()),
        ],
        disposition: v1::Disposition::Denied.into(),
    }
}

#[test]
fn a_trace_has_a_line_for_each_step_and_then_its_end() -> Result<(), Box<dyn Error>> {
    let answer = v1::PathAnswer {
        verdict: v1::Verdict::Unreachable.into(),
        revision: 12,
        forward: Some(forward()),
        r#return: Some(v1::Trace {
            hops: vec![hop(
                v1::ResourceKind::InternetGateway,
                "igw-1",
                "main",
                Vec::new(),
            )],
            disposition: v1::Disposition::Delivered.into(),
        }),
        explanations: vec![
            v1::Explanation {
                code: v1::ExplanationCode::SubnetAclRestriction.into(),
                resource_id: "acl-1".to_owned(),
                resource_kind: v1::ResourceKind::NetworkAcl.into(),
                name: "private".to_owned(),
                direction: v1::Direction::Forward.into(),
                detail: "no rule before `*` admits tcp/443".to_owned(),
            },
            v1::Explanation {
                code: v1::ExplanationCode::BadStateRoute.into(),
                resource_id: "rtb-1".to_owned(),
                direction: v1::Direction::Return.into(),
                ..v1::Explanation::default()
            },
        ],
        ..v1::PathAnswer::default()
    };
    check(
        &answer,
        &expect![[r#"
        UNREACHABLE  i-1 -> s3.eu-west-1.amazonaws.com tcp/443  at revision 12

        forward
          network interface eni-1 (web)  security group out  sg-1   allowed     all to 0.0.0.0/0
          subnet subnet-1                network acl out     acl-1  denied      SUBNET_ACL_RESTRICTION; rule *
                                         route table         rtb-1  forwarded   0.0.0.0/0 -> nat-1
          nat gateway nat-1              translation                translated  source 10.0.1.10:32768-65535 -> 52.1.1.1:1024-65535
          internet
          => denied

        return
          internet gateway igw-1 (main)
          => delivered

        what stops it
          SUBNET_ACL_RESTRICTION  network acl acl-1 (private)
              no rule before `*` admits tcp/443
          BAD_STATE_ROUTE  rtb-1, on the way back
    "#]],
    )
}

#[test]
fn other_ways_are_a_line_each_and_assumptions_are_told() -> Result<(), Box<dyn Error>> {
    let alternative = v1::Alternative {
        verdict: v1::Verdict::Reachable.into(),
        forward: Some(forward()),
        r#return: None,
        count: 3,
        ..v1::Alternative::default()
    };
    let answer = v1::PathAnswer {
        verdict: v1::Verdict::Ambiguous.into(),
        revision: 1,
        alternatives: vec![alternative],
        alternatives_truncated: true,
        assumptions: vec!["no network ACLs of 111111111111/eu-west-1 were given: the default one, which allows all".to_owned()],
        ..v1::PathAnswer::default()
    };
    check(
        &answer,
        &expect![[r#"
        AMBIGUOUS  i-1 -> s3.eu-west-1.amazonaws.com tcp/443  at revision 1

        other ways
          3x  REACHABLE  eni-1 (web) > subnet-1 > nat-1 > internet => denied
          and more that are not shown

        taken for granted
          no network ACLs of 111111111111/eu-west-1 were given: the default one, which allows all
    "#]],
    )
}

#[test]
fn a_name_cannot_steer_the_terminal() -> Result<(), Box<dyn Error>> {
    let evil = hop(v1::ResourceKind::Vpc, "vpc-1", "a\u{1b}[2Jb\nc", Vec::new());
    let answer = v1::PathAnswer {
        verdict: v1::Verdict::Reachable.into(),
        forward: Some(v1::Trace {
            hops: vec![evil],
            disposition: v1::Disposition::Delivered.into(),
        }),
        ..v1::PathAnswer::default()
    };
    check(
        &answer,
        &expect![[r#"
        REACHABLE  i-1 -> s3.eu-west-1.amazonaws.com tcp/443  at revision 0

        forward
          vpc vpc-1 (a [2Jb c)
          => delivered
    "#]],
    )
}

#[test]
fn what_a_way_is_like_and_costs_is_told_with_what_is_not_known() -> Result<(), Box<dyn Error>> {
    let qualities = v1::Qualities {
        uses_public_addresses: true,
        leaves_aws_network: false,
        regions: vec!["eu-west-1".to_owned()],
        zones: vec!["eu-west-1a".to_owned(), "eu-west-1b".to_owned()],
    };
    let nat = v1::CostComponent {
        item: v1::CostItem::NatGateway.into(),
        resource_id: "nat-1".to_owned(),
        name: "out".to_owned(),
        region: "eu-west-1".to_owned(),
        per_hour: Some(0.045),
        per_gb_forward: Some(0.045),
        per_gb_return: None,
        basis: "words".to_owned(),
        ..v1::CostComponent::default()
    };
    let egress = v1::CostComponent {
        item: v1::CostItem::InternetEgress.into(),
        region: "eu-west-1".to_owned(),
        per_hour: Some(0.0),
        per_gb_forward: Some(0.09),
        per_gb_return: Some(0.0),
        ..v1::CostComponent::default()
    };
    let cost = v1::Cost {
        currency: "USD".to_owned(),
        per_hour: 0.045,
        per_gb_forward: 0.135,
        per_gb_return: 0.0,
        complete: false,
        components: vec![nat, egress],
    };
    let mut given = v1::PathAnswer {
        qualities: Some(qualities),
        cost: Some(cost),
        ..v1::PathAnswer::default()
    };
    let mut out = Vec::new();
    about(&given, &mut out)?;
    expect![[r#"

        what the way is like
          uses public addresses; stays in the Amazon network; eu-west-1; eu-west-1a > eu-west-1b

        what it costs, in USD
                                     an hour  a GB there  a GB back
          nat gateway nat-1 (out)    0.045    0.045       not known  words
          internet egress eu-west-1  0        0.09        0
          in all, at least           0.045    0.135       0
    "#]]
    .assert_eq(&String::from_utf8(out)?);
    given.qualities = None;
    given.cost = Some(v1::Cost::default());
    let mut out = Vec::new();
    about(&given, &mut out)?;
    assert_eq!(String::from_utf8(out)?, "\nwhat it costs\n  nothing\n");
    Ok(())
}

#[test]
fn a_hop_that_is_not_shown_is_its_account_and_not_the_internet() {
    let opaque = v1::Hop {
        account: "222222222222".to_owned(),
        ..v1::Hop::default()
    };
    assert_eq!(hop_name(&opaque), "account 222222222222, not shown");
    assert_eq!(hop_name(&v1::Hop::default()), "internet");
}
