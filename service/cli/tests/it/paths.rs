//! `path`, `batch` and the demonstration.

use clap::CommandFactory;
use expect_test::expect;
use serde_json::{Value, json};

use causeway_client::{Client, v1};
use v1::consistency::Requirement;

use crate::fake::Fake;
use crate::{Line, Tested, run};

#[tokio::test]
async fn the_exit_code_of_path_is_its_verdict() -> Tested {
    let fake = Fake::start().await?;
    fake.hold("prod", 7);
    for (to, code) in [("10.0.0.1", 0), ("10.0.0.9", 2), ("10.0.0.8", 3)] {
        let ran = run(
            &fake,
            &format!("path --topology prod --from i-1 --to {to} --port 443"),
        )
        .await?;
        assert_eq!(ran.code, code, "{ran:?}");
    }
    let ran = run(
        &fake,
        "path --topology none --from i-1 --to 10.0.0.1 --port 443",
    )
    .await?;
    assert_eq!(ran.code, 1);
    assert_eq!(ran.err, "error: there is no topology `none`\n");
    Ok(())
}

#[tokio::test]
async fn path_prints_text_or_the_contracts_message() -> Tested {
    let fake = Fake::start().await?;
    fake.hold("prod", 7);
    let asked = "path --topology prod --from i-1 --to 10.0.0.1 --protocol icmp";
    let ran = run(&fake, asked).await?;
    expect![[r#"
        REACHABLE  i-1 -> 10.0.0.1 icmp  at revision 7

        forward
          network interface eni-1
          => delivered
    "#]]
    .assert_eq(&ran.out);
    let ran = run(&fake, &format!("{asked} -o json")).await?;
    let value: Value = serde_json::from_str(&ran.out)?;
    assert_eq!(value.get("verdict"), Some(&json!("REACHABLE")));
    assert_eq!(value.get("revision"), Some(&json!(7)));
    assert_eq!(
        value.pointer("/forward/hops/0/resourceKind"),
        Some(&json!("NETWORK_INTERFACE"))
    );
    Ok(())
}

#[tokio::test]
async fn a_flow_may_ask_for_something_and_do_without_something() -> Tested {
    let fake = Fake::start().await?;
    fake.hold("prod", 7);
    let asked = "path --topology prod --from i-1 --to 10.0.0.1 --port 443";
    let request = "--principal arn:aws:iam::111122223333:role/app --action s3:GetObject";
    let ran = run(
        &fake,
        &format!("{asked} {request} --resource * --without vpce-1,eu-west-1a"),
    )
    .await?;
    assert_eq!(ran.code, 0, "{ran:?}");
    Ok(())
}

#[tokio::test]
async fn a_flow_that_needs_a_port_says_so_before_it_is_asked() -> Tested {
    let fake = Fake::start().await?;
    let ran = run(&fake, "path --topology prod --from i-1 --to 10.0.0.1").await?;
    assert_eq!(ran.code, 1);
    assert_eq!(
        ran.err,
        "error: tcp needs a destination port; add --port N\n"
    );
    Ok(())
}

#[tokio::test]
async fn batch_answers_line_by_line_and_tells_the_bad_ones() -> Tested {
    let fake = Fake::start().await?;
    fake.hold("prod", 7);
    let dir = tempfile::tempdir()?;
    let input = dir.path().join("in.jsonl");
    let lines = [
        r#"{"name": "first", "from": "i-1", "to": "10.0.0.1", "port": 443, "verdict": "as I hoped"}"#,
        r#"{"from": "i-1", "to": 5, "port": 443}"#,
        "{broken",
        r#"{"from": "i-gone", "to": "10.0.0.1", "port": 443, "verdict": "no answer of ours"}"#,
        "",
        r#"{"from": "i-1", "to": "10.0.0.9", "protocol": "udp", "port": 53}"#,
    ];
    std::fs::write(&input, lines.join("\n"))?;
    let ran = run(
        &fake,
        &format!("batch --topology prod --input {}", input.display()),
    )
    .await?;
    assert_eq!(ran.code, 0);
    expect![[r#"
        {"name":"first","from":"i-1","to":"10.0.0.1","port":443,"verdict":"REACHABLE","codes":[]}
        {"from":"i-1","to":5,"port":443,"error":"line 2: `to` must be an id, an address or a name, found `5`"}
        {"input":"{broken","error":"line 3: not JSON: key must be a string, in column 2"}
        {"from":"i-gone","to":"10.0.0.1","port":443,"error":"line 4: `i-gone` is not in the topology"}
        {"from":"i-1","to":"10.0.0.9","protocol":"udp","port":53,"verdict":"UNREACHABLE","codes":["NO_ROUTE_TO_DESTINATION"]}
    "#]].assert_eq(&ran.out);
    expect![[r#"
        warning: lines with an error: 3; the first is line 2: `to` must be an id, an address or a name, found `5`
    "#]].assert_eq(&ran.err);
    Ok(())
}

#[tokio::test]
async fn batch_tells_more_with_more_detail() -> Tested {
    let fake = Fake::start().await?;
    fake.hold("prod", 7);
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("flows.jsonl");
    let line = r#"{"from": "i-1", "to": "10.0.0.9", "port": 443}"#;
    for (detail, keys) in [
        ("verdict", "verdict codes"),
        ("path", "verdict codes path"),
        ("full", "verdict codes path answer"),
    ] {
        std::fs::write(&file, line)?;
        let name = file.display();
        // Into the same file: it is replaced only when the answers are whole.
        let ran = run(
            &fake,
            &format!("batch --topology prod --input {name} --output {name} --detail {detail}"),
        )
        .await?;
        assert_eq!((ran.code, ran.out.as_str()), (0, ""));
        let value: Value = serde_json::from_str(&std::fs::read_to_string(&file)?)?;
        let object = value.as_object().ok_or("not an object")?;
        let added: Vec<_> = object.keys().skip(3).map(String::as_str).collect();
        assert_eq!(added.join(" "), keys);
    }
    assert_eq!(
        std::fs::read_dir(dir.path())?.count(),
        1,
        "nothing else is left behind"
    );
    Ok(())
}

#[tokio::test]
async fn a_long_batch_is_asked_in_chunks_at_the_revision_of_the_first() -> Tested {
    let fake = Fake::start().await?;
    fake.hold("prod", 7);
    let dir = tempfile::tempdir()?;
    let input = dir.path().join("in.jsonl");
    let lines: Vec<_> = (0..10_001)
        .map(|n| format!(r#"{{"n": {n}, "from": "i-1", "to": "10.0.0.1", "port": 443}}"#))
        .collect();
    std::fs::write(&input, lines.join("\n"))?;
    let ran = run(
        &fake,
        &format!("batch --topology prod --input {}", input.display()),
    )
    .await?;
    for (at, line) in ran.out.lines().enumerate() {
        let value: Value = serde_json::from_str(line)?;
        assert_eq!(value.get("n"), Some(&json!(at)));
    }
    let state = fake.state();
    let calls: Vec<_> = state
        .batches
        .iter()
        .map(|batch| {
            (
                batch.flows.len(),
                batch.consistency.clone().and_then(|c| c.requirement),
            )
        })
        .collect();
    assert_eq!(
        calls,
        [
            (10_000, Some(Requirement::Newest(true))),
            (1, Some(Requirement::ExactRevision(7))),
        ]
    );
    Ok(())
}

#[tokio::test]
async fn whole_answers_are_asked_for_in_chunks_that_fit() -> Tested {
    let fake = Fake::start().await?;
    fake.hold("prod", 7);
    let dir = tempfile::tempdir()?;
    let input = dir.path().join("in.jsonl");
    let line = r#"{"from": "i-1", "to": "10.0.0.1", "port": 443}"#;
    std::fs::write(&input, [line; 1_001].join("\n"))?;
    let words = format!(
        "batch --topology prod --detail full --input {}",
        input.display()
    );
    assert_eq!(run(&fake, &words).await?.out.lines().count(), 1_001);
    let state = fake.state();
    let sizes: Vec<_> = state
        .batches
        .iter()
        .map(|batch| batch.flows.len())
        .collect();
    assert_eq!(sizes, [1_000, 1]);
    Ok(())
}

#[test]
fn the_help_of_batch_says_that_bad_lines_do_not_fail_it() {
    let mut command = Line::command();
    let help = command
        .find_subcommand_mut("batch")
        .map(|batch| batch.render_help().to_string());
    let help = help.unwrap_or_default();
    assert!(
        help.contains("exits 0 also if single lines have an error"),
        "{help}"
    );
}

#[tokio::test]
async fn the_demonstration_shows_names_and_counts() -> Tested {
    let fake = Fake::start().await?;
    fake.hold("prod", 7);
    let client = Client::connect(format!("http://{}", fake.address)).await?;
    let questions = r#"{"name": "web to db", "from": "i-1", "to": "10.0.0.1", "port": 5432}
{"from": "internet", "to": "10.0.0.9", "port": 22}
{"from": "i-gone", "to": "10.0.0.9", "port": 22}"#;
    let mut out = Vec::new();
    causeway_cli::demo(&client, "prod", questions.as_bytes(), &mut out).await?;
    expect![[r#"
        -----------------------------------------------------------------------------------
         question                 verdict       way            what stops it
        ===================================================================================
         web to db                REACHABLE     eni-1
         from i-1 (name of i-1)                 => delivered
         to 10.0.0.1 tcp/5432
        -----------------------------------------------------------------------------------
         from internet            UNREACHABLE   eni-1
         to 10.0.0.9 tcp/22                     => delivered
        -----------------------------------------------------------------------------------
         from i-gone              error                        `i-gone` is not in the
         to 10.0.0.9 tcp/22                                    topology
        -----------------------------------------------------------------------------------
        3 paths in `prod` at revision 7: 1 REACHABLE, 1 UNREACHABLE, 1 error
    "#]]
    .assert_eq(&String::from_utf8(out)?);
    Ok(())
}
