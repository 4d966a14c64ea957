//! Networks that are derived from others: each kind of change that a derivation repairs, and some that it must not.

use causeway_model::resource::{Resource, Tag};
use causeway_model::trace::PathAnswer;
use causeway_model::{Change, ChangeSet, Snapshot};
use causeway_resolver::{Depth, Network, ResolveError};

use crate::notation;

const NETWORK: &str = "
vpc a 10.0.0.0/16
subnet a a 10.0.0.0/28
subnet b a 10.0.0.16/28
vpc b 10.1.0.0/16
subnet c b 10.1.0.0/28
igw a a
nat a a 10.0.0.6 public=54.0.0.6 eni=nat
eni nat a 10.0.0.6 type=nat_gateway
pcx ab a b
instance web
instance db
eni web a 10.0.0.4 sg=web instance=web
eni db b 10.0.0.20 sg=db instance=db
eni old b 10.0.0.21 sg=db
eni far c 10.1.0.4 sg=far
eni sqs a 10.0.0.8 sg=db type=vpc_endpoint
endpoint sqs a interface com.amazonaws.eu-west-1.sqs enis=sqs
sg web a: out all to 0.0.0.0/0; in tcp/22 from 0.0.0.0/0
sg db a: in tcp/443 from sg-web; out all to 0.0.0.0/0
sg far b: in tcp/443 from 10.0.0.0/16; out all to 0.0.0.0/0
acl a a default: in 100 allow all from 0.0.0.0/0; out 100 allow all to 0.0.0.0/0
routes a a main: 0.0.0.0/0 -> igw-a, 10.1.0.0/16 -> pcx-ab
routes b b main: 0.0.0.0/0 -> pcx-ab
eip db 54.0.0.20 eni=db
pl s3 com.amazonaws.eu-west-1.s3: 52.218.0.0/17
sg narrow a: out tcp/443 to 52.218.64.0/18
eni only b 10.0.0.23 sg=narrow
tg fixed TCP/443 ip: 10.0.0.21
tg bare TCP/22 instance: i-bare
instance bare
lb net/x a in=a@10.0.0.7: TCP/443 -> fixed, TCP/22 -> bare
";

/// A network in which packets are inspected: what the load balancer in front of the firewall meets is read at the compile.
const INSPECTED: &str = "
vpc a 10.0.0.0/16
subnet a a 10.0.0.0/28 zone=eu-west-1a
subnet b a 10.0.0.16/28 zone=eu-west-1a
vpc b 10.1.0.0/16
subnet c b 10.1.0.0/28 zone=eu-west-1a
subnet d b 10.1.0.16/28 zone=eu-west-1a
igw a a
eni web a 10.0.0.4 sg=web public=54.0.0.4
sg web a: out all to 0.0.0.0/0
routes a a subnets=a: 0.0.0.0/0 -> vpce-wall
routes b a main: 0.0.0.0/0 -> igw-a
routes e a igw=a: 10.0.0.0/28 -> vpce-wall
gwlbe wall a b wall
gwlb-service wall lbs=wall
gwlb wall b c
targets wall b wall: i-fw
instance fw
eni fw d 10.1.0.20 sg=fw instance=fw
sg fw b: in udp/6081 from sg-lb
sg lb b: out all to 0.0.0.0/0
acl c b default: in 100 allow all from 0.0.0.0/0; out 100 allow all to 0.0.0.0/0
";

/// A VPC with a peer of which the topology holds no security groups.
const HALF_KNOWN: &str = "
vpc a 10.0.0.0/16
subnet a a 10.0.0.0/28
vpc b 10.1.0.0/16
subnet c b 10.1.0.0/28
pcx ab a b
eni near a 10.0.0.4 sg=own
eni far c 10.1.0.4
sg own a: in tcp/22 from sg-theirs
routes a a main: 10.1.0.0/16 -> pcx-ab
routes b b main: 10.0.0.0/16 -> pcx-ab
";

/// The resource of a line, which may refer to the VPCs and subnets of a network.
pub(crate) fn resource(network: &str, line: &str) -> Result<Resource, String> {
    let lines = network.lines();
    let lines = lines.filter(|line| line.starts_with("vpc ") || line.starts_with("subnet "));
    let lines: String = lines.map(|line| format!("{line}\n")).collect();
    let mut scenario = notation::read(&format!("{lines}{line}\n"))?;
    scenario.resources.pop().ok_or_else(|| "no line".to_owned())
}

