//! What one change costs, to an estate of ten thousand resources and to one of a million: the snapshot after it, the tables for the next path, and the
//! walk of that path. Whose turn it is goes back and forth, and each turn changes another resource, so that neither estate is warmer than the other. What
//! a turn is about is made before the first one: looking for a path reads much of an estate, and what it left in the caches would be measured.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use causeway_loadtest::estate::Estate;
use causeway_model::flow::Flow;
use causeway_model::ids::ResourceId;
use causeway_model::protocol::Protocol;
use causeway_model::resource::{Body, Kind, Record, Resource, Tag};
use causeway_model::resources::interfaces::{InstanceState, NetworkInterfaceType};
use causeway_model::resources::routing::RouteDestination;
use causeway_model::resources::{
    Address, Instance, NetworkAcl, NetworkInterface, RouteTable, SecurityGroup,
};
use causeway_model::{Change, ChangeSet, Snapshot};
use causeway_resolver::{Depth, Network};

use crate::durable::Served;

/// Network interfaces of instances of the two estates; there are about 2.14 resources to one.
const SIZES: [u32; 2] = [4_680, 468_000];

/// Turns of each estate for each kind of change.
const TURNS: u64 = 101;

/// Turns on a store on disk that are not counted: the store is at work for a while after an import.
const WARM: u64 = 400;

