//! Defects that services of this kind had, tried on this one.

use causeway_client::{Client, consistency};
use causeway_proto::v1;
use v1::watch_revisions_response::Event;

use crate::acme;
use crate::harness::{Served, apply, causeway, put, vpc};

/// A flow, and others that differ from it in one field each.
fn questions() -> Vec<v1::Flow> {
    let plain = acme::flow_of(acme::questions().first().unwrap());
    let mut all = vec![plain.clone()];
    let mut differing = |change: fn(&mut v1::Flow)| {
        let mut other = plain.clone();
        change(&mut other);
        all.push(other);
    };
    differing(|flow| std::mem::swap(&mut flow.source, &mut flow.destination));
    differing(|flow| flow.destination = "10.255.0.1".to_owned());
    differing(|flow| flow.protocol = "udp".to_owned());
    differing(|flow| flow.destination_port = Some(81));
    differing(|flow| flow.source_port = Some(40_000));
    differing(|flow| flow.principal = "arn:aws:iam::111111111111:role/r".to_owned());
    differing(|flow| flow.action = "s3:GetObject".to_owned());
    differing(|flow| flow.resource = "arn:aws:s3:::b/*".to_owned());
    differing(|flow| flow.without = vec![flow.source.clone()]);
    differing(|flow| flow.through = vec![flow.source.clone()]);
    differing(|flow| flow.avoiding = vec![flow.source.clone()]);
    all
}

async fn answers(client: &Client, detail: v1::Detail) -> Vec<v1::BatchItem> {
    let asked = client.batch("t", questions(), detail, consistency::newest());
    asked.await.unwrap().items
}

/// Alike questions in one batch, in every detail one after the other and again: with the cache as without it.
#[tokio::test]
async fn no_question_gets_the_answer_of_another_that_differs_in_one_field() {
    let with = Served::start().await;
    let without = Served::start_as(|server| server.answer_bytes(0)).await;
    acme::import(&with.client).await;
    acme::import(&without.client).await;
    let details = [v1::Detail::Verdict, v1::Detail::Path, v1::Detail::Full];
    for detail in details.into_iter().chain(details) {
        let found = answers(&with.client, detail).await;
        assert_eq!(found, answers(&without.client, detail).await);
        for (question, item) in questions().into_iter().zip(found) {
            let alone = without
                .client
                .batch("t", vec![question], detail, consistency::newest());
            assert_eq!(alone.await.unwrap().items, [item]);
        }
    }
}

#[tokio::test]
async fn a_write_that_changes_nothing_leaves_a_watch_its_marks() {
    let often = std::time::Duration::from_millis(5);
    let served = Served::start_as(|server| server.mark_every(often)).await;
    let watch = v1::WatchRevisionsRequest {
        topology: "t".to_owned(),
        ..v1::WatchRevisionsRequest::default()
    };
    let mut topologies = served.topologies();
    let mut events = topologies
        .watch_revisions(watch)
        .await
        .unwrap()
        .into_inner();
    let mut newest = 0;
    for _ in 0..2 {
        let write = topologies.apply_changes(apply(vec![put(vpc("vpc-1"))]));
        newest = write.await.unwrap().into_inner().revision.max(newest);
        // Whoever waits for what was answered is told that it has come.
        loop {
            let told = events.message().await.unwrap().unwrap();
            if let Some(Event::Mark(mark)) = told.event
                && mark.revision >= newest
            {
                break;
            }
        }
    }
}

#[tokio::test]
async fn the_environment_wins_over_the_file_and_an_argument_over_both() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("causeway.toml");
    let at = |name: &str| directory.path().join(name).display().to_string();
    std::fs::write(&config, format!("data_dir = '{}'", at("of-the-file"))).unwrap();
    let check = |arguments: &[&str]| {
        let mut command = causeway();
        command.env("CAUSEWAY_DATA_DIR", at("of-the-environment"));
        command.args(["config", "check", "--config"]).arg(&config);
        let said = command.args(arguments).output().unwrap().stdout;
        String::from_utf8(said).unwrap()
    };
    assert!(check(&[]).contains("of-the-environment"));
    assert!(check(&["--data-dir", "of-the-argument"]).contains("of-the-argument"));
    let mut command = causeway();
    command.env("CAUSEWAY_CONFIG", &config);
    let said = command.args(["config", "check"]).output().unwrap().stdout;
    assert!(String::from_utf8(said).unwrap().contains("of-the-file"));
}
