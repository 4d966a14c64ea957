//! `topology`.

use clap::Parser;
use expect_test::expect;
use serde_json::{Value, json};

use crate::fake::Fake;
use crate::{Line, Tested, run, run_typing};

#[tokio::test]
async fn topologies_are_made_listed_shown_and_deleted() -> Tested {
    let fake = Fake::start().await?;
    fake.hold("prod", 12);
    assert_eq!(
        run(&fake, "topology create dev --description trial")
            .await?
            .out,
        "created topology `dev`\n"
    );
    expect![[r#"
        NAME  REVISION  RESOURCES  CREATED  DESCRIPTION
        dev   0         0                   trial
        prod  12        3
    "#]]
    .assert_eq(&run(&fake, "topology list").await?.out);
    expect![[r#"
        name         dev
        revision     0
        resources    0
        created
        description  trial
    "#]]
    .assert_eq(&run(&fake, "topology show dev").await?.out);
    let deleted = run(&fake, "topology delete dev --yes").await?;
    assert_eq!(deleted.out, "deleted topology `dev`\n");
    let ran = run(&fake, "topology show dev -o json").await?;
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    Ok(())
}

#[tokio::test]
async fn a_deletion_is_confirmed_at_a_terminal() -> Tested {
    let fake = Fake::start().await?;
    for typed in ["", "\n", "no\n", "yeah\n"] {
        fake.hold("prod", 12);
        let ran = run_typing(&fake, "topology delete prod", typed).await?;
        assert_eq!(ran.code, 1, "{typed:?}");
        assert_eq!(
            ran.err,
            "delete `prod` with all its revisions, for good? [y/N] error: `prod` was not deleted: the question was not answered with `y`; \
             --yes asks nothing\n"
        );
        assert!(fake.state().topologies.contains_key("prod"));
    }
    for (words, typed) in [
        ("topology delete prod", "y\n"),
        ("topology delete prod", " YES \r\n"),
        ("topology delete prod --yes", "n\n"),
    ] {
        fake.hold("prod", 12);
        let ran = run_typing(&fake, words, typed).await?;
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (0, "deleted topology `prod`\n")
        );
        assert!(fake.state().topologies.is_empty());
    }
    Ok(())
}

#[tokio::test]
async fn a_deletion_with_nobody_to_ask_is_done() -> Tested {
    let fake = Fake::start().await?;
    fake.hold("prod", 12);
    let ran = run(&fake, "topology delete prod").await?;
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(fake.state().topologies.is_empty());
    Ok(())
}

#[tokio::test]
async fn history_is_newest_first_and_may_be_limited() -> Tested {
    let fake = Fake::start().await?;
    expect![[r#"
        REVISION  APPLIED  AUTHOR  PUT  DELETED  LABELS    MESSAGE
        3                  me      2    0                  why
        2                  me      2    0        good,old  why
        1                  me      2    0                  why
    "#]]
    .assert_eq(&run(&fake, "topology history prod").await?.out);
    let ran = run(&fake, "topology history prod --limit 2 -o json").await?;
    let value: Value = serde_json::from_str(&ran.out)?;
    assert_eq!(value.pointer("/revisions/1/revision"), Some(&json!(2)));
    assert_eq!(value.pointer("/revisions/2"), None);
    Ok(())
}

#[test]
fn a_mistyped_flag_or_value_is_refused() {
    for words in [
        "causeway path --topology p --from a --to b --port 0",
        "causeway path --topology p --from a --to b --prot 1",
        "causeway path --topology p --from a --to b --port 1 --principal arn:aws:iam::1:root --action s3:GetObject",
        "causeway path --topology p --from a --to b --port 1 --action s3:GetObject --resource *",
        "causeway topology show p -o yaml",
        "causeway batch --topology p",
        "causeway topology diff p",
        "causeway topology diff p --from Yesterday",
        "causeway topology fork p",
        "causeway topology fork p q --at 1 --label good",
        "causeway topology fork p q --as-of good",
        "causeway topology rollback p",
        "causeway topology rollback p --to 1 --as-of 2026-01-31T08:00:00Z",
        "causeway topology label p",
        "causeway topology label p set",
        "causeway topology diff p --from 1 --kind house",
        "causeway path --topology p --from a --to b --port 1 --at 2026-01-31",
        "causeway import gcp dir --topology p",
    ] {
        assert!(Line::try_parse_from(words.split(' ')).is_err(), "{words}");
    }
}
