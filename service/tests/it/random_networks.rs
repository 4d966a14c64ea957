//! Random small networks over a tiny alphabet of addresses and ports: every reader of the resolver must answer alike, and soundly.
//!
//! Networks are made in the notation, so that a network that fails is a scenario to read: keep it, shrunk, in a test `regression_*` that calls [`check`].

use std::fmt::Write as _;

use causeway_model::flow::Flow;
use causeway_model::trace::{Code, Disposition, Explanation, PathAnswer, Trace, Verdict};
use causeway_resolver::{Depth, Network};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::notation::{self, Scenario};

const DESTINATIONS: &[&str] = &[
    "0.0.0.0/0",
    "0.0.0.0/1",
    "128.0.0.0/1",
    "8.8.8.0/24",
    "54.0.0.0/24",
    "52.218.0.0/17",
    "10.0.0.0/15",
    "10.0.0.0/16",
    "10.0.0.16/28",
    "10.0.0.20/32",
    "10.1.0.0/16",
    "10.1.0.0/28",
    "10.2.0.0/16",
    "192.168.0.0/16",
    "pl-one",
    "pl-two",
    "pl-s3",
    "pl-dark",
    "pl-gone",
];

const TARGETS: &[&str] = &[
    "igw-a",
    "igw-b",
    "nat-a",
    "nat-in",
    "pcx-ab",
    "pcx-bc",
    "pcx-gone",
    "vpce-s3",
    "tgw-hub",
    "vgw-hq",
    "nothing",
    "vpce-wall",
    "vpce-fw",
    "eni-a2",
    "eni-a3",
    "i-box",
    "nat-wide",
];

const SUFFIXES: &[&str] = &["", "", "", "", " blackhole", " filtered", " propagated"];

const SERVICES: &[&str] = &[
    "all",
    "tcp",
    "udp",
    "tcp/22",
    "tcp/443",
    "tcp/22-443",
    "tcp/1024-65535",
    "tcp/32768-60999",
    "tcp/61000-65535",
    "udp/0-53",
    "icmp",
    "icmp/8",
    "icmp/0",
];

const PEERS: &[&str] = &[
    "0.0.0.0/0",
    "0.0.0.0/0",
    "0.0.0.0/1",
    "128.0.0.0/1",
    "10.0.0.0/8",
    "10.0.0.0/28",
    "10.0.0.20/32",
    "10.1.0.0/16",
    "8.8.8.8/32",
    "54.0.0.0/24",
    "52.218.0.0/17",
];

const GROUP_PEERS: &[&str] = &[
    "sg-one", "sg-two", "sg-gone", "pl-one", "pl-s3", "pl-dark", "pl-gone",
];

/// Sources and destinations of the questions.
const ENDS: &[&str] = &[
    "eni-a1",
    "eni-a2",
    "eni-a3",
    "eni-b1",
    "eni-a3",
    "eni-a1",
    "eni-a2",
    "eni-a3",
    "eni-b1",
    "eni-c1",
    "i-box",
    "10.0.0.4",
    "10.1.0.4",
    "54.0.0.4",
    "54.0.0.20",
    "8.8.8.8",
    "internet",
    "igw-a",
    "vpce-sqs",
    "vpce-s3",
    "eni-sqs",
    "10.0.0.9",
    "52.218.0.9",
    "arn:loadbalancer/net/x",
    "10.0.0.7",
    "vpce-shop",
    "vpce-shop",
    "192.168.0.9",
    "vpn-site",
];

const NAMES: &[&str] = &[
    "s3.eu-west-1.amazonaws.com",
    "sqs.eu-west-1.amazonaws.com",
    "sqs.us-east-1.amazonaws.com",
    "vpce-1.sqs.eu-west-1.vpce.amazonaws.com",
    "example.com",
    "a.corp.example",
    "x.corp.example",
];

const ASKED: &[&str] = &[
    "tcp/443",
    "tcp/443",
    "tcp/22",
    "udp/53",
    "icmp",
    "tcp/443 from 1024",
    "tcp/443 as arn:aws:iam::111111111111:role/app s3:GetObject arn:aws:s3:::data/one",
    "tcp/443 without eu-west-1b",
    "tcp/443 avoiding pl-one,subnet-b through subnet-a",
    "47",
];

/// What the transit gateway attaches, and where its table leads.
const HUBS: &[&str] = &[
    "attach a hub vpc vpc-a subnets=a,b table=hub\n\
     attach b hub vpc vpc-b subnets=c table=hub\n\
     tgw-routes hub hub: 10.0.0.0/16 -> a, 10.1.0.0/16 -> b",
    "attach a hub vpc vpc-a subnets=a table=hub\n\
     attach b hub vpc vpc-b subnets=c table=hub\n\
     tgw-routes hub hub: 10.0.0.0/16 -> a, 10.1.0.0/16 -> b propagated, 0.0.0.0/0 -> a, pl-one -> b",
    "attach a hub vpc vpc-a subnets=a,b\n\
     attach c hub vpc vpc-c subnets=d table=hub appliance=on\n\
     tgw-routes hub hub: 10.0.0.0/15 -> a+c, 8.8.8.0/24 -> nothing blackhole",
    "",
];

/// What leads to premises.
const PREMISES: &[&str] = &[
    "vgw hq a\n\
     vpn site vgw-hq static routes=192.168.0.0/24 tunnels=up,down\n\
     vpn spare vgw-hq tunnels=up,up",
    "vgw hq a\n\
     vpn site vgw-hq static routes=192.168.0.0/16,8.8.8.0/24 tunnels=down,down\n\
     vif one private vgw-hq",
    "vgw hq b\n\
     vpn site tgw-hub routes=192.168.0.0/16\n\
     attach site hub vpn vpn-site table=hub",
    "vpn site - routes=192.168.0.0/16",
];

