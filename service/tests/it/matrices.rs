//! Matrices over gRPC: which ends they are of, what their cells say, and what is refused.

use causeway_client::matrix::{all, one, service};
use causeway_client::{ClientError, MatrixAxes, MatrixQuestion, consistency};
use causeway_proto::v1;
use tonic::Code;
use v1::compute_reachability_matrix_response::Part;

use crate::acme;
use crate::harness::{Served, apply, put};

/// All interfaces to all interfaces and some others, over two services.
fn everything() -> MatrixQuestion {
    let every = || all(v1::EndFilter::default());
    MatrixQuestion {
        sources: vec![every(), one("internet"), one("8.8.8.8")],
        destinations: vec![one("internet"), every()],
        services: vec![service("tcp", 443), service("icmp", None)],
    }
}

async fn refused(served: &Served, question: MatrixQuestion) -> ClientError {
    let asked = served.client.matrix("t", question, consistency::newest());
    asked.await.unwrap_err()
}

async fn axes(served: &Served, question: MatrixQuestion) -> MatrixAxes {
    let asked = served.client.matrix("t", question, consistency::newest());
    asked.await.unwrap().axes().clone()
}

fn from(sources: Vec<v1::EndSelector>) -> MatrixQuestion {
    MatrixQuestion {
        sources,
        destinations: vec![one("internet")],
        services: vec![service("tcp", 443)],
    }
}

#[tokio::test]
async fn every_cell_of_a_matrix_is_what_the_flow_alone_is_answered() {
    let served = Served::start().await;
    acme::import(&served.client).await;
    let asked = served
        .client
        .matrix("t", everything(), consistency::newest());
    let matrix = asked.await.unwrap().whole().await.unwrap();
    let MatrixAxes {
        revision,
        sources,
        destinations,
        services,
    } = matrix.axes().clone();
    assert!(sources.len() > 20 && destinations.len() == sources.len() - 1);
    let (mut flows, mut cells) = (Vec::new(), Vec::new());
    for source in &sources {
        for destination in &destinations {
            for (place, service) in services.iter().enumerate() {
                flows.push(v1::Flow {
                    source: source.clone(),
                    destination: destination.clone(),
                    protocol: service.protocol.clone(),
                    destination_port: service.destination_port,
                    ..v1::Flow::default()
                });
                cells.push(matrix.verdict(source, destination, place).unwrap());
            }
        }
    }
    let exactly = consistency::exactly(revision);
    let alone = served
        .client
        .batch("t", flows.clone(), v1::Detail::Verdict, exactly);
    let alone = alone.await.unwrap().items;
    for ((flow, cell), item) in flows.iter().zip(cells).zip(alone) {
        assert_eq!(cell, item.verdict(), "{flow:?}");
    }
    assert_eq!(matrix.verdict("eni-none", "internet", 0), None);
    assert_eq!(matrix.verdict(&sources[0], "internet", 2), None);
}

#[tokio::test]
async fn the_first_cell_of_a_byte_is_in_its_lowest_bits() {
    let served = Served::start().await;
    acme::import(&served.client).await;
    let question = MatrixQuestion {
        sources: vec![all(v1::EndFilter::default())],
        destinations: vec![all(v1::EndFilter::default())],
        services: vec![service("tcp", 443)],
    };
    let message = v1::ComputeReachabilityMatrixRequest {
        topology: "t".to_owned(),
        consistency: None,
        sources: question.sources.clone(),
        destinations: question.destinations.clone(),
        services: question.services.clone(),
    };
    let mut parts = served
        .paths()
        .compute_reachability_matrix(message)
        .await
        .unwrap()
        .into_inner();
    let asked = served.client.matrix("t", question, consistency::newest());
    let matrix = asked.await.unwrap().whole().await.unwrap();
    let ends = &matrix.axes().sources;
    let (mut kinds, mut cells) = (Vec::new(), 0);
    while let Some(part) = parts.message().await.unwrap() {
        let Some(Part::Cells(part)) = part.part else {
            kinds.push(part.part);
            continue;
        };
        for place in 0..part.count as usize {
            let cell = usize::try_from(part.first).unwrap() + place;
            let (source, destination) = (&ends[cell / ends.len()], &ends[cell % ends.len()]);
            let bits = (part.verdicts[place / 4] >> (2 * (place % 4))) & 3;
            let verdict = matrix.verdict(source, destination, 0).unwrap();
            assert_eq!(i32::from(bits) + 1, verdict as i32);
            cells += 1;
        }
    }
    assert_eq!(cells, ends.len() * ends.len());
    let [
        Some(Part::Header(_)),
        Some(Part::Ends(from)),
        Some(Part::Ends(to)),
    ] = &kinds[..]
    else {
        panic!("{kinds:?}")
    };
    assert_eq!(
        (from.axis(), to.axis()),
        (v1::MatrixAxis::Sources, v1::MatrixAxis::Destinations)
    );
}

