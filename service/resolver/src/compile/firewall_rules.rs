//! Rules of Network Firewalls, as tables (Network Firewall guide, "Stateless and stateful rules engines", "Evaluation order").
//!
//! Stateless rules are taken by priority, and the first that matches decides. Stateful rules are taken in strict order, or all that pass
//! before all that drop or reject; alerts let packets go on. They look at the packet that opens a connection; its replies belong to what
//! was passed, but where no rule passed it by name, one that drops packets of the other direction may drop a reply. A rule with options,
//! or a group with rules, that the topology does not hold may match or not: both are walked, and nobody knows which is real.

use causeway_model::protocol::{PortRange, Protocol, ProtocolMatch};
use causeway_model::resource::Body;
use causeway_model::resources::firewall::{FirewallRule, FirewallRuleAction};
use causeway_model::resources::{FirewallPolicy, FirewallRuleGroup};
use causeway_model::trace::{Code, Stage};
use ipnet::IpNet;

use crate::table::{Action, AddressMatch, Match, PlaceIx, Rule, TableIx};

use super::builder::Builder;

/// What is in doubt of a rule that is not held in full.
const UNREAD: Code = Code::UnsupportedComponent;

/// Into how many matches a rule is taken apart at most; one with more blocks and ports is in doubt.
const MOST: usize = 4096;

/// The rules of one use of a group, with the name to call it by.
struct Group {
    name: String,
    rules: Vec<FirewallRule>,
    /// What is not known of the group.
    unread: Option<(Code, String)>,
}

/// The groups that a policy uses, by priority.
fn groups(builder: &Builder, policy: &FirewallPolicy, stateful: bool) -> Vec<Group> {
    let mut used = if stateful {
        policy.stateful_rule_group_references.clone()
    } else {
        policy.stateless_rule_group_references.clone()
    };
    used.sort_by_key(|reference| reference.priority);
    let groups = used.iter().map(|reference| {
        let arn = &reference.resource_arn;
        let name = arn.as_str().rsplit('/').next().unwrap_or_default();
        let name = name.to_owned();
        match builder.find(arn).map(|(_, held)| &held.body) {
            Some(Body::FirewallRuleGroup(group)) => read(name, group),
            _ => Group {
                unread: Some((
                    Code::UnknownResource,
                    format!("{name} is not in the topology"),
                )),
                name,
                rules: Vec::new(),
            },
        }
    });
    groups.collect()
}

fn read(name: String, group: &FirewallRuleGroup) -> Group {
    let mut rules = group.rules.clone();
    rules.sort_by_key(|rule| rule.priority);
    let unread = format!("{name} has rules of a form that is not held here");
    Group {
        name,
        rules,
        unread: group.has_other_rules.then_some((UNREAD, unread)),
    }
}

/// The tables of the stateless rules: what they pass goes back to the endpoint, what they hand on to the stateful rules.
pub(super) fn stateless(
    builder: &mut Builder,
    policy: &FirewallPolicy,
    [stateful, back]: [PlaceIx; 2],
) -> Vec<TableIx> {
    let act = |action| match action {
        FirewallRuleAction::Pass | FirewallRuleAction::Alert => Action::Forward(back),
        FirewallRuleAction::Drop | FirewallRuleAction::Reject => {
            Action::Deny(Code::FirewallRulesRestriction)
        }
        FirewallRuleAction::ForwardToStateful => Action::Forward(stateful),
    };
    let mut rules = Vec::new();
    for group in groups(builder, policy, false) {
        if let Some((code, words)) = &group.unread {
            let outcomes = [
                FirewallRuleAction::Pass,
                FirewallRuleAction::Drop,
                FirewallRuleAction::ForwardToStateful,
            ];
            rules.extend(outcomes.map(|action| in_doubt(*code, act(action), words, action)));
        }
        for rule in &group.rules {
            let label = label(&group, rule);
            let matches = matches(rule, false, None);
            rules.extend(each(matches, &act(rule.action), &label));
        }
    }
    let defaults = policy.stateless_default_actions.iter();
    let mut defaults = defaults.filter_map(|name| {
        let action = match name.as_str() {
            "aws:pass" => FirewallRuleAction::Pass,
            "aws:drop" => FirewallRuleAction::Drop,
            "aws:forward_to_sfe" => FirewallRuleAction::ForwardToStateful,
            _ => return None,
        };
        Some((act(action), format!("default action: {name}")))
    });
    let otherwise = match defaults.next() {
        Some((action, label)) => Rule::always(action, label),
        None => Rule::always(
            Action::Doubt(Code::UnknownResource),
            "the policy's default action is not known",
        ),
    };
    let rules = builder.ordered(Stage::Firewall, rules, otherwise);
    let onward = Action::Forward(back);
    vec![
        rules,
        builder.always(Stage::Forwarding, onward, "back to the endpoint"),
    ]
}