/// What stands still: the three subnets with their interfaces, and what random parts refer to.
const FIXED: &str = "
eni a1 a 10.0.0.4 sg=one public=54.0.0.4 instance=box
eni a2 a 10.0.0.5 sg=two check=off
eni a3 b 10.0.0.20 sg=one,two public=54.0.0.20 check=off
eni b1 c 10.1.0.4 sg=two
eni c1 d 10.0.0.4 sg=two public=54.0.0.40
eni sqs b 10.0.0.21 sg=one type=vpc_endpoint
eni nat-a a 10.0.0.6 type=nat_gateway
pl one one: 10.1.0.0/28, 10.0.0.16/28, 8.8.8.0/24
pl two two: 10.1.0.0/28, 10.1.0.0/16, 8.8.8.0/24
pl s3 com.amazonaws.eu-west-1.s3: 52.218.0.0/17
pl dark dark: unknown
tgw hub
eni shop b 10.0.0.25 sg=two type=vpc_endpoint
endpoint shop a interface com.amazonaws.vpce.eu-west-1.vpce-svc-shop enis=shop
tg some TCP/443 ip: 10.0.0.5, 10.0.0.20, 10.1.0.4
tg box TCP/22 instance: i-box
tg names UDP/53 ip: 10.0.0.20 unhealthy, 10.0.0.5
nat wide a regional: 54.0.0.9
gwlbe wall a b wall
gwlb-service wall lbs=wall
gwlb wall b c
targets wall b wall: i-box, i-gone, i-fw
instance fw
eni fw c 10.1.0.9 sg=one instance=fw
firewall fw a fw: fw b
fw-policy fw forward_to_sfe stateless=quick stateful=rules
fw-rules quick stateless: drop udp any:53 -> any; pass icmp any -> any; drop tcp any -> any:22-80 options
fw-rules rules stateful: drop tcp any -> 10.0.0.0/16:1024-50000; pass tcp 10.0.0.0/8 -> any:443; drop all any <> 8.8.0.0/16
zone z corp.example vpcs=a,b: a.corp.example A 10.0.0.5,10.1.0.4,8.8.8.8; *.corp.example CNAME a.corp.example
";

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

const OPEN: &str = "in 100 allow all from 0.0.0.0/0; out 100 allow all to 0.0.0.0/0";

prop_compose! {
    fn acl(name: &'static str)(
        entries in vec((any::<bool>(), prop::bool::weighted(0.7), select(SERVICES), select(PEERS)), 0..3),
        rest in select(&[OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, ""][..]),
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
        rest in select(&["in all from 0.0.0.0/0; out all to 0.0.0.0/0", "in all from 0.0.0.0/0; out all to 0.0.0.0/0", "in all from 0.0.0.0/0; out all to 0.0.0.0/0", "out all to 0.0.0.0/0", "in all from sg-one", ""][..]),
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
                routes_a in routes("routes a a main", &["0.0.0.0/0 -> igw-a, 10.1.0.0/16 -> pcx-ab", "0.0.0.0/0 -> igw-a", "0.0.0.0/0 -> vpce-wall", "0.0.0.0/0 -> vpce-fw", ""]),
        routes_b in routes("routes b a subnets=b", &["0.0.0.0/0 -> nat-a, pl-s3 -> vpce-s3", "0.0.0.0/0 -> nat-a, 10.1.0.0/16 -> pcx-ab", ""]),
        routes_c in routes("routes c b main", &["10.0.0.0/16 -> pcx-ab, 0.0.0.0/0 -> igw-b", "10.0.0.0/16 -> pcx-ab", ""]),
        routes_e in select(&["routes e a igw=a: 10.0.0.0/28 -> vpce-wall\n", "routes e a igw=a: 10.0.0.0/28 -> vpce-fw, 10.0.0.16/28 -> eni-a2\n", "", "", ""][..]),
        routes_d in routes("routes d c main", &["10.1.0.0/16 -> pcx-bc", ""]),

    ) -> String {
        format!(
            "vpc a 10.0.0.0/16 {hostnames}\nvpc b 10.1.0.0/16 {region}\nvpc c 10.0.0.0/16\n\
             subnet a a 10.0.0.0/28 zone=eu-west-1a\nsubnet b a 10.0.0.16/28 zone=eu-west-1b\n\
             subnet c b 10.1.0.0/28 zone=eu-west-1a\nsubnet d c 10.0.0.0/28\n\
             {FIXED}{switches}{one}{two}{acl_a}{acl_b}{acl_c}{routes_a}{routes_b}{routes_c}{routes_d}{routes_e}"
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_reader_answers_alike_and_soundly(network in network(), questions in questions()) {
        if let Err(fault) = check(&format!("{network}{questions}")) {
            return Err(TestCaseError::fail(format!("{fault}\n{network}")));
        }
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
        let same = [
            ("the naive walk", network.resolve_naively(flow, Depth::Full)),
            ("a second time", network.resolve(flow, Depth::Full)),
            ("compiled anew", again.resolve(flow, Depth::Full)),
        ];
        for (way, other) in same {
            if other != full {
                return Err(fail(format!("{way} answers\n{other:#?}\nnot\n{full:#?}")));
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

fn codes(answer: &PathAnswer) -> Vec<(Code, Option<String>)> {
    let told = |told: &Explanation| {
        let resource = told.resource.as_ref().map(|named| named.id.to_string());
        (told.code, resource)
    };
    answer.explanations.iter().map(told).collect()
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
