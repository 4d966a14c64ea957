//! The answer to a flow: its ways and their replies, judged one by one and together.

use causeway_model::flow::Flow;
use causeway_model::ids::ResourceId;
use causeway_model::trace::{
    Alternative, Code, Direction, Disposition, Explanation, PathAnswer, Trace, Verdict,
};

use crate::constraints::Wanted;
use crate::cost;
use crate::ends::{self, Begin, Must, Plan, Remark};
use crate::network::Network;
use crate::qualities;
use crate::table::ResourceIx;
use crate::way::{Asked, Effect, Issue, MAX_WAYS, Walker, Way};
use crate::{Depth, ResolveError};

/// How many alternatives an answer tells.
const MAX_ALTERNATIVES: usize = 16;

/// A way and the reply to it, judged.
#[derive(Debug)]
struct Judged<T> {
    verdict: Verdict,
    forward: Way<T>,
    reply: Option<Way<T>>,
}

impl<T> Judged<T> {
    /// What the packet met, and then its reply.
    fn issues(&self) -> impl Iterator<Item = &Issue> {
        let back = self.reply.iter().flat_map(|reply| &reply.issues);
        self.forward.issues.iter().chain(back)
    }

    /// The verdict of the way alone.
    fn verdict(&self) -> Verdict {
        let has = |effect| self.issues().any(|issue| issue.effect == effect);
        if has(Effect::Blocks) {
            Verdict::Unreachable
        } else if has(Effect::Doubts) || self.forward.reply_at.is_none() {
            Verdict::Undetermined
        } else if has(Effect::Splits) {
            Verdict::Ambiguous
        } else {
            Verdict::Reachable
        }
    }
}

/// Answers a flow by a walk.
pub(crate) fn resolve<'n, W: Walker<'n>>(
    network: &'n Network,
    flow: &'n Flow,
    depth: Depth,
) -> Result<PathAnswer, ResolveError> {
    let walk = W::new(Asked {
        network,
        records: depth == Depth::Full,
        request: flow.request.as_ref(),
        wanted: Wanted::read(network, &flow.constraints)?,
    });
    Ok(match ends::plan(network, flow)? {
        Plan::Settled(verdict, remark) => settled(network, verdict, remark),
        Plan::Send(begins, remark) => {
            let (judged, is_truncated) = judge_all(&walk, &begins);
            together(&walk, judged, remark, is_truncated)
        }
    })
}

fn settled(network: &Network, verdict: Verdict, remark: Remark) -> PathAnswer {
    PathAnswer {
        verdict,
        forward: None,
        reply: None,
        explanations: vec![explain(
            network,
            remark.code,
            remark.resource,
            None,
            remark.detail,
        )],
        alternatives: Vec::new(),
        alternatives_truncated: false,
        assumptions: Vec::new(),
        qualities: None,
        cost: None,
    }
}

fn explain(
    network: &Network,
    code: Code,
    resource: Option<ResourceIx>,
    direction: Option<Direction>,
    detail: String,
) -> Explanation {
    Explanation {
        code,
        resource: resource.and_then(|at| network.named(at)),
        direction,
        detail,
    }
}

/// Walks all ways and their replies; tells whether there are more than the bound.
fn judge_all<'n, W: Walker<'n>>(walk: &W, begins: &[Begin]) -> (Vec<Judged<W::Track>>, bool) {
    let mut judged = Vec::with_capacity(1);
    let mut is_truncated = false;
    for begin in begins {
        let left = MAX_WAYS.saturating_sub(judged.len());
        if left == 0 {
            return (judged, true);
        }
        let (ways, has_more) = walk.packet(&begin.packet, begin.at, left);
        is_truncated |= has_more;
        for mut way in ways {
            check_end(walk, begin, &mut way);
            walk.check_passes(&mut way);
            walk.check_avoids(&mut way);
            // None if it does not arrive.
            let (replies, has_more) = walk.reply(&way, MAX_WAYS);
            is_truncated |= has_more;
            let mut replies = replies.into_iter();
            let last = replies.next_back();
            judged.extend(replies.map(|reply| judge(walk, begin, way.clone(), Some(reply))));
            judged.push(judge(walk, begin, way, last));
        }
    }
    (judged, is_truncated)
}

/// Notes when a packet arrives somewhere else than was asked for.
fn check_end<'n, W: Walker<'n>>(walk: &W, begin: &Begin, way: &mut Way<W::Track>) {
    let network = walk.network();
    let has_arrived = way.reply_at.is_some();
    let is_right = match begin.must {
        Must::Arrive => true,
        Must::EndAt(interface) => way.interface == Some(interface),
        Must::Pass(resource) => walk.has_passed(way, resource),
    };
    if has_arrived && !is_right {
        let wanted = match begin.must {
            Must::EndAt(interface) => network
                .interface(interface)
                .map(|interface| interface.resource),
            Must::Pass(resource) => Some(resource),
            Must::Arrive => None,
        };
        let detail =
            "the packet arrives elsewhere: no way leads to it by the address it was sent to"
                .to_owned();
        way.note(Effect::Blocks, Code::NoPossibleDestination, wanted, detail);
        way.reply_at = None;
    }
}

