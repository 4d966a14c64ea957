//! Looking back: `topology diff`.

use expect_test::expect;
use prost_types::Value;
use prost_types::value::Kind;
use serde_json::{Value as Json, json};
use tonic::Status;

use causeway_client::v1;

use crate::fake::Fake;
use crate::{Tested, run};

/// What the fake tells of any two revisions: a subnet more, an instance less, and a route table that changed.
pub(crate) fn differences(request: v1::DiffRevisionsRequest) -> v1::DiffRevisionsResponse {
    use v1::diff_revisions_request::{From, To};
    let kinds = request
        .filter
        .map(|filter| filter.kinds)
        .unwrap_or_default();
    let from_revision = match request.from {
        Some(From::FromRevision(revision)) => revision,
        Some(From::FromAsOf(time)) => u64::try_from(time.seconds).unwrap_or(0),
        Some(From::FromLabel(label)) => label.len() as u64,
        None => 0,
    };
    let to_revision = match request.to {
        Some(To::ToRevision(revision)) => revision,
        Some(To::ToAsOf(time)) => u64::try_from(time.seconds).unwrap_or(0),
        Some(To::ToLabel(label)) => label.len() as u64,
        None => 9,
    };
    v1::DiffRevisionsResponse {
        differences: all_differences()
            .into_iter()
            .filter(|one| kinds.is_empty() || kinds.contains(&one.resource_kind))
            .collect(),
        next_page_token: String::new(),
        from_revision,
        to_revision,
    }
}

fn all_differences() -> Vec<v1::ResourceDifference> {
    let one =
        |r#type: v1::DifferenceType, kind: v1::ResourceKind, id: &str| v1::ResourceDifference {
            resource_id: id.to_owned(),
            resource_kind: kind.into(),
            name: "web\x1b".to_owned(),
            r#type: r#type.into(),
            ..v1::ResourceDifference::default()
        };
    let value = |text: &str| {
        Some(Value {
            kind: Some(Kind::StringValue(text.to_owned())),
        })
    };
    let field = |path: &str, old_value, new_value| v1::FieldDifference {
        path: path.to_owned(),
        old_value,
        new_value,
    };
    let fields = vec![
        field(
            "route_table.routes[1].state",
            value("ACTIVE"),
            value("BLACKHOLE"),
        ),
        field("tags[0]", None, value("new")),
        field("tags[1]", value("old"), None),
    ];
    vec![
        one(
            v1::DifferenceType::Deleted,
            v1::ResourceKind::Instance,
            "i-1",
        ),
        v1::ResourceDifference {
            fields,
            ..one(
                v1::DifferenceType::Changed,
                v1::ResourceKind::RouteTable,
                "rtb-1",
            )
        },
        one(
            v1::DifferenceType::Created,
            v1::ResourceKind::Subnet,
            "subnet-1",
        ),
    ]
}

