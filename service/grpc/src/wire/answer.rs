//! Answers as they are sent. They only go out, so there is nothing to parse.

use causeway_model::revision::Revision;
use causeway_model::trace::{
    Alternative, Code, Direction, Disposition, Explanation, Header, Hop, Named, PathAnswer,
    Qualities, Stage, Step, StepAction, Trace, Verdict,
};
use causeway_proto::v1;

use crate::wire::Wire;
use crate::wire::macros::names;

mod cost;
mod sharing;

pub(crate) use sharing::{Sharing, Table, renumber};

names! {
    Verdict = v1::Verdict, required { Reachable, Unreachable, Ambiguous, Undetermined }
    Disposition = v1::Disposition, required { Delivered, ExitedToInternet, DeliveredToService, Denied, NoNextHop, Loop, Unknown, ExitedToOnPremises, DeliveredToGateway }
    Stage = v1::Stage, required {
        SourceDestCheck, SecurityGroupOut, NetworkAclOut, RouteTable, State, Admission, Translation, Forwarding, NetworkAclIn, SecurityGroupIn,
        Delivery, Choice, Policy, Firewall,
    }
    StepAction = v1::StepAction, required {
        Allowed, AllowedByState, Denied, PartlyDenied, Forwarded, Translated, Delivered, Dropped, Unknown,
    }
    Direction = v1::Direction, required { Forward, Return }
    Detail = v1::Detail, absent Verdict { Verdict, Path, Full }
    Code = v1::ExplanationCode, required {
        BadState, BadStateAttachment, BadStateRoute, EniSourceDestCheckRestriction, EniSgRulesMismatch, SgHasNoRules, SgReferencesNotPreserved,
        SubnetAclRestriction, NoRouteToDestination, NoPossibleDestination, IgwDestinationAddressNotInRfc1918Egress,
        IgwDestinationAddressNotInRfc6598Egress, IgwPrivateIpAssociationForIngress, IgwPublicIpAssociationForEgress,
        IgwSourceAddressNotInRfc1918Ingress, IgwSourceAddressNotInRfc6598Ingress, NgwRequiresSourceInVpc, ProtocolRestriction,
        PcxRequiresAddressInVpcCidr, PcxNotTransitive, VpceGatewayProtocolRestriction, VpceGatewayNotTransitive, VpceStateNotAvailable,
        VpceServiceNotFound, VpceServiceCannotInitiate, DnsSupportDisabled, DnsPrivateNameDisabled, ReturnPathBlocked, ReturnPathAsymmetric,
        RoutingLoop, AmbiguousPrefixLists, StaleSgReference, UnknownDestination, UnknownResource, UnsupportedComponent, NoSourceOrDestination,
        UnassociatedComponent, VpcBlockPublicAccessEnabled, BadStateVpn, ElbNotCrosszone, ElbInstalledAzRestriction, Elbv2ListenerHasNoTg,
        Elbv2ListenerRequiresTgAccept, Elbv2ListenersMismatch, Elbv2NoTargetsInAz, FirewallRulesRestriction, GatewayRejectsSpoofedTraffic,
        RegionalNgwRouteAzRestriction, SgReferencingSupport, TgwAttachMissingTgwRtbAssociation, TgwAttachVpcAzRestriction, TgwBadStateVpn,
        TgwRouteAzRestriction, TgwRtbBadStateRoute, TgwRtbNoRouteToTgwAttachment, TgwRtbRoutesAreUnknown, TgwRouteBlackhole, UnknownPeeredSgs,
        VgwPrivateIpAssociationForEgress, VgwPrivateIpAssociationForIngress, VpceServiceNotInstalledInAz, VpceServiceTypeMismatch,
        VpcePrincipalNotAllowed, VpceConnectionNotAccepted, VpcePolicyDenies, VpceRegionNotSupported, DnsPrivateNameNotVerified, DnsNameNotFound,
        GwlbeNoHealthyTarget, IngressRtbNoPublicIp, IngressRtbTrafficRedirection, TransitGatewayApplianceModeRecommended,
        MissingTargetGroupAttributes, ComponentFilterRestriction, ComponentFilterRestrictionRemovedComponent, NoPath, AssumptionPreserveClientIpIsDisabled,
    }
}

/// How much of each answer is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    Verdict,
    Path,
    Full,
}

/// The whole answer to a flow.
pub(crate) fn path(answer: &PathAnswer, revision: Revision) -> v1::PathAnswer {
    let alternatives = answer
        .alternatives
        .iter()
        .map(|alternative| v1::Alternative {
            forward: alternative.forward.as_ref().map(trace),
            r#return: alternative.reply.as_ref().map(trace),
            ..without_traces(alternative)
        });
    v1::PathAnswer {
        forward: answer.forward.as_ref().map(trace),
        r#return: answer.reply.as_ref().map(trace),
        alternatives: alternatives.collect(),
        ..beside_traces(answer, revision)
    }
}

