//! `path --with` and `batch --with`.

use expect_test::expect;

use causeway_client::v1;
use v1::change::Action;

use crate::fake::Fake;
use crate::{Tested, run};

const CHANGES: &str = r#"{"changes": [{"deleteResourceId": "sg-1"}, {"deleteResourceId": "sg-2"}], "message": "counts for nothing"}"#;
const PATH: &str = "path --topology prod --from i-1 --to 10.0.0.1 --protocol icmp";

fn deleted(changes: &[v1::Change]) -> Vec<Option<Action>> {
    changes.iter().map(|change| change.action.clone()).collect()
}

fn both() -> [Option<Action>; 2] {
    ["sg-1", "sg-2"].map(|id| Some(Action::DeleteResourceId(id.to_owned())))
}

#[tokio::test]
async fn path_asks_with_the_changes_of_a_file_and_says_so() -> Tested {
    let fake = Fake::start().await?;
    fake.hold("prod", 7);
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("changes.json");
    std::fs::write(&file, CHANGES)?;
    let with = format!("{PATH} --with {}", file.display());
    let ran = run(&fake, &with).await?;
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let file = file.display().to_string();
    expect![[r#"
        REACHABLE  i-1 -> 10.0.0.1 icmp  at revision 7

        forward
          network interface eni-1
          => delivered

        what if
          2 changes of `FILE` laid over revision 7 of `prod`, for this answer alone; nothing was stored
    "#]]
    .assert_eq(&ran.out.replace(&file, "FILE"));
    let json = run(&fake, &format!("{with} -o json")).await?;
    serde_json::from_str::<serde_json::Value>(&json.out)?;
    assert!(json.err.starts_with("note: 2 changes of"), "{}", json.err);
    run(&fake, PATH).await?;
    let state = fake.state();
    let [text, json, without] = state.resolved.as_slice() else {
        return Err("not three calls".into());
    };
    assert_eq!(deleted(&text.changes), both());
    assert_eq!(deleted(&json.changes), both());
    assert!(without.changes.is_empty());
    assert!(state.applied.is_empty());
    Ok(())
}

#[tokio::test]
async fn every_call_of_a_batch_carries_the_changes() -> Tested {
    let fake = Fake::start().await?;
    fake.hold("prod", 7);
    let dir = tempfile::tempdir()?;
    let (file, input) = (dir.path().join("changes.json"), dir.path().join("in.jsonl"));
    std::fs::write(&file, CHANGES)?;
    let line = r#"{"from": "i-1", "to": "10.0.0.1", "port": 443}"#;
    std::fs::write(&input, [line; 10_001].join("\n"))?;
    let (file, input) = (file.display(), input.display());
    let ran = run(
        &fake,
        &format!("batch --topology prod --input {input} --with {file}"),
    )
    .await?;
    assert_eq!((ran.code, ran.out.lines().count()), (0, 10_001));
    expect![[r#"
        note: 2 changes of `FILE` laid over revision 7 of `prod`, for this answer alone; nothing was stored
    "#]]
    .assert_eq(&ran.err.replace(&file.to_string(), "FILE"));
    let state = fake.state();
    let changes: Vec<_> = state
        .batches
        .iter()
        .map(|batch| deleted(&batch.changes))
        .collect();
    assert_eq!(changes, [both(), both()]);
    Ok(())
}

#[tokio::test]
async fn changes_that_cannot_be_read_are_told_before_anything_is_asked() -> Tested {
    let fake = Fake::start().await?;
    fake.hold("prod", 7);
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("changes.json");
    std::fs::write(&file, r#"{"topology": "other"}"#)?;
    let ran = run(&fake, &format!("{PATH} --with {}", file.display())).await?;
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.ends_with("is for topology `other`, not `prod`\n"),
        "{}",
        ran.err
    );
    let ran = run(&fake, "batch --topology prod --input - --with -").await?;
    assert_eq!(
        ran.err,
        "error: `--input -` and `--with -` cannot both read standard input; give one of them a file\n"
    );
    let state = fake.state();
    assert!(state.resolved.is_empty() && state.batches.is_empty());
    Ok(())
}
