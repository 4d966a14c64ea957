//! The rules of a rule group, stateless and stateful, as 5-tuples.

use causeway_proto::v1;

use super::{action, set};
use crate::record::{Record, canonical_cidr};

/// Options of Suricata that say nothing of what a rule matches.
const HARMLESS_OPTIONS: [&str; 6] = ["sid", "msg", "rev", "gid", "metadata", "classtype"];

/// The rules of a group, and whether it has others beside.
pub(super) fn rules(source: &Record<'_>) -> (Vec<v1::FirewallRule>, bool) {
    let stateless = source.child("StatelessRulesAndCustomActions");
    let stateless = stateless
        .map(|stateless| stateless.children("StatelessRules"))
        .unwrap_or_default();
    let mut rules: Vec<_> = stateless.iter().filter_map(stateless_rule).collect();
    rules.sort_by_key(|rule| rule.priority);
    for (position, rule) in (1..).zip(source.children("StatefulRules")) {
        rules.extend(stateful_rule(position, &rule));
    }
    let has_others = source.word("RulesString").is_some() || source.has("RulesSourceList");
    (rules, has_others)
}

fn stateless_rule(record: &Record<'_>) -> Option<v1::FirewallRule> {
    let definition = record.child("RuleDefinition")?;
    let attributes = definition.child("MatchAttributes");
    let attributes = attributes.as_ref();
    let (sources, other_sources) = attributes
        .map(|item| definitions(item, "Sources"))
        .unwrap_or_default();
    let (destinations, other_destinations) = attributes
        .map(|item| definitions(item, "Destinations"))
        .unwrap_or_default();
    // Beside an action of its own making a rule always has one of AWS's.
    let actions = definition.texts("Actions");
    let word = actions
        .iter()
        .find(|action| action.starts_with("aws:"))
        .cloned()
        .unwrap_or_default();
    Some(v1::FirewallRule {
        priority: record.required_number("Priority")?,
        action: action(&definition, "Actions", &word),
        protocols: attributes.map(protocol_numbers).unwrap_or_default(),
        sources,
        destinations,
        source_ports: attributes
            .map(|item| port_ranges(item, "SourcePorts"))
            .unwrap_or_default(),
        destination_ports: attributes
            .map(|item| port_ranges(item, "DestinationPorts"))
            .unwrap_or_default(),
        any_direction: false,
        has_other_options: other_sources
            || other_destinations
            || attributes.is_some_and(|item| !item.children("TCPFlags").is_empty()),
    })
}

/// Addresses of a stateless rule, and whether some of them could not be read.
fn definitions(record: &Record<'_>, field: &str) -> (Vec<String>, bool) {
    let items = record.children(field);
    let blocks: Vec<Option<String>> = items
        .iter()
        .map(|item| item.word("AddressDefinition").and_then(canonical_block))
        .collect();
    let unread = blocks.iter().any(Option::is_none);
    (set(blocks.into_iter().flatten()), unread)
}

fn protocol_numbers(record: &Record<'_>) -> Vec<u32> {
    let numbers = record
        .raw("Protocols")
        .and_then(serde_json::Value::as_array);
    let number = |value: &serde_json::Value| u32::try_from(value.as_u64()?).ok();
    numbers.into_iter().flatten().filter_map(number).collect()
}

fn port_ranges(record: &Record<'_>, field: &str) -> Vec<v1::PortRange> {
    let range = |item: &Record<'_>| {
        Some(v1::PortRange {
            from: item.number("FromPort")?,
            to: item.number("ToPort")?,
        })
    };
    record.children(field).iter().filter_map(range).collect()
}

