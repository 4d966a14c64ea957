//! The reference walk: the rules followed one by one, as slowly as they are told. Tests alone use it, to hold the walk against.
//!
//! It shares with the walk the compiled network (places, tables, rules) and the nouns that the answer reads, and nothing that decides: it
//! knows neither `walk` nor `decide`, and reads no index. Where the walk reckons with ranges of ports and blocks of addresses, this one
//! takes packets one by one (`sample`), and asks every rule about each (`matching`). What a table does with all of them is then counted
//! (`table`, `routes`, `filter`); what becomes of the packet is in `action` and `translation`; what it leaves behind in `journey`.

mod action;
mod address;
mod connection;
mod filter;
mod journey;
mod matching;
mod note;
mod routes;
mod sample;
mod table;
mod translation;
mod travel;
mod wanted;

use crate::network::Network;
use crate::packet::Packet;
use crate::table::{PlaceIx, ResourceIx};
use crate::way::{self, Asked, Walker};

use journey::Journey;

/// A way with the journey that it was.
type Way = way::Way<Journey>;

/// A walk over one network, rule by rule.
#[derive(Debug)]
pub(crate) struct Naive<'n> {
    asked: Asked<'n>,
}

impl<'n> Walker<'n> for Naive<'n> {
    type Track = Journey;

    fn new(asked: Asked<'n>) -> Self {
        Self { asked }
    }

    fn network(&self) -> &'n Network {
        self.asked.network
    }

    fn records(&self) -> bool {
        self.asked.records
    }

    fn packet(&self, packet: &Packet, at: PlaceIx, most: usize) -> (Vec<Way>, bool) {
        self.all_ways(Journey::of_packet(packet.clone(), at), most)
    }

    fn reply(&self, way: &Way, most: usize) -> (Vec<Way>, bool) {
        match way.reply_at {
            Some(at) => self.all_ways(Journey::of_reply(way.track.clone(), at), most),
            None => (Vec::new(), false),
        }
    }

    fn has_passed(&self, way: &Way, resource: ResourceIx) -> bool {
        let mut been = way.track.been.iter();
        been.any(|(at, _)| self.place(*at).and_then(|place| place.resource) == Some(resource))
    }

    fn check_passes(&self, way: &mut Way) {
        self.tell_what_is_not_passed(way);
    }

    fn check_avoids(&self, way: &mut Way) {
        self.tell_what_is_not_avoided(way);
    }

    fn check_devices(&self, forward: &Way, reply: &mut Way) {
        self.tell_half_connections(forward, reply);
    }
}
