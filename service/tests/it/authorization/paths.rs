//! What an answer about a path tells to somebody who may not see all of the way.

use super::*;

/// Somebody who asks, and sees account 111111111111 alone.
const ONE: &str = r#"
    permit(principal == Token::"one", action in [Action::"ReadTopology", Action::"ResolvePath", Action::"ComputeReachabilityMatrix"], resource);
    permit(principal == Token::"one", action in Action::"Describe", resource)
    when { resource.account == "111111111111" };"#;

/// Networks of several accounts, with questions.
const SCENARIOS: [&str; 3] = [
    include_str!("../../scenarios/endpoint-services.net"),
    include_str!("../../scenarios/gateway-load-balancers.net"),
    include_str!("../../scenarios/peering.net"),
];

fn flow_of(text: &str) -> v1::Flow {
    let (source, rest) = text.split_once(" -> ").unwrap();
    let mut words = rest.split(' ');
    let destination = words.next().unwrap();
    let service = words.next().unwrap_or("tcp/443");
    let (protocol, port) = match service.split_once('/') {
        Some((protocol, port)) => (protocol, port.parse().ok()),
        None => (service, None),
    };
    v1::Flow {
        source: source.to_owned(),
        destination: destination.to_owned(),
        protocol: protocol.to_owned(),
        destination_port: port,
        ..v1::Flow::default()
    }
}

/// The ids of other accounts.
fn hidden(scenario: &crate::notation::Scenario) -> Vec<String> {
    let resources = scenario.resources.iter();
    let hidden = resources.filter(|held| held.owner_id.as_str() != "111111111111");
    hidden.map(|held| held.id().to_string()).collect()
}

fn resolve(flow: &v1::Flow) -> v1::ResolvePathRequest {
    v1::ResolvePathRequest {
        topology: "t".to_owned(),
        flow: Some(flow.clone()),
        ..v1::ResolvePathRequest::default()
    }
}

/// Whether the id stands in the text, and not as a part of another one, or of a service's name, which is the consumer's to know.
fn has(text: &str, id: &str) -> bool {
    text.match_indices(id).any(|(at, _)| {
        let is_other = |next: char| next.is_ascii_alphanumeric() || next == '-' || next == '.';
        let before = text.get(..at).unwrap().chars().next_back();
        let mut after = text.get(at + id.len()..).unwrap().chars();
        let (next, then) = (after.next(), after.next());
        // A full stop ends a sentence, or goes on with a name.
        let goes_on = next.is_some_and(is_other)
            && (next != Some('.') || then.is_some_and(|then| then.is_ascii_alphanumeric()));
        !before.is_some_and(is_other) && !goes_on
    })
}

/// Every answer has the verdict that it has for who sees all, and nothing that is of another account; also after who sees all was answered.
async fn check_scenario(text: &str) -> usize {
    let (served, _) = guarded(ONE).await;
    given_network(&served, text).await;
    let scenario = crate::notation::read(text).unwrap();
    let hidden = hidden(&scenario);
    assert!(!hidden.is_empty());
    let mut opaque = 0;
    for question in &scenario.questions {
        let flow = flow_of(&question.text);
        let Ok(whole) = served.paths().resolve_path(resolve(&flow)).await else {
            continue;
        };
        let whole = whole.into_inner().answer.unwrap();
        let seen = served.paths().resolve_path(by("one", resolve(&flow))).await;
        if hidden.contains(&flow.source) || hidden.contains(&flow.destination) {
            let status = seen.unwrap_err();
            check(&status, Code::PermissionDenied, "NOT_ALLOWED");
            continue;
        }
        let seen = seen.unwrap().into_inner().answer.unwrap();
        assert_eq!(seen.verdict, whole.verdict, "{}", question.text);
        let told = format!("{seen:?}");
        for id in &hidden {
            assert!(!has(&told, id), "{}: {id}", question.text);
        }
        let hops = seen.forward.iter().flat_map(|trace| &trace.hops);
        let closed: Vec<_> = hops.filter(|hop| !hop.account.is_empty()).collect();
        for hop in &closed {
            let only = v1::Hop {
                account: "222222222222".to_owned(),
                ..v1::Hop::default()
            };
            assert_eq!(**hop, only);
        }
        if closed.is_empty() {
            continue;
        }
        opaque += 1;
        assert_eq!((seen.cost, seen.qualities), (None, None));
    }
    opaque
}

