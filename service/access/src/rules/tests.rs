//! Decisions, and how often they are made.

use std::sync::Arc;

use causeway_model::ids::{SecurityGroupId, VpcId};
use causeway_model::resource::{Resource, Tag};
use causeway_model::resources::SecurityGroup;
use causeway_model::revision::TopologyName;

use super::Rules;
use crate::action::{Service, Verb};
use crate::policies::Policies;
use crate::principal::Principal;
use crate::sight::Sight;

fn rules(text: &str) -> Arc<Rules> {
    let texts = [("a.cedar".to_owned(), text.to_owned())];
    Arc::new(Rules::new(Policies::parse(&texts).unwrap()).unwrap())
}

fn topology(name: &str) -> TopologyName {
    name.parse().unwrap()
}

fn sight(rules: &Arc<Rules>) -> Sight {
    let caller = rules.caller(Principal::Token("x".to_owned()));
    caller.within(&topology("t"))
}

fn group(account: &str, tags: &[(&str, &str)]) -> Resource {
    let group_id: SecurityGroupId = "sg-1".parse().unwrap();
    let vpc_id: VpcId = "vpc-1".parse().unwrap();
    let body = SecurityGroup {
        group_id,
        vpc_id,
        group_name: "g".into(),
        ip_permissions: Vec::new(),
        ip_permissions_egress: Vec::new(),
    };
    let tags = tags.iter().map(|(key, value)| Tag {
        key: (*key).into(),
        value: (*value).into(),
    });
    Resource {
        owner_id: account.parse().unwrap(),
        region: Some("eu-west-1".parse().unwrap()),
        tags: tags.collect(),
        body: body.into(),
    }
}

#[test]
fn without_a_policy_nothing_is_allowed() {
    let rules = rules("");
    for principal in [
        Principal::Anonymous,
        Principal::Token("x".to_owned()),
        Principal::Workload("spiffe://example.org/x".to_owned()),
    ] {
        let caller = rules.caller(principal);
        for service in Service::ALL {
            assert!(!caller.may(service, &topology("t")), "{service:?}");
        }
        let sight = caller.within(&topology("t"));
        for verb in Verb::ALL {
            assert!(!sight.may(verb, &group("111111111111", &[])), "{verb:?}");
        }
    }
}

#[test]
fn what_is_forbidden_is_refused_whatever_is_permitted() {
    let rules = rules(
        "permit(principal, action, resource);
         forbid(principal, action == Action::\"DeleteTopology\", resource == Topology::\"t\");",
    );
    let caller = rules.caller(Principal::Anonymous);
    assert!(!caller.may(Service::DeleteTopology, &topology("t")));
    assert!(caller.may(Service::DeleteTopology, &topology("u")));
}

#[test]
fn a_decision_on_a_topology_is_made_once() {
    let rules = rules("permit(principal, action in Action::\"Read\", resource);");
    let caller = rules.caller(Principal::Anonymous);
    for _ in 0..100 {
        assert!(caller.may(Service::ResolvePath, &topology("t")));
    }
    assert_eq!(rules.evaluations(), 1);
}

#[test]
fn tags_that_no_policy_looks_at_make_no_difference() {
    let rules = rules(
        "permit(principal, action in Action::\"Change\", resource)
         when { resource.hasTag(\"team\") && resource.getTag(\"team\") == \"red\" };",
    );
    let sight = sight(&rules);
    let before = rules.evaluations();
    for number in 0..100 {
        let own = group(
            "111111111111",
            &[("Name", &number.to_string()), ("team", "red")],
        );
        assert!(sight.may(Verb::Create, &own));
    }
    assert!(!sight.may(Verb::Create, &group("111111111111", &[("team", "blue")])));
    assert!(!sight.may(Verb::Create, &group("111111111111", &[])));
    assert!(!sight.may(Verb::Describe, &group("111111111111", &[("team", "red")])));
    assert_eq!(rules.evaluations() - before, 4);
}

#[test]
fn a_key_of_a_tag_that_is_not_written_out_looks_at_all_of_them() {
    let rules = rules(
        "permit(principal, action in Action::\"Change\", resource)
         when { resource.hasTag(resource.account) };",
    );
    let sight = sight(&rules);
    assert!(sight.may(
        Verb::Create,
        &group("111111111111", &[("111111111111", "")])
    ));
    assert!(!sight.may(Verb::Create, &group("111111111111", &[("team", "")])));
}

/// Whether the caller is known to see everything in `t`.
#[track_caller]
fn check_open(text: &str, is_open: bool) {
    assert_eq!(sight(&rules(text)).is_open(), is_open, "{text}");
}

#[test]
fn who_sees_everything_is_known_without_looking_at_every_resource() {
    let all = "permit(principal, action in Action::\"Describe\", resource);";
    check_open(all, true);
    check_open(
        "permit(principal, action in Action::\"Read\", resource in Topology::\"t\");",
        true,
    );
    check_open(
        "permit(principal is Token, action, resource) when { principal.name == \"x\" };",
        true,
    );
    check_open(
        &format!(
            "{all} forbid(principal, action in Action::\"Change\", resource) when {{ resource.account == \"1\" }};"
        ),
        true,
    );
    check_open(
        &format!(
            "{all} forbid(principal, action == Action::\"CreateVpc\", resource) when {{ resource.account == \"1\" }};"
        ),
        true,
    );
}

#[test]
fn who_may_not_see_something_is_not_taken_for_one_who_sees_everything() {
    let all = "permit(principal, action in Action::\"Describe\", resource);";
    check_open("", false);
    check_open(
        "permit(principal, action in Action::\"Describe\", resource in Topology::\"u\");",
        false,
    );
    check_open(
        "permit(principal is Token, action, resource) when { principal.name == \"y\" };",
        false,
    );
    check_open(
        "permit(principal, action in Action::\"Describe\", resource) when { resource.account == \"1\" };",
        false,
    );
    check_open(
        "permit(principal, action == Action::\"DescribeVpcs\", resource);",
        false,
    );
    for hides in [
        "forbid(principal, action, resource is Resource) when { resource.account == \"1\" };",
        "forbid(principal, action in Action::\"Read\", resource is Resource) unless { resource.region == \"eu-west-1\" };",
        "forbid(principal, action == Action::\"DescribeVpcs\", resource) when { resource.hasTag(\"secret\") };",
        "forbid(principal, action in [Action::\"Change\", Action::\"Describe\"], resource) when { resource.kind == \"vpc\" };",
        "forbid(principal == Token::\"x\", action == Action::\"DescribeVpcs\", resource);",
    ] {
        check_open(&format!("{all} {hides}"), false);
    }
}
