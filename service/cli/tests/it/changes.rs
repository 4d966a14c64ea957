//! `apply` and `import`.

use std::path::Path;

use expect_test::expect;
use serde_json::{Value, json};

use causeway_client::v1;

use crate::fake::Fake;
use crate::{Tested, run};

const VPCS: &str = r#"{"Vpcs": [{"VpcId": "vpc-0a1b2c3d4e5f60718", "OwnerId": "111111111111", "CidrBlock": "10.0.0.0/16", "IsDefault": false}]}"#;

fn write(dir: &Path, name: &str, text: &str) -> std::io::Result<String> {
    let file = dir.join(name);
    std::fs::write(&file, text)?;
    Ok(file.display().to_string())
}

#[tokio::test]
async fn a_document_is_applied_with_what_the_flags_say() -> Tested {
    let fake = Fake::start().await?;
    let dir = tempfile::tempdir()?;
    let document = r#"{"changes": [{"put": {"ownerId": "111111111111", "region": "eu-west-1", "vpc": {"vpcId": "vpc-1", "cidr_blocks": ["10.0.0.0/16"]}}},
        {"deleteResourceId": "vpc-2"}], "message": "in the file"}"#;
    let file = write(dir.path(), "changes.json", document)?;
    let ran = run(
        &fake,
        &format!("apply --topology prod -f {file} --expect-revision 7 --author me"),
    )
    .await?;
    assert_eq!(ran.out, "put 2 and deleted 0, as revision 8 of `prod`\n");
    let ran = run(
        &fake,
        &format!("apply --topology prod -f {file} --dry-run --message flag -o json"),
    )
    .await?;
    let value: Value = serde_json::from_str(&ran.out)?;
    assert_eq!(
        value,
        json!({"revision": 8, "putCount": 2, "deletedCount": 0})
    );
    let state = fake.state();
    let told: Vec<_> = state
        .applied
        .iter()
        .map(|r| {
            (
                r.topology.as_str(),
                r.expected_revision,
                r.validate_only,
                r.message.as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("prod", Some(7), false, "in the file"),
            ("prod", None, true, "flag")
        ]
    );
    let change = state
        .applied
        .first()
        .and_then(|r| r.changes.last())
        .ok_or("no change")?;
    let delete = v1::change::Action::DeleteResourceId("vpc-2".to_owned());
    assert_eq!(change.action, Some(delete));
    assert_eq!(state.applied.first().map(|r| r.author.as_str()), Some("me"));
    Ok(())
}

