//! Random histories of random networks: at every revision the network that was derived from the one before answers as the compiled one does, and an answer
//! of an earlier revision that it confirms is its own.

use std::cell::RefCell;
use std::collections::BTreeMap;

use causeway_model::resource::{Resource, Tag};
use causeway_model::trace::PathAnswer;
use causeway_model::{Change, ChangeSet, Snapshot};
use causeway_resolver::{Basis, Depth, Network, ResolveError};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{RngSeed, TestRunner, contextualize_config};

use super::alphabet::{ASKED, ENDS, NAMES};
use super::{acl, group, matrices, network, routes};
use crate::{derived, notation};

/// Lines that tie much of the small network together: without them more of it may change alone.
const TIES: &[&[&str]] = &[
    &["pcx "],
    &["vgw ", "vpn "],
    &["gwlb ", "gwlbe ", "gwlb-service ", "targets "],
    &["firewall ", "eni fw "],
    &["tg ", "lb "],
    &["nat "],
];

/// What changes in a revision, together.
type Step = Vec<Edit>;

#[derive(Debug, Clone)]
enum Edit {
    /// The resource of a line, new or in the place of the one before.
    Put(String),
    Delete(&'static str),
    Tag(&'static str, &'static str),
}

prop_compose! {
    fn eni()(
        name in select(&["n1", "n1", "n2", "a1", "a2", "b1", "c1"][..]),
        (subnet, addresses) in select(&[
            ("a", "10.0.0.4"), ("a", "10.0.0.8"), ("a", "10.0.0.5,2001:db8:a::8"), ("a", "10.0.0.10,10.0.0.11"), ("b", "10.0.0.20"),
            ("b", "10.0.0.28"), ("c", "10.1.0.4"), ("c", "10.1.0.8"), ("d", "10.0.0.4"), ("d", "10.0.0.8"),
        ][..]),
        groups in select(&[" sg=one", " sg=two", " sg=one,two", " sg=two,one", " sg=gone", " sg=new", ""][..]),
        instance in select(&["", " instance=box", " instance=n1", " instance=n1 index=1", " instance=n2"][..]),
        public in select(&["", "", " public=54.0.0.8", " public=54.0.0.20"][..]),
        rest in select(&["", "", "", " status=available", " check=off", " type=lambda", " deny-igw=on", " type=nat_gateway"][..]),
    ) -> String {
        format!("eni {name} {subnet} {addresses}{groups}{instance}{public}{rest}")
    }
}

prop_compose! {
    fn eip()(
        name in select(&["idle", "n1", "n2"][..]),
        address in select(&["54.0.0.8", "54.0.0.99", "54.0.0.30", "54.0.0.31", "54.0.0.4"][..]),
        interface in select(&["", " eni=a2", " eni=n1", " eni=n2", " eni=b1", " eni=nat-a"][..]),
        private in select(&["", "", "", " private=10.0.0.5", " private=10.0.0.11"][..]),
    ) -> String {
        format!("eip {name} {address}{interface}{private}")
    }
}

fn instance() -> impl Strategy<Value = String> {
    let names = select(&["box", "n1", "n1", "n2", "fw"][..]);
    let states = select(&["", "", " state=stopped", " state=pending"][..]);
    (names, states).prop_map(|(name, state)| format!("instance {name}{state}"))
}

/// Something that more is made of than its own tables.
fn other() -> impl Strategy<Value = String> {
    let lines = select(
        &[
            "igw b b",
            "igw a a",
            "pcx bc b c",
            "pcx ab a b",
            "nat in b 10.0.0.22 public=54.0.0.22",
            "nat a a 10.0.0.8 public=54.0.0.6",
            "tg some TCP/443 ip: 10.0.0.8",
            "tg box TCP/22 instance: i-n1",
            "vpc c 10.0.0.0/16,9.0.0.0/24 dns=off",
            "subnet d c 10.0.0.0/28 zone=eu-west-1b",
            "pl one one: 10.1.0.0/28",
            "targets wall b wall: i-box, i-n1",
            "endpoint s3 a gateway com.amazonaws.eu-west-1.s3 routes=a,b",
        ][..],
    );
    lines.prop_map(str::to_owned)
}

fn line() -> impl Strategy<Value = String> {
    let usual: &[&str] = &[
        "0.0.0.0/0 -> igw-a, ::/0 -> igw-a",
        "0.0.0.0/0 -> nat-a",
        "",
    ];
    prop_oneof![
        8 => eni(),
        3 => instance(),
        3 => eip(),
        2 => group("sg one a"),
        2 => group("sg two a"),
        1 => group("sg new a"),
        1 => acl("acl a a default"),
        1 => acl("acl b a subnets=b"),
        1 => acl("acl c b default"),
        2 => routes("routes a a main", usual),
        2 => routes("routes b a subnets=b", usual),
        2 => routes("routes c b main", &["10.0.0.0/16 -> pcx-ab, 0.0.0.0/0 -> igw-b", ""]),
        1 => other(),
    ]
}

fn edit() -> impl Strategy<Value = Edit> {
    let ids = &[
        "eni-n1",
        "eni-n2",
        "eni-a2",
        "eni-c1",
        "eni-b2",
        "i-box",
        "i-n1",
        "eipalloc-n1",
        "eipalloc-idle",
        "sg-new",
        "sg-two",
        "igw-b",
    ][..];
    let tagged = select(&["vpc-a", "eni-a1", "sg-one", "rtb-a", "igw-a", "i-box"][..]);
    prop_oneof![
        20 => line().prop_map(Edit::Put),
        5 => select(ids).prop_map(Edit::Delete),
        2 => (tagged, select(&["x", "y"][..])).prop_map(|(id, name)| Edit::Tag(id, name)),
    ]
}

prop_compose! {
    /// A network with some of its ties cut, and what becomes of it.
    fn history()(
        text in network(),
        cut in vec(prop::bool::weighted(0.6), TIES.len()),
        steps in vec(prop_oneof![3 => vec(edit(), 1), 1 => vec(edit(), 2..4)], 8),
    ) -> (String, Vec<Step>) {
        let cut = TIES.iter().zip(cut).filter(|(_, cut)| *cut);
        let cut: Vec<&str> = cut.flat_map(|(starts, _)| starts.iter().copied()).collect();
        let lines = text.lines().filter(|line| !cut.iter().any(|start| line.starts_with(start)));
        (lines.map(|line| format!("{line}\n")).collect(), steps)
    }
}

prop_compose! {
    fn questions()(
        asked in vec((select([ENDS, MORE].concat()), select([ENDS, MORE, NAMES].concat()), select(ASKED)), 16),
    ) -> String {
        let asked = asked.iter().map(|(from, to, service)| format!("? {from} -> {to} {service}\n\n"));
        asked.collect::<String>() + ALWAYS
    }
}

/// Ends that come and go.
const MORE: &[&str] = &[
    "eni-n1",
    "eni-n1",
    "eni-n2",
    "i-n1",
    "i-n2",
    "10.0.0.8",
    "10.1.0.8",
    "54.0.0.8",
    "54.0.0.30",
    "10.0.0.28",
];

/// What nearly every change of an interface, an instance or an address makes another answer of.
const ALWAYS: &str = "
? eni-n1 -> 8.8.8.8 tcp/443

? eni-a2 -> 8.8.8.8 tcp/443

? internet -> 54.0.0.8 tcp/443

? internet -> 54.0.0.30 tcp/443

? i-n1 -> eni-n2 tcp/443

? 54.0.0.99 -> eni-n1 tcp/443

? eni-a3 -> s3.eu-west-1.amazonaws.com tcp/443

? eni-b1 -> 8.8.8.8 tcp/443
";

/// How often networks were derived, by what differed alone; and how often there was a derivation at all.
#[derive(Debug, Default)]
struct Tally {
    revisions: usize,
    derived: usize,
    alone: BTreeMap<String, usize>,
    /// Answers of an earlier revision that were looked at again at a derived one, those that are the same there, and those that were confirmed.
    again: usize,
    same: usize,
    confirmed: usize,
    matrices: matrices::Tally,
}

/// The answers to the questions, by their places and depths, as they were last computed.
type Answers = BTreeMap<(usize, Depth), (Result<PathAnswer, ResolveError>, Basis)>;

#[test]
fn derived_networks_answer_as_compiled_ones_at_every_revision() {
    let tally = RefCell::new(Tally::default());
    let config = ProptestConfig {
        cases: 200,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let config = contextualize_config(config);
    let outcome =
        TestRunner::new(config).run(&(history(), questions()), |((text, steps), asked)| {
            let fault = check(&text, &steps, &asked, &mut tally.borrow_mut());
            fault.map_err(|fault| TestCaseError::fail(format!("{fault}\n{text}\n{steps:#?}")))
        });
    if let Err(fault) = outcome {
        panic!("{fault}");
    }
    let tally = tally.into_inner();
    let share = tally.derived * 100 / tally.revisions;
    assert!(
        share >= 30,
        "{share} of 100 networks are derived: {tally:?}"
    );
    for kind in [
        "eni", "instance", "eip", "sg", "acl", "routes", "tag", "delete",
    ] {
        let count = tally.alone.get(kind).copied().unwrap_or_default();
        assert!(
            count >= 3,
            "a change of `{kind}` is derived {count} times: {tally:?}"
        );
    }
    let share = tally.confirmed * 100 / tally.same;
    assert!(
        share >= 30,
        "{share} of 100 answers that stayed the same are confirmed: {tally:?}"
    );
}

fn check(text: &str, steps: &[Step], asked: &str, tally: &mut Tally) -> Result<(), String> {
    let mut snapshot = notation::read(text)?.snapshot()?;
    let questions = notation::read(asked)?.questions;
    let mut network = Network::compile(&snapshot);
    let mut answers = Answers::new();
    matrix((&network, &snapshot), tally)?;
    for (number, step) in (1..).zip(steps) {
        let changes = step.iter().filter_map(|edit| change(text, &snapshot, edit));
        let changes = ChangeSet {
            changes: changes.collect(),
        };
        // What is not well-formed is no revision.
        let Ok((after, effect)) = snapshot.apply(&changes) else {
            continue;
        };
        if effect.changes.changes.is_empty() {
            continue;
        }
        let derived = network.derive(&after);
        tally.revisions += 1;
        if derived.derivations() > 0 {
            tally.derived += 1;
            if let [only] = step.as_slice() {
                *tally.alone.entry(only.kind()).or_default() += 1;
            }
        }
        let compiled = Network::compile(&after);
        for (place, question) in questions.iter().enumerate() {
            for depth in [Depth::Full, Depth::Verdict] {
                let (told, basis) = derived.noting(|| derived.resolve(&question.flow, depth));
                let own = compiled.resolve(&question.flow, depth);
                let fault = |told: &Result<_, _>, what: &str| {
                    let at = format!("after step {number}, ? {}", question.text);
                    Err(format!("{at}: {what}\n{told:#?}\ncompiled\n{own:#?}"))
                };
                if told != own {
                    return fault(&told, "derived");
                }
                if derived.derivations() > 0
                    && let Some((earlier, basis)) = answers.get(&(place, depth))
                {
                    let is_confirmed = derived.confirms(basis);
                    if is_confirmed && *earlier != own {
                        return fault(earlier, "confirmed");
                    }
                    tally.again += 1;
                    tally.same += usize::from(*earlier == own);
                    tally.confirmed += usize::from(is_confirmed);
                    if is_confirmed && number % 2 == 0 {
                        // It stays as it is, so that it is looked at again some revisions later.
                        continue;
                    }
                }
                answers.insert((place, depth), (told, basis));
            }
        }
        (snapshot, network) = (after, derived);
        // What was known of the networks before it must not be taken for what is known of this one.
        matrix((&network, &snapshot), tally)
            .map_err(|fault| format!("after step {number}: {fault}"))?;
    }
    Ok(())
}

fn matrix(held: (&Network, &Snapshot), tally: &mut Tally) -> Result<(), String> {
    matrices::check(held, &["internet", "10.0.0.8"], true, &mut tally.matrices)
}

/// An edit as a change; none if the resource is not there, or a line does not fit.
fn change(text: &str, snapshot: &Snapshot, edit: &Edit) -> Option<Change> {
    match edit {
        Edit::Put(line) => {
            let put = derived::resource(text, line).ok()?;
            Some(Change::put(put))
        }
        Edit::Delete(id) => {
            let held = snapshot.get(id)?;
            Some(Change::Delete(held.id().clone()))
        }
        Edit::Tag(id, name) => {
            let mut tagged: Resource = snapshot.get(id)?.as_ref().clone();
            tagged.tags = vec![Tag {
                key: "Name".into(),
                value: (*name).into(),
            }];
            Some(Change::put(tagged))
        }
    }
}

impl Edit {
    fn kind(&self) -> String {
        match self {
            Self::Put(line) => line.split(' ').next().unwrap_or_default().to_owned(),
            Self::Delete(_) => "delete".to_owned(),
            Self::Tag(..) => "tag".to_owned(),
        }
    }
}