fn judge<'n, W: Walker<'n>>(
    walk: &W,
    begin: &Begin,
    forward: Way<W::Track>,
    mut reply: Option<Way<W::Track>>,
) -> Judged<W::Track> {
    if let Some(reply) = &mut reply {
        check_reply(walk, begin, &forward, reply);
        walk.check_avoids(reply);
    }
    let mut judged = Judged {
        verdict: Verdict::Undetermined,
        forward,
        reply,
    };
    judged.verdict = judged.verdict();
    judged
}

/// Notes when a reply does not come back to where the packet started, as an answer to it. Where the packet itself does not arrive, there is
/// no reply to speak of: what its way would meet is noted, but not what becomes of it.
fn check_reply<'n, W: Walker<'n>>(
    walk: &W,
    begin: &Begin,
    forward: &Way<W::Track>,
    reply: &mut Way<W::Track>,
) {
    if forward.is_blocked() {
        return;
    }
    let network = walk.network();
    let header = &reply.header;
    let sent = &begin.packet.header;
    let is_back = match begin.from {
        Some(interface) => reply.interface == Some(interface),
        None if begin.comes_by_gate => matches!(
            reply.disposition,
            Disposition::ExitedToOnPremises | Disposition::DeliveredToGateway
        ),
        None => {
            matches!(
                reply.disposition,
                Disposition::ExitedToInternet | Disposition::DeliveredToService
            ) && reply.interface.is_none()
        }
    };
    let is_answer = header.source == sent.destination && header.destination == sent.source;
    // Who is told of: the one that asked, or, if nobody in the topology did, the one that answers, else where the packet came in.
    let told = begin.from.or(forward.interface);
    let resource = told.and_then(|at| network.interface(at));
    let resource = resource.map(|interface| interface.resource);
    let resource = resource.or_else(|| network.place(begin.at)?.resource);
    if reply.reply_at.is_some() && !(is_back && is_answer) {
        let detail = format!(
            "the reply arrives from {} to {}, not from {} to {}",
            header.source, header.destination, sent.destination, sent.source
        );
        let code = Code::ReturnPathAsymmetric;
        reply.note(Effect::Blocks, code, resource, detail);
    }
    if reply.reply_at.is_some() {
        walk.check_devices(forward, reply);
    }
    if reply.is_blocked() {
        let detail = "the packet arrives, and its reply does not come back".to_owned();
        let code = Code::ReturnPathBlocked;
        reply.note(Effect::Blocks, code, resource, detail);
    }
}

/// The answer from all ways: the first is the one that is told in full.
fn together<'n, W: Walker<'n>>(
    walk: &W,
    judged: Vec<Judged<W::Track>>,
    remark: Option<Remark>,
    is_truncated: bool,
) -> PathAnswer {
    let (network, records) = (walk.network(), walk.records());
    let verdict = overall(&judged, is_truncated);
    let explanations = explanations(walk, &judged, remark, verdict);
    let mut ways = judged.into_iter();
    let first = ways.next();
    let (alternatives, has_more) = if records {
        group(ways)
    } else {
        (Vec::new(), false)
    };
    let told = |way: Way<W::Track>| records.then(|| trace(way));
    let (forward, reply) = first.map_or((None, None), |first| {
        (told(first.forward), first.reply.and_then(told))
    });
    let assumptions = assumptions(network, forward.iter().chain(&reply));
    let qualities = forward.as_ref();
    let qualities = qualities.map(|forward| qualities::of(network, forward, reply.as_ref()));
    let cost = forward.as_ref();
    let cost = cost.and_then(|forward| cost::of(network, &network.prices, forward, reply.as_ref()));
    PathAnswer {
        verdict,
        forward,
        reply,
        explanations,
        alternatives,
        alternatives_truncated: is_truncated || has_more,
        assumptions,
        qualities,
        cost,
    }
}