#[tokio::test]
async fn a_hop_of_an_account_that_its_asker_does_not_see_tells_only_the_account() {
    let mut opaque = 0;
    for scenario in SCENARIOS {
        opaque += check_scenario(scenario).await;
    }
    assert!(
        opaque > 10,
        "only {opaque} ways lead through what is hidden"
    );
}

/// A way from account 111111111111 into 222222222222 and back.
const PEERS: &str = "
vpc main 10.0.0.0/16
vpc other 10.7.0.0/16 account=222222222222
acl main main default: in 100 allow all from 0.0.0.0/0; out 100 allow all to 0.0.0.0/0
acl other other default: in 100 allow all from 0.0.0.0/0; out 100 allow all to 0.0.0.0/0
subnet app main 10.0.1.0/24
subnet db other 10.7.1.0/24
pcx d main other
routes app main main: 10.7.0.0/16 -> pcx-d
routes db other main: 10.0.0.0/16 -> pcx-d
sg open main: in all from 0.0.0.0/0; out all to 0.0.0.0/0
sg shut other: in tcp/5432 from 10.0.0.0/16
eni web app 10.0.1.10 sg=open
eni db db 10.7.1.10 sg=shut
";

fn into_the_other(port: u32) -> v1::Flow {
    v1::Flow {
        source: "eni-web".to_owned(),
        destination: "10.7.1.10".to_owned(),
        destination_port: Some(port),
        ..v1::Flow::default()
    }
}

async fn peers() -> Served {
    let (served, _) = guarded(ONE).await;
    given_network(&served, PEERS).await;
    served
}

#[tokio::test]
async fn what_stops_a_packet_elsewhere_is_told_without_its_resource() {
    let served = peers().await;
    let asked = served
        .paths()
        .resolve_path(by("one", resolve(&into_the_other(443))))
        .await;
    let answer = asked.unwrap().into_inner().answer.unwrap();
    assert_eq!(answer.verdict(), v1::Verdict::Unreachable);
    let expected = v1::Explanation {
        code: v1::ExplanationCode::EniSgRulesMismatch.into(),
        direction: v1::Direction::Forward.into(),
        detail: "it is in account `222222222222`, of which you may see no more".to_owned(),
        ..v1::Explanation::default()
    };
    assert_eq!(answer.explanations, [expected]);
}

