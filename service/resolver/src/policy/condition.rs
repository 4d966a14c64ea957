//! Conditions: the keys that the topology knows the values of, and how they are compared.

use std::net::IpAddr;

use causeway_model::policy::{Comparison, Condition, SetOperator};
use causeway_model::protocol::PortRange;
use causeway_model::trace::Addr;
use ipnet::IpNet;

use crate::packet::Matched;

use super::pattern::{arn_like, like, unless_variable};
use super::{Asked, not};

/// The value of a key in a request.
#[derive(Debug)]
enum Fact {
    Is(String),
    /// The ARN of who asks, of which not all may be known.
    Asker,
    Absent,
    Unknown,
}

impl Asked<'_> {
    /// Whether a condition holds.
    pub(super) fn holds(&self, condition: &Condition) -> Matched {
        let fact = self.fact(&condition.key);
        if condition.comparison == Comparison::Null {
            let wants_absent = condition.values.iter().any(|value| is_true(value));
            return match fact {
                Fact::Unknown => Matched::Unknown,
                Fact::Absent => Matched::from(wants_absent),
                Fact::Is(_) | Fact::Asker => Matched::from(!wants_absent),
            };
        }
        let any = |compare: &dyn Fn(&str) -> Matched| {
            let values = condition.values.iter();
            let any = values.map(|value| compare(value)).min();
            let any = any.unwrap_or(Matched::No);
            if condition.negated { not(any) } else { any }
        };
        match fact {
            _ if condition.comparison == Comparison::Other => Matched::Unknown,
            Fact::Unknown => Matched::Unknown,
            Fact::Absent => Matched::from(holds_absent(condition)),
            Fact::Asker => any(&|value| self.compare_asker(condition.comparison, value)),
            Fact::Is(own) => any(&|value| compare(condition.comparison, value, &own)),
        }
    }

    fn fact(&self, key: &str) -> Fact {
        let policy = self.policy;
        let is = |value: &str| Fact::Is(value.to_owned());
        match key {
            "aws:sourcevpc" => is(&policy.vpc),
            "aws:sourcevpce" => is(&policy.endpoint),
            "aws:vpcsourceip" => match &self.header.source {
                Addr::Ip(address) => Fact::Is(address.to_string()),
                Addr::Internet | Addr::Within(_) | Addr::Service(_) => Fact::Unknown,
            },
            // Requests through an endpoint bring their address in the VPC alone.
            "aws:sourceip" => Fact::Absent,
            "aws:principalaccount" if !self.asker.account.is_empty() => is(self.asker.account),
            "aws:principalarn" => Fact::Asker,
            "aws:principaltype" => self.asker.kind().map_or(Fact::Unknown, is),
            "aws:requestedregion" => match &policy.region {
                Some(region) => is(region.as_str()),
                None => Fact::Unknown,
            },
            "aws:securetransport" => match self.header.destination_ports {
                ports if ports == PortRange::one(443) => is("true"),
                ports if ports == PortRange::one(80) => is("false"),
                _ => Fact::Unknown,
            },
            "aws:resourceaccount" => match self.request.resource().split(':').nth(4) {
                Some(account) if !account.is_empty() => is(account),
                _ => Fact::Unknown,
            },
            _ => Fact::Unknown,
        }
    }

    fn compare_asker(&self, comparison: Comparison, value: &str) -> Matched {
        if value.contains("${") {
            return Matched::Unknown;
        }
        match comparison {
            Comparison::StringLike | Comparison::Arn => self.asker.is_like(value),
            Comparison::StringEquals | Comparison::StringEqualsIgnoreCase => {
                if value.contains(['*', '?']) {
                    Matched::No
                } else {
                    self.asker.is_like(value)
                }
            }
            Comparison::IpAddress | Comparison::Bool => Matched::No,
            Comparison::Null | Comparison::Other => Matched::Unknown,
        }
    }
}

/// What a key that is absent makes of a condition: a comparison fails, its opposite holds.
fn holds_absent(condition: &Condition) -> bool {
    match condition.set {
        _ if condition.if_exists => true,
        SetOperator::ForAllValues => true,
        SetOperator::ForAnyValue => false,
        SetOperator::None => condition.negated,
    }
}

fn compare(comparison: Comparison, value: &str, own: &str) -> Matched {
    unless_variable(value, || match comparison {
        Comparison::StringEquals => value == own,
        Comparison::StringEqualsIgnoreCase => value.eq_ignore_ascii_case(own),
        Comparison::StringLike => like(value, own),
        Comparison::Arn => arn_like(value, own),
        Comparison::IpAddress => is_in_block(value, own),
        Comparison::Bool => is_true(value) == is_true(own),
        Comparison::Null | Comparison::Other => false,
    })
}

fn is_in_block(block: &str, own: &str) -> bool {
    let block: Option<IpNet> = block
        .parse()
        .ok()
        .or_else(|| block.parse::<IpAddr>().ok().map(IpNet::from));
    let own: Option<IpAddr> = own.parse().ok();
    block
        .zip(own)
        .is_some_and(|(block, own)| block.contains(&own))
}

fn is_true(value: &str) -> bool {
    value.eq_ignore_ascii_case("true")
}
