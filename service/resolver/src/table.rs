//! Tables: every component a packet meets, as ordered rules of a match and an action. Tables are data; the readers are `walk` and `naive`.
//!
//! A *place* is where a packet can be: a resource and the tables it goes through there, in the order of its stages.

use std::borrow::Cow;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use causeway_model::protocol::{PortRange, ProtocolMatch};
use causeway_model::resources::filters::IcmpTypeCode;
use causeway_model::trace::{Addr, Code, ServiceAddress, Stage};
use ipnet::IpNet;

/// Declares dense handles into the network's arrays. One that may be missing takes no more space than another.
macro_rules! handles {
    ($($(#[$meta:meta])* $name:ident;)*) => {
        $(
            $(#[$meta])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub(crate) struct $name(NonZeroU32);

            impl $name {
                pub(crate) fn index(self) -> usize {
                    usize::try_from(self.0.get().saturating_sub(1)).unwrap_or(usize::MAX)
                }

                pub(crate) fn of(index: usize) -> Self {
                    let number = u32::try_from(index).ok();
                    let number = number.and_then(|number| NonZeroU32::MIN.checked_add(number));
                    Self(number.unwrap_or(NonZeroU32::MAX))
                }
            }
        )*
    };
}

handles! {
    /// A resource.
    ResourceIx;
    /// A VPC.
    VpcIx;
    /// A subnet.
    SubnetIx;
    /// A network interface.
    InterfaceIx;
    /// A prefix list.
    PrefixListIx;
    /// A security group.
    GroupIx;
    /// A place.
    PlaceIx;
    /// A table.
    TableIx;
}

/// A zone: equal for equal zones, and nothing else is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ZoneIx(NonZeroU32);

impl ZoneIx {
    /// The zone of this number.
    pub(crate) fn of(number: usize) -> Self {
        Self(TableIx::of(number).0)
    }
}

/// Handles that no array holds.
macro_rules! missing {
    ($($name:ident)*) => {
        $(
            impl $name {
                /// None that any array holds.
                pub(crate) const MISSING: Self = Self(NonZeroU32::MAX);
            }
        )*
    };
}

missing! { VpcIx PrefixListIx PlaceIx TableIx ZoneIx }

/// Tables of a place, in the order of their stages: a few are kept where they are named.
#[derive(Debug, Clone)]
pub(crate) enum Tables {
    /// So many of these.
    Few(u8, [TableIx; FEW]),
    Many(Arc<[TableIx]>),
}

/// Tables that a plain interface has at most on one side: its state, its security groups, and where packets go on.
const FEW: usize = 3;

impl std::ops::Deref for Tables {
    type Target = [TableIx];

    fn deref(&self) -> &[TableIx] {
        match self {
            Self::Few(count, tables) => tables.get(..usize::from(*count)).unwrap_or_default(),
            Self::Many(tables) => tables,
        }
    }
}

impl FromIterator<TableIx> for Tables {
    fn from_iter<I: IntoIterator<Item = TableIx>>(tables: I) -> Self {
        let mut few = [TableIx::MISSING; FEW];
        let mut count = 0;
        let mut tables = tables.into_iter();
        for (own, table) in few.iter_mut().zip(tables.by_ref()) {
            *own = table;
            count += 1;
        }
        match tables.next() {
            None => Self::Few(count, few),
            Some(next) => Self::Many(few.into_iter().chain([next]).chain(tables).collect()),
        }
    }
}

/// Addresses of an interface, the primary one first: most have one.
#[derive(Debug, Clone)]
pub(crate) enum Addresses {
    One(IpAddr),
    Several(Arc<[IpAddr]>),
}

impl std::ops::Deref for Addresses {
    type Target = [IpAddr];

    fn deref(&self) -> &[IpAddr] {
        match self {
            Self::One(address) => std::slice::from_ref(address),
            Self::Several(addresses) => addresses,
        }
    }
}

impl From<Vec<IpAddr>> for Addresses {
    fn from(addresses: Vec<IpAddr>) -> Self {
        match addresses.as_slice() {
            [only] => Self::One(*only),
            _ => Self::Several(addresses.into()),
        }
    }
}

/// Where a packet can be.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The resource; none where AWS itself is.
    pub(crate) resource: Option<ResourceIx>,
    /// The tables, in the order of their stages.
    pub(crate) tables: Tables,
    /// The subnet whose link the place is on: packets from that link enter it without crossing the subnet's boundary.
    pub(crate) link: Option<SubnetIx>,
    /// The interface the place belongs to, which keeps state of what passed.
    pub(crate) interface: Option<InterfaceIx>,
    /// Whether a packet that passes is still known to come from a member of its security groups.
    pub(crate) keeps_groups: bool,
    /// The VPC whose security groups alone are known behind it; none for every one.
    pub(crate) groups_of: Option<VpcIx>,
    /// The interface whose security groups a packet that leaves is known by, where the component speaks for itself.
    pub(crate) sender: Option<InterfaceIx>,
    /// Whether rules here see the security groups of a packet that has come over a transit gateway.
    pub(crate) sees_groups_over_hubs: bool,
    /// How a rule is told of that misses what got lost here.
    pub(crate) lost_groups: Code,
    /// Whether other places of the resource stand for other zones, of which a flow should keep to one.
    pub(crate) is_zonal: bool,
    /// The zone that packets are in which come from here, where no subnet tells.
    pub(crate) zone: Option<ZoneIx>,
    /// The device that keeps state of connections here, so that both directions must pass it; it is told by one of its places.
    pub(crate) device: Option<PlaceIx>,
}

impl Place {
    /// A place that nothing is known of yet.
    pub(crate) fn empty() -> Self {
        Self {
            resource: None,
            tables: Tables::from_iter([]),
            link: None,
            interface: None,
            keeps_groups: true,
            groups_of: None,
            sender: None,
            sees_groups_over_hubs: true,
            lost_groups: Code::SgReferencesNotPreserved,
            is_zonal: false,
            zone: None,
            device: None,
        }
    }
}

/// Ordered rules of one component for one stage.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// The stage.
    pub(crate) stage: Stage,
    /// The resource whose rules they are; none where it is the place's own.
    pub(crate) resource: Option<ResourceIx>,
    /// How rules combine.
    pub(crate) order: Order,
    /// The rules, best first.
    pub(crate) rules: Vec<Rule>,
    /// What happens when no rule matches.
    pub(crate) otherwise: Rule,
}

impl Table {
    /// A table of the place's own rules, of which the first that matches decides.
    pub(crate) fn first(stage: Stage, rules: Vec<Rule>, otherwise: Rule) -> Self {
        Self {
            stage,
            resource: None,
            order: Order::First,
            rules,
            otherwise,
        }
    }
}

/// How the rules of a table combine.
#[derive(Debug, Clone)]
pub(crate) enum Order {
    /// The first rule that matches decides.
    First,
    /// Any rule that allows is enough (security groups), and replies to what passed need none.
    Stateful,
    /// Every rule that matches is a way of its own, the preferred one first: zones, targets, equal routes.
    Each,
    /// As `Each`; and what a connection was given once it keeps, in both directions: here, or where the packet has been of what is to choose.
    EachOfFlow,
    /// One of the rules that match holds, and nobody knows which.
    OneOf(Code),
    /// The best of the rules whose destination is the longest prefix (route tables).
    LongestPrefix(crate::prefix_index::PrefixIndex),
}

/// A match and what follows from it.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    /// Which packets.
    pub(crate) matches: Match,
    /// What is done.
    pub(crate) action: Action,
    /// What a step calls the rule.
    pub(crate) label: Cow<'static, str>,
    /// Precedence among routes; all equal elsewhere.
    pub(crate) rank: Rank,
}