/// What stopped or qualified the ways, each once. That a way is a guess is told where it matters.
fn explanations<'n, W: Walker<'n>>(
    walk: &W,
    judged: &[Judged<W::Track>],
    remark: Option<Remark>,
    verdict: Verdict,
) -> Vec<Explanation> {
    let network = walk.network();
    let is_held = |at: &ResourceIx| network.resource(*at).is_some();
    let remarks = remark.into_iter().map(|remark| {
        let about = (remark.code, remark.resource.filter(is_held), None);
        let own = explain(network, remark.code, remark.resource, None, remark.detail);
        (about, own)
    });
    let mut told: Vec<(About, Explanation)> = remarks.collect();
    let issues = judged.iter().flat_map(Judged::issues);
    for issue in
        issues.filter(|issue| issue.effect != Effect::Guesses || verdict == Verdict::Undetermined)
    {
        let direction = Some(issue.direction);
        let about = (issue.code, issue.resource.filter(is_held), direction);
        let is_same = |(old, _): &(About, Explanation)| {
            (old.0, old.1) == (about.0, about.1)
                && (old.2 == about.2 || is_of_both_directions(about.0))
        };
        if !told.iter().any(is_same) {
            let resource = issue.resource.filter(|_| walk.records());
            let detail = issue.detail.clone();
            let new = explain(network, issue.code, resource, direction, detail);
            told.push((about, new));
        }
    }
    told.into_iter().map(|(_, own)| own).collect()
}

/// What an explanation is about: two about the same are told once.
type About = (Code, Option<ResourceIx>, Option<Direction>);

/// Whether a code is about a component as it is, so that meeting it again on the way back says nothing new.
fn is_of_both_directions(code: Code) -> bool {
    matches!(
        code,
        Code::BadState
            | Code::BadStateAttachment
            | Code::BadStateVpn
            | Code::TgwBadStateVpn
            | Code::VpceStateNotAvailable
            | Code::VpcBlockPublicAccessEnabled
            | Code::VpceServiceNotFound
            | Code::VpceConnectionNotAccepted
            | Code::VpceServiceNotInstalledInAz
            | Code::GwlbeNoHealthyTarget
            | Code::ElbNotCrosszone
    )
}

/// What the ways come to together. Ways that end alike are one verdict; ways of which nobody knows which is real decide nothing.
fn overall<T>(judged: &[Judged<T>], is_truncated: bool) -> Verdict {
    let some = |verdict| judged.iter().any(|way| way.verdict == verdict);
    let mut issues = judged.iter().flat_map(Judged::issues);
    let is_guess = issues.any(|issue| issue.effect == Effect::Guesses);
    let differs = some(Verdict::Reachable) && some(Verdict::Unreachable);
    if (differs || some(Verdict::Ambiguous)) && !is_guess {
        Verdict::Ambiguous
    } else if judged.is_empty()
        || is_truncated
        || is_guess && differs
        || some(Verdict::Undetermined)
        || some(Verdict::Ambiguous)
    {
        Verdict::Undetermined
    } else if some(Verdict::Unreachable) {
        Verdict::Unreachable
    } else {
        Verdict::Reachable
    }
}

fn trace<T>(way: Way<T>) -> Trace {
    let is_denied = way.is_blocked() && way.reply_at.is_some();
    let disposition = if is_denied {
        Disposition::Denied
    } else {
        way.disposition
    };
    Trace {
        hops: way.hops,
        disposition,
    }
}

/// Alternatives, those that are equivalent taken together: the same verdict over the same resources.
fn group<T>(ways: impl Iterator<Item = Judged<T>>) -> (Vec<Alternative>, bool) {
    let mut groups: Vec<(Verdict, Vec<Option<ResourceId>>, Alternative)> = Vec::new();
    let mut has_more = false;
    for way in ways {
        let hops = way
            .forward
            .hops
            .iter()
            .map(|hop| hop.resource.as_ref().map(|named| named.id.clone()))
            .collect();
        if let Some((_, _, same)) = groups
            .iter_mut()
            .find(|(verdict, path, _)| *verdict == way.verdict && *path == hops)
        {
            same.count += 1;
        } else if groups.len() < MAX_ALTERNATIVES {
            let alternative = Alternative {
                verdict: way.verdict,
                forward: Some(trace(way.forward)),
                reply: way.reply.map(trace),
                count: 1,
            };
            groups.push((alternative.verdict, hops, alternative));
        } else {
            has_more = true;
        }
    }
    (
        groups
            .into_iter()
            .map(|(_, _, alternative)| alternative)
            .collect(),
        has_more,
    )
}

/// What the network takes for granted of the resources on the way.
fn assumptions<'t>(network: &Network, traces: impl Iterator<Item = &'t Trace>) -> Vec<String> {
    let ids: Vec<&ResourceId> = traces
        .flat_map(|trace| &trace.hops)
        .filter_map(|hop| hop.resource.as_ref())
        .map(|named| &named.id)
        .collect();
    let concerns = |assumption: &&String| {
        assumption
            .split_once(':')
            .is_some_and(|(id, _)| ids.iter().any(|own| own.as_str() == id))
    };
    network
        .frame
        .assumptions
        .iter()
        .filter(concerns)
        .cloned()
        .collect()
}