fn stateful_rule(position: u32, record: &Record<'_>) -> Option<v1::FirewallRule> {
    let header = record.child("Header")?;
    let text = |field: &str| header.word(field).unwrap_or("ANY");
    let protocols = protocol(text("Protocol"));
    let (sources, destinations) = (addresses(text("Source")), addresses(text("Destination")));
    let (source_ports, destination_ports) =
        (ports(text("SourcePort")), ports(text("DestinationPort")));
    let options = record.children("RuleOptions");
    let is_harmless = |option: &Record<'_>| {
        option
            .word("Keyword")
            .is_some_and(|word| HARMLESS_OPTIONS.contains(&word))
    };
    let has_other_options = [
        protocols.is_none(),
        sources.is_none(),
        destinations.is_none(),
    ]
    .contains(&true)
        || [source_ports.is_none(), destination_ports.is_none()].contains(&true)
        || !options.iter().all(is_harmless);
    Some(v1::FirewallRule {
        priority: position,
        action: action(record, "Action", record.word("Action").unwrap_or_default()),
        protocols: protocols.unwrap_or_default(),
        sources: sources.unwrap_or_default(),
        destinations: destinations.unwrap_or_default(),
        source_ports: source_ports.unwrap_or_default(),
        destination_ports: destination_ports.unwrap_or_default(),
        any_direction: text("Direction").eq_ignore_ascii_case("any"),
        has_other_options,
    })
}

/// Numbers of a protocol, none for all; nothing for one that lies above the transport, which a header cannot show.
fn protocol(word: &str) -> Option<Vec<u32>> {
    match word.to_ascii_uppercase().as_str() {
        "IP" | "ANY" => Some(Vec::new()),
        "ICMP" => Some(vec![1]),
        "TCP" => Some(vec![6]),
        "UDP" => Some(vec![17]),
        _ => None,
    }
}

/// Blocks of an address field, none for all; nothing where it has variables or exceptions.
fn addresses(word: &str) -> Option<Vec<String>> {
    if word.eq_ignore_ascii_case("any") {
        return Some(Vec::new());
    }
    let blocks: Option<Vec<String>> = list_of(word).map(canonical_block).collect();
    blocks.map(|blocks| set(blocks.into_iter()))
}

/// Ranges of a port field, none for all; nothing where it has variables or exceptions.
fn ports(word: &str) -> Option<Vec<v1::PortRange>> {
    if word.eq_ignore_ascii_case("any") {
        return Some(Vec::new());
    }
    list_of(word).map(port_range).collect()
}

fn port_range(word: &str) -> Option<v1::PortRange> {
    let (from, to) = word.split_once(':').unwrap_or((word, word));
    let bound = |text: &str, open: u16| {
        if text.is_empty() {
            Some(open)
        } else {
            text.parse::<u16>().ok()
        }
    };
    Some(v1::PortRange {
        from: bound(from, 0)?.into(),
        to: bound(to, u16::MAX)?.into(),
    })
}

/// The items of `[a,b]`, or the one word.
fn list_of(word: &str) -> impl Iterator<Item = &str> {
    let inner = word
        .strip_prefix('[')
        .and_then(|word| word.strip_suffix(']'))
        .unwrap_or(word);
    inner.split(',').map(str::trim)
}

/// A block, or an address as the block of itself.
fn canonical_block(word: &str) -> Option<String> {
    let of_address = |address: std::net::IpAddr| ipnet::IpNet::from(address).to_string();
    canonical_cidr(word).or_else(|| word.parse().ok().map(of_address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_with_variables_or_exceptions_are_not_guessed() {
        assert_eq!(addresses("ANY"), Some(Vec::new()));
        assert_eq!(addresses("10.0.0.1"), Some(vec!["10.0.0.1/32".to_owned()]));
        assert_eq!(
            addresses("[10.1.0.0/16, 10.0.0.0/16]"),
            Some(vec!["10.0.0.0/16".to_owned(), "10.1.0.0/16".to_owned()])
        );
        assert_eq!(addresses("$HOME_NET"), None);
        assert_eq!(addresses("![10.0.0.0/8]"), None);
    }

    #[test]
    fn an_open_range_of_ports_reaches_to_the_end() {
        assert_eq!(
            ports("1024:"),
            Some(vec![v1::PortRange {
                from: 1024,
                to: 65535
            }])
        );
        assert_eq!(ports("[80,443]").map(|ports| ports.len()), Some(2));
        assert_eq!(ports("!80"), None);
    }
}
