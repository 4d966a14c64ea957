//! Answers without what is hidden: the rules of the veil one by one. What the service sends is held against whole networks in its own tests.

use std::borrow::Cow;
use std::net::IpAddr;

use causeway_model::ids::{AccountId, ResourceId};
use causeway_model::protocol::{PortRange, Protocol};
use causeway_model::resource::Kind;
use causeway_model::trace::{
    Addr, Disposition, Explanation, Header, Hop, Named, PathAnswer, Stage, Step, StepAction, Trace,
    Verdict,
};

use super::veiled;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn header(source: &str, destination: &str) -> Header {
    Header {
        source: Addr::Ip(ip(source)),
        destination: Addr::Ip(ip(destination)),
        protocol: Protocol::TCP,
        source_ports: PortRange::ALL,
        destination_ports: PortRange::ALL,
    }
}

fn step(rule: &'static str, before: Header) -> Step {
    Step {
        stage: Stage::Forwarding,
        resource: None,
        rule: Cow::Borrowed(rule),
        action: StepAction::Forwarded,
        code: None,
        before,
        after: None,
    }
}

fn named(id: &str) -> Named {
    Named {
        id: id.parse().unwrap(),
        kind: Kind::NatGateway,
        name: "name".to_owned(),
    }
}

fn hop(id: Option<&str>, steps: Vec<Step>) -> Hop {
    Hop {
        resource: id.map(named),
        account: None,
        steps,
    }
}

fn answer(hops: Vec<Hop>) -> PathAnswer {
    PathAnswer {
        verdict: Verdict::Reachable,
        forward: Some(Trace {
            hops,
            disposition: Disposition::ExitedToInternet,
        }),
        reply: None,
        explanations: Vec::new(),
        alternatives: Vec::new(),
        alternatives_truncated: false,
        assumptions: Vec::new(),
        qualities: None,
        cost: None,
    }
}

/// Hides what is called so.
fn hides(id: &ResourceId) -> Option<AccountId> {
    id.as_str()
        .contains("hidden")
        .then(|| "222222222222".parse().unwrap())
}

fn told(answer: &PathAnswer) -> Vec<Hop> {
    veiled(answer, &[], &hides).forward.unwrap().hops
}

#[test]
fn a_hidden_hop_tells_its_account_and_what_comes_of_it_without_one_tells_nothing() {
    let way = answer(vec![
        hop(
            Some("eni-own"),
            vec![step("to its subnet", header("10.0.0.1", "8.8.8.8"))],
        ),
        hop(
            Some("nat-hidden"),
            vec![step("translates", header("10.0.0.1", "8.8.8.8"))],
        ),
        hop(
            None,
            vec![step("to the internet", header("54.0.0.1", "8.8.8.8"))],
        ),
    ]);
    let hops = told(&way);
    assert_eq!(hops[0], way.forward.unwrap().hops[0]);
    let only = |account: Option<&str>| Hop {
        resource: None,
        account: account.map(|account| account.parse().unwrap()),
        steps: Vec::new(),
    };
    assert_eq!(hops[1..], [only(Some("222222222222")), only(None)]);
}

#[test]
fn an_address_that_a_hidden_hop_gave_is_told_nowhere() {
    let way = answer(vec![
        hop(
            Some("eni-own"),
            vec![step("", header("10.0.0.1", "8.8.8.8"))],
        ),
        hop(
            Some("nat-hidden"),
            vec![step("", header("54.0.0.1", "8.8.8.8"))],
        ),
        hop(
            Some("igw-own"),
            vec![step("from 54.0.0.1", header("54.0.0.1", "8.8.8.8"))],
        ),
    ]);
    let last = &told(&way)[2].steps[0];
    assert_eq!(last.before.source.to_string(), "0.0.0.0/0");
    assert_eq!(last.before.destination.to_string(), "8.8.8.8");
    assert_eq!(last.rule, "from (not shown)");
    // Unless it was asked for.
    let asked = veiled(&way, &[ip("54.0.0.1")], &hides).forward.unwrap();
    assert_eq!(asked.hops[2].steps[0].before.source.to_string(), "54.0.0.1");
}

#[test]
fn an_id_that_is_hidden_is_taken_out_of_texts_and_nothing_else_is() {
    let mut way = answer(vec![hop(
        Some("rtb-own"),
        vec![step(
            "10.0.0.0/8 -> tgw-hidden, or tgw-own.",
            header("10.0.0.1", "10.9.0.1"),
        )],
    )]);
    way.assumptions = vec![
        "acl-hidden: allows all".to_owned(),
        "`eni-hidden/10.0.0.1`".to_owned(),
        "is in vpc-own.".to_owned(),
    ];
    assert_eq!(
        told(&way)[0].steps[0].rule,
        "10.0.0.0/8 -> (not shown), or tgw-own."
    );
    assert_eq!(
        veiled(&way, &[], &hides).assumptions,
        ["(not shown): allows all", "`(not shown)`", "is in vpc-own."]
    );
}

#[test]
fn a_step_by_the_rule_of_something_hidden_is_left_out() {
    let by_hidden = Step {
        resource: Some("acl-hidden".parse().unwrap()),
        ..step("rule 100", header("10.0.0.1", "10.9.0.1"))
    };
    let way = answer(vec![hop(
        Some("subnet-own"),
        vec![by_hidden, step("", header("10.0.0.1", "10.9.0.1"))],
    )]);
    assert_eq!(told(&way)[0].steps.len(), 1);
}

#[test]
fn explanations_that_are_alike_once_they_are_veiled_are_told_once() {
    let mut way = answer(Vec::new());
    let explanation = |id: &str| Explanation {
        code: causeway_model::trace::Code::BadState,
        resource: Some(named(id)),
        direction: None,
        detail: format!("{id} is down"),
    };
    way.explanations = ["nat-hidden-1", "nat-hidden-2", "nat-own"]
        .map(explanation)
        .into();
    let told = veiled(&way, &[], &hides).explanations;
    assert_eq!(told.len(), 2);
    assert_eq!(told[0].resource, None);
    assert_eq!(told[1], explanation("nat-own"));
}
