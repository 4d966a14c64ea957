//! What an interface takes in a network.

use std::mem::size_of;

use super::*;

/// Bytes that each place of an array takes for the generation that last changed it.
const CHANGED: usize = 4;

/// Bytes that a run of a map takes beside its entries, of which it has four at least on average: its pointer, its generation, and its counts.
const RUN: usize = (16 + CHANGED + 16) / 4;

/// What a plain interface takes in a network, with its instance and its places in all indexes, if it has one address and no public one.
#[test]
fn a_plain_interface_takes_less_than_300_bytes() {
    let resource = size_of::<Option<Slot>>() + CHANGED + size_of::<(u32, ResourceIx)>() + RUN;
    let address = size_of::<((VpcIx, IpAddr), InterfaceIx)>() + RUN;
    let own = size_of::<Option<Interface>>() + 2 * size_of::<Option<Place>>() + 3 * CHANGED;
    let all = own + address + 2 * resource;
    assert!(all < 300, "{all} bytes");
}