impl Rule {
    /// A rule for all packets.
    pub(crate) fn always(action: Action, label: impl Into<Cow<'static, str>>) -> Self {
        Self {
            matches: Match::ANY,
            action,
            label: label.into(),
            rank: Rank::Static,
        }
    }

    /// A rule for some packets.
    pub(crate) fn when(
        matches: Match,
        action: Action,
        label: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            matches,
            action,
            label: label.into(),
            rank: Rank::Static,
        }
    }
}

/// Precedence of routes with the same prefix, best first (VPC guide, "Route priority").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// A static route to a CIDR block; the local route too.
    Static,
    /// A static route to a prefix list.
    PrefixList,
    /// A propagated route; in a transit gateway, one from a VPC.
    Propagated,
    /// From a Direct Connect gateway.
    DirectConnect,
    /// From a Connect attachment.
    Connect,
    /// From a static VPN connection.
    VpnStatic,
    /// From a VPN connection.
    Vpn,
    /// From a VPN concentrator.
    VpnConcentrator,
    /// From a peering attachment.
    Peering,
}

/// Which packets a rule is for.
#[derive(Debug, Clone)]
pub(crate) struct Match {
    pub(crate) source: AddressMatch,
    pub(crate) destination: AddressMatch,
    pub(crate) protocol: ProtocolMatch,
    pub(crate) destination_ports: PortRange,
    pub(crate) icmp: Option<IcmpTypeCode>,
    /// Replies alone, or all but replies; none for both.
    pub(crate) is_reply: Option<bool>,
    /// Packets that were in this zone last; none for all.
    pub(crate) zone: Option<ZoneIx>,
    pub(crate) source_ports: PortRange,
    /// Packets to any address of this very block alone, nobody knows which; none for all.
    pub(crate) block: Option<IpNet>,
    /// Why nobody knows whether packets that fit are meant; none if they are.
    pub(crate) doubt: Option<Code>,
}

