//! The generator: the same numbers make the same estate, and it is well-formed and answered as it was meant.

use std::collections::BTreeSet;

use causeway_client::v1::resource::Kind;

use super::{Estate, flows};

#[test]
fn the_same_seed_makes_the_same_estate_and_the_same_questions() {
    let estate = Estate::new(700);
    assert!(estate.resources().eq(estate.resources()));
    assert!(flows(estate, 7).take(500).eq(flows(estate, 7).take(500)));
    assert!(!flows(estate, 7).take(500).eq(flows(estate, 8).take(500)));
}

#[test]
fn an_estate_has_the_interfaces_that_were_asked_for_and_no_address_twice() {
    let mut instances = 0;
    let mut addresses = BTreeSet::new();
    let mut public = BTreeSet::new();
    for resource in Estate::new(1_234).resources() {
        let Some(Kind::NetworkInterface(interface)) = resource.kind else {
            continue;
        };
        instances += usize::from(!interface.instance_id.is_empty());
        for address in interface.private_ip_addresses {
            assert!(addresses.insert(address.private_ip_address));
            let is_new = address.public_ip.is_empty() || public.insert(address.public_ip);
            assert!(is_new);
        }
    }
    assert_eq!(instances, 1_234);
}