#[tokio::test]
async fn a_document_that_cannot_be_read_says_where() -> Tested {
    let fake = Fake::start().await?;
    let dir = tempfile::tempdir()?;
    for (text, expected) in [
        (
            "{\n  \"changes\": [}",
            expect![[r#"
            error: FILE:2:15: expected value
        "#]],
        ),
        (
            r#"{"changes": [{"put": {"owner": "1"}}]}"#,
            expect![[r#"
                error: `FILE` is not a set of changes: `changes[0].put.owner`: there is no such field in Resource; it has `ownerId`, `networkAcl`, `networkInterface`, `internetGateway`, `customerGateway`, `managedPrefixList` and 29 more
            "#]],
        ),
        (
            r#"{"topology": "other"}"#,
            expect![[r#"
            error: `FILE` is for topology `other`, not `prod`
        "#]],
        ),
    ] {
        let file = write(dir.path(), "changes.json", text)?;
        let ran = run(&fake, &format!("apply --topology prod -f {file}")).await?;
        assert_eq!(ran.code, 1);
        expected.assert_eq(&ran.err.replace(&file, "FILE"));
    }
    assert!(fake.state().applied.is_empty());
    let ran = run(&fake, "apply --topology prod -f no-such-file").await?;
    assert!(
        ran.err
            .starts_with("error: cannot read `no-such-file`: No such file"),
        "{}",
        ran.err
    );
    Ok(())
}

#[tokio::test]
async fn every_fault_that_the_service_names_is_printed() -> Tested {
    let fake = Fake::start().await?;
    let dir = tempfile::tempdir()?;
    let file = write(dir.path(), "changes.json", "{}")?;
    let ran = run(
        &fake,
        &format!("apply --topology prod -f {file} --expect-revision 99"),
    )
    .await?;
    assert_eq!(ran.code, 1);
    assert_eq!(
        ran.err,
        "error: nothing was changed, for the change set has 2 faults\n  changes[0]: first fault\n  changes[1]: second fault\n"
    );
    Ok(())
}

#[tokio::test]
async fn an_import_makes_the_topology_and_tells_all() -> Tested {
    let fake = Fake::start().await?;
    let dir = tempfile::tempdir()?;
    let region = dir.path().join("eu-west-1");
    std::fs::create_dir(&region)?;
    write(&region, "vpcs.json", VPCS)?;
    write(&region, "odd.json", r#"{"Odd": []}"#)?;
    let words = format!(
        "import aws {} --topology prod --author me",
        dir.path().display()
    );
    let ran = run(&fake, &words).await?;
    assert_eq!(ran.code, 0, "{ran:?}");
    // What is taken for granted is the importer's to say; here it stands in the place of all its lines.
    let (before, rest) = ran
        .out
        .split_once("taken for granted:")
        .ok_or_else(|| ran.out.clone())?;
    let (assumptions, after) = rest.split_once("created").ok_or_else(|| ran.out.clone())?;
    assert!(
        assumptions
            .lines()
            .skip(1)
            .all(|line| line.starts_with("  ")),
        "{assumptions}"
    );
    expect![[r#"
        resources: 1
          vpc  1
        ...
        created topology `prod`
        revision 1 of `prod`: 1 created, 0 updated, 0 deleted, 0 unchanged
    "#]]
    .assert_eq(&format!("{before}...\ncreated{after}"));
    expect![[r#"
        not understood, and not imported:
          `eu-west-1/odd.json`: the whole file
    "#]]
    .assert_eq(&ran.err);
    let again = run(&fake, &words).await?;
    assert!(
        again.out.ends_with("no change: `prod` is at revision 1\n"),
        "{}",
        again.out
    );
    let state = fake.state();
    let header = state.headers.first().ok_or("no header")?;
    assert_eq!(
        (header.topology.as_str(), header.author.as_str()),
        ("prod", "me")
    );
    assert_eq!(state.imported.len(), 1);
    Ok(())
}

#[tokio::test]
async fn an_import_that_fails_leaves_no_topology_that_it_made() -> Tested {
    let dir = tempfile::tempdir()?;
    let region = dir.path().join("eu-west-1");
    std::fs::create_dir(&region)?;
    write(&region, "vpcs.json", VPCS)?;
    let words = format!("import aws {} --topology prod", dir.path().display());
    let fake = Fake::start().await?;
    fake.state().refuse_imports = true;
    let ran = run(&fake, &words).await?;
    assert_eq!(ran.code, 1);
    // One fault is told once.
    assert_eq!(
        ran.err,
        "error: the request has 1 fault: chunks[0].resources[0]: bad\n"
    );
    assert!(fake.state().topologies.is_empty());
    // What was there before, or holds something by now, stays.
    fake.hold("prod", 0);
    run(&fake, &words).await?;
    assert!(fake.state().topologies.contains_key("prod"));
    fake.state().topologies.clear();
    run(&fake, &format!("{words} --author lost")).await?;
    assert_eq!(
        fake.state()
            .topologies
            .get("prod")
            .map(|held| held.revision),
        Some(1)
    );
    Ok(())
}

#[tokio::test]
async fn a_topology_that_a_failed_import_leaves_behind_is_named() -> Tested {
    let dir = tempfile::tempdir()?;
    let region = dir.path().join("eu-west-1");
    std::fs::create_dir(&region)?;
    write(&region, "vpcs.json", VPCS)?;
    let fake = Fake::start().await?;
    fake.state().refuse_imports = true;
    fake.state().refuse_deletions = true;
    let words = format!("import aws {} --topology prod", dir.path().display());
    let ran = run(&fake, &words).await?;
    assert_eq!(
        ran.err,
        "error: the empty topology `prod` that was made for an import that failed could not be deleted again: \
         the request has 1 fault: chunks[0].resources[0]: bad\n"
    );
    Ok(())
}

#[tokio::test]
async fn an_import_as_json_holds_counts_warnings_and_assumptions() -> Tested {
    let fake = Fake::start().await?;
    let dir = tempfile::tempdir()?;
    let region = dir.path().join("eu-west-1");
    std::fs::create_dir(&region)?;
    write(&region, "vpcs.json", VPCS)?;
    let dir = dir.path().display();
    let ran = run(&fake, &format!("import aws {dir} --topology prod -o json")).await?;
    let value: Value = serde_json::from_str(&ran.out)?;
    assert_eq!(value.get("createdCount"), Some(&json!(1)));
    assert_eq!(value.get("createdTopology"), Some(&json!(true)));
    assert_eq!(value.get("resources"), Some(&json!({"VPC": 1})));
    for list in ["warnings", "notUnderstood", "assumptions"] {
        assert!(value.get(list).is_some_and(Value::is_array), "{list}");
    }
    Ok(())
}

#[tokio::test]
async fn a_folder_without_anything_to_import_is_an_error() -> Tested {
    let fake = Fake::start().await?;
    let dir = tempfile::tempdir()?;
    let ran = run(
        &fake,
        &format!("import aws {} --topology prod", dir.path().display()),
    )
    .await?;
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("nothing was imported"), "{}", ran.err);
    assert!(fake.state().topologies.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_patch_is_written_with_its_mask_as_text() -> Tested {
    let fake = Fake::start().await?;
    let dir = tempfile::tempdir()?;
    let document = r#"{"changes": [{"patch": {"resourceId": "vpc-1", "resource": {"vpc": {"enableDnsSupport": false}},
        "updateMask": "vpc.enableDnsSupport,tags"}}]}"#;
    let file = write(dir.path(), "changes.json", document)?;
    run(&fake, &format!("apply --topology prod -f {file}")).await?;
    let state = fake.state();
    let change = state.applied.first().and_then(|r| r.changes.first());
    let action = change.and_then(|change| change.action.clone());
    let Some(v1::change::Action::Patch(patch)) = action else {
        return Err("no patch".into());
    };
    let paths = patch.update_mask.map(|mask| mask.paths);
    assert_eq!(
        (patch.resource_id.as_str(), paths),
        (
            "vpc-1",
            Some(vec!["vpc.enable_dns_support".to_owned(), "tags".to_owned()])
        )
    );
    Ok(())
}