impl Match {
    /// Every packet.
    pub(crate) const ANY: Self = Self {
        source: AddressMatch::Any,
        destination: AddressMatch::Any,
        protocol: ProtocolMatch::All,
        destination_ports: PortRange::ALL,
        icmp: None,
        is_reply: None,
        zone: None,
        source_ports: PortRange::ALL,
        block: None,
        doubt: None,
    };

    /// Packets to these addresses.
    pub(crate) fn to(destination: AddressMatch) -> Self {
        Self {
            destination,
            ..Self::ANY
        }
    }

    /// Packets from these addresses.
    pub(crate) fn from(source: AddressMatch) -> Self {
        Self {
            source,
            ..Self::ANY
        }
    }

    /// Packets of this protocol.
    pub(crate) fn protocol(protocol: causeway_model::Protocol) -> Self {
        Self {
            protocol: ProtocolMatch::Is(protocol),
            ..Self::ANY
        }
    }
}

/// Which addresses a rule is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AddressMatch {
    /// All.
    Any,
    /// Those in a CIDR block.
    Net(IpNet),
    /// Those in a prefix list.
    List(PrefixListIx),
    /// The public addresses of an AWS service.
    Service(Arc<ServiceAddress>),
    /// The private addresses of a security group's members.
    Group(GroupIx),
}

/// What a rule does with a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// Nothing, and tells nothing: the next table decides.
    Pass,
    /// Lets it pass.
    Allow,
    /// Would drop it: noted, and the walk goes on as if it had passed.
    Deny(Code),
    /// Cannot be known: noted, and the walk goes on as if it had passed.
    Doubt(Code),
    /// Lets it pass, and tells something that does not matter for the verdict.
    Inform(Code),
    /// Sends it to a place.
    Forward(PlaceIx),
    /// Sends it to the one who has its destination address in the VPC.
    ByAddress(VpcIx, Reach),
    /// Sends it to the VPC's gateway where the public destination address is held.
    ByPublicAddress,
    /// Replaces its source, its destination or both, until replies undo it.
    Rewrite(Box<Rewrite>),
    /// Replaces its private source by the public address it is paired with, within the VPC.
    PairSource(VpcIx),
    /// Replaces its public destination by the private address it is paired with, within the VPC.
    PairDestination(VpcIx),
    /// Undoes the translation that this resource made on the way forward.
    Undo,
    /// Takes it at its end.
    Deliver(End),
    /// Has no next hop for it: the way ends.
    Drop(Code),
    /// What follows is not known: the way ends.
    Unknown(Code),
}

impl Action {
    /// The code that it carries.
    pub(crate) fn code(&self) -> Option<Code> {
        match self {
            Self::Deny(code)
            | Self::Doubt(code)
            | Self::Inform(code)
            | Self::Drop(code)
            | Self::Unknown(code) => Some(*code),
            Self::Pass
            | Self::Allow
            | Self::Forward(_)
            | Self::ByAddress(..)
            | Self::ByPublicAddress
            | Self::Rewrite(_)
            | Self::PairSource(_)
            | Self::PairDestination(_)
            | Self::Undo
            | Self::Deliver(_) => None,
        }
    }
}

/// What a component makes of a packet's ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rewrite {
    /// The new source, with ports from 1024 to 65535.
    pub(crate) source: Option<Addr>,
    /// Where replies to the source come back to, if they do not find its interface by its address: a new source, or the one it keeps.
    pub(crate) back: Option<PlaceIx>,
    /// Whether replies come back there whatever routes say.
    pub(crate) skips_routes: bool,
    /// The new destination, and its port if that changes too.
    pub(crate) destination: Option<(IpAddr, Option<u16>)>,
}

impl Rewrite {
    /// A new source with an interface of its own.
    pub(crate) fn source(address: IpAddr) -> Self {
        Self {
            source: Some(Addr::Ip(address)),
            back: None,
            skips_routes: false,
            destination: None,
        }
    }
}

/// How a packet gets to the interface that has its destination address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Through the VPC's router, into the interface's subnet.
    Router,
    /// On the link of the subnet, to the interface itself.
    Link,
}

/// Where a way ends well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// At the interface that the place belongs to; replies leave from there.
    Interface,
    /// Outside of the gateway; replies enter at the place.
    Internet(PlaceIx),
    /// On premises; replies enter at the place.
    OnPremises(PlaceIx),
    /// Beyond a gateway, a connection or an attachment, at any address of a block; replies enter at the place.
    Gateway(PlaceIx),
    /// At a service behind an endpoint's interface; replies leave from the interface.
    ServiceAtInterface,
    /// At a service behind a gateway endpoint; replies enter at the place.
    ServiceAtGateway(PlaceIx),
}