fn put(line: &str) -> Change {
    put_in(NETWORK, line)
}

fn put_in(network: &str, line: &str) -> Change {
    Change::Put(Box::new(resource(network, line).unwrap()))
}

fn delete(id: &str) -> Change {
    Change::Delete(id.parse().unwrap())
}

type Answered = Result<PathAnswer, ResolveError>;

/// Makes changes together, and asks before and after; tells how many derivations away from a compile the network is.
#[track_caller]
fn change(network: &str, changes: Vec<Change>, question: &str) -> (u32, Answered, Answered) {
    let snapshot = notation::read(network).unwrap().snapshot().unwrap();
    let network = Network::compile(&snapshot);
    let (after, _) = snapshot.apply(&ChangeSet { changes }).unwrap();
    let (derived, compiled) = (network.derive(&after), Network::compile(&after));
    let asked = notation::read(&format!("? {question}\n")).unwrap();
    let flow = &asked.questions.first().unwrap().flow;
    let told = derived.resolve(flow, Depth::Full);
    assert_eq!(told, compiled.resolve(flow, Depth::Full));
    assert_eq!(told, derived.resolve_naively(flow, Depth::Full));
    (
        derived.derivations(),
        network.resolve(flow, Depth::Full),
        told,
    )
}

/// The change is repaired, and the answer is another than before.
#[track_caller]
fn is_derived(changes: Vec<Change>, question: &str) {
    let (derivations, before, after) = change(NETWORK, changes, question);
    assert_eq!(derivations, 1);
    assert_ne!(before, after);
}

/// The change is compiled, and the answer is another than before.
#[track_caller]
fn is_compiled(network: &str, changes: Vec<Change>, question: &str) {
    let (derivations, before, after) = change(network, changes, question);
    assert_eq!(derivations, 0);
    assert_ne!(before, after);
}

#[test]
fn an_interface_comes() {
    let changes = || vec![put("eni new b 10.0.0.22 sg=db public=54.0.0.9")];
    is_derived(changes(), "eni-web -> eni-new tcp/443");
    is_derived(changes(), "eni-web -> 10.0.0.22 tcp/443");
    is_derived(changes(), "internet -> 54.0.0.9 tcp/443");
}

#[test]
fn an_interface_comes_with_its_instance() {
    let changes = vec![
        put("instance new"),
        put("eni new b 10.0.0.22 sg=db instance=new"),
    ];
    is_derived(changes, "eni-web -> i-new tcp/443");
}

#[test]
fn an_interface_goes() {
    is_derived(vec![delete("eni-db")], "eni-web -> 10.0.0.20 tcp/443");
    is_derived(vec![delete("eni-db")], "eni-web -> i-db tcp/443");
}

#[test]
fn an_interface_gets_other_addresses_and_groups() {
    let moved = || vec![put("eni db a 10.0.0.9 sg=db instance=db")];
    is_derived(moved(), "eni-web -> i-db tcp/443");
    is_derived(moved(), "eni-web -> 10.0.0.20 tcp/443");
    let regrouped = vec![put("eni web a 10.0.0.4 sg=db instance=web")];
    is_derived(regrouped, "eni-web -> eni-db tcp/443");
}

#[test]
fn an_address_moves_from_one_interface_to_another() {
    let changes = vec![
        put("eni db b 10.0.0.22 sg=web instance=db"),
        put("eni new b 10.0.0.20 sg=db"),
    ];
    is_derived(changes, "eni-web -> 10.0.0.20 tcp/443");
}

#[test]
fn an_interface_gives_up_its_address_to_another_name() {
    let changes = vec![delete("eni-db"), put("eni new b 10.0.0.20 sg=web")];
    is_derived(changes, "eni-web -> 10.0.0.20 tcp/443");
}

#[test]
fn an_instance_stops_and_goes() {
    let question = "eni-web -> i-db tcp/443";
    is_derived(vec![put("instance db state=stopped")], question);
    is_derived(vec![delete("i-db")], question);
}

#[test]
fn an_instance_gets_a_second_interface_which_is_its_first() {
    let changes = vec![put("eni da b 10.0.0.22 sg=web instance=db")];
    is_repaired(changes, "eni-web -> i-db tcp/443");
}

/// The change is repaired; whether the answer is another is not the point.
#[track_caller]
fn is_repaired(changes: Vec<Change>, question: &str) {
    let (derivations, ..) = change(NETWORK, changes, question);
    assert_eq!(derivations, 1);
}

