//! Matrices of random networks with crowds of interfaces that are much like each other: every cell is what its flow alone is answered.

use std::cell::RefCell;
use std::fmt::Write as _;

use causeway_model::Protocol;
use causeway_model::flow::{FlowEnd, Service};
use causeway_model::resource::Kind;
use causeway_model::snapshot::Snapshot;
use causeway_resolver::{Depth, Matrix, Network};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{RngSeed, TestRunner, contextualize_config};

use super::alphabet::ENDS;
use super::network;
use crate::notation;

/// Where members of a crowd are: their subnet, their address, and one of IPv6 in place of which they may have none.
const SEATS: &[(&str, &str, &str)] = &[
    ("a", "10.0.0.10", "2001:db8:a::a"),
    ("a", "10.0.0.11", "2001:db8:a::b"),
    ("a", "10.0.0.12", "2001:db8:a::c"),
    ("a", "10.0.0.13", "2001:db8:a::d"),
    ("b", "10.0.0.26", "2001:db8:a:1::a"),
    ("b", "10.0.0.27", "2001:db8:a:1::b"),
    ("b", "10.0.0.28", "2001:db8:a:1::c"),
    ("c", "10.1.0.10", "2001:db8:b::a"),
    ("c", "10.1.0.11", "2001:db8:b::b"),
    ("c", "10.1.0.12", "2001:db8:b::c"),
    ("d", "10.0.0.9", ""),
    ("d", "10.0.0.14", ""),
    ("d", "10.0.0.12", ""),
];

/// What rules and others say, and what some of them say in its place, so that crowds are told apart.
const APART: &[(&str, &str)] = &[
    (" 10.0.0.16/28", " 10.0.0.27/32"),
    (" 10.0.0.0/28", " 10.0.0.12/31"),
    (" 10.1.0.0/28", " 10.1.0.12/30"),
    (" 10.0.0.20/32", " 10.0.0.11/32"),
    (" 10.1.0.0/16", " 10.1.0.10/31"),
    ("-> eni-a3", "-> eni-m2"),
    ("-> eni-a2", "-> eni-m5"),
    ("ip: 10.0.0.5,", "ip: 10.0.0.11,"),
    ("ip: 10.0.0.20", "ip: 10.0.0.26"),
    ("eip idle 54.0.0.99", "eip idle 54.0.0.52"),
];

/// Blocks that tell members of a crowd apart.
const EDGES: &[&str] = &[
    "10.0.0.12/31",
    "10.0.0.11/32",
    "10.0.0.8/30",
    "10.0.0.26/31",
    "10.0.0.27/32",
    "10.1.0.12/30",
    "10.1.0.11/32",
    "2001:db8:a::c/126",
    "54.0.0.50/31",
];

prop_compose! {
    /// A security group, and entries of network ACLs, with such blocks.
    fn edges()(
        blocks in vec((select(EDGES), select(EDGES)), 2),
        acls in vec((prop::bool::weighted(0.3), select(EDGES), select(&["in", "out"][..])), 3),
    ) -> (String, Vec<String>) {
        let rules = blocks.iter().map(|(from, to)| format!("in all from {from}; out all to {to}"));
        let rules: Vec<String> = rules.collect();
        let group = format!("sg edge a: {}; out tcp/443 to 10.0.0.16/28\n", rules.join("; "));
        let entries = acls.into_iter().map(|(is_there, block, way)| {
            if is_there { format!(" {way} 50 deny tcp/443 from {block};") } else { String::new() }
        });
        (group, entries.collect())
    }
}

/// Addresses that belong to members in another way.
const MORE: &[&str] = &[
    "",
    "",
    "",
    "eip m 54.0.0.70 eni=m1\n",
    "eip m 54.0.0.70 eni=m1 private=10.0.0.12\n",
    "eip m 54.0.0.50 eni=m3\n",
    "vpc e 54.0.0.48/28\nsubnet e e 54.0.0.48/28\neni e e 54.0.0.53 sg=two\n",
    "instance n1 state=stopped\n",
    "instance n1\n",
];