#[tokio::test]
async fn a_batch_tells_no_more_than_a_single_answer() {
    let served = peers().await;
    for detail in [v1::Detail::Verdict, v1::Detail::Path, v1::Detail::Full] {
        let request = || v1::BatchResolvePathsRequest {
            topology: "t".to_owned(),
            flows: vec![into_the_other(443), into_the_other(5432)],
            detail: detail.into(),
            ..v1::BatchResolvePathsRequest::default()
        };
        // Who sees all fills the cache.
        let whole = served.paths().batch_resolve_paths(request()).await.unwrap();
        let seen = served
            .paths()
            .batch_resolve_paths(by("one", request()))
            .await;
        let (whole, seen) = (whole.into_inner(), seen.unwrap().into_inner());
        let told = format!("{seen:?}");
        for id in ["eni-db", "rtb-db", "sg-shut", "subnet-db", "vpc-other"] {
            assert!(!has(&told, id), "{id} in {told}");
        }
        let verdicts = |answer: &v1::BatchResolvePathsResponse| {
            let items = answer.items.iter();
            items
                .map(|item| (item.verdict(), item.codes.clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(verdicts(&seen), verdicts(&whole));
        // And it is whole again for who sees all.
        let again = served.paths().batch_resolve_paths(request()).await.unwrap();
        assert_eq!(again.into_inner(), whole);
    }
}

#[tokio::test]
async fn a_flow_cannot_name_what_its_asker_does_not_see() {
    let served = peers().await;
    let mut told = Vec::new();
    for id in ["eni-db", "eni-none"] {
        for edit in [
            |flow: &mut v1::Flow, id: &str| flow.destination = id.to_owned(),
            |flow: &mut v1::Flow, id: &str| flow.through = vec![id.to_owned()],
            |flow: &mut v1::Flow, id: &str| flow.avoiding = vec![id.to_owned()],
            |flow: &mut v1::Flow, id: &str| flow.without = vec![id.to_owned()],
        ] {
            let mut flow = into_the_other(5432);
            edit(&mut flow, id);
            let asked = served.paths().resolve_path(by("one", resolve(&flow))).await;
            let status = asked.unwrap_err();
            check(&status, Code::PermissionDenied, "NOT_ALLOWED");
            told.push(status.message().replace(id, "_"));
        }
    }
    assert!(told.iter().all(|text| *text == told[0]), "{told:?}");
}

#[tokio::test]
async fn a_matrix_has_no_end_that_its_asker_does_not_see() {
    let served = peers().await;
    let request = |end: v1::end_selector::Selector| v1::ComputeReachabilityMatrixRequest {
        topology: "t".to_owned(),
        sources: vec![v1::EndSelector {
            selector: Some(end.clone()),
        }],
        destinations: vec![v1::EndSelector {
            selector: Some(end),
        }],
        services: vec![v1::MatrixService {
            protocol: "tcp".to_owned(),
            destination_port: Some(443),
        }],
        ..v1::ComputeReachabilityMatrixRequest::default()
    };
    let all = request(v1::end_selector::Selector::All(v1::EndFilter::default()));
    let parts = served
        .paths()
        .compute_reachability_matrix(by("one", all))
        .await;
    let mut parts = parts.unwrap().into_inner();
    let mut ends = Vec::new();
    while let Some(part) = parts.message().await.unwrap() {
        if let Some(v1::compute_reachability_matrix_response::Part::Ends(some)) = part.part {
            ends.extend(some.ends);
        }
    }
    assert_eq!(ends, ["eni-web", "eni-web"]);
    for id in ["eni-db", "eni-none"] {
        let one = request(v1::end_selector::Selector::End(id.to_owned()));
        let asked = served
            .paths()
            .compute_reachability_matrix(by("one", one))
            .await;
        check(&asked.unwrap_err(), Code::PermissionDenied, "NOT_ALLOWED");
    }
    let filter = v1::EndFilter {
        security_group_id: "sg-shut".to_owned(),
        ..v1::EndFilter::default()
    };
    let by_hidden = request(v1::end_selector::Selector::All(filter));
    let asked = served
        .paths()
        .compute_reachability_matrix(by("one", by_hidden))
        .await;
    check(&asked.unwrap_err(), Code::PermissionDenied, "NOT_ALLOWED");
}

#[tokio::test]
async fn a_what_if_takes_the_sight_of_what_it_changes_and_unveils_nothing() {
    let served = peers().await;
    let own = |id: &str| v1::Resource {
        owner_id: "111111111111".to_owned(),
        ..vpc(id)
    };
    let ask = |changes: Vec<v1::Change>| {
        let request = v1::ResolvePathRequest {
            changes,
            ..resolve(&into_the_other(5432))
        };
        by("one", request)
    };
    for changes in [
        vec![put(own("vpc-other"))],
        vec![delete("eni-db")],
        vec![delete("eni-none")],
    ] {
        let asked = served.paths().resolve_path(ask(changes)).await;
        check(&asked.unwrap_err(), Code::PermissionDenied, "NOT_ALLOWED");
    }
    // It needs no right to change what is there.
    let asked = served
        .paths()
        .resolve_path(ask(vec![put(own("vpc-new"))]))
        .await;
    let answer = asked.unwrap().into_inner().answer.unwrap();
    assert_eq!(answer.verdict(), v1::Verdict::Reachable);
    assert!(!has(&format!("{answer:?}"), "eni-db"), "{answer:?}");
}
