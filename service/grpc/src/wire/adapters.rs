//! Fields that take more than their type says. Each adapter gets the field's name, to note faults under it.

use crate::faults::Faults;
use crate::wire::Wire;

/// A oneof: its members are fields of the message, so its own name is no part of a path unless no member is given.
pub(crate) mod oneof {
    use super::{Faults, Wire};

    /// A oneof of which the record holds one member, or an option of one.
    pub(crate) trait OneOf<P>: Sized {
        fn parse(name: &'static str, wire: Option<P>, faults: &mut Faults) -> Option<Self>;

        fn render(&self) -> Option<P>;
    }

    impl<M: Wire<P>, P> OneOf<P> for Option<M> {
        fn parse(_name: &'static str, wire: Option<P>, faults: &mut Faults) -> Option<Self> {
            Wire::parse(wire, faults)
        }

        fn render(&self) -> Option<P> {
            Wire::render(self)
        }
    }

    /// Makes oneofs required where records hold them without an option.
    macro_rules! required {
        ($($model:ty = $wire:ty, $words:literal;)*) => {
            $(impl OneOf<$wire> for $model {
                fn parse(name: &'static str, wire: Option<$wire>, faults: &mut Faults) -> Option<Self> {
                    match wire {
                        Some(wire) => Wire::parse(wire, faults),
                        None => faults.field(name, |faults| faults.missing($words)),
                    }
                }

                fn render(&self) -> Option<$wire> {
                    Some(Wire::render(self))
                }
            })*
        };
    }

    required! {
        causeway_model::resources::routing::RouteDestination = causeway_proto::v1::route::Destination,
            "one of destination_cidr_block, destination_ipv6_cidr_block and destination_prefix_list_id";
        causeway_model::resources::transit::TransitGatewayRouteDestination = causeway_proto::v1::transit_gateway_route::Destination,
            "one of destination_cidr_block and prefix_list_id";
        causeway_model::resources::firewall::ExcludedResource = causeway_proto::v1::vpc_block_public_access_exclusion::Resource,
            "one of vpc_id and subnet_id";
        causeway_model::resource::Body = causeway_proto::v1::resource::Kind,
            "one of the kinds of resources, as `vpc`";
    }

    pub(crate) fn parse<M: OneOf<P>, P>(
        name: &'static str,
        wire: Option<P>,
        faults: &mut Faults,
    ) -> Option<M> {
        M::parse(name, wire, faults)
    }

    pub(crate) fn render<M: OneOf<P>, P>(held: &M) -> Option<P> {
        M::render(held)
    }
}

/// A text that must not be empty.
pub(crate) mod given {
    use super::Faults;

    pub(crate) fn parse(name: &'static str, wire: String, faults: &mut Faults) -> Option<String> {
        if wire.is_empty() {
            faults.field(name, |faults| faults.missing("a text"))
        } else {
            Some(wire)
        }
    }

    pub(crate) fn render(held: &str) -> String {
        held.to_owned()
    }
}

/// The domain of a Resolver rule: `.` is all of DNS.
pub(crate) mod domain {
    use causeway_model::ids::DnsName;

    use super::{Faults, Wire};

    pub(crate) fn parse(
        name: &'static str,
        wire: String,
        faults: &mut Faults,
    ) -> Option<Option<DnsName>> {
        if wire == "." {
            Some(None)
        } else {
            faults
                .field(name, |faults| DnsName::parse(wire, faults))
                .map(Some)
        }
    }

    pub(crate) fn render(held: &Option<DnsName>) -> String {
        held.as_ref()
            .map_or_else(|| ".".to_owned(), DnsName::render)
    }
}

/// Protocols by number.
pub(crate) mod protocol_numbers {
    use super::Faults;

    pub(crate) fn parse(
        name: &'static str,
        wire: Vec<u32>,
        faults: &mut Faults,
    ) -> Option<Vec<u32>> {
        let mut whole = true;
        for (index, number) in wire.iter().enumerate().filter(|(_, number)| **number > 255) {
            let fault = format!("`{number}` is no protocol number, expected 0 to 255");
            faults.field(name, |faults| {
                faults.item(index, |faults| faults.add::<()>(fault))
            });
            whole = false;
        }
        whole.then_some(wire)
    }

    pub(crate) fn render(held: &[u32]) -> Vec<u32> {
        held.to_vec()
    }
}

/// An ICMP type or code.
pub(crate) mod icmp_number {
    use super::Faults;

    pub(crate) fn parse(name: &'static str, wire: i32, faults: &mut Faults) -> Option<i32> {
        if (-1..=255).contains(&wire) {
            return Some(wire);
        }
        faults.field(name, |faults| {
            faults.add(format!(
                "`{wire}` is no ICMP type or code, expected 0 to 255, or -1 for all"
            ))
        })
    }

    pub(crate) fn render(held: &i32) -> i32 {
        *held
    }
}