#[test]
fn rules_of_a_security_group_change() {
    let closed = || vec![put("sg db a: in tcp/22 from sg-web")];
    is_derived(closed(), "eni-web -> eni-db tcp/443");
    let opened = vec![put("sg web a: out tcp/443 to 10.0.0.0/28")];
    is_derived(opened, "eni-web -> eni-db tcp/443");
}

#[test]
fn rules_part_the_addresses_of_a_service_while_somebody_has_them() {
    let question = "eni-db -> s3.eu-west-1.amazonaws.com tcp/443";
    is_derived(vec![delete("eni-only")], question);
    is_derived(vec![put("eni only b 10.0.0.23 sg=db")], question);
    let wider = vec![put("sg narrow a: out tcp/443 to 52.218.0.0/17")];
    is_derived(wider, question);
    let finer = vec![put("sg narrow a: out tcp/443 to 52.218.32.0/19")];
    is_derived(finer, question);
}

#[test]
fn entries_of_a_network_acl_change() {
    let changes = vec![put("acl a a default: out 100 allow all to 0.0.0.0/0")];
    is_derived(changes, "eni-web -> eni-db tcp/443");
}

#[test]
fn routes_change() {
    let changes = vec![put(
        "routes a a main: 0.0.0.0/0 -> nat-a, 10.1.0.0/16 -> pcx-ab",
    )];
    is_derived(changes, "eni-web -> 8.8.8.8 tcp/443");
    let back = vec![put(
        "routes b b main: 10.0.0.0/24 -> pcx-ab, 10.0.0.0/16 -> pcx-ab",
    )];
    is_derived(back, "eni-far -> eni-db tcp/443");
}

#[test]
fn routes_change_that_a_peer_would_use() {
    let changes = vec![put(
        "routes a a main: 10.1.0.0/16 -> pcx-ab, 8.8.0.0/16 -> nat-a",
    )];
    is_derived(changes, "eni-far -> 8.8.8.8 tcp/443");
}

#[test]
fn an_elastic_ip_address_is_associated() {
    let changes = || vec![put("eip new 54.0.0.9 eni=web")];
    is_derived(changes(), "internet -> 54.0.0.9 tcp/22");
    is_derived(changes(), "eni-web -> 8.8.8.8 tcp/443");
    is_derived(vec![put("eip new 54.0.0.9")], "54.0.0.9 -> eni-web tcp/22");
}

#[test]
fn an_elastic_ip_address_is_given_back_or_goes_to_another_interface() {
    let back = || vec![put("eip db 54.0.0.20")];
    is_derived(back(), "internet -> 54.0.0.20 tcp/443");
    is_derived(back(), "eni-db -> 8.8.8.8 tcp/443");
    is_derived(back(), "54.0.0.20 -> eni-web tcp/22");
    is_derived(vec![delete("eipalloc-db")], "eni-db -> 8.8.8.8 tcp/443");
    let moved = || vec![put("eip db 54.0.0.20 eni=web")];
    is_derived(moved(), "internet -> 54.0.0.20 tcp/443");
    is_derived(moved(), "eni-db -> 8.8.8.8 tcp/443");
    is_derived(moved(), "eni-web -> 8.8.8.8 tcp/443");
}

#[test]
fn an_elastic_ip_address_waits_for_its_interface() {
    let changes = vec![
        put("eip new 54.0.0.9 eni=new"),
        put("eni new a 10.0.0.9 sg=web"),
    ];
    is_derived(changes, "internet -> 54.0.0.9 tcp/22");
}

#[test]
fn a_tag_changes() {
    let mut tagged = resource(NETWORK, "igw a a").unwrap();
    tagged.tags = vec![Tag {
        key: "Name".to_owned(),
        value: "door".to_owned(),
    }];
    let changes = vec![Change::Put(Box::new(tagged))];
    is_derived(changes, "eni-web -> 8.8.8.8 tcp/443");
}

