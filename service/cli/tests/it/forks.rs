//! `topology fork`, `topology rollback` and `topology label`.

use expect_test::expect;
use serde_json::{Value, json};

use causeway_client::v1;

use crate::fake::Fake;
use crate::{Tested, run};

/// The revision at which the fake forks: a label is at the revision of its length.
pub(crate) fn forked_at(at: Option<v1::topology_source::At>) -> u64 {
    use v1::topology_source::At;
    match at {
        None => 9,
        Some(At::Revision(revision)) => revision,
        Some(At::AsOf(time)) => u64::try_from(time.seconds).unwrap_or(0),
        Some(At::Label(label)) => label.len() as u64,
    }
}

/// What the fake says of a rollback: at revision 9 nothing differs.
pub(crate) fn rolled_back(request: &v1::RollbackTopologyRequest) -> v1::RollbackTopologyResponse {
    use v1::rollback_topology_request::To;
    let changed = request.to != Some(To::ToRevision(9));
    v1::RollbackTopologyResponse {
        revision: if changed { 10 } else { 9 },
        changed,
        put_count: if changed { 2 } else { 0 },
        deleted_count: u64::from(changed),
    }
}

/// The label that the fake sets.
pub(crate) fn label(request: v1::SetRevisionLabelRequest) -> v1::RevisionLabel {
    use v1::set_revision_label_request::At;
    v1::RevisionLabel {
        revision: match request.at {
            None => 9,
            Some(At::Revision(revision)) => revision,
            Some(At::AsOf(time)) => u64::try_from(time.seconds).unwrap_or(0),
            Some(At::OtherLabel(label)) => label.len() as u64,
        },
        label: request.label,
        set_time: Some(prost_types::Timestamp {
            seconds: 10,
            nanos: 0,
        }),
    }
}

#[tokio::test]
async fn a_fork_is_made_at_a_revision_a_time_or_a_label() -> Tested {
    let fake = Fake::start().await?;
    for (flags, revision) in [
        ("", 9),
        ("--at 3", 3),
        ("--at good", 4),
        ("--label newer", 5),
        ("--at 1970-01-01T00:00:06Z", 6),
        ("--as-of 1970-01-01T00:00:07Z", 7),
    ] {
        let ran = run(&fake, &format!("topology fork prod trial {flags}")).await?;
        assert_eq!(
            ran.out,
            format!("created topology `trial`, a fork of `prod` at revision {revision}\n")
        );
    }
    run(&fake, "topology fork prod trial --description trial").await?;
    expect![[r#"
        name         trial
        revision     0
        resources    0
        created
        forked from  `prod` at revision 9
        description  trial
    "#]]
    .assert_eq(&run(&fake, "topology show trial").await?.out);
    let ran = run(&fake, "topology fork prod other --at 3 -o json").await?;
    let value: Value = serde_json::from_str(&ran.out)?;
    assert_eq!(
        value.get("forkedFrom"),
        Some(&json!({"topology": "prod", "revision": 3}))
    );
    Ok(())
}

#[tokio::test]
async fn a_rollback_says_what_it_did_or_would_do() -> Tested {
    use v1::rollback_topology_request::To;
    let fake = Fake::start().await?;
    let words = "topology rollback prod --to 3 --expect-revision 9 --message because --author me";
    assert_eq!(
        run(&fake, words).await?.out,
        "rolled back: put 2 and deleted 1, as revision 10 of `prod`\n"
    );
    assert_eq!(
        run(&fake, "topology rollback prod --label good --dry-run")
            .await?
            .out,
        "checked, nothing changed: would put 2 and delete 1, as revision 10 of `prod`\n"
    );
    assert_eq!(
        run(&fake, "topology rollback prod --to 9").await?.out,
        "no change: `prod` holds the same at revision 9, its newest one\n"
    );
    let ran = run(
        &fake,
        "topology rollback prod --as-of 1970-01-01T00:00:07Z -o json",
    )
    .await?;
    let value: Value = serde_json::from_str(&ran.out)?;
    assert_eq!(
        value,
        json!({"revision": 10, "changed": true, "putCount": 2, "deletedCount": 1})
    );
    let asked = std::mem::take(&mut fake.state().rollbacks);
    let first = &asked[0];
    assert_eq!(
        (first.expected_revision, first.author.as_str()),
        (Some(9), "me")
    );
    assert_eq!(first.message, "because");
    assert!(asked[1].validate_only && !first.validate_only);
    let label = Some(To::ToLabel("good".to_owned()));
    assert_eq!(
        (&first.to, &asked[1].to),
        (&Some(To::ToRevision(3)), &label)
    );
    Ok(())
}

#[tokio::test]
async fn labels_are_set_listed_and_deleted() -> Tested {
    let fake = Fake::start().await?;
    let none = run(&fake, "topology label prod list").await?;
    assert_eq!(
        (none.out.as_str(), none.err.as_str()),
        ("", "`prod` has no labels\n")
    );
    for (words, revision) in [
        ("set good", 9),
        ("set old --at 3", 3),
        ("set older --at old", 3),
    ] {
        let label = words.split(' ').nth(1).ok_or("no label")?;
        let ran = run(&fake, &format!("topology label prod {words}")).await?;
        assert_eq!(
            ran.out,
            format!("`{label}` is revision {revision} of `prod`\n")
        );
    }
    expect![[r#"
        LABEL  REVISION  SET
        good   9         1970-01-01T00:00:10Z
        old    3         1970-01-01T00:00:10Z
        older  3         1970-01-01T00:00:10Z
    "#]]
    .assert_eq(&run(&fake, "topology label prod list").await?.out);
    let ran = run(&fake, "topology label prod list -o json").await?;
    let value: Value = serde_json::from_str(&ran.out)?;
    assert_eq!(value.pointer("/labels/1/revision"), Some(&json!(3)));
    assert_eq!(
        run(&fake, "topology label prod delete old").await?.out,
        "deleted label `old` of `prod`\n"
    );
    let gone = run(&fake, "topology label prod delete old").await?;
    assert_eq!(
        (gone.code, gone.err.as_str()),
        (1, "error: there is no label `old`\n")
    );
    Ok(())
}