#[tokio::test]
async fn selectors_choose_each_end_once_in_order() {
    let served = Served::start().await;
    acme::import(&served.client).await;
    let every = axes(&served, from(vec![all(v1::EndFilter::default())])).await;
    let first = every.sources[0].clone();
    let sources = vec![
        one("internet"),
        one("10.9.0.1"),
        one("10.10.0.1"),
        one("2001:db8::1"),
        one(first.clone()),
        all(v1::EndFilter::default()),
    ];
    let mixed = axes(&served, from(sources)).await.sources;
    let (ids, others) = mixed.split_at(every.sources.len());
    assert_eq!(ids, every.sources);
    assert!(ids.is_sorted());
    assert_eq!(others, ["10.9.0.1", "10.10.0.1", "2001:db8::1", "internet"]);
}

/// The network interfaces that a topology holds, each with the rest of its resource.
async fn interfaces(served: &Served) -> Vec<(v1::Resource, v1::NetworkInterface)> {
    let mut topologies = served.topologies();
    let listed = topologies.list_resources(v1::ListResourcesRequest {
        topology: "t".to_owned(),
        page_size: 1_000,
        ..v1::ListResourcesRequest::default()
    });
    let listed = listed.await.unwrap().into_inner();
    assert!(listed.next_page_token.is_empty());
    let held = listed.resources.into_iter().filter_map(|held| {
        let Some(v1::resource::Kind::NetworkInterface(own)) = held.kind.clone() else {
            return None;
        };
        Some((held, own))
    });
    held.collect()
}

/// Whether an interface meets a filter of one condition.
type Fits = fn(&v1::EndFilter, &v1::Resource, &v1::NetworkInterface) -> bool;

/// Filters of one condition each, which an interface and another one that is tagged meet.
fn conditions(
    resource: &v1::Resource,
    own: &v1::NetworkInterface,
    tagged: &v1::Resource,
) -> [(v1::EndFilter, Fits); 6] {
    let filter = v1::EndFilter::default;
    [
        (
            v1::EndFilter {
                vpc_id: own.vpc_id.clone(),
                ..filter()
            },
            |filter, _, own| own.vpc_id == filter.vpc_id,
        ),
        (
            v1::EndFilter {
                subnet_id: own.subnet_id.clone(),
                ..filter()
            },
            |filter, _, own| own.subnet_id == filter.subnet_id,
        ),
        (
            v1::EndFilter {
                security_group_id: own.group_ids.first().cloned().unwrap_or_default(),
                ..filter()
            },
            |filter, _, own| own.group_ids.contains(&filter.security_group_id),
        ),
        (
            v1::EndFilter {
                owner_id: resource.owner_id.clone(),
                ..filter()
            },
            |filter, held, _| held.owner_id == filter.owner_id,
        ),
        (
            v1::EndFilter {
                region: resource.region.clone(),
                ..filter()
            },
            |filter, held, _| held.region == filter.region,
        ),
        (
            v1::EndFilter {
                tags: tagged.tags.clone(),
                ..filter()
            },
            |filter, held, _| filter.tags.iter().all(|tag| held.tags.contains(tag)),
        ),
    ]
}