/// The table of the stateful rules.
pub(super) fn stateful(builder: &mut Builder, policy: &FirewallPolicy) -> TableIx {
    let groups = groups(builder, policy, true);
    let mut rules = Vec::new();
    let turns: &[&[FirewallRuleAction]] = if policy.strict_order {
        &[&[
            FirewallRuleAction::Pass,
            FirewallRuleAction::Drop,
            FirewallRuleAction::Reject,
        ]]
    } else {
        &[
            &[FirewallRuleAction::Pass],
            &[FirewallRuleAction::Drop, FirewallRuleAction::Reject],
        ]
    };
    for turn in turns {
        for group in &groups {
            rules.extend(turn_of(group, turn));
        }
    }
    let reply = Match {
        is_reply: Some(true),
        ..Match::ANY
    };
    let label = "reply to a tracked connection";
    rules.push(Rule::when(reply, Action::Allow, label));
    rules.extend(defaults(policy));
    let otherwise = Rule::always(Action::Allow, "no stateful rule stops it");
    builder.ordered(Stage::Firewall, rules, otherwise)
}

/// The rules of a group whose turn it is.
fn turn_of(group: &Group, turn: &[FirewallRuleAction]) -> Vec<Rule> {
    let mut rules = Vec::new();
    if let Some((code, words)) = &group.unread {
        for action in turn {
            match action {
                FirewallRuleAction::Pass => {
                    rules.push(in_doubt(*code, Action::Allow, words, *action));
                }
                FirewallRuleAction::Drop => {
                    let deny = Action::Deny(Code::FirewallRulesRestriction);
                    rules.push(in_doubt(*code, deny, words, *action));
                }
                FirewallRuleAction::Reject
                | FirewallRuleAction::Alert
                | FirewallRuleAction::ForwardToStateful => {}
            }
        }
    }
    for rule in group
        .rules
        .iter()
        .filter(|rule| turn.contains(&rule.action))
    {
        let label = label(group, rule);
        if rule.action == FirewallRuleAction::Pass {
            let tracked = format!("{label}, a reply to what it passed");
            rules.extend(each(
                matches(rule, true, Some(false)),
                &Action::Allow,
                &label,
            ));
            rules.extend(each(swapped(rule), &Action::Allow, &tracked));
        } else {
            let deny = Action::Deny(Code::FirewallRulesRestriction);
            rules.extend(each(matches(rule, true, Some(false)), &deny, &label));
            let doubt = format!("{label}, which may be for the reply too");
            let matches = matches(rule, true, Some(true));
            rules.extend(each(matches, &Action::Doubt(UNREAD), &doubt));
        }
    }
    rules
}

/// What becomes of a connection that no stateful rule decides about. Only policies in strict order have such actions. One that drops
/// established connections alone lets a connection open and carries nothing then.
fn defaults(policy: &FirewallPolicy) -> Vec<Rule> {
    let actions = policy.stateful_default_actions.iter();
    let actions = actions.filter(|_| policy.strict_order);
    let drops = actions.filter(|action| action.starts_with("aws:drop_"));
    let rules = drops.flat_map(|action| {
        let label = format!("default action: {action}");
        let deny = Action::Deny(Code::FirewallRulesRestriction);
        if action == "aws:drop_strict" {
            return vec![Rule::always(deny, label)];
        }
        let doubt = Action::Doubt(Code::FirewallRulesRestriction);
        let matches = Match::protocol(Protocol::TCP);
        vec![
            Rule::when(matches, deny, label.clone()),
            Rule::always(doubt, label),
        ]
    });
    rules.collect()
}

fn label(group: &Group, rule: &FirewallRule) -> String {
    format!("{} of {}: {}", rule.priority, group.name, rule.action)
}

/// A rule of which nobody knows whether there is one for the packet.
fn in_doubt(code: Code, action: Action, words: &str, does: FirewallRuleAction) -> Rule {
    let doubt = Match {
        doubt: Some(code),
        ..Match::ANY
    };
    let does = does.as_str().replace('_', " ");
    Rule::when(doubt, action, format!("{words}, which may {does}"))
}

