//! What differs between revisions, over gRPC: by resource and field, in pages, at revisions that are kept.

use causeway_proto::v1;
use tonic::Code;
use v1::diff_revisions_request::{From, To};

use crate::harness::{Served, apply, put, subnet, vpc};

fn delete(id: &str) -> v1::Change {
    v1::Change {
        action: Some(v1::change::Action::DeleteResourceId(id.to_owned())),
    }
}

/// Revision 1: `vpc-1`, `vpc-2`; revision 2: `vpc-1` is the default, `vpc-2` is gone, `subnet-1` is there.
async fn changed() -> Served {
    let served = Served::start().await;
    let sets = [
        vec![put(vpc("vpc-1")), put(vpc("vpc-2"))],
        vec![
            put(default_vpc()),
            delete("vpc-2"),
            put(subnet("subnet-1", "vpc-1")),
        ],
    ];
    for changes in sets {
        served
            .topologies()
            .apply_changes(apply(changes))
            .await
            .unwrap();
    }
    served
}

fn default_vpc() -> v1::Resource {
    let mut resource = vpc("vpc-1");
    if let Some(v1::resource::Kind::Vpc(vpc)) = &mut resource.kind {
        vpc.is_default = true;
    }
    resource
}

fn ask(from: u64, to: Option<u64>) -> v1::DiffRevisionsRequest {
    v1::DiffRevisionsRequest {
        topology: "t".to_owned(),
        from: Some(From::FromRevision(from)),
        to: to.map(To::ToRevision),
        ..v1::DiffRevisionsRequest::default()
    }
}

async fn told(served: &Served, request: v1::DiffRevisionsRequest) -> v1::DiffRevisionsResponse {
    let answer = served.topologies().diff_revisions(request).await;
    answer.unwrap().into_inner()
}

/// One line for each resource.
fn lines(answer: &v1::DiffRevisionsResponse) -> Vec<String> {
    let lines = answer.differences.iter().map(|one| {
        let fields: Vec<_> = one.fields.iter().map(|field| field.path.as_str()).collect();
        let what = one
            .r#type()
            .as_str_name()
            .trim_start_matches("DIFFERENCE_TYPE_");
        format!("{what} {} [{}]", one.resource_id, fields.join(", "))
    });
    lines.collect()
}

#[tokio::test]
async fn what_was_created_deleted_and_changed_is_told_by_id() {
    let served = changed().await;
    let answer = told(&served, ask(1, None)).await;
    assert_eq!((answer.from_revision, answer.to_revision), (1, 2));
    assert_eq!(
        lines(&answer),
        [
            "CREATED subnet-1 []",
            "CHANGED vpc-1 [vpc.is_default]",
            "DELETED vpc-2 []"
        ]
    );
    let resources: Vec<_> = answer
        .differences
        .iter()
        .map(|one| one.resource.clone())
        .collect();
    assert_eq!(
        resources,
        [Some(subnet("subnet-1", "vpc-1")), None, Some(vpc("vpc-2"))]
    );
    let field = &answer.differences[1].fields[0];
    assert_eq!(
        (&field.old_value, &field.new_value),
        (&None, &Some(true.into()))
    );
}

#[tokio::test]
async fn the_way_back_is_the_other_way_round() {
    let served = changed().await;
    assert_eq!(
        lines(&told(&served, ask(2, Some(0))).await),
        ["DELETED subnet-1 []", "DELETED vpc-1 []"]
    );
    assert_eq!(
        lines(&told(&served, ask(2, Some(1))).await),
        [
            "DELETED subnet-1 []",
            "CHANGED vpc-1 [vpc.is_default]",
            "CREATED vpc-2 []"
        ]
    );
    assert!(told(&served, ask(2, Some(2))).await.differences.is_empty());
}

#[tokio::test]
async fn a_filter_is_met_in_one_of_the_two() {
    let served = changed().await;
    let filtered = |filter| v1::DiffRevisionsRequest {
        filter: Some(filter),
        ..ask(1, None)
    };
    let kinds = vec![v1::ResourceKind::Vpc.into()];
    let filter = v1::ResourceFilter {
        kinds,
        ..v1::ResourceFilter::default()
    };
    assert_eq!(
        lines(&told(&served, filtered(filter)).await),
        ["CHANGED vpc-1 [vpc.is_default]", "DELETED vpc-2 []"]
    );
    let filter = v1::ResourceFilter {
        vpc_id: "vpc-1".to_owned(),
        ..v1::ResourceFilter::default()
    };
    assert_eq!(
        lines(&told(&served, filtered(filter)).await),
        ["CREATED subnet-1 []", "CHANGED vpc-1 [vpc.is_default]"]
    );
    let tag = |value: &str| v1::Tag {
        key: "env".to_owned(),
        value: value.to_owned(),
    };
    let tagged = v1::Resource {
        tags: vec![tag("prod")],
        ..default_vpc()
    };
    let changes = apply(vec![put(tagged)]);
    served.topologies().apply_changes(changes).await.unwrap();
    for (from, to) in [(2, 3), (3, 2)] {
        let request = v1::DiffRevisionsRequest {
            filter: Some(v1::ResourceFilter {
                tags: vec![tag("")],
                ..v1::ResourceFilter::default()
            }),
            ..ask(from, Some(to))
        };
        assert_eq!(
            lines(&told(&served, request).await),
            ["CHANGED vpc-1 [tags[0]]"]
        );
    }
}

#[tokio::test]
async fn all_pages_compare_the_revisions_of_the_first() {
    let served = changed().await;
    let mut request = v1::DiffRevisionsRequest {
        page_size: 1,
        ..ask(1, None)
    };
    let mut all = Vec::new();
    for _ in 0..3 {
        let page = told(&served, request.clone()).await;
        assert_eq!((page.from_revision, page.to_revision), (1, 2));
        all.extend(lines(&page));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
        let next = apply(vec![put(vpc(&format!("vpc-1{}", all.len())))]);
        served.topologies().apply_changes(next).await.unwrap();
    }
    assert_eq!(
        all,
        [
            "CREATED subnet-1 []",
            "CHANGED vpc-1 [vpc.is_default]",
            "DELETED vpc-2 []"
        ]
    );
    request.from = Some(From::FromRevision(0));
    let refused = served
        .topologies()
        .diff_revisions(request)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_revision_that_is_not_there_is_out_of_range_and_a_missing_one_invalid() {
    let served = changed().await;
    for request in [ask(3, None), ask(0, Some(3))] {
        let refused = served
            .topologies()
            .diff_revisions(request)
            .await
            .unwrap_err();
        assert_eq!(
            (refused.code(), refused.message()),
            (
                Code::OutOfRange,
                "revision 3 does not exist yet, the newest is 2"
            )
        );
    }
    let request = v1::DiffRevisionsRequest {
        from: None,
        ..ask(0, None)
    };
    let refused = served
        .topologies()
        .diff_revisions(request)
        .await
        .unwrap_err();
    assert_eq!(
        refused.message(),
        "the request has 1 fault: from: is required, expected a revision, a time or a label"
    );
}
