//! What a rule does: whether the packet stays, where it goes, and how its way ends.

use std::net::IpAddr;

use causeway_model::trace::{Addr, Code, Disposition, StepAction};

use crate::table::{Action, End, Place, Reach, Rule, Table, VpcIx};

use super::Naive;
use super::address::{holder, is_reserved, public_holder, service_of};
use super::journey::Journey;
use super::note::Refusal;
use super::travel::{Ending, Then};

impl Naive<'_> {
    /// Does what a rule says.
    pub(super) fn act(&self, journey: &mut Journey, here: (&Place, &Table), rule: &Rule) -> Then {
        let (_, table) = here;
        match rule.action {
            Action::Pass => Then::Stays,
            Action::Allow => {
                self.tell(journey, table, &rule.label, StepAction::Allowed);
                Then::Stays
            }
            Action::Deny(code) => {
                self.refuse(journey, here, &rule.label, Refusal::denied(code));
                Then::Stays
            }
            Action::Doubt(code) => {
                self.refuse(journey, here, &rule.label, Refusal::unknown(code));
                Then::Stays
            }
            Action::Inform(code) => {
                self.tell_remark(journey, here, rule, code);
                Then::Stays
            }
            Action::Drop(code) => self.drop(journey, here, &rule.label, code),
            Action::Unknown(code) => self.lose(journey, here, &rule.label, code),
            Action::Forward(to) => {
                self.tell(journey, table, &rule.label, StepAction::Forwarded);
                Then::GoesTo(to)
            }
            Action::ByAddress(vpc, reach) => self.find(journey, here, rule, (vpc, reach)),
            Action::ByPublicAddress => self.find_public(journey, here, rule),
            Action::Deliver(end) => {
                self.tell(journey, table, &rule.label, StepAction::Delivered);
                Then::Ends(self.ending(journey, end))
            }
            Action::Rewrite(ref rewrite) => self.rewrite(journey, here, rule, rewrite),
            Action::PairSource(vpc) => self.pair_source(journey, here, rule, vpc),
            Action::PairDestination(vpc) => self.pair_destination(journey, here, rule, vpc),
            Action::Undo => self.undo(journey, here, rule),
        }
    }

    /// There is nowhere to go on to.
    pub(super) fn drop(
        &self,
        journey: &mut Journey,
        here: (&Place, &Table),
        label: &str,
        code: Code,
    ) -> Then {
        self.refuse(journey, here, label, Refusal::dropped(code));
        Then::Ends(Ending::nowhere(Disposition::NoNextHop))
    }

    /// Where to go on to is not known.
    fn lose(&self, journey: &mut Journey, here: (&Place, &Table), label: &str, code: Code) -> Then {
        self.refuse(journey, here, label, Refusal::unknown(code));
        Then::Ends(Ending::nowhere(Disposition::Unknown))
    }

    /// To the interface in a VPC that has the destination address; but replies to an address that a component gave go back to it.
    fn find(
        &self,
        journey: &mut Journey,
        here: (&Place, &Table),
        rule: &Rule,
        (vpc, reach): (VpcIx, Reach),
    ) -> Then {
        let (_, table) = here;
        let past_routes = match reach {
            Reach::Link => self.way_past_routes(journey),
            Reach::Router => None,
        };
        if let Some(back) = past_routes.or_else(|| self.way_back(journey)) {
            self.tell(journey, table, &rule.label, StepAction::Forwarded);
            return Then::GoesTo(back);
        }
        let Addr::Ip(address) = journey.packet.header.destination else {
            return self.lose(journey, here, &rule.label, Code::UnknownDestination);
        };
        let network = self.asked.network;
        let Some(interface) = holder(network, vpc, address) else {
            return self.find_nobody(journey, here, rule, (vpc, address));
        };
        let to = match reach {
            Reach::Link => Some(interface.entry),
            Reach::Router => network.subnet(interface.subnet).map(|subnet| subnet.entry),
        };
        let Some(to) = to else {
            return Then::Ends(Ending::nowhere(Disposition::Unknown));
        };
        self.tell(journey, table, &rule.label, StepAction::Forwarded);
        Then::GoesTo(to)
    }

    /// No interface has the address: nobody takes the packet, or AWS itself does, of which nothing is known.
    fn find_nobody(
        &self,
        journey: &mut Journey,
        here: (&Place, &Table),
        rule: &Rule,
        (vpc, address): (VpcIx, IpAddr),
    ) -> Then {
        let words = &rule.label;
        if is_reserved(self.asked.network, vpc, address) {
            let label = format!("{words}: AWS keeps the address for itself");
            return self.lose(journey, here, &label, Code::UnsupportedComponent);
        }
        let label = format!("{words}: no interface has the address");
        self.drop(journey, here, &label, Code::NoPossibleDestination)
    }

    /// To the gateway of the VPC that holds the public destination address, if one does. IPv6 replies come back by the gateway that they left by.
    fn find_public(&self, journey: &mut Journey, here: (&Place, &Table), rule: &Rule) -> Then {
        let (_, table) = here;
        let network = self.asked.network;
        if journey.packet.is_ipv6
            && let Some(back) = self.way_back(journey)
        {
            self.tell(journey, table, &rule.label, StepAction::Forwarded);
            return Then::GoesTo(back);
        }
        let Addr::Ip(address) = journey.packet.header.destination else {
            return Then::Stays;
        };
        let code = Code::NoPossibleDestination;
        let Some((own, _)) = public_holder(network, address) else {
            if network.idle.contains_key(&address) {
                let label = "the Elastic IP address is associated with nothing";
                return self.drop(journey, here, label, code);
            }
            return Then::Stays;
        };
        let vpc = network.interface(own).map(|own| own.vpc);
        let gateway = vpc.and_then(|vpc| network.vpc(vpc)?.internet_in);
        let Some(gateway) = gateway else {
            let label = "the destination's VPC has no internet gateway";
            return self.drop(journey, here, label, code);
        };
        self.tell(journey, table, &rule.label, StepAction::Forwarded);
        Then::GoesTo(gateway)
    }

    /// The end of a way at which the packet has arrived.
    fn ending(&self, journey: &Journey, end: End) -> Ending {
        let network = self.asked.network;
        let own = journey.interfaces.last().copied();
        let exit = own
            .and_then(|own| network.interface(own))
            .map(|own| own.exit);
        let (disposition, reply_at, interface) = match end {
            End::Interface => (Disposition::Delivered, exit, own),
            End::ServiceAtInterface => (Disposition::DeliveredToService, exit, own),
            End::ServiceAtGateway(back) => (Disposition::DeliveredToService, Some(back), None),
            End::OnPremises(back) => (Disposition::ExitedToOnPremises, Some(back), None),
            End::Gateway(back) => (Disposition::DeliveredToGateway, Some(back), None),
            End::Internet(back) => {
                let is_service = match &journey.packet.header.destination {
                    Addr::Service(_) => true,
                    Addr::Ip(address) => service_of(network, *address).is_some(),
                    Addr::Internet | Addr::Within(_) => false,
                };
                if is_service {
                    (Disposition::DeliveredToService, Some(back), None)
                } else {
                    (Disposition::ExitedToInternet, Some(back), None)
                }
            }
        };
        Ending {
            disposition,
            reply_at,
            interface,
        }
    }
}
