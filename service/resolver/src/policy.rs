//! Whether the policy of an endpoint lets a request pass (IAM guide, "Policy evaluation logic", "Condition operators", "Global condition
//! context keys"; PrivateLink guide, "Control access to VPC endpoints using endpoint policies").
//!
//! An explicit deny wins, and what nobody allows is denied. What the topology cannot know of a request (its organization, its tags) is
//! neither true nor false, and decides nothing unless the rest does.

use causeway_model::flow::Request;
use causeway_model::ids::Region;
use causeway_model::policy::{PolicyDocument, PolicyEffect, PolicyPrincipal, Scope, Statement};
use causeway_model::trace::Header;

use crate::packet::Matched;

mod condition;
mod pattern;
mod principal;

use pattern::arn_like;
use principal::Asker;

/// The policy of an endpoint, and what a request through it brings along.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    /// None means full access.
    pub(crate) document: Option<PolicyDocument>,
    pub(crate) endpoint: String,
    pub(crate) vpc: String,
    /// The Region of the service.
    pub(crate) region: Option<Region>,
    pub(crate) is_gateway: bool,
}

/// What a policy says of a request, in words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Allows(String),
    Denies(String),
    Unknown(String),
}

/// A request on its way through an endpoint.
#[derive(Debug)]
struct Asked<'a> {
    policy: &'a Policy,
    request: &'a Request,
    asker: Asker<'a>,
    header: &'a Header,
}

impl Policy {
    /// What the policy says of a request that arrives with this header.
    pub(crate) fn decide(&self, request: &Request, header: &Header) -> Decision {
        let Some(document) = &self.document else {
            return Decision::Allows("no policy: full access".to_owned());
        };
        let Some(statements) = document.statements() else {
            return Decision::Unknown("the policy cannot be read".to_owned());
        };
        let asked = Asked {
            policy: self,
            request,
            asker: Asker::of(request.principal()),
            header,
        };
        asked.decide(statements)
    }
}

impl Asked<'_> {
    fn decide(&self, statements: &[Statement]) -> Decision {
        let mut allows = None;
        let mut doubts = [None, None];
        for (number, statement) in (1..).zip(statements) {
            let (matched, lacking) = self.matches(statement);
            let words = words(number, statement);
            match (matched, statement.effect) {
                (Matched::Yes, PolicyEffect::Deny) => {
                    return Decision::Denies(format!("{words} denies {}", self.request.action()));
                }
                (Matched::Yes, PolicyEffect::Allow) => {
                    let told = || format!("{words} allows {}", self.request.action());
                    allows.get_or_insert_with(told);
                }
                (Matched::Unknown | Matched::Partly, effect) => {
                    let [deny, allow] = &mut doubts;
                    let doubt = if effect == PolicyEffect::Deny {
                        deny
                    } else {
                        allow
                    };
                    let told = format!("whether {words} is for it is not known: {lacking}");
                    doubt.get_or_insert(told);
                }
                (Matched::No, _) => {}
            }
        }
        let [may_deny, may_allow] = doubts;
        match (allows, may_deny, may_allow) {
            (None, _, None) => {
                Decision::Denies(format!("no statement allows {}", self.request.action()))
            }
            (_, Some(doubt), _) | (None, None, Some(doubt)) => Decision::Unknown(doubt),
            (Some(allows), None, _) => Decision::Allows(allows),
        }
    }

    /// Whether a statement is for the request, and what it would take to know.
    fn matches(&self, statement: &Statement) -> (Matched, String) {
        let action = self.request.action();
        let actions = scope(&statement.actions, |own| pattern::action(own, action));
        let resource = self.request.resource();
        let resources = scope(&statement.resources, |own| {
            pattern::unless_variable(own, || arn_like(own, resource))
        });
        let principals = scope(&statement.principals, |own| self.is_asker(own));
        let mut all = vec![
            (actions, "its actions".to_owned()),
            (resources, "a variable in its resources".to_owned()),
            (principals, "who its principals are".to_owned()),
        ];
        all.extend(statement.conditions.iter().map(|held| {
            let words = format!("the value of {}", held.key);
            (self.holds(held), words)
        }));
        let worst = all.into_iter().max_by_key(|(matched, _)| *matched);
        worst.unwrap_or((Matched::Yes, String::new()))
    }

    /// Whether a principal of a statement is who asks. At a gateway endpoint an account is its root user alone, and AWS wants `*` there
    /// instead of any other principal.
    fn is_asker(&self, principal: &PolicyPrincipal) -> Matched {
        match principal {
            PolicyPrincipal::Anyone => Matched::Yes,
            PolicyPrincipal::Account(account) => {
                let is_own = self.asker.account == account;
                let is_meant = !self.policy.is_gateway || self.asker.is_root();
                Matched::from(is_own && is_meant)
            }
            PolicyPrincipal::Arn(_) | PolicyPrincipal::Other if self.policy.is_gateway => {
                Matched::Unknown
            }
            PolicyPrincipal::Arn(arn) => self.asker.is(arn),
            PolicyPrincipal::Other => Matched::Unknown,
        }
    }
}

/// One of a list, or none of it.
fn scope<T>(scope: &Scope<T>, mut matches: impl FnMut(&T) -> Matched) -> Matched {
    let (Scope::These(list) | Scope::AllBut(list)) = scope;
    let any = list.iter().map(&mut matches).min().unwrap_or(Matched::No);
    match scope {
        Scope::These(_) => any,
        Scope::AllBut(_) => not(any),
    }
}

fn not(matched: Matched) -> Matched {
    match matched {
        Matched::Yes => Matched::No,
        Matched::No => Matched::Yes,
        Matched::Partly | Matched::Unknown => Matched::Unknown,
    }
}

fn words(number: u32, statement: &Statement) -> String {
    if statement.sid.is_empty() {
        format!("statement {number}")
    } else {
        format!("statement {}", statement.sid)
    }
}

#[cfg(test)]
mod tests;
