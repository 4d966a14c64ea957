//! What the actions of rules do to a packet.

use causeway_model::protocol::PortRange;
use causeway_model::trace::{Addr, Code, Disposition, Header, StepAction};

use crate::table::{
    Action, End, InterfaceIx, Place, PlaceIx, Reach, ResourceIx, Rewrite, Rule, Table, VpcIx,
};

use super::{Effect, Next, Translation, Traveller, Walk};

impl Walk<'_> {
    /// Does what a rule says.
    pub(super) fn act(
        &self,
        traveller: &mut Traveller,
        place: &Place,
        table: &Table,
        rule: &Rule,
    ) -> Next {
        match rule.action {
            Action::Pass => Next::Table,
            Action::Allow => {
                self.record(traveller, table, &rule.label, (StepAction::Allowed, None));
                Next::Table
            }
            Action::Deny(code) => {
                self.refuse(
                    traveller,
                    place,
                    table,
                    (rule, Effect::Blocks, StepAction::Denied, code),
                );
                Next::Table
            }
            Action::Doubt(code) => {
                self.refuse(
                    traveller,
                    place,
                    table,
                    (rule, Effect::Doubts, StepAction::Unknown, code),
                );
                Next::Table
            }
            Action::Inform(code) => {
                let detail = rule.label.to_string();
                traveller.note(Effect::Informs, code, place.resource, detail);
                self.record(
                    traveller,
                    table,
                    &rule.label,
                    (StepAction::Allowed, Some(code)),
                );
                Next::Table
            }
            Action::Forward(to) => self.forward(traveller, (table, rule), to),
            Action::ByAddress(vpc, reach) => {
                self.by_address(traveller, place, (table, rule), (vpc, reach))
            }
            Action::ByPublicAddress => self.by_public_address(traveller, place, (table, rule)),
            Action::Rewrite(ref rewrite) => self.rewrite(traveller, place, (table, rule), rewrite),
            Action::PairSource(vpc) => self.pair_source(traveller, place, (table, rule), vpc),
            Action::PairDestination(vpc) => {
                self.pair_destination(traveller, place, (table, rule), vpc)
            }
            Action::Undo => self.undo(traveller, place, (table, rule)),
            Action::Deliver(end) => {
                self.record(traveller, table, &rule.label, (StepAction::Delivered, None));
                self.deliver(traveller, end)
            }
            Action::Drop(code) => self.drop(traveller, place, (table, rule), code),
            Action::Unknown(code) => self.unknown(traveller, place, (table, rule), code),
        }
    }

    fn forward(
        &self,
        traveller: &mut Traveller,
        (table, rule): (&Table, &Rule),
        to: PlaceIx,
    ) -> Next {
        let step = (StepAction::Forwarded, None);
        self.record(traveller, table, &rule.label, step);
        Next::Place(to)
    }

    fn drop(
        &self,
        traveller: &mut Traveller,
        place: &Place,
        (table, rule): (&Table, &Rule),
        code: Code,
    ) -> Next {
        self.refuse(
            traveller,
            place,
            table,
            (rule, Effect::Blocks, StepAction::Dropped, code),
        );
        Next::End(Disposition::NoNextHop, None, None)
    }

    fn unknown(
        &self,
        traveller: &mut Traveller,
        place: &Place,
        (table, rule): (&Table, &Rule),
        code: Code,
    ) -> Next {
        self.refuse(
            traveller,
            place,
            table,
            (rule, Effect::Doubts, StepAction::Unknown, code),
        );
        Next::End(Disposition::Unknown, None, None)
    }

    /// Changes the header and goes on at the place.
    fn translate(
        &self,
        traveller: &mut Traveller,
        (table, rule): (&Table, &Rule),
        after: Header,
    ) -> Next {
        self.record(
            traveller,
            table,
            &rule.label,
            (StepAction::Translated, None),
        );
        if let Some(step) = traveller
            .hops
            .last_mut()
            .and_then(|hop| hop.steps.last_mut())
            .filter(|_| self.records)
        {
            step.after = Some(after.clone());
        }
        if let (Addr::Ip(address), _) | (_, Addr::Ip(address)) = (&after.destination, &after.source)
        {
            traveller.packet.is_ipv6 = address.is_ipv6();
        }
        traveller.packet.header = after;
        Next::Table
    }

    /// Gives the packet other ends, and remembers those it had.
    fn rewrite(
        &self,
        traveller: &mut Traveller,
        place: &Place,
        found: (&Table, &Rule),
        rewrite: &Rewrite,
    ) -> Next {
        let before = &traveller.packet.header;
        let mut after = before.clone();
        let mut made = Translation {
            by: place.resource,
            skips_routes: rewrite.skips_routes,
            ..Translation::default()
        };
        if let Some(source) = &rewrite.source {
            made.source = Some((before.source.clone(), before.source_ports));
            after.source = source.clone();
            if before.protocol.has_ports() {
                after.source_ports = PortRange::TRANSLATED;
            }
        }
        if let Some((destination, port)) = rewrite.destination {
            made.destination = Some((before.destination.clone(), before.destination_ports));
            after.destination = Addr::Ip(destination);
            if let Some(port) = port.filter(|_| before.protocol.has_ports()) {
                after.destination_ports = PortRange::one(port);
            }
        }
        made.back = rewrite.back.map(|back| (after.source.clone(), back));
        traveller.translations.push(made);
        self.translate(traveller, found, after)
    }

    fn by_address(
        &self,
        traveller: &mut Traveller,
        place: &Place,
        found: (&Table, &Rule),
        (vpc, reach): (VpcIx, Reach),
    ) -> Next {
        let kept = traveller
            .kept_way_back(self.network)
            .filter(|_| reach == Reach::Link);
        if let Some(back) = kept.or_else(|| traveller.way_back()) {
            return self.forward(traveller, found, back);
        }
        let Addr::Ip(address) = traveller.packet.header.destination else {
            return self.unknown(traveller, place, found, Code::UnknownDestination);
        };
        let holder = self.network.by_address.get(&(vpc, address));
        let Some(interface) = holder.and_then(|at| self.network.interface(*at)) else {
            return self.to_nobody(
                traveller,
                place,
                found,
                self.network.is_reserved(vpc, address),
            );
        };
        let to = match reach {
            Reach::Link => interface.entry,
            Reach::Router => match self.network.subnet(interface.subnet) {
                Some(subnet) => subnet.entry,
                None => return Next::End(Disposition::Unknown, None, None),
            },
        };
        self.forward(traveller, found, to)
    }

    /// Ends the way of a packet for an address that no interface has.
    fn to_nobody(
        &self,
        traveller: &mut Traveller,
        place: &Place,
        (table, rule): (&Table, &Rule),
        is_reserved: bool,
    ) -> Next {
        if is_reserved {
            let code = Code::UnsupportedComponent;
            let label = format!("{}: AWS keeps the address for itself", rule.label);
            let rule = Rule::always(Action::Unknown(code), label);
            return self.unknown(traveller, place, (table, &rule), code);
        }
        let code = Code::NoPossibleDestination;
        let label = format!("{}: no interface has the address", rule.label);
        let rule = Rule::always(Action::Drop(code), label);
        self.drop(traveller, place, (table, &rule), code)
    }

    fn by_public_address(
        &self,
        traveller: &mut Traveller,
        place: &Place,
        found: (&Table, &Rule),
    ) -> Next {
        // IPv6 is not translated: its replies come back by the gateway that it left by.
        if let Some(back) = traveller.way_back().filter(|_| traveller.packet.is_ipv6) {
            return self.forward(traveller, found, back);
        }
        let Addr::Ip(address) = traveller.packet.header.destination else {
            return Next::Table;
        };
        let Some((interface, _)) = self.network.by_public.get(&address) else {
            if !self.network.idle.contains_key(&address) {
                return Next::Table;
            }
            let code = Code::NoPossibleDestination;
            let label = "the Elastic IP address is associated with nothing";
            let rule = Rule::always(Action::Drop(code), label);
            return self.drop(traveller, place, (found.0, &rule), code);
        };
        let vpc = self
            .network
            .interface(*interface)
            .and_then(|interface| self.network.vpc(interface.vpc));
        match vpc.and_then(|vpc| vpc.internet_in) {
            Some(to) => self.forward(traveller, found, to),
            None => {
                let code = Code::NoPossibleDestination;
                let label = "the destination's VPC has no internet gateway";
                let rule = Rule::always(Action::Drop(code), label);
                self.drop(traveller, place, (found.0, &rule), code)
            }
        }
    }

    fn pair_source(
        &self,
        traveller: &mut Traveller,
        place: &Place,
        (table, rule): (&Table, &Rule),
        vpc: VpcIx,
    ) -> Next {
        let header = &traveller.packet.header;
        let public = match header.source {
            Addr::Ip(address) => self.network.public_of.get(&(vpc, address)),
            Addr::Internet | Addr::Service(_) | Addr::Within(_) => None,
        };
        let Some(public) = public else {
            self.refuse_source(traveller, place, table);
            return Next::Table;
        };
        if header.source == Addr::Ip(*public) {
            return Next::Table;
        }
        let after = Header {
            source: Addr::Ip(*public),
            ..header.clone()
        };
        self.translate(traveller, (table, rule), after)
    }

    /// Notes that a source has no public address, and goes on as if it had some.
    fn refuse_source(&self, traveller: &mut Traveller, place: &Place, table: &Table) {
        let code = Code::IgwPublicIpAssociationForEgress;
        let rule = Rule::always(Action::Deny(code), "the source has no public address");
        let denial = (&rule, Effect::Blocks, StepAction::Denied, code);
        self.refuse(traveller, place, table, denial);
        let is_ipv6 = traveller.packet.is_ipv6;
        let header = &mut traveller.packet.header;
        traveller.translations.push(Translation {
            by: place.resource,
            source: Some((header.source.clone(), header.source_ports)),
            ..Translation::default()
        });
        if !is_ipv6 {
            header.source = Addr::Internet;
        }
    }

    fn pair_destination(
        &self,
        traveller: &mut Traveller,
        place: &Place,
        found: (&Table, &Rule),
        vpc: VpcIx,
    ) -> Next {
        let header = &traveller.packet.header;
        let held = match header.destination {
            Addr::Ip(address) => self.network.by_public.get(&address),
            Addr::Internet | Addr::Service(_) | Addr::Within(_) => None,
        };
        let is_here = |interface: InterfaceIx| {
            let interface = self.network.interface(interface);
            interface.is_some_and(|interface| interface.vpc == vpc)
        };
        let Some((_, private)) = held.filter(|(interface, _)| is_here(*interface)) else {
            if let Some(source) = self.refused_source(traveller, place) {
                traveller.packet.header.destination = source;
                return Next::Table;
            }
            let code = Code::IgwPrivateIpAssociationForIngress;
            let label = "no interface of the VPC has the public address";
            let rule = Rule::always(Action::Drop(code), label);
            return self.drop(traveller, place, (found.0, &rule), code);
        };
        if header.destination == Addr::Ip(*private) {
            return Next::Table;
        }
        let after = Header {
            destination: Addr::Ip(*private),
            ..header.clone()
        };
        self.translate(traveller, found, after)
    }

    /// The source that was refused here on the way forward, for want of a public address.
    fn refused_source(&self, traveller: &Traveller, place: &Place) -> Option<Addr> {
        let mut refused = traveller.translations.iter().rev();
        let refused = refused.find(|translation| translation.by == place.resource);
        refused
            .filter(|_| traveller.packet.is_reply)
            .and_then(|translation| translation.source.as_ref())
            .map(|(address, _)| address.clone())
    }

    fn undo(&self, traveller: &mut Traveller, place: &Place, found: (&Table, &Rule)) -> Next {
        // Only replies are known to a NAT gateway; it takes no connections.
        let is_reply = traveller.packet.is_reply;
        let own = |by: Option<ResourceIx>| is_reply && by.is_some() && by == place.resource;
        let Some(at) = traveller
            .translations
            .iter()
            .rposition(|translation| own(translation.by))
        else {
            let code = Code::NoPossibleDestination;
            let label = "the gateway takes no connections";
            let rule = Rule::always(Action::Drop(code), label);
            return self.drop(traveller, place, (found.0, &rule), code);
        };
        let made = traveller.translations.remove(at);
        let mut after = traveller.packet.header.clone();
        if let Some((address, ports)) = made.source {
            (after.destination, after.destination_ports) = (address, ports);
        }
        if let Some((address, ports)) = made.destination {
            (after.source, after.source_ports) = (address, ports);
        }
        self.translate(traveller, found, after)
    }

    fn deliver(&self, traveller: &Traveller, end: End) -> Next {
        let interface = traveller.passed.last().copied();
        let exit = interface
            .and_then(|at| self.network.interface(at))
            .map(|interface| interface.exit);
        match end {
            End::Interface => Next::End(Disposition::Delivered, exit, interface),
            End::ServiceAtInterface => Next::End(Disposition::DeliveredToService, exit, interface),
            End::ServiceAtGateway(back) => {
                Next::End(Disposition::DeliveredToService, Some(back), None)
            }
            End::OnPremises(back) => Next::End(Disposition::ExitedToOnPremises, Some(back), None),
            End::Gateway(back) => Next::End(Disposition::DeliveredToGateway, Some(back), None),
            End::Internet(back) => Next::End(self.outside(traveller), Some(back), None),
        }
    }

    /// Where a packet is that left by an internet gateway: at an AWS service's public address, or somewhere in the internet.
    fn outside(&self, traveller: &Traveller) -> Disposition {
        let is_service = match &traveller.packet.header.destination {
            Addr::Service(_) => true,
            Addr::Ip(address) => self.network.service_of(*address).is_some(),
            Addr::Internet | Addr::Within(_) => false,
        };
        if is_service {
            Disposition::DeliveredToService
        } else {
            Disposition::ExitedToInternet
        }
    }
}
