//! Answers: everything that was computed is sent, and a batch sends so much of it as was asked for.

use std::sync::Arc;

use causeway_model::price::{Cost, CostComponent, CostItem, Price};
use causeway_model::protocol::{PortRange, Protocol};
use causeway_model::resource::Kind;
use causeway_model::revision::Revision;
use causeway_model::trace::{
    Addr, Alternative, Code, Direction, Disposition, Explanation, Header, Hop, Named, PathAnswer,
    Qualities, ServiceAddress, Stage, Step, StepAction, Trace, Verdict,
};
use causeway_proto::v1;

use prost::Message as _;

use crate::wire::answer::{Detail, Sharing, Table, item, path, renumber};

fn header(destination: Addr) -> Header {
    Header {
        source: Addr::Internet,
        destination,
        protocol: Protocol::TCP,
        source_ports: PortRange::EPHEMERAL,
        destination_ports: PortRange::one(443),
    }
}

fn named() -> Named {
    Named {
        id: "igw-1".parse().unwrap(),
        kind: Kind::InternetGateway,
        name: "gate".to_owned(),
    }
}

fn trace(disposition: Disposition) -> Trace {
    let service = ServiceAddress {
        service: "s3".to_owned(),
        region: "eu-west-1".parse().unwrap(),
    };
    let step = Step {
        stage: Stage::Translation,
        resource: Some("eipalloc-1".parse().unwrap()),
        rule: "public address".into(),
        action: StepAction::Translated,
        code: Some(Code::BadState),
        before: header(Addr::Ip("10.0.0.1".parse().unwrap())),
        after: Some(header(Addr::Service(Arc::new(service)))),
    };
    Trace {
        hops: vec![
            Hop {
                resource: Some(named()),
                account: None,
                steps: vec![step],
            },
            Hop {
                resource: None,
                account: None,
                steps: Vec::new(),
            },
        ],
        disposition,
    }
}

fn answer() -> PathAnswer {
    let explanation = |detail: &str| Explanation {
        code: Code::BadStateRoute,
        resource: Some(named()),
        direction: Some(Direction::Return),
        detail: detail.to_owned(),
    };
    let qualities = Qualities {
        uses_public_addresses: true,
        leaves_aws_network: true,
        regions: vec!["eu-west-1".parse().unwrap()],
        zones: vec!["eu-west-1a".parse().unwrap()],
    };
    let component = CostComponent {
        item: CostItem::NatGateway,
        resource: Some(named()),
        region: Some("eu-west-1".parse().unwrap()),
        per_hour: None,
        per_gb_forward: Some(Price(45_000_000)),
        per_gb_return: Some(Price::ZERO),
        basis: "words".to_owned(),
    };
    let cost = Cost {
        currency: "USD".to_owned(),
        per_hour: Price(1),
        per_gb_forward: Price(45_000_000),
        per_gb_return: Price(2_000_000_000),
        is_complete: true,
        components: vec![component],
    };
    PathAnswer {
        qualities: Some(qualities),
        cost: Some(cost),
        verdict: Verdict::Ambiguous,
        forward: Some(trace(Disposition::Delivered)),
        reply: Some(trace(Disposition::Loop)),
        explanations: vec![explanation("one"), explanation("other")],
        alternatives: vec![Alternative {
            verdict: Verdict::Unreachable,
            forward: Some(trace(Disposition::Denied)),
            reply: None,
            count: 3,
        }],
        alternatives_truncated: true,
        assumptions: vec!["words".to_owned()],
    }
}

#[test]
fn a_step_is_sent_with_the_packet_before_and_after_it() {
    let sent = path(&answer(), Revision(7)).forward.unwrap();
    let before = v1::Header {
        source: "internet".to_owned(),
        destination: "10.0.0.1".to_owned(),
        protocol: "tcp".to_owned(),
        source_port_from: 32_768,
        source_port_to: 65_535,
        destination_port_from: 443,
        destination_port_to: 443,
    };
    let after = v1::Header {
        destination: "s3@eu-west-1".to_owned(),
        ..before.clone()
    };
    let step = v1::Step {
        stage: v1::Stage::Translation.into(),
        resource_id: "eipalloc-1".to_owned(),
        rule: "public address".to_owned(),
        action: v1::StepAction::Translated.into(),
        code: v1::ExplanationCode::BadState.into(),
        before: Some(before),
        after: Some(after),
    };
    let (resource_id, name) = ("igw-1".to_owned(), "gate".to_owned());
    let hop = v1::Hop {
        resource_id,
        resource_kind: v1::ResourceKind::InternetGateway.into(),
        name,
        steps: vec![step],
        ..v1::Hop::default()
    };
    assert_eq!(
        sent,
        v1::Trace {
            hops: vec![hop, v1::Hop::default()],
            disposition: v1::Disposition::Delivered.into()
        }
    );
}