#[tokio::test]
async fn filters_choose_by_place_group_owner_region_and_tag() {
    let served = Served::start().await;
    acme::import(&served.client).await;
    let first = interfaces(&served).await.swap_remove(0).0;
    let tagged = v1::Resource {
        tags: vec![v1::Tag {
            key: "Env".to_owned(),
            value: "prod".to_owned(),
        }],
        ..first
    };
    let change = apply(vec![put(tagged.clone())]);
    served.topologies().apply_changes(change).await.unwrap();
    let held = interfaces(&served).await;
    let is_of_instance = |own: &v1::NetworkInterface| !own.instance_id.is_empty();
    let (resource, own) = held.iter().find(|(_, own)| is_of_instance(own)).unwrap();
    let cases = conditions(resource, own, &tagged);
    let filter = v1::EndFilter::default;
    for (filter, fits) in cases {
        let fitting = held.iter().filter(|(held, own)| fits(&filter, held, own));
        let wanted: Vec<_> = fitting
            .map(|(_, own)| own.network_interface_id.clone())
            .collect();
        assert!(
            !wanted.is_empty() && wanted.len() < held.len()
                || !filter.owner_id.is_empty()
                || !filter.region.is_empty()
        );
        let told = axes(&served, from(vec![all(filter.clone())])).await;
        assert_eq!(told.sources, wanted, "{filter:?}");
    }
    let instances = v1::EndFilter {
        kind: v1::ResourceKind::Instance.into(),
        security_group_id: own.group_ids[0].clone(),
        ..filter()
    };
    let fitting = held
        .iter()
        .filter(|(_, other)| other.group_ids.contains(&own.group_ids[0]));
    let mut wanted: Vec<_> = fitting.map(|(_, own)| own.instance_id.clone()).collect();
    wanted.retain(|id| !id.is_empty());
    wanted.sort();
    wanted.dedup();
    let told = axes(&served, from(vec![all(instances)])).await;
    assert_eq!(told.sources, wanted);
}

#[tokio::test]
async fn what_is_no_matrix_is_refused_with_what_is_wrong() {
    let served = Served::start().await;
    acme::import(&served.client).await;
    let nobody = v1::EndFilter {
        region: "ap-south-2".to_owned(),
        ..v1::EndFilter::default()
    };
    let vpc = v1::EndFilter {
        vpc_id: "vpc-0123".to_owned(),
        ..v1::EndFilter::default()
    };
    let kind = v1::EndFilter {
        kind: v1::ResourceKind::Vpc.into(),
        ..v1::EndFilter::default()
    };
    let with = |service: v1::MatrixService| MatrixQuestion {
        services: vec![service],
        ..everything()
    };
    let cases = [
        (from(vec![]), Code::InvalidArgument, "sources"),
        (from(vec![all(nobody)]), Code::InvalidArgument, "sources"),
        (
            from(vec![one("a.example.com")]),
            Code::InvalidArgument,
            "sources[0].end",
        ),
        (
            from(vec![v1::EndSelector::default()]),
            Code::InvalidArgument,
            "sources[0]",
        ),
        (
            from(vec![all(kind)]),
            Code::InvalidArgument,
            "sources[0].all.kind",
        ),
        (
            with(service("icmp", 443)),
            Code::InvalidArgument,
            "services[0].destination_port",
        ),
        (
            with(service("tcp", None)),
            Code::InvalidArgument,
            "services[0].destination_port",
        ),
        (from(vec![one("eni-0123")]), Code::NotFound, ""),
        (from(vec![all(vpc)]), Code::NotFound, ""),
    ];
    for (question, code, field) in cases {
        let text = format!("{question:?}");
        let error = refused(&served, question).await;
        assert_eq!(error.code(), code, "{text:.200} {error}");
        let fields = error.violations().iter().map(|fault| fault.field.clone());
        let fields: Vec<String> = fields.collect();
        assert_eq!(fields.join(" "), field, "{text:.200}");
    }
}

#[tokio::test]
async fn a_matrix_that_is_too_large_is_refused_with_both_numbers() {
    let served = Served::start().await;
    acme::import(&served.client).await;
    let addresses = |count: u32| {
        let numbers = (0..count).map(|number| std::net::Ipv4Addr::from(0x0800_0000 + number));
        numbers.map(|address| one(address.to_string())).collect()
    };
    let question = MatrixQuestion {
        sources: addresses(5_000),
        destinations: addresses(2_001),
        services: vec![service("tcp", 443)],
    };
    let error = refused(&served, question).await;
    assert_eq!(error.reason(), Some(v1::ErrorReason::TooManyItems));
    let text = error.to_string();
    assert!(
        text.contains("10005000") && text.contains("10000000"),
        "{text}"
    );
}