fn each(matches: Vec<Match>, action: &Action, label: &str) -> Vec<Rule> {
    let rules = matches.into_iter();
    rules
        .map(|matches| Rule::when(matches, action.clone(), label.to_owned()))
        .collect()
}

/// The matches of a rule; with `is_stateful` in both directions if it is for any, and for the ICMP of both families.
fn matches(rule: &FirewallRule, is_stateful: bool, is_reply: Option<bool>) -> Vec<Match> {
    let mut found = product(rule, is_stateful, is_reply);
    if is_stateful && rule.any_direction {
        found.extend(product(&turned(rule), is_stateful, is_reply));
    }
    found
}

/// The matches of the replies to what a stateful rule matches.
fn swapped(rule: &FirewallRule) -> Vec<Match> {
    matches(&turned(rule), true, Some(true))
}

/// The rule for the other direction.
fn turned(rule: &FirewallRule) -> FirewallRule {
    let mut turned = rule.clone();
    std::mem::swap(&mut turned.sources, &mut turned.destinations);
    std::mem::swap(&mut turned.source_ports, &mut turned.destination_ports);
    turned
}

fn product(rule: &FirewallRule, is_stateful: bool, is_reply: Option<bool>) -> Vec<Match> {
    let protocols = protocols(rule, is_stateful);
    let (sources, destinations) = (nets(&rule.sources), nets(&rule.destinations));
    let (from, to) = (ports(&rule.source_ports), ports(&rule.destination_ports));
    let sizes = [
        protocols.len(),
        sources.len(),
        destinations.len(),
        from.len(),
        to.len(),
    ];
    let size = sizes.into_iter().fold(1, usize::saturating_mul);
    let base = Match {
        is_reply,
        doubt: rule.has_other_options.then_some(UNREAD),
        ..Match::ANY
    };
    if size > MOST {
        let doubt = Some(UNREAD);
        return vec![Match { doubt, ..base }];
    }
    let mut all = vec![base];
    all = spread(all, &protocols, |own, protocol| own.protocol = *protocol);
    all = spread(all, &sources, |own, net| own.source = net.clone());
    all = spread(all, &destinations, |own, net| own.destination = net.clone());
    all = spread(all, &from, |own, ports| {
        if has_ports(own.protocol) {
            own.source_ports = *ports;
        }
    });
    spread(all, &to, |own, ports| {
        if has_ports(own.protocol) {
            own.destination_ports = *ports;
        }
    })
}

/// Each match with each of the values.
fn spread<T>(matches: Vec<Match>, values: &[T], set: impl Fn(&mut Match, &T)) -> Vec<Match> {
    let mut all = Vec::new();
    for own in matches {
        for value in values {
            let mut new = own.clone();
            set(&mut new, value);
            all.push(new);
        }
    }
    all
}

fn has_ports(protocol: ProtocolMatch) -> bool {
    matches!(protocol, ProtocolMatch::Is(protocol) if protocol.has_ports())
}

/// The protocols of a rule; one that names ports and no protocol is for those that have ports.
fn protocols(rule: &FirewallRule, is_stateful: bool) -> Vec<ProtocolMatch> {
    let mut named: Vec<Protocol> = Vec::new();
    for number in &rule.protocols {
        named.extend(u8::try_from(*number).ok().map(Protocol));
    }
    if is_stateful && named.contains(&Protocol::ICMP) && !named.contains(&Protocol::ICMPV6) {
        named.push(Protocol::ICMPV6);
    }
    let names_ports = !rule.source_ports.is_empty() || !rule.destination_ports.is_empty();
    if rule.protocols.is_empty() && names_ports {
        named.extend([Protocol::TCP, Protocol::UDP]);
    }
    if rule.protocols.is_empty() && named.is_empty() {
        return vec![ProtocolMatch::All];
    }
    named.into_iter().map(ProtocolMatch::Is).collect()
}

fn nets(blocks: &[IpNet]) -> Vec<AddressMatch> {
    if blocks.is_empty() {
        return vec![AddressMatch::Any];
    }
    blocks.iter().map(|net| AddressMatch::Net(*net)).collect()
}

fn ports(ranges: &[PortRange]) -> Vec<PortRange> {
    if ranges.is_empty() {
        return vec![PortRange::ALL];
    }
    ranges.to_vec()
}