#[test]
fn an_answer_is_sent_whole_with_its_revision() {
    let sent = path(&answer(), Revision(7));
    assert_eq!(
        (sent.verdict(), sent.revision, sent.alternatives_truncated),
        (v1::Verdict::Ambiguous, 7, true)
    );
    assert_eq!(
        (sent.r#return.unwrap().disposition(), sent.assumptions),
        (v1::Disposition::Loop, vec!["words".to_owned()])
    );
    let qualities = v1::Qualities {
        uses_public_addresses: true,
        leaves_aws_network: true,
        regions: vec!["eu-west-1".to_owned()],
        zones: vec!["eu-west-1a".to_owned()],
    };
    assert_eq!(sent.qualities, Some(qualities));
    let component = v1::CostComponent {
        item: v1::CostItem::NatGateway.into(),
        resource_id: "igw-1".to_owned(),
        resource_kind: v1::ResourceKind::InternetGateway.into(),
        name: "gate".to_owned(),
        region: "eu-west-1".to_owned(),
        per_hour: None,
        per_gb_forward: Some(0.045),
        per_gb_return: Some(0.0),
        basis: "words".to_owned(),
    };
    let cost = v1::Cost {
        currency: "USD".to_owned(),
        per_hour: 0.000_000_001,
        per_gb_forward: 0.045,
        per_gb_return: 2.0,
        complete: true,
        components: vec![component],
    };
    assert_eq!(sent.cost, Some(cost));
    let other = &sent.alternatives[0];
    assert_eq!(
        (other.verdict(), other.count, other.r#return.as_ref()),
        (v1::Verdict::Unreachable, 3, None)
    );
    assert_eq!(
        other.forward.as_ref().unwrap().disposition(),
        v1::Disposition::Denied
    );
    let explanation = v1::Explanation {
        code: v1::ExplanationCode::BadStateRoute.into(),
        resource_id: "igw-1".to_owned(),
        resource_kind: v1::ResourceKind::InternetGateway.into(),
        name: "gate".to_owned(),
        direction: v1::Direction::Return.into(),
        detail: "other".to_owned(),
    };
    assert_eq!(
        (sent.explanations.len(), &sent.explanations[1]),
        (2, &explanation)
    );
}

#[test]
fn a_batch_sends_so_much_as_was_asked_for() {
    for (detail, has_path, has_answer) in [
        (Detail::Verdict, false, false),
        (Detail::Path, true, false),
        (Detail::Full, true, true),
    ] {
        let sent = item(&answer(), Revision(7), detail, &mut Sharing::default());
        assert_eq!(
            (sent.verdict(), &sent.codes),
            (
                v1::Verdict::Ambiguous,
                &vec![v1::ExplanationCode::BadStateRoute.into()]
            )
        );
        assert_eq!(
            (
                sent.path == ["igw-1"],
                sent.answer.is_some(),
                sent.error.is_none()
            ),
            (has_path, has_answer, true)
        );
    }
}

/// Items of two pieces of two equal answers each, with their table, as one message.
fn together() -> v1::BatchResolvePathsResponse {
    let (mut table, mut items) = (Table::default(), Vec::new());
    for _ in 0..2 {
        let mut sharing = Sharing::default();
        let piece = [(); 2].map(|()| item(&answer(), Revision(7), Detail::Full, &mut sharing));
        let places = table.take(sharing);
        for mut item in piece {
            renumber(&mut item, &places);
            items.push(item);
        }
    }
    let sent = v1::BatchResolvePathsResponse {
        revision: 7,
        items,
        traces: None,
    };
    let written = [sent.encode_to_vec(), table.into_field(3).to_vec()].concat();
    v1::BatchResolvePathsResponse::decode(written.as_slice()).unwrap()
}

#[test]
fn equal_traces_and_equal_hops_of_many_answers_are_sent_once() {
    let sent = together();
    let traces = sent.traces.unwrap();
    let whole = path(&answer(), Revision(7));
    let forward = sent.items[0].answer.as_ref().unwrap().forward_trace;
    for item in &sent.items {
        let told = item.answer.as_ref().unwrap();
        assert_eq!((told.forward_trace, &told.forward), (forward, &None));
        assert_eq!(told.explanations, whole.explanations);
        assert_eq!(told.alternatives.len(), whole.alternatives.len());
    }
    let mut distinct = traces.traces.clone();
    distinct.dedup();
    assert_eq!(distinct, traces.traces);
    let inline = whole.forward.unwrap();
    let shared = &traces.traces[usize::try_from(forward.unwrap()).unwrap()];
    assert_eq!(shared.hops.len(), inline.hops.len());
    for (place, hop) in shared.hops.iter().zip(&inline.hops) {
        let held = &traces.hops[usize::try_from(*place).unwrap()];
        assert_eq!(
            (&held.resource_id, held.resource_kind, &held.name),
            (&hop.resource_id, hop.resource_kind, &hop.name)
        );
        for (step, told) in held.steps.iter().zip(&hop.steps) {
            let header = |place: u32| &shared.headers[usize::try_from(place).unwrap()];
            assert_eq!(Some(header(step.before)), told.before.as_ref());
            assert_eq!(step.after.map(header), told.after.as_ref());
            assert_eq!((&step.rule, step.stage), (&told.rule, told.stage));
        }
    }
    let all = [answer().forward, answer().reply];
    let hops = all.iter().flatten().map(|trace| trace.hops.len());
    assert!(traces.hops.len() <= hops.sum());
}
