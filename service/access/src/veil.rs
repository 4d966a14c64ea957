//! Answers about paths, without what their asker may not see. The verdict stays.
//!
//! # Rules
//! - A hop at a resource that is hidden tells its account alone. So does an explanation, beside its code and direction.
//! - A step whose rule is of a hidden resource is left out; ids of hidden resources are taken out of all texts.
//! - What has no account, as the internet, is told like the hop before it: who may not see that does not see what came of it.
//! - An address that is first seen at a hidden hop is told as one of any block wherever else it stands, unless it was asked for.
//! - Where a hop is hidden, what the way is like and what it costs is not told.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::IpAddr;

use causeway_model::ids::{AccountId, ResourceId};
use causeway_model::trace::{Addr, Alternative, Explanation, Header, Hop, PathAnswer, Step, Trace};

/// What is in place of the id of something hidden.
const HIDDEN: &str = "(not shown)";

/// The account of a resource that is hidden; none for one that is not.
type Hides<'a> = &'a dyn Fn(&ResourceId) -> Option<AccountId>;

/// The answer without what is hidden. `asked` are the addresses that the question names.
#[must_use]
pub fn veiled(answer: &PathAnswer, asked: &[IpAddr], hides: Hides<'_>) -> PathAnswer {
    let veil = Veil {
        hides,
        secret: secret(answer, asked, hides),
    };
    let explanations = answer.explanations.iter();
    let mut told: Vec<Explanation> = Vec::new();
    for explanation in explanations.map(|held| veil.explanation(held)) {
        if !told.contains(&explanation) {
            told.push(explanation);
        }
    }
    let is_whole = ways(answer)
        .flat_map(|trace| &trace.hops)
        .all(|hop| veil.account(hop).is_none());
    let cost = answer.cost.clone().filter(|cost| {
        let mut named = cost.components.iter().flat_map(|part| &part.resource);
        is_whole && named.all(|named| hides(&named.id).is_none())
    });
    PathAnswer {
        verdict: answer.verdict,
        forward: veil.trace(answer.forward.as_ref()),
        reply: veil.trace(answer.reply.as_ref()),
        explanations: told,
        alternatives: answer
            .alternatives
            .iter()
            .map(|other| Alternative {
                verdict: other.verdict,
                forward: veil.trace(other.forward.as_ref()),
                reply: veil.trace(other.reply.as_ref()),
                count: other.count,
            })
            .collect(),
        alternatives_truncated: answer.alternatives_truncated,
        assumptions: answer
            .assumptions
            .iter()
            .map(|text| veil.text(text).into_owned())
            .collect(),
        qualities: answer.qualities.clone().filter(|_| is_whole),
        cost,
    }
}

/// The traces that tell the way that is told first.
fn ways(answer: &PathAnswer) -> impl Iterator<Item = &Trace> {
    [&answer.forward, &answer.reply].into_iter().flatten()
}

/// The addresses that nobody but hidden hops gave away.
fn secret(answer: &PathAnswer, asked: &[IpAddr], hides: Hides<'_>) -> BTreeSet<Addr> {
    let mut known: BTreeSet<Addr> = asked.iter().copied().map(Addr::Ip).collect();
    let mut behind = BTreeSet::new();
    let others = answer.alternatives.iter();
    let others = others.flat_map(|other| [&other.forward, &other.reply]);
    let directions = [(&answer.forward, true), (&answer.reply, false)].into_iter();
    let others = others
        .enumerate()
        .map(|(place, trace)| (trace, place % 2 == 0));
    for (trace, is_forward) in directions.chain(others) {
        let mut is_hidden = false;
        for hop in trace.iter().flat_map(|trace| &trace.hops) {
            is_hidden = is_hidden_at(hop, is_hidden, hides);
            let addresses = hop.steps.iter().flat_map(addresses).cloned();
            if is_hidden {
                behind.extend(addresses);
            } else if is_forward && behind.is_empty() {
                known.extend(addresses);
            }
        }
    }
    behind.retain(|address| matches!(address, Addr::Ip(_) | Addr::Within(_)));
    behind.difference(&known).cloned().collect()
}

fn is_hidden_at(hop: &Hop, is_hidden_before: bool, hides: Hides<'_>) -> bool {
    match &hop.resource {
        Some(named) => hides(&named.id).is_some(),
        None => is_hidden_before,
    }
}

