//! Random small networks over a tiny alphabet of addresses and ports: every reader of the resolver must answer alike, and soundly.
//!
//! Networks are made in the notation, so that a network that fails is a scenario to read: mend the walk, and keep what is left of the network in
//! `tests/scenarios`. The networks are the same each time, so that who changes nothing breaks nothing; docs/fuzzing.md says how to try others.

use std::fmt::Write as _;

use causeway_model::flow::Flow;
use causeway_model::trace::{Code, Direction, Disposition, PathAnswer, Trace, Verdict};
use causeway_resolver::{Depth, Network};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{RngSeed, TestRunner, contextualize_config};

use crate::notation::{self, Scenario};

mod alphabet;
mod histories;
mod matrices;

use alphabet::{
    ASKED, DESTINATIONS, ENDS, FAR, FIXED, GROUP_PEERS, GROUP_REST, HALVES, HUBS, NAMES, NEAR,
    OPEN, PEERS, PREMISES, SERVICES, SUFFIXES, TARGETS,
};

prop_compose! {
    fn routes(name: &'static str, usual: &'static [&'static str])(
        usual in select(usual),
        routes in vec((select(DESTINATIONS), select(TARGETS), select(SUFFIXES)), 0..4),
        comes_first in any::<bool>(),
    ) -> String {
        let routes = routes.iter().map(|(to, by, rest)| format!("{to} -> {by}{rest}"));
        let mut routes: Vec<String> = routes.collect();
        routes.insert(if comes_first { 0 } else { routes.len() }, usual.to_owned());
        routes.retain(|route| !route.is_empty());
        format!("{name}: {}\n", routes.join(", "))
    }
}

prop_compose! {
    fn acl(name: &'static str)(
        entries in vec((any::<bool>(), prop::bool::weighted(0.7), select(SERVICES), select(PEERS)), 0..3),
        rest in select(&[OPEN, OPEN, OPEN, OPEN, OPEN, HALVES, HALVES, ""][..]),
    ) -> String {
        let mut text = format!("{name}: ");
        for (number, (out, allow, service, peer)) in (1..).zip(entries) {
            let direction = if out { "out" } else { "in" };
            let action = if allow { "allow" } else { "deny" };
            write!(text, "{direction} {number} {action} {service} from {peer}; ").unwrap();
        }
        text.push_str(rest);
        text.trim_end_matches("; ").to_owned() + "\n"
    }
}

prop_compose! {
    fn group(name: &'static str)(
        rules in vec((any::<bool>(), select(SERVICES), select([PEERS, GROUP_PEERS].concat())), 0..4),
        rest in select(GROUP_REST),
    ) -> String {
        let rules = rules.iter().map(|(out, service, peer)| {
            let direction = if *out { "out" } else { "in" };
            format!("{direction} {service} from {peer}")
        });
        let mut rules: Vec<String> = rules.collect();
        rules.push(rest.to_owned());
        rules.retain(|rule| !rule.is_empty());
        format!("{name}: {}\n", rules.join("; "))
    }
}

prop_compose! {
    /// Rules of a firewall, by the words that stand before them.
    fn firewall(start: &'static str)(
        rules in vec((select(&["pass", "drop", "drop"][..]), select(&["tcp", "tcp", "udp", "icmp", "all"][..]), select(NEAR), select(&["->", "->", "<>"][..]), select(FAR), prop::bool::weighted(0.1)), 0..4),
    ) -> String {
        let is_stateless = start.ends_with("stateless");
        let rules = rules.iter().map(|(action, protocol, near, way, far, has_options)| {
            let way = if is_stateless { "->" } else { way };
            let options = if *has_options { " options" } else { "" };
            format!("{action} {protocol} {near} {way} {far}{options}")
        });
        let rules: Vec<String> = rules.collect();
        format!("{start}: {}\n", rules.join("; "))
    }
}

/// One of several lines, or none.
fn line(lines: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(lines).prop_map(|line| format!("{line}\n"))
}

fn switches() -> impl Strategy<Value = String> {
    let lines = (
        line(&[
            "igw a a",
            "igw a a",
            "igw a a",
            "igw a a state=detached",
            "igw a -",
            "",
        ]),
        line(&["igw b b", ""]),
        line(&[
            "pcx ab a b",
            "pcx ab a b",
            "pcx ab a b",
            "pcx ab b a state=deleted",
            "",
        ]),
        line(&["pcx bc b c", ""]),
        line(&[
            "nat a a 10.0.0.6 public=54.0.0.6 eni=nat-a",
            "nat a a 10.0.0.6 public=54.0.0.6 eni=nat-a state=failed",
            "nat a a 10.0.0.6 eni=nat-a",
        ]),
        line(&[
            "nat in b 10.0.0.22 public=54.0.0.22",
            "nat in b 10.0.0.22",
            "",
        ]),
        line(&[
            "endpoint s3 a gateway com.amazonaws.eu-west-1.s3 routes=a",
            "endpoint s3 a gateway com.amazonaws.eu-west-1.s3 state=failed",
            "endpoint s3 a gateway com.amazonaws.eu-west-1.s3 routes=a: {\"Statement\": {\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"s3:*\", \"Resource\": \"arn:aws:s3:::data/*\", \"Condition\": {\"IpAddress\": {\"aws:VpcSourceIp\": \"10.0.0.0/28\"}}}}",
            "",
        ]),
        line(&[
            "endpoint sqs a interface com.amazonaws.eu-west-1.sqs enis=sqs private-dns=on names=vpce-1.sqs.eu-west-1.vpce.amazonaws.com",
            "endpoint sqs a interface com.amazonaws.eu-west-1.sqs enis=sqs",
            "endpoint sqs a interface com.amazonaws.eu-west-1.sqs enis=sqs state=rejected",
            "",
        ]),
        line(&[
            "instance box",
            "instance box",
            "instance box state=stopped",
            "",
        ]),
        line(&[
            "bpa block_ingress: 1 subnet-a egress",
            "bpa block_bidirectional: 1 subnet-a egress, 2 vpc-b",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
        ]),
    );
    lines.prop_map(|(a, b, c, d, e, f, g, h, i, j)| [a, b, c, d, e, f, g, h, i, j].concat())
}

/// What leads to other VPCs and to premises.
fn ways_out() -> impl Strategy<Value = String> {
    (line(HUBS), line(PREMISES)).prop_map(|(hubs, premises)| hubs + &premises)
}

/// A load balancer, and a service with it.
fn balancers() -> impl Strategy<Value = String> {
    let lines = (
        line(&[
            "lb net/x a in=a@10.0.0.7,b@10.0.0.24: TCP/443 -> some, TCP/22 -> box, UDP/53 -> names",
            "lb net/x a in=a@10.0.0.7,b@10.0.0.24 sg=one cross-zone=on: TCP/443 -> some, TCP_UDP/53 -> names",
            "lb net/x a in=a sg=two: TCP/443 -> some+box",
            "lb app/x a in=a@10.0.0.7,b@10.0.0.24 sg=one: HTTPS/443 -> some",
            "",
        ]),
        line(&[
            "service shop com.amazonaws.vpce.eu-west-1.vpce-svc-shop lbs=net/x allow=*",
            "service shop com.amazonaws.vpce.eu-west-1.vpce-svc-shop lbs=net/x zones=eu-west-1a account=222222222222",
            "",
        ]),
    );
    lines.prop_map(|(a, b)| a + &b)
}

prop_compose! {
    fn network()(
        hostnames in select(&["hostnames=on", "dns=off", ""][..]),
        region in select(&["", "region=us-east-1"][..]),
        switches in (switches(), balancers(), ways_out()).prop_map(|(own, more, out)| own + &more + &out),
        one in group("sg one a"),
        two in group("sg two a"),
        acl_a in acl("acl a a default"),
        acl_b in acl("acl b a subnets=b"),
        acl_c in acl("acl c b default"),
        routes_a in routes("routes a a main", &["0.0.0.0/0 -> igw-a, ::/0 -> igw-a, 10.1.0.0/16 -> pcx-ab, 2001:db8:b::/56 -> pcx-ab", "0.0.0.0/0 -> igw-a, ::/0 -> eigw-out", "0.0.0.0/0 -> vpce-wall, ::/0 -> vpce-wall", "0.0.0.0/0 -> vpce-fw", "0.0.0.0/0 -> eni-a3", ""]),
        routes_b in routes("routes b a subnets=b", &["0.0.0.0/0 -> nat-a, pl-s3 -> vpce-s3", "0.0.0.0/0 -> igw-a, 10.1.0.0/16 -> tgw-hub", "0.0.0.0/0 -> nat-a, 10.1.0.0/16 -> pcx-ab", ""]),
        routes_c in routes("routes c b main", &["10.0.0.0/16 -> pcx-ab, 0.0.0.0/0 -> igw-b, ::/0 -> igw-b, 2001:db8:a::/56 -> pcx-ab", "0.0.0.0/0 -> tgw-hub", "10.0.0.0/16 -> pcx-ab", ""]),
        routes_e in select(&["routes e a igw=a: 10.0.0.0/28 -> vpce-wall\n", "routes e a igw=a: 10.0.0.0/28 -> vpce-fw, 10.0.0.16/28 -> eni-a2\n", "", "", ""][..]),
        routes_d in routes("routes d c main", &["10.1.0.0/16 -> pcx-bc", ""]),
        quick in firewall("fw-rules quick stateless"),
        stateful in firewall("fw-rules rules stateful"),
    ) -> String {
        format!(
            "vpc a 10.0.0.0/16,2001:db8:a::/56 {hostnames}\nvpc b 10.1.0.0/16,2001:db8:b::/56 {region}\nvpc c 10.0.0.0/16,9.0.0.0/24\n\
             subnet a a 10.0.0.0/28,2001:db8:a::/64 zone=eu-west-1a\nsubnet b a 10.0.0.16/28,2001:db8:a:1::/64 zone=eu-west-1b\n\
             subnet c b 10.1.0.0/28,2001:db8:b::/64 zone=eu-west-1a\nsubnet d c 10.0.0.0/28\n\
             {FIXED}{switches}{one}{two}{acl_a}{acl_b}{acl_c}{routes_a}{routes_b}{routes_c}{routes_d}{routes_e}{quick}{stateful}"
        )
    }
}

prop_compose! {
    fn questions()(
        asked in vec((select(ENDS), select([ENDS, NAMES].concat()), select(ASKED)), 24),
    ) -> String {
        let asked = asked.iter().map(|(from, to, service)| format!("? {from} -> {to} {service}\n\n"));
        asked.collect()
    }
}

#[test]
fn every_reader_answers_alike_and_soundly() {
    let config = contextualize_config(ProptestConfig {
        cases: 300,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let again = format!(
        "PROPTEST_RNG_SEED={} PROPTEST_CASES={}",
        config.rng_seed, config.cases
    );
    let asked = (network(), questions());
    let outcome = TestRunner::new(config).run(&asked, |(network, questions)| {
        let faulty = |fault| TestCaseError::fail(format!("{fault}\n{network}"));
        check(&format!("{network}{questions}")).map_err(faulty)
    });
    if let Err(fault) = outcome {
        panic!(
            "{fault}\nthe same networks again: {again} cargo test -p causeway --test it random_networks"
        );
    }
}

/// Asks a network its questions by every reader; tells the first fault.
fn check(text: &str) -> Result<(), String> {
    let scenario = notation::read(text)?;
    let Scenario { questions, .. } = &scenario;
    let snapshot = scenario.snapshot()?;
    let (network, again) = (Network::compile(&snapshot), Network::compile(&snapshot));
    for question in questions {
        let fail = |fault: String| format!("? {}: {fault}", question.text);
        let flow = &question.flow;
        let full = network.resolve(flow, Depth::Full);
        let verdict = network.resolve(flow, Depth::Verdict);
        let naive = |depth| network.resolve_naively(flow, depth);
        let same = [
            ("the naive walk", naive(Depth::Full), &full),
            ("the naive walk in short", naive(Depth::Verdict), &verdict),
            ("a second time", network.resolve(flow, Depth::Full), &full),
            ("compiled anew", again.resolve(flow, Depth::Full), &full),
        ];
        for (way, other, own) in same {
            if other != *own {
                return Err(fail(format!("{way} answers\n{other:#?}\nnot\n{own:#?}")));
            }
        }
        match (&full, &verdict) {
            (Ok(full), Ok(short)) => {
                let is_same = full.verdict == short.verdict && codes(full) == codes(short);
                if !is_same || short.alternatives_truncated && !full.alternatives_truncated {
                    return Err(fail(format!(
                        "the short answer is\n{short:#?}\nnot\n{full:#?}"
                    )));
                }
                soundness(flow, full).map_err(|fault| fail(format!("{fault}\n{full:#?}")))?;
            }
            (Err(full), Err(short)) if full == short => {}
            _ => return Err(fail(format!("{verdict:?} is not {full:?}"))),
        }
    }
    Ok(())
}

fn codes(answer: &PathAnswer) -> Vec<(Code, Option<Direction>)> {
    let told = answer.explanations.iter();
    told.map(|told| (told.code, told.direction)).collect()
}

/// What must hold of every answer, whatever the network.
fn soundness(flow: &Flow, answer: &PathAnswer) -> Result<(), String> {
    let is_bad = answer.verdict != Verdict::Reachable;
    if is_bad && answer.explanations.is_empty() {
        return Err("nothing is told of what stops it".to_owned());
    }
    let ways = answer.alternatives.iter();
    let ways = ways.map(|way| (way.verdict, &way.forward, &way.reply));
    let all_alike = answer.verdict == Verdict::Reachable;
    for (verdict, forward, reply) in ways.chain([(answer.verdict, &answer.forward, &answer.reply)])
    {
        if all_alike && verdict != Verdict::Reachable {
            return Err("a way is not reachable, and the whole is".to_owned());
        }
        let (Some(forward), true) = (forward, verdict == Verdict::Reachable) else {
            continue;
        };
        let Some(reply) = reply else {
            return Err("reachable without a reply".to_owned());
        };
        arrives(forward)?;
        arrives(reply)?;
        continuous(forward)?;
        continuous(reply)?;
        let asked = (flow.protocol(), flow.destination_ports());
        let last = forward.hops.last().and_then(|hop| hop.steps.last());
        if last.is_none_or(|step| step.before.destination_ports != asked.1) {
            return Err("it arrives at another port".to_owned());
        }
    }
    Ok(())
}

fn arrives(trace: &Trace) -> Result<(), String> {
    match trace.disposition {
        Disposition::Delivered
        | Disposition::ExitedToInternet
        | Disposition::ExitedToOnPremises
        | Disposition::DeliveredToGateway
        | Disposition::DeliveredToService => Ok(()),
        Disposition::Denied | Disposition::NoNextHop | Disposition::Loop | Disposition::Unknown => {
            Err(format!("reachable, and ends as {}", trace.disposition))
        }
    }
}

/// Each step sees the packet as the step before it left it.
fn continuous(trace: &Trace) -> Result<(), String> {
    let mut steps = trace.hops.iter().flat_map(|hop| &hop.steps);
    let mut header = steps
        .next()
        .map(|step| step.after.as_ref().unwrap_or(&step.before));
    for step in steps {
        if header != Some(&step.before) {
            return Err(format!("the packet changes unseen before `{}`", step.rule));
        }
        header = step.after.as_ref().or(Some(&step.before));
    }
    Ok(())
}
