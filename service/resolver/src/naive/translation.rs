//! How the ends of a packet are changed on its way, and how a reply gets them back.

use causeway_model::protocol::PortRange;
use causeway_model::trace::{Addr, Code, Header};

use crate::table::{Place, Rewrite, Rule, Table, VpcIx};

use super::Naive;
use super::address::{public_holder, public_of};
use super::journey::{Change, Journey, Replies};
use super::note::Refusal;
use super::travel::Then;

/// The lowest port that a component gives a packet's source.
const FIRST_TRANSLATED_PORT: u16 = 1024;

impl Naive<'_> {
    /// Gives the packet a new header.
    fn change(&self, journey: &mut Journey, table: &Table, rule: &Rule, after: Header) -> Then {
        self.tell_change(journey, table, &rule.label, &after);
        // Symbolic addresses are of the family of the other end.
        for end in [&after.source, &after.destination] {
            if let Addr::Ip(address) = end {
                journey.packet.is_ipv6 = address.is_ipv6();
            }
        }
        journey.packet.header = after;
        Then::Stays
    }

    /// Replaces the ends that a component replaces.
    pub(super) fn rewrite(
        &self,
        journey: &mut Journey,
        (place, table): (&Place, &Table),
        rule: &Rule,
        rewrite: &Rewrite,
    ) -> Then {
        let before = journey.packet.header.clone();
        let mut after = before.clone();
        let mut change = Change {
            by: place.resource,
            old_source: None,
            old_destination: None,
            replies: None,
        };
        let has_ports = before.protocol.has_ports();
        if let Some(source) = &rewrite.source {
            change.old_source = Some((before.source, before.source_ports));
            after.source = source.clone();
            if let Some(ports) = PortRange::new(FIRST_TRANSLATED_PORT, u16::MAX)
                && has_ports
            {
                after.source_ports = ports;
            }
        }
        if let Some((destination, port)) = rewrite.destination {
            change.old_destination = Some((before.destination, before.destination_ports));
            after.destination = Addr::Ip(destination);
            if let (Some(port), true) = (port, has_ports) {
                after.destination_ports = PortRange::one(port);
            }
        }
        if let Some(to) = rewrite.back {
            change.replies = Some(Replies {
                address: after.source.clone(),
                to,
                past_routes: rewrite.skips_routes,
            });
        }
        journey.changes.push(change);
        self.change(journey, table, rule, after)
    }

    /// Puts the ends of a reply back to what they were before this resource changed those of the packet. A resource that has not takes nothing.
    pub(super) fn undo(&self, journey: &mut Journey, here: (&Place, &Table), rule: &Rule) -> Then {
        let (place, table) = here;
        let own = place.resource;
        let mut newest = None;
        for (number, change) in journey.changes.iter().enumerate() {
            if journey.packet.is_reply && own.is_some() && change.by == own {
                newest = Some(number);
            }
        }
        let Some(newest) = newest else {
            let label = "the gateway takes no connections";
            return self.drop(journey, here, label, Code::NoPossibleDestination);
        };
        let change = journey.changes.remove(newest);
        let mut after = journey.packet.header.clone();
        if let Some((source, ports)) = change.old_source {
            after.destination = source;
            after.destination_ports = ports;
        }
        if let Some((destination, ports)) = change.old_destination {
            after.source = destination;
            after.source_ports = ports;
        }
        self.change(journey, table, rule, after)
    }

    /// An internet gateway gives the source the public address that it is paired with.
    pub(super) fn pair_source(
        &self,
        journey: &mut Journey,
        here: (&Place, &Table),
        rule: &Rule,
        vpc: VpcIx,
    ) -> Then {
        let header = journey.packet.header.clone();
        let public = match header.source {
            Addr::Ip(address) => public_of(self.asked.network, vpc, address),
            Addr::Internet | Addr::Within(_) | Addr::Service(_) => None,
        };
        match public {
            Some(public) if header.source == Addr::Ip(public) => Then::Stays,
            Some(public) => {
                let mut after = header;
                after.source = Addr::Ip(public);
                self.change(journey, here.1, rule, after)
            }
            None => self.pair_nothing(journey, here),
        }
    }

    /// The source has no public address. The packet goes on as if it had one, which nobody knows; replies to that find the source again.
    fn pair_nothing(&self, journey: &mut Journey, here: (&Place, &Table)) -> Then {
        let label = "the source has no public address";
        let code = Code::IgwPublicIpAssociationForEgress;
        self.refuse(journey, here, label, Refusal::denied(code));
        let header = &mut journey.packet.header;
        journey.changes.push(Change {
            by: here.0.resource,
            old_source: Some((header.source.clone(), header.source_ports)),
            old_destination: None,
            replies: None,
        });
        if !journey.packet.is_ipv6 {
            header.source = Addr::Internet;
        }
        Then::Stays
    }

    /// An internet gateway gives the destination the private address in its VPC that it is paired with.
    pub(super) fn pair_destination(
        &self,
        journey: &mut Journey,
        here: (&Place, &Table),
        rule: &Rule,
        vpc: VpcIx,
    ) -> Then {
        let network = self.asked.network;
        let header = journey.packet.header.clone();
        let paired = match header.destination {
            Addr::Ip(address) => public_holder(network, address),
            Addr::Internet | Addr::Within(_) | Addr::Service(_) => None,
        };
        if let Some((own, private)) = paired
            && network.interface(own).is_some_and(|own| own.vpc == vpc)
        {
            if header.destination == Addr::Ip(private) {
                return Then::Stays;
            }
            let mut after = header;
            after.destination = Addr::Ip(private);
            return self.change(journey, here.1, rule, after);
        }
        if let Some(source) = unpaired_source(journey, here.0) {
            journey.packet.header.destination = source;
            return Then::Stays;
        }
        let label = "no interface of the VPC has the public address";
        self.drop(
            journey,
            here,
            label,
            Code::IgwPrivateIpAssociationForIngress,
        )
    }
}

/// The source of the packet that this is the reply to, if it passed this gateway without a public address.
fn unpaired_source(journey: &Journey, gateway: &Place) -> Option<Addr> {
    let changes = journey.changes.iter().rev();
    let mut own = changes.filter(|change| change.by == gateway.resource);
    let (source, _) = own.next()?.old_source.clone()?;
    journey.packet.is_reply.then_some(source)
}