fn addresses(step: &Step) -> impl Iterator<Item = &Addr> {
    let headers = [Some(&step.before), step.after.as_ref()];
    let headers = headers.into_iter().flatten();
    headers.flat_map(|header| [&header.source, &header.destination])
}

/// What is hidden.
struct Veil<'a> {
    hides: Hides<'a>,
    secret: BTreeSet<Addr>,
}

// === impl Veil ===

impl Veil<'_> {
    fn account(&self, hop: &Hop) -> Option<AccountId> {
        hop.resource
            .as_ref()
            .and_then(|named| (self.hides)(&named.id))
    }

    fn trace(&self, trace: Option<&Trace>) -> Option<Trace> {
        let trace = trace?;
        let mut is_hidden = false;
        let hops = trace.hops.iter().map(|hop| {
            is_hidden = is_hidden_at(hop, is_hidden, self.hides);
            if is_hidden {
                return Hop {
                    resource: None,
                    account: self.account(hop),
                    steps: Vec::new(),
                };
            }
            let steps = hop.steps.iter().filter_map(|step| self.step(step));
            Hop {
                resource: hop.resource.clone(),
                account: None,
                steps: steps.collect(),
            }
        });
        Some(Trace {
            hops: hops.collect(),
            disposition: trace.disposition,
        })
    }

    fn step(&self, step: &Step) -> Option<Step> {
        let by = step.resource.as_ref();
        if by.is_some_and(|id| (self.hides)(id).is_some()) {
            return None;
        }
        Some(Step {
            rule: Cow::Owned(self.text(&step.rule).into_owned()),
            before: self.header(&step.before),
            after: step.after.as_ref().map(|after| self.header(after)),
            ..step.clone()
        })
    }

    fn header(&self, header: &Header) -> Header {
        Header {
            source: self.address(&header.source),
            destination: self.address(&header.destination),
            ..header.clone()
        }
    }

    fn address(&self, address: &Addr) -> Addr {
        if !self.secret.contains(address) {
            return address.clone();
        }
        let is_v4 = match address {
            Addr::Ip(address) => address.is_ipv4(),
            Addr::Within(block) => block.addr().is_ipv4(),
            Addr::Internet | Addr::Service(_) => return address.clone(),
        };
        let any = if is_v4 { "0.0.0.0/0" } else { "::/0" };
        any.parse().map_or(Addr::Internet, Addr::Within)
    }

    fn explanation(&self, explanation: &Explanation) -> Explanation {
        let hidden = explanation.resource.as_ref();
        match hidden.and_then(|named| (self.hides)(&named.id)) {
            Some(account) => Explanation {
                resource: None,
                detail: format!("it is in account `{account}`, of which you may see no more"),
                ..explanation.clone()
            },
            None => Explanation {
                detail: self.text(&explanation.detail).into_owned(),
                ..explanation.clone()
            },
        }
    }

    /// The text without ids that are hidden, and without addresses that are secret.
    fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let is_within = |character: char| {
            character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.' | ':' | '/')
        };
        let mut told = String::new();
        let mut is_changed = false;
        for part in text.split_inclusive(|character| !is_within(character)) {
            let word = part.trim_end_matches(|character| !is_within(character));
            let bare = word.trim_end_matches(['.', ':']);
            if self.is_secret(bare) {
                is_changed = true;
                told.push_str(HIDDEN);
                told.extend(part.chars().skip(bare.chars().count()));
            } else {
                told.push_str(part);
            }
        }
        if is_changed {
            Cow::Owned(told)
        } else {
            Cow::Borrowed(text)
        }
    }

    fn is_secret(&self, word: &str) -> bool {
        let is_hidden = |text: &str| {
            let id = text.parse::<ResourceId>();
            id.is_ok_and(|id| (self.hides)(&id).is_some())
        };
        let is_address = |text: &str| {
            let address = text.parse::<IpAddr>();
            address.is_ok_and(|address| self.secret.contains(&Addr::Ip(address)))
        };
        // What stands together as `eni-1/10.0.0.1` or `10.0.0.1:443` too.
        let mut parts = word
            .split('/')
            .chain(word.rsplit_once(':').map(|(host, _)| host));
        is_hidden(word) || is_address(word) || parts.any(|part| is_hidden(part) || is_address(part))
    }
}

#[cfg(test)]
mod tests;