/// A kind of change: its name, the kind of resource that it is about, and the change to one.
pub(crate) type Case = (&'static str, Kind, fn(&Resource) -> Option<Change>);

const INSTANCE_STOPS: Case = ("an instance stops", Kind::Instance, instance_stops);

pub(crate) const CASES: [Case; 8] = [
    (
        "an interface comes",
        Kind::NetworkInterface,
        interface_comes,
    ),
    ("an interface goes", Kind::NetworkInterface, interface_goes),
    INSTANCE_STOPS,
    ("a rule of a security group", Kind::SecurityGroup, rule),
    ("an entry of a network ACL", Kind::NetworkAcl, entry),
    ("a route of a route table", Kind::RouteTable, route),
    ("an Elastic IP address", Kind::NetworkInterface, elastic_ip),
    ("a tag", Kind::Instance, tag),
];

/// Bytes that are read to fill the caches with something else: more than they hold; and how far apart, to read all of them.
const BALLAST: usize = 128 << 20;
const LINE: usize = 64;

/// Times of the two estates.
type Times = [Vec<Duration>; 2];

/// What a turn is about: a change, and a path to ask for after it.
type Turn = (ChangeSet, Flow);

/// An estate and its network.
pub(crate) struct Held {
    pub(crate) snapshot: Snapshot,
    pub(crate) network: Network,
}

pub(crate) fn run() {
    let held = SIZES.map(Held::new);
    let [small, large] = held.each_ref().map(|held| held.snapshot.len());
    println!("one change, medians of {TURNS}; {small} and {large} resources");
    for case in CASES {
        let mut turns = held
            .each_ref()
            .map(|held| held.turns(case, TURNS).into_iter());
        let mut times = held.each_ref().map(|_| Vec::new());
        let mut derived = [0, 0];
        for _ in 0..TURNS {
            let both = held
                .iter()
                .zip(&mut turns)
                .zip(&mut times)
                .zip(&mut derived);
            for (((held, turns), times), derived) in both {
                let (time, is_derived) = held.change(turns.next().unwrap());
                times.push(time);
                *derived += u64::from(is_derived);
            }
        }
        say(case.0, times);
        if derived != [TURNS, TURNS] {
            println!("  derived {derived:?} of {TURNS}");
        }
    }
    with_the_commit(&held);
}

/// The same on a store on disk, for the instances that stop: from the call that applies the change. At first one turn after the other; then something else has
/// filled the caches of the processor before each turn.
fn with_the_commit(held: &[Held; 2]) {
    let served = held.each_ref().map(|held| {
        let first = held.turns(INSTANCE_STOPS, 1).pop();
        Served::new(&held.snapshot, &first.unwrap().1)
    });
    let mut turns = held.each_ref().map(|held| {
        let turns = held.turns(INSTANCE_STOPS, WARM + 2 * TURNS);
        turns.into_iter()
    });
    committed(&served, &mut turns, WARM, || {});
    for (when, ballast) in [("", Vec::new()), (", cold", vec![1_u8; BALLAST])] {
        let read = || {
            black_box(
                ballast
                    .iter()
                    .step_by(LINE)
                    .map(|byte| u64::from(*byte))
                    .sum::<u64>(),
            );
        };
        let [commits, answers, both] = committed(&served, &mut turns, TURNS, read);
        say(&format!("its durable commit{when}"), commits);
        say(&format!("the first answer after it{when}"), answers);
        say(&format!("both{when}"), both);
    }
}

/// Times of so many turns of each estate: of the commits, of the first answers after them, and of both.
fn committed(
    served: &[Served; 2],
    turns: &mut [impl Iterator<Item = Turn>; 2],
    count: u64,
    before: impl Fn(),
) -> [Times; 3] {
    let mut all: [Times; 3] = Default::default();
    for _ in 0..count {
        for (place, (served, turns)) in served.iter().zip(turns.iter_mut()).enumerate() {
            let (changes, flow) = turns.next().unwrap();
            before();
            let [commit, answer] = served.change(changes, &flow);
            for (times, time) in all.iter_mut().zip([commit, answer, commit + answer]) {
                times.get_mut(place).unwrap().push(time);
            }
        }
    }
    all
}

fn say(what: &str, times: Times) {
    let [small, large] = times.map(median);
    let ratio = large.as_secs_f64() / small.as_secs_f64();
    println!("{what:<34}{small:>12.1?}{large:>12.1?}{ratio:>7.2} times");
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    let middle = times.len() / 2;
    times.get(middle).copied().unwrap()
}

// === impl Held ===

impl Held {
    pub(crate) fn new(interfaces: u32) -> Self {
        let resources = Estate::new(interfaces).resources();
        let puts = resources.map(|wire| {
            let resource = causeway_grpc::parse_resource(wire).unwrap();
            Change::put(resource)
        });
        let changes = ChangeSet {
            changes: puts.collect(),
        };
        let (snapshot, _) = Snapshot::default().apply(&changes).unwrap();
        let network = Network::compile(&snapshot);
        Self { snapshot, network }
    }

    pub(crate) fn ids(&self, (_, kind, _): Case) -> Vec<ResourceId> {
        let own = self.snapshot.iter().filter(|held| held.kind() == kind);
        let own = own.filter(|held| interface_of(held).is_none_or(|own| is_plain(&own)));
        own.map(|held| held.id().clone()).collect()
    }

    /// So many turns, each about another resource.
    fn turns(&self, case: Case, count: u64) -> Vec<Turn> {
        let mut ids = self.ids(case);
        fastrand::Rng::with_seed(count).shuffle(&mut ids);
        let turns = ids.iter().cycle().zip(0..count);
        let turns = turns.map(|(id, _)| (self.changes(case, id), self.flow(id)));
        turns.collect()
    }

    pub(crate) fn changes(&self, (_, _, change): Case, id: &ResourceId) -> ChangeSet {
        let held = self.snapshot.get(id.as_str()).unwrap();
        ChangeSet {
            changes: vec![change(held).unwrap()],
        }
    }

    /// The time that a change takes to the first answer after it, and whether its network was derived.
    fn change(&self, (changes, flow): Turn) -> (Duration, bool) {
        let begin = Instant::now();
        let (after, _) = self.snapshot.apply(&changes).unwrap();
        let network = self.network.derive(&after);
        let answer = black_box(network.resolve(&flow, Depth::Verdict));
        let time = begin.elapsed();
        drop(answer);
        (time, network.derivations() > 0)
    }

    /// A path between two interfaces of the VPC that the changed resource is in.
    fn flow(&self, id: &ResourceId) -> Flow {
        let vpc = self.snapshot.get(id.as_str()).unwrap().body.vpc().cloned();
        let near = self
            .snapshot
            .iter_after(Some(id))
            .chain(self.snapshot.iter());
        let inside = near.filter(|held| vpc.is_none() || held.body.vpc() == vpc.as_ref());
        let mut inside = inside
            .filter_map(|held| interface_of(held))
            .filter(is_plain);
        let from = inside.next().unwrap().network_interface_id.to_string();
        let to = inside.next().unwrap().private_ip_addresses;
        let to = to.first().unwrap().private_ip_address;
        let ends = (from.parse().unwrap(), to.to_string().parse().unwrap());
        Flow::new(ends, Protocol::TCP, Some(443), None).unwrap()
    }
}

fn with(held: &Resource, body: impl Into<Body>) -> Option<Change> {
    Some(Change::put(Resource {
        body: body.into(),
        ..held.clone()
    }))
}

/// The record of a resource, of the kind that the caller wants.
fn record<T: Record + Clone>(held: &Resource) -> Option<T> {
    T::of(&held.body).cloned()
}

pub(crate) fn interface_of(held: &Resource) -> Option<NetworkInterface> {
    record(held)
}

pub(crate) fn is_plain(own: &NetworkInterface) -> bool {
    own.interface_type == NetworkInterfaceType::Interface && own.instance_id.is_some()
}

/// An id that no resource of the estate has, of one that comes beside another: another one for each. It stays in its account, as AWS's do.
fn beside(id: &ResourceId, prefix: &str) -> String {
    let number = id.as_str().split_once('-').map_or("", |(_, number)| number);
    format!("{prefix}-f{}", number.get(1..).unwrap_or_default())
}

fn interface_comes(held: &Resource) -> Option<Change> {
    let mut own = interface_of(held)?;
    own.network_interface_id = beside(held.id(), "eni").parse().ok()?;
    own.instance_id = None;
    let mut address = own.private_ip_addresses.first()?.clone();
    // Subnets of interfaces have 128 addresses at least, of which the upper ones are free.
    let IpAddr::V4(first) = address.private_ip_address else {
        return None;
    };
    address.private_ip_address = IpAddr::V4(((u32::from(first) | 0x7f) - 5).into());
    address.public_ip = None;
    own.private_ip_addresses = vec![address];
    own.ipv6_addresses = Vec::new();
    with(held, own)
}

fn interface_goes(held: &Resource) -> Option<Change> {
    Some(Change::Delete(held.id().clone()))
}

fn instance_stops(held: &Resource) -> Option<Change> {
    let mut own: Instance = record(held)?;
    own.state = InstanceState::Stopped;
    with(held, own)
}

fn rule(held: &Resource) -> Option<Change> {
    let mut own: SecurityGroup = record(held)?;
    let mut all = own.ip_permissions_egress.iter().chain(&own.ip_permissions);
    let mut new = all.next()?.clone();
    new.ip_ranges = vec!["203.0.113.0/24".parse().ok()?];
    own.ip_permissions.push(new);
    with(held, own)
}

fn entry(held: &Resource) -> Option<Change> {
    let mut own: NetworkAcl = record(held)?;
    let mut new = own.entries.first()?.clone();
    new.rule_number = 77;
    new.cidr_block = "203.0.113.0/24".parse().ok()?;
    own.entries.push(new);
    with(held, own)
}

fn route(held: &Resource) -> Option<Change> {
    let mut own: RouteTable = record(held)?;
    let mut new = own.routes.last()?.clone();
    new.destination = RouteDestination::Cidr("203.0.113.0/24".parse().ok()?);
    own.routes.push(new);
    with(held, own)
}

fn elastic_ip(held: &Resource) -> Option<Change> {
    let own = interface_of(held)?;
    // No two of the estate's private addresses are alike within a Region; the estate holds none of these public ones.
    let IpAddr::V4(private) = own.private_ip_addresses.first()?.private_ip_address else {
        return None;
    };
    let public_ip = Ipv4Addr::from(u32::from(private) & 0x00ff_ffff | 0x3500_0000);
    let address = Address {
        allocation_id: beside(held.id(), "eipalloc").parse().ok()?,
        public_ip: public_ip.into(),
        network_interface_id: Some(own.network_interface_id),
        private_ip_address: None,
    };
    with(held, address)
}

fn tag(held: &Resource) -> Option<Change> {
    let mut own = held.clone();
    own.tags = vec![Tag {
        key: "Name".into(),
        value: "another".into(),
    }];
    Some(Change::put(own))
}
