//! What AWS asks for what a packet meets: a book of prices, and the cost of one way.

use std::collections::BTreeMap;
use std::fmt;

use crate::ids::Region;
use crate::trace::Named;

/// An amount of money, in billionths of the book's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Price(pub u64);

impl Price {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many billionths make one of the currency.
    pub const ONE: u64 = 1_000_000_000;

    /// The sum, or the largest price there is.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// So many times the price, or the largest price there is.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / Self::ONE, self.0 % Self::ONE);
        let digits = format!("{rest:09}");
        let digits = digits.trim_end_matches('0');
        if digits.is_empty() {
            write!(f, "{whole}")
        } else {
            write!(f, "{whole}.{digits}")
        }
    }
}

crate::fields::enumeration! {
    /// What AWS charges for. The names are those of a price file.
    pub enum CostItem {
        /// A VPC interface endpoint, in each zone.
        InterfaceEndpoint = "interface_endpoint",
        /// An interface endpoint whose service is in another Region: what its data costs beside the endpoint.
        CrossRegionEndpoint = "cross_region_endpoint",
        /// A resource or service-network endpoint.
        LatticeEndpoint = "lattice_endpoint",
        /// A Gateway Load Balancer endpoint.
        GatewayLoadBalancerEndpoint = "gateway_load_balancer_endpoint",
        /// A gateway endpoint.
        GatewayEndpoint = "gateway_endpoint",
        /// A NAT gateway.
        NatGateway = "nat_gateway",
        /// A public IPv4 address.
        PublicIpv4Address = "public_ipv4_address",
        /// An attachment of a transit gateway, and the data that it sends into the gateway.
        TransitGatewayAttachment = "transit_gateway_attachment",
        /// A Site-to-Site VPN connection.
        VpnConnection = "vpn_connection",
        /// A Direct Connect connection: its port, and the data that leaves by it.
        DirectConnect = "direct_connect",
        /// A Network Load Balancer.
        NetworkLoadBalancer = "network_load_balancer",
        /// An Application Load Balancer.
        ApplicationLoadBalancer = "application_load_balancer",
        /// A Gateway Load Balancer.
        GatewayLoadBalancer = "gateway_load_balancer",
        /// An endpoint of a Network Firewall.
        NetworkFirewall = "network_firewall",
        /// Data that leaves for the internet, or over a VPN connection.
        InternetEgress = "internet_egress",
        /// Data between zones of a Region, or between public addresses in it; asked for at both ends.
        ZoneTransfer = "zone_transfer",
        /// Data that leaves for another Region.
        RegionTransfer = "region_transfer",
    }
}

/// A price for the data of a month up to a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    /// Up to how many gigabytes a month it holds; none for no bound.
    pub up_to_gb: Option<u64>,
    /// The price of a gigabyte.
    pub price: Price,
}

/// What one item costs in one Region.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rate {
    /// The price of an hour; none where it is not known.
    pub hour: Option<Price>,
    /// The prices of a gigabyte, by the month's data; empty where they are not known.
    pub gb: Vec<Tier>,
    /// What is to be said of it.
    pub note: String,
}

impl Rate {
    /// The price of a gigabyte: of those of a month that are not free, the first.
    #[must_use]
    pub fn first_gb(&self) -> Option<Price> {
        let paid = self.gb.iter().find(|tier| tier.price > Price::ZERO);
        paid.or_else(|| self.gb.first()).map(|tier| tier.price)
    }
}

/// Prices by Region.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceBook {
    /// The currency, as `USD`.
    pub currency: String,
    /// Prices of one Region.
    pub regions: BTreeMap<Region, BTreeMap<CostItem, Rate>>,
    /// Prices that hold in every Region that has none of its own.
    pub everywhere: BTreeMap<CostItem, Rate>,
}

impl PriceBook {
    /// What an item costs in a Region, if the book tells.
    #[must_use]
    pub fn rate(&self, region: Option<&Region>, item: CostItem) -> Option<&Rate> {
        let own = region.and_then(|region| self.regions.get(region)?.get(&item));
        own.or_else(|| self.everywhere.get(&item))
    }
}

/// What a way costs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cost {
    /// The currency of all prices here.
    pub currency: String,
    /// What is on the way, by the hour, used or not: the sum of what is known.
    pub per_hour: Price,
    /// A gigabyte that goes the way of the packet: the sum of what is known.
    pub per_gb_forward: Price,
    /// A gigabyte that goes the way of the reply: the sum of what is known.
    pub per_gb_return: Price,
    /// Whether all prices are known; if not, the sums are less than what is asked.
    pub is_complete: bool,
    /// What it is made of.
    pub components: Vec<CostComponent>,
}

/// What one thing on a way costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostComponent {
    /// What it is charged as.
    pub item: CostItem,
    /// The resource; none for the transfer of data.
    pub resource: Option<Named>,
    /// The Region whose prices hold.
    pub region: Option<Region>,
    /// An hour of it; none where that is not known.
    pub per_hour: Option<Price>,
    /// A gigabyte the way of the packet; none where that is not known.
    pub per_gb_forward: Option<Price>,
    /// A gigabyte the way of the reply; none where that is not known.
    pub per_gb_return: Option<Price>,
    /// How the prices came about: tiers, notes of the price file, what is not known.
    pub basis: String,
}

#[cfg(test)]
mod tests {
    use super::Price;

    #[test]
    fn a_price_is_written_without_needless_digits() {
        let written = [0, 5_000_000, 45_000_000, 1_076_000_000, 1].map(|n| Price(n).to_string());
        assert_eq!(written, ["0", "0.005", "0.045", "1.076", "0.000000001"]);
    }
}
