//! Forks, rollbacks and labels: what is sent, also when it is repeated.

use tonic::Status;

use causeway_client::{At, Timestamp, consistency, v1};

use crate::fake::{Fake, Outcome};

fn busy() -> [Status; 1] {
    [Status::unavailable("busy")]
}

fn time() -> Timestamp {
    Timestamp {
        seconds: 7,
        nanos: 0,
    }
}

#[tokio::test]
async fn a_fork_says_of_what_and_where() -> Outcome {
    use v1::topology_source::At as Wire;
    let fake = Fake::start().await?;
    let client = fake.builder().connect().await?;
    fake.fail_next(busy());
    let fork = client.fork("prod", "trial").at(5).description("what if");
    assert_eq!(fork.send().await?.name, "prod");
    for at in [At::Newest, time().into(), At::label("good")] {
        let fork = client.fork("prod", "trial").at(at).request_id("mine");
        fork.send().await?;
    }
    let state = fake.state();
    let [first, again, rest @ ..] = state.created.as_slice() else {
        return Err("too few calls".into());
    };
    assert_eq!(first, again);
    assert!(!first.request_id.is_empty());
    assert_eq!(
        (first.name.as_str(), first.description.as_str()),
        ("trial", "what if")
    );
    let at = |request: &v1::CreateTopologyRequest| {
        let source = request.source.clone().unwrap_or_default();
        assert_eq!(source.topology, "prod");
        source.at
    };
    assert_eq!(at(first), Some(Wire::Revision(5)));
    let places: Vec<_> = rest.iter().map(at).collect();
    let label = Wire::Label("good".to_owned());
    assert_eq!(places, [None, Some(Wire::AsOf(time())), Some(label)]);
    assert!(rest.iter().all(|request| request.request_id == "mine"));
    Ok(())
}

#[tokio::test]
async fn a_rollback_is_repeated_with_its_request_id_and_a_check_needs_none() -> Outcome {
    use v1::rollback_topology_request::To;
    let fake = Fake::start().await?;
    let client = fake.builder().connect().await?;
    fake.fail_next(busy());
    let rollback = client.rollback("prod", 5).expected_revision(7).author("me");
    assert_eq!(rollback.message("why").send().await?.revision, 8);
    let check = client.rollback("prod", At::label("good"));
    check.validate_only(true).send().await?;
    let state = fake.state();
    let [first, again, check] = state.rollbacks.as_slice() else {
        return Err("not three calls".into());
    };
    assert_eq!(first, again);
    assert!(!first.request_id.is_empty() && check.request_id.is_empty());
    assert_eq!(
        (first.to.clone(), first.expected_revision),
        (Some(To::ToRevision(5)), Some(7))
    );
    assert_eq!(
        (first.author.as_str(), first.message.as_str()),
        ("me", "why")
    );
    assert_eq!(check.to, Some(To::ToLabel("good".to_owned())));
    assert!(check.validate_only);
    Ok(())
}

#[tokio::test]
async fn labels_are_set_deleted_and_listed_to_the_end() -> Outcome {
    use v1::set_revision_label_request::At as Wire;
    let fake = Fake::start().await?;
    let client = fake.builder().connect().await?;
    fake.fail_next(busy());
    assert_eq!(client.set_label("prod", "good", 5).await?.label, "good");
    client.set_label("prod", "new", None).await?;
    client.set_label("prod", "old", At::label("good")).await?;
    fake.fail_next(busy());
    client.delete_label("prod", "good").await?;
    let listed = client.list_labels("prod").await?;
    let names: Vec<_> = listed.iter().map(|label| label.label.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    let state = fake.state();
    let places: Vec<_> = state.labels_set.iter().map(|one| one.at.clone()).collect();
    let five = Some(Wire::Revision(5));
    let other = Some(Wire::OtherLabel("good".to_owned()));
    assert_eq!(places, [five.clone(), five, None, other]);
    assert_eq!(state.labels_set[0], state.labels_set[1]);
    assert_ne!(
        state.labels_set[1].request_id,
        state.labels_set[2].request_id
    );
    assert_eq!(state.labels_deleted[0], state.labels_deleted[1]);
    assert!(!state.labels_deleted[0].request_id.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_label_may_stand_wherever_a_revision_may() -> Outcome {
    let fake = Fake::start().await?;
    let client = fake.builder().connect().await?;
    let filter = v1::ResourceFilter::default();
    client
        .list_resources("prod", At::label("good"), filter)
        .await?;
    let consistency = consistency::at("good".parse()?);
    client
        .batch(
            "prod",
            Vec::<v1::Flow>::new(),
            v1::Detail::Verdict,
            consistency,
        )
        .await?;
    let state = fake.state();
    assert!(state.lists.iter().all(|list| list.label == "good"));
    let asked = state.batches[0].consistency.clone();
    assert_eq!(asked, Some(consistency::label("good")));
    Ok(())
}
