//! Who is like others, and whom a name keeps from it: what names interfaces mostly has an address of theirs too, which would tell them apart by itself, so that
//! each name is held here against a network that has nothing else.

use std::net::{IpAddr, Ipv4Addr};

use causeway_model::trace::Stage;

use super::*;
use crate::table::{Action, End, ResourceIx, Rewrite, Rule, Table, VpcIx};

/// Two plain interfaces; the second one is asked about.
struct Two {
    network: Network,
    exit: PlaceIx,
    entry: PlaceIx,
}

const SECOND: usize = 1;

impl Two {
    fn new() -> Self {
        let mut network = Network::default();
        let [mut exit, mut entry] = [0, 0].map(PlaceIx::of);
        for (number, last) in (0..=SECOND).zip([20, 22]) {
            let own = InterfaceIx::of(number);
            [exit, entry] = [0, 0].map(|_| {
                PlaceIx::of(network.places.push(Place {
                    link: Some(SubnetIx::of(0)),
                    interface: Some(own),
                    ..Place::empty()
                }))
            });
            let address = IpAddr::V4(Ipv4Addr::new(10, 0, 0, last));
            let key = (VpcIx::of(0), address);
            network.by_address.insert_first(key, own);
            network.interfaces.push(Interface {
                resource: ResourceIx::of(number),
                vpc: VpcIx::of(0),
                subnet: SubnetIx::of(0),
                addresses: vec![address].into(),
                groups: Arc::from([]),
                user: None,
                exit,
                entry,
            });
        }
        Self {
            network,
            exit,
            entry,
        }
    }

    /// Whether the second interface may be like others, after a change.
    fn may_be_alike(change: impl FnOnce(&mut Self)) -> bool {
        let mut two = Self::new();
        change(&mut two);
        let ground = Ground::of(&two.network);
        let own = InterfaceIx::of(SECOND);
        traits((&two.network, &ground), own, &FxHashSet::default()).is_some()
    }

    fn add_place(&mut self, place: Place) {
        self.network.places.push(place);
    }

    fn add_rule(&mut self, action: Action) {
        let rule = Rule::always(action, "");
        let table = Table::first(Stage::Forwarding, Vec::new(), rule);
        self.network.tables.push(Arc::new(table));
    }
}

#[test]
fn a_plain_interface_may_be_like_others() {
    assert!(Two::may_be_alike(|_| {}));
    assert!(Two::may_be_alike(
        |two| two.add_rule(Action::Deliver(End::Interface))
    ));
    assert!(Two::may_be_alike(
        |two| two.add_rule(Action::Forward(PlaceIx::of(0)))
    ));
}

#[test]
fn whom_a_place_names_is_like_nobody() {
    let own = Some(InterfaceIx::of(SECOND));
    assert!(!Two::may_be_alike(|two| two.add_place(Place {
        interface: own,
        ..Place::empty()
    })));
    assert!(!Two::may_be_alike(|two| two.add_place(Place {
        sender: own,
        ..Place::empty()
    })));
    assert!(!Two::may_be_alike(|two| {
        let device = Some(two.entry);
        two.add_place(Place {
            device,
            ..Place::empty()
        });
    }));
}

#[test]
fn whom_a_rule_names_is_like_nobody() {
    assert!(!Two::may_be_alike(
        |two| two.add_rule(Action::Forward(two.entry))
    ));
    let ends: [fn(PlaceIx) -> End; 4] = [
        End::Internet,
        End::OnPremises,
        End::Gateway,
        End::ServiceAtGateway,
    ];
    for end in ends {
        assert!(!Two::may_be_alike(
            |two| two.add_rule(Action::Deliver(end(two.exit)))
        ));
    }
    assert!(!Two::may_be_alike(|two| {
        let back = Some(two.exit);
        two.add_rule(Action::Rewrite(Box::new(Rewrite {
            source: None,
            back,
            skips_routes: false,
            destination: None,
        })));
    }));
}

#[test]
fn the_node_of_a_load_balancer_is_like_nobody() {
    assert!(!Two::may_be_alike(|two| {
        let nodes = vec![InterfaceIx::of(SECOND)];
        let frame = Arc::make_mut(&mut two.network.frame);
        frame.nodes.insert(ResourceIx::of(9), nodes);
    }));
}