/// What a member is like beside its seat.
type Member = (&'static str, bool, &'static str, &'static str);

fn member() -> impl Strategy<Value = Member> {
    (
        select(
            &[
                " sg=one",
                " sg=one",
                " sg=one",
                " sg=two",
                " sg=two",
                " sg=one,two",
                " sg=two,one",
            ][..],
        ),
        prop::bool::weighted(0.2),
        select(&["", "", " public"][..]),
        select(
            &[
                "",
                "",
                "",
                "",
                "",
                "",
                " status=available",
                " check=off",
                " type=lambda",
                " instance=n1",
                " deny-igw=on",
                " type=nat_gateway",
            ][..],
        ),
    )
}

prop_compose! {
    /// A network with a crowd, some ends beside, and the service to ask for.
    fn crowded()(
        text in network(),
        seated in subsequence(SEATS, 8..=SEATS.len()),
        members in vec(member(), SEATS.len()),
        apart in subsequence(APART, 0..=4),
        more in select(MORE),
        (edge, entries) in edges(),
        others in subsequence(ENDS, 8),
        is_tcp in prop::bool::weighted(0.8),
    ) -> (String, Vec<&'static str>, bool) {
        let mut lines = String::new();
        for line in text.lines() {
            let line = apart.iter().fold(line.to_owned(), |line, (from, to)| {
                let is_held = ["eni", "vpc", "subnet"].iter().any(|kind| line.starts_with(kind));
                if is_held { line } else { line.replace(from, to) }
            });
            let names = ["acl a a default:", "acl b a subnets=b:", "acl c b default:"];
            let acl = names.iter().zip(&entries).find(|(name, _)| line.starts_with(**name));
            let line = match acl {
                Some((name, entry)) => {
                    let line = line.replacen(name, &format!("{name}{entry}"), 1);
                    line.trim_end().trim_end_matches(';').to_owned()
                }
                None => line,
            };
            writeln!(lines, "{line}").unwrap();
        }
        lines.push_str(&edge);
        lines.push_str(more);
        for (number, ((subnet, address, v6), (groups, has_v6, public, rest))) in (1..).zip(seated.iter().zip(members)) {
            let v6 = if has_v6 && !v6.is_empty() { format!(",{v6}") } else { String::new() };
            let public = if public.is_empty() { String::new() } else { format!(" public=54.0.0.{}", 48 + number) };
            writeln!(lines, "eni m{number} {subnet} {address}{v6}{groups}{public}{rest}").unwrap();
        }
        (lines, others, is_tcp)
    }
}

/// How many ends there were, how many classes of them, and cells that were not asked for themselves.
#[derive(Debug, Default)]
pub(super) struct Tally {
    ends: usize,
    classes: usize,
    shared: usize,
    /// Networks in which two that are alike have an address and a public one.
    networks: usize,
}

#[test]
fn every_cell_of_a_matrix_is_what_its_flow_alone_is_answered() {
    let tally = RefCell::new(Tally::default());
    let config = contextualize_config(ProptestConfig {
        cases: 120,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let outcome = TestRunner::new(config).run(&crowded(), |(text, others, is_tcp)| {
        let told = read(&text).and_then(|snapshot| {
            let network = Network::compile(&snapshot);
            check(
                (&network, &snapshot),
                &others,
                is_tcp,
                &mut tally.borrow_mut(),
            )
        });
        told.map_err(|fault| TestCaseError::fail(format!("{fault}\n{text}")))
    });
    if let Err(fault) = outcome {
        panic!("{fault}");
    }
    let tally = tally.into_inner();
    let share = tally.shared * 100 / (tally.ends * tally.ends / tally.networks).max(1);
    assert!(tally.classes < tally.ends * 9 / 10, "{tally:?}");
    assert!(share >= 5, "{share} of 100 cells are another's: {tally:?}");
}

/// What comes in from the internet is sent through one member of a crowd: to the others it comes by a device that does not see their replies, to itself it does not.
#[test]
fn a_member_that_a_route_names_is_not_like_the_others() {
    let text = "vpc a 10.0.0.0/16\nsubnet b a 10.0.0.16/28\nigw a a\n\
        sg one a: in all from 0.0.0.0/0; out all to 0.0.0.0/0\n\
        routes b a subnets=b: 0.0.0.0/0 -> igw-a\nroutes e a igw=a: 10.0.0.16/28 -> eni-m2\n\
        eni m1 b 10.0.0.20 sg=one public=54.0.0.50 check=off\n\
        eni m2 b 10.0.0.21 sg=one public=54.0.0.51 check=off\n\
        eni m3 b 10.0.0.22 sg=one public=54.0.0.52 check=off\n";
    let snapshot = read(text).unwrap();
    let network = Network::compile(&snapshot);
    let mut tally = Tally::default();
    check((&network, &snapshot), &["internet"], true, &mut tally).unwrap();
    let alone = |to: &str| {
        let ends = ("internet".parse().unwrap(), to.parse().unwrap());
        let service = Service::new(Protocol::TCP, Some(443)).unwrap();
        let flow = service.flow(ends).unwrap();
        network.resolve(&flow, Depth::Verdict).unwrap().verdict
    };
    assert_ne!(alone("eni-m1"), alone("eni-m2"));
}

/// Two claim one address, private or public, and nothing else tells them apart: what is sent there comes to the first, and never to the second.
#[test]
fn who_claims_the_address_of_another_is_not_like_it() {
    let crowd = "vpc a 10.0.0.0/16\nsubnet b a 10.0.0.16/28\nigw a a\n\
        sg one a: in all from 0.0.0.0/0; out all to 0.0.0.0/0\nroutes b a main: 0.0.0.0/0 -> igw-a\n\
        eni m1 b 10.0.0.22 sg=one public=54.0.0.50\neni m3 b 10.0.0.26 sg=one public=54.0.0.54\n\
        eni m4 b 10.0.0.28 sg=one public=54.0.0.56\n";
    let second = [
        ("eni m2 b 10.0.0.22 sg=one\n", "eni-m4"),
        ("eni m2 b 10.0.0.24 sg=one public=54.0.0.50\n", "internet"),
    ];
    for (line, from) in second {
        let snapshot = read(&format!("{crowd}{line}")).unwrap();
        let network = Network::compile(&snapshot);
        let mut tally = Tally::default();
        check((&network, &snapshot), &["internet"], true, &mut tally).unwrap();
        let alone = |to: &str| {
            let ends = (from.parse().unwrap(), to.parse().unwrap());
            let service = Service::new(Protocol::TCP, Some(443)).unwrap();
            let flow = service.flow(ends).unwrap();
            network.resolve(&flow, Depth::Verdict).unwrap().verdict
        };
        assert_ne!(alone("eni-m1"), alone("eni-m2"));
        // Others of the crowd are one class, so that the second is told apart from somebody.
        assert!(tally.classes < tally.ends, "{tally:?}");
    }
}

fn read(text: &str) -> Result<Snapshot, String> {
    notation::read(text)?.snapshot()
}

/// Compares the matrix of all interfaces, all instances and some others with the flows alone.
pub(super) fn check(
    (network, snapshot): (&Network, &Snapshot),
    others: &[&str],
    is_tcp: bool,
    tally: &mut Tally,
) -> Result<(), String> {
    let is_held = |end: &FlowEnd| match end {
        FlowEnd::Resource(id) => snapshot.get(id.as_str()).is_some(),
        FlowEnd::Address(_) | FlowEnd::Internet => true,
        FlowEnd::Name(_) => false,
    };
    let kinds = [Kind::NetworkInterface, Kind::Instance];
    let held = snapshot.iter().filter(|held| kinds.contains(&held.kind()));
    let held = held.map(|held| FlowEnd::Resource(held.id().clone()));
    let others = others.iter().filter_map(|text| text.parse().ok());
    let ends: Vec<FlowEnd> = held.chain(others.filter(is_held)).collect();
    let service = if is_tcp {
        Service::new(Protocol::TCP, Some(443))
    } else {
        Service::new(Protocol::ICMP, None)
    };
    let service = service.map_err(|fault| fault.to_string())?;
    let matrix = Matrix::new(network, ends.clone(), ends.clone(), vec![service]);
    let matrix = matrix.map_err(|fault| fault.to_string())?;
    let cells = matrix.verdicts(0..matrix.cells()).unwrap();
    let pairs = ends
        .iter()
        .flat_map(|from| ends.iter().map(move |to| (from, to)));
    for ((from, to), cell) in pairs.zip(&cells) {
        let flow = service.flow((from.clone(), to.clone())).unwrap();
        let alone = network.resolve(&flow, Depth::Verdict).unwrap().verdict;
        if alone != *cell {
            return Err(format!(
                "{from} -> {to} is {alone:?} alone, and {cell:?} in the matrix"
            ));
        }
    }
    let [rows, columns] = matrix.classes();
    tally.networks += 1;
    tally.ends += ends.len();
    tally.classes += rows;
    tally.shared += (ends.len() * ends.len()).saturating_sub(rows * columns);
    Ok(())
}