#[tokio::test]
async fn what_differs_is_told_by_resource_and_field() -> Tested {
    let fake = Fake::start().await?;
    expect![[r#"
        `prod` from revision 3 to 9: 1 created, 1 deleted, 1 changed
        - instance i-1 (web )
        ~ route table rtb-1 (web )
            ~ route_table.routes[1].state: ACTIVE -> BLACKHOLE
            + tags[0]: new
            - tags[1]: old
        + subnet subnet-1 (web )
    "#]]
    .assert_eq(&run(&fake, "topology diff prod --from 3").await?.out);
    expect![[r#"
        `prod` from revision 3 to 4: 1 created, 1 deleted, 0 changed
        - instance i-1 (web )
        + subnet subnet-1 (web )
    "#]]
    .assert_eq(
        &run(
            &fake,
            "topology diff prod --from 3 --to 4 --kind subnet,INSTANCE",
        )
        .await?
        .out,
    );
    Ok(())
}

#[tokio::test]
async fn what_differs_is_the_contracts_answer_in_json() -> Tested {
    let fake = Fake::start().await?;
    let ran = run(
        &fake,
        "topology diff prod --from 3 -o json --kind route-table",
    )
    .await?;
    let value: Json = serde_json::from_str(&ran.out)?;
    assert_eq!(value.pointer("/toRevision"), Some(&json!(9)));
    assert_eq!(
        value.pointer("/differences/0/type"),
        Some(&json!("CHANGED"))
    );
    let field = json!({"path": "route_table.routes[1].state", "oldValue": "ACTIVE", "newValue": "BLACKHOLE"});
    assert_eq!(value.pointer("/differences/0/fields/0"), Some(&field));
    Ok(())
}

#[tokio::test]
async fn a_revision_may_be_named_by_its_time_or_its_label() -> Tested {
    let fake = Fake::start().await?;
    let words =
        "topology diff prod --from 1970-01-01T00:00:04Z --to 1970-01-01T01:00:05+01:00 --kind vpc";
    assert_eq!(
        run(&fake, words).await?.out,
        "`prod` from revision 4 to 5: 0 created, 0 deleted, 0 changed\n"
    );
    // The fake has every label at the revision of its length.
    let words = "topology diff prod --from good --to newer --kind vpc";
    assert_eq!(
        run(&fake, words).await?.out,
        "`prod` from revision 4 to 5: 0 created, 0 deleted, 0 changed\n"
    );
    Ok(())
}

#[tokio::test]
async fn a_batch_may_be_asked_at_a_time_or_a_label() -> Tested {
    use v1::consistency::Requirement;

    let fake = Fake::start().await?;
    fake.hold("prod", 7);
    let directory = tempfile::tempdir()?;
    let input = directory.path().join("flows.jsonl");
    std::fs::write(
        &input,
        r#"{"from": "i-1", "to": "10.0.0.1", "protocol": "tcp", "port": 443}"#,
    )?;
    for (at, requirement) in [
        (
            "1970-01-01T00:00:04Z",
            Requirement::AsOf(prost_types::Timestamp {
                seconds: 4,
                nanos: 0,
            }),
        ),
        ("4", Requirement::ExactRevision(4)),
        ("good", Requirement::Label("good".to_owned())),
    ] {
        let words = format!(
            "batch --topology prod --at {at} --input {}",
            input.display()
        );
        assert_eq!(run(&fake, &words).await?.code, 0);
        let asked = fake
            .state()
            .batches
            .pop()
            .and_then(|batch| batch.consistency);
        assert_eq!(asked.and_then(|asked| asked.requirement), Some(requirement));
    }
    Ok(())
}

/// What the fake tells who watches: two revisions and their marks; then that the topology is gone.
pub(crate) fn watched(
    request: &v1::WatchRevisionsRequest,
) -> Vec<Result<v1::WatchRevisionsResponse, Status>> {
    use v1::watch_revisions_request::Start;
    use v1::watch_revisions_response::Event;
    let after = match request.start {
        Some(Start::AfterRevision(revision)) => revision,
        Some(Start::ResumeToken(_)) | None => 9,
    };
    let told = |event| {
        Ok(v1::WatchRevisionsResponse {
            event: Some(event),
            resume_token: "token".to_owned(),
        })
    };
    let revision = |number| {
        told(Event::Revision(v1::RevisionEvent {
            revision: Some(v1::Revision {
                revision: number,
                create_time: Some(prost_types::Timestamp {
                    seconds: 10,
                    nanos: 0,
                }),
                author: "me".to_owned(),
                message: "why\nin detail".to_owned(),
                put_count: 2,
                deleted_count: 1,
                labels: Vec::new(),
                trace_parent: String::new(),
            }),
            ..v1::RevisionEvent::default()
        }))
    };
    let mark = v1::ProgressMark {
        revision: after,
        head_revision: after + 2,
    };
    vec![
        told(Event::Mark(mark)),
        revision(after + 1),
        revision(after + 2),
        Err(Status::not_found("it is gone")),
    ]
}

#[tokio::test]
async fn each_revision_is_a_line() -> Tested {
    let fake = Fake::start().await?;
    let ran = run(&fake, "watch --topology prod --from-revision 4").await?;
    expect![[r#"
        5  1970-01-01T00:00:10Z  me  2 put, 1 deleted  why
        6  1970-01-01T00:00:10Z  me  2 put, 1 deleted  why
    "#]]
    .assert_eq(&ran.out);
    assert_eq!((ran.code, ran.err.as_str()), (1, "error: it is gone\n"));
    let ran = run(&fake, "watch --topology prod -o json").await?;
    let lines: Vec<Json> = ran
        .out
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    let numbers: Vec<_> = lines.iter().map(|line| line["revision"].clone()).collect();
    assert_eq!(numbers, [json!(10), json!(11)]);
    assert_eq!(lines[0]["message"], json!("why\nin detail"));
    Ok(())
}