#[test]
fn what_more_is_made_of_is_compiled() {
    let subnet = vec![put("subnet b a 10.0.0.16/29")];
    is_compiled(NETWORK, subnet, "eni-db -> eni-old tcp/443");
    let target = vec![put("eni old a 10.0.0.12 sg=db")];
    is_compiled(NETWORK, target, "eni-web -> 10.0.0.21 tcp/443");
    let new = vec![put("eni bare b 10.0.0.24 sg=db instance=bare")];
    is_compiled(NETWORK, new, "eni-web -> 10.0.0.7 tcp/22");
    let twice = vec![put("eni aa b 10.0.0.20 sg=web")];
    is_compiled(NETWORK, twice, "eni-web -> 10.0.0.20 tcp/443");
    let group = vec![delete("sg-db")];
    is_compiled(NETWORK, group, "eni-web -> eni-db tcp/443");
    let appliance = vec![put("routes a a main: 0.0.0.0/0 -> eni-db")];
    is_compiled(NETWORK, appliance, "eni-web -> 8.8.8.8 tcp/443");
}

#[test]
fn what_gateways_and_subnets_are_associated_with_is_compiled() {
    let edge = vec![put_in(
        INSPECTED,
        "routes e a igw=a: 10.0.0.16/28 -> vpce-wall",
    )];
    is_compiled(INSPECTED, edge, "internet -> eni-web tcp/443");
    let acl = vec![put("acl a a: in 100 allow all from 0.0.0.0/0")];
    is_compiled(NETWORK, acl, "eni-web -> eni-db tcp/443");
    let routes = vec![put("routes a a subnets=a: 0.0.0.0/0 -> igw-a")];
    is_compiled(NETWORK, routes, "eni-db -> 8.8.8.8 tcp/443");
}

#[test]
fn an_address_of_what_is_no_plain_interface_is_compiled() {
    let changes = vec![put("eip new 54.0.0.9 eni=sqs")];
    is_compiled(NETWORK, changes, "internet -> 54.0.0.9 tcp/443");
}

#[test]
fn what_is_read_of_an_inspection_is_compiled() {
    for line in [
        "instance fw state=stopped",
        "eni fw d 10.1.0.20 sg=web instance=fw",
        "eni fw d 10.1.0.20 sg=fw",
        "eni member c 10.1.0.5 sg=lb",
        "sg fw b: in udp/6081 from 10.1.0.0/28",
        "acl c b default: out 100 allow all to 0.0.0.0/0",
    ] {
        let changes = vec![put_in(INSPECTED, line)];
        is_compiled(INSPECTED, changes, "eni-web -> 8.8.8.8 tcp/443");
    }
    let with_member = format!("{INSPECTED}eni member c 10.1.0.5 sg=lb\n");
    let changes = vec![delete("eni-member")];
    is_compiled(&with_member, changes, "eni-web -> 8.8.8.8 tcp/443");
}

#[test]
fn groups_that_may_be_a_peers_are_compiled() {
    let question = "eni-far -> eni-near tcp/22";
    let first = vec![put_in(HALF_KNOWN, "sg theirs b: out all to 0.0.0.0/0")];
    is_compiled(HALF_KNOWN, first, question);
    let other = vec![put_in(HALF_KNOWN, "sg other b: out all to 0.0.0.0/0")];
    is_compiled(HALF_KNOWN, other, question);
    let rule = vec![put_in(HALF_KNOWN, "sg own a: in tcp/22 from sg-others")];
    is_compiled(HALF_KNOWN, rule, question);
}

#[test]
fn a_network_answers_alike_after_many_derivations() {
    let mut snapshot = notation::read(NETWORK).unwrap().snapshot().unwrap();
    let mut network = Network::compile(&snapshot);
    let asked = notation::read("? eni-web -> 10.0.0.22 tcp/443\n").unwrap();
    let flow = &asked.questions.first().unwrap().flow;
    let mut compiles = 0;
    for _ in 0..200 {
        for changes in [
            vec![put("eni new b 10.0.0.22 sg=db")],
            vec![delete("eni-new")],
        ] {
            let (after, _) = snapshot.apply(&ChangeSet { changes }).unwrap();
            network = network.derive(&after);
            compiles += usize::from(network.derivations() == 0);
            let compiled = Network::compile(&after).resolve(flow, Depth::Full);
            assert_eq!(network.resolve(flow, Depth::Full), compiled);
            snapshot = after;
        }
    }
    assert!((1..40).contains(&compiles), "{compiles} compiles");
}

#[test]
fn a_network_of_another_history_is_compiled() {
    let one = notation::read(NETWORK).unwrap().snapshot().unwrap();
    let other: Snapshot = notation::read("vpc z 10.9.0.0/16\n")
        .unwrap()
        .snapshot()
        .unwrap();
    assert_eq!(Network::compile(&one).derive(&other).derivations(), 0);
}