/// The whole answer to a flow of many, with its traces in a table.
pub(crate) fn shared(
    answer: &PathAnswer,
    revision: Revision,
    traces: &mut Sharing,
) -> v1::PathAnswer {
    let mut place = |held: &Option<Trace>| held.as_ref().map(|held| traces.place(held));
    let (forward_trace, return_trace) = (place(&answer.forward), place(&answer.reply));
    let alternatives = answer
        .alternatives
        .iter()
        .map(|alternative| v1::Alternative {
            forward_trace: place(&alternative.forward),
            return_trace: place(&alternative.reply),
            ..without_traces(alternative)
        });
    v1::PathAnswer {
        alternatives: alternatives.collect(),
        forward_trace,
        return_trace,
        ..beside_traces(answer, revision)
    }
}

/// An answer without its traces, and without alternatives, which have traces too.
fn beside_traces(answer: &PathAnswer, revision: Revision) -> v1::PathAnswer {
    let PathAnswer {
        verdict,
        forward: _,
        reply: _,
        explanations,
        alternatives: _,
        alternatives_truncated,
        assumptions,
        qualities,
        cost,
    } = answer;
    v1::PathAnswer {
        verdict: verdict.render(),
        revision: revision.0,
        explanations: explanations.iter().map(explanation).collect(),
        alternatives_truncated: *alternatives_truncated,
        assumptions: assumptions.clone(),
        qualities: qualities.as_ref().map(self::qualities),
        cost: cost.as_ref().map(cost::cost),
        ..v1::PathAnswer::default()
    }
}

fn without_traces(alternative: &Alternative) -> v1::Alternative {
    let Alternative {
        verdict,
        forward: _,
        reply: _,
        count,
    } = alternative;
    v1::Alternative {
        verdict: verdict.render(),
        count: *count,
        ..v1::Alternative::default()
    }
}

fn qualities(qualities: &Qualities) -> v1::Qualities {
    let Qualities {
        uses_public_addresses,
        leaves_aws_network,
        regions,
        zones,
    } = qualities;
    v1::Qualities {
        uses_public_addresses: *uses_public_addresses,
        leaves_aws_network: *leaves_aws_network,
        regions: regions.iter().map(ToString::to_string).collect(),
        zones: zones.iter().map(ToString::to_string).collect(),
    }
}

/// The answer to a flow of many, with its traces in a table.
pub(crate) fn item(
    answer: &PathAnswer,
    revision: Revision,
    detail: Detail,
    traces: &mut Sharing,
) -> v1::BatchItem {
    v1::BatchItem {
        verdict: answer.verdict.render(),
        codes: codes(answer),
        path: if detail == Detail::Verdict {
            Vec::new()
        } else {
            forward_ids(answer)
        },
        answer: (detail == Detail::Full).then(|| shared(answer, revision, traces)),
        error: None,
    }
}

/// Codes of the explanations, in their order, each once.
fn codes(answer: &PathAnswer) -> Vec<i32> {
    let mut codes: Vec<i32> = Vec::with_capacity(answer.explanations.len());
    for code in answer
        .explanations
        .iter()
        .map(|explanation| explanation.code.render())
    {
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes
}

fn forward_ids(answer: &PathAnswer) -> Vec<String> {
    let hops = answer.forward.iter().flat_map(|trace| &trace.hops);
    hops.filter_map(|hop| hop.resource.as_ref())
        .map(|named| named.id.to_string())
        .collect()
}

fn trace(held: &Trace) -> v1::Trace {
    let Trace { hops, disposition } = held;
    v1::Trace {
        hops: hops.iter().map(hop).collect(),
        disposition: disposition.render(),
    }
}

fn hop(hop: &Hop) -> v1::Hop {
    let Hop {
        resource,
        account,
        steps,
    } = hop;
    let (resource_id, resource_kind, name) = named(resource.as_ref());
    v1::Hop {
        resource_id,
        resource_kind,
        name,
        steps: steps.iter().map(step).collect(),
        account: account
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
    }
}

fn step(step: &Step) -> v1::Step {
    let Step {
        stage,
        resource,
        rule,
        action,
        code,
        before,
        after,
    } = step;
    v1::Step {
        stage: stage.render(),
        resource_id: resource
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        rule: rule.clone().into_owned(),
        action: action.render(),
        code: code.render(),
        before: Some(header(before)),
        after: after.as_ref().map(header),
    }
}

fn header(header: &Header) -> v1::Header {
    let Header {
        source,
        destination,
        protocol,
        source_ports,
        destination_ports,
    } = header;
    v1::Header {
        source: source.to_string(),
        destination: destination.to_string(),
        protocol: protocol.to_string(),
        source_port_from: source_ports.from().into(),
        source_port_to: source_ports.to().into(),
        destination_port_from: destination_ports.from().into(),
        destination_port_to: destination_ports.to().into(),
    }
}

fn explanation(explanation: &Explanation) -> v1::Explanation {
    let Explanation {
        code,
        resource,
        direction,
        detail,
    } = explanation;
    let (resource_id, resource_kind, name) = named(resource.as_ref());
    v1::Explanation {
        code: code.render(),
        resource_id,
        resource_kind,
        name,
        direction: direction.render(),
        detail: detail.clone(),
    }
}

/// Id, kind and name of a resource; empty for none.
fn named(named: Option<&Named>) -> (String, i32, String) {
    named.map_or_else(Default::default, |Named { id, kind, name }| {
        (id.to_string(), kind.render(), name.clone())
    })
}
