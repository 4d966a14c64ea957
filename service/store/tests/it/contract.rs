//! The contract suite: each rule is asked of every backend.

mod checkpoints;
mod forks;
mod labels;
mod log;
mod readers;
mod requests;
mod restored;
mod retention;

use std::sync::Arc;

use causeway_model::revision::Revision;
use causeway_model::snapshot::Snapshot;
use causeway_store::{Append, MemoryStore, SledStore, Store, StoreError};

use self::checkpoints::*;
use self::forks::*;
use self::labels::*;
use self::log::*;
use self::readers::*;
use self::requests::*;
use self::restored::*;
use self::retention::*;
use crate::support::{TestResult, append, grown, name, new, puts, request, snapshot, time};

/// Runs each rule over each backend.
macro_rules! contract {
    ($($rule:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() -> super::TestResult {
                super::$rule(std::sync::Arc::new(super::MemoryStore::new())).await
            })*
        }

        mod sled {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() -> super::TestResult {
                let directory = tempfile::tempdir()?;
                super::$rule(std::sync::Arc::new(super::SledStore::open(directory.path())?)).await
            })*
        }
    };
}

contract! {
    a_created_topology_is_found_and_listed_by_name,
    a_name_is_taken_until_its_topology_is_deleted,
    a_name_that_is_created_again_has_another_number_and_nothing_of_the_old,
    a_deleted_topology_is_gone_for_every_call,
    revisions_have_no_gaps_under_many_writers,
    one_of_many_writers_at_one_head_wins,
    a_moved_head_is_told,
    what_was_appended_is_read_at_once,
    no_changes_make_no_revision_but_record_the_request,
    a_request_is_found_with_its_revision,
    requests_of_different_callers_are_different,
    a_request_that_created_a_topology_is_found_under_it,
    a_read_gives_exactly_the_revisions_asked_for,
    a_read_beyond_the_head_is_refused,
    every_kind_of_resource_comes_back_as_it_was,
    a_large_change_set_comes_back_as_it_was,
    history_is_newest_first_and_bounded,
    the_newest_checkpoint_at_or_below_is_given,
    a_checkpoint_beyond_the_head_is_refused,
    a_large_checkpoint_comes_back_as_it_was,
    an_empty_checkpoint_comes_back_empty,
    a_checkpoint_can_be_put_again,
    heads_never_go_back_while_others_write,
    what_was_read_stays_as_it_is_while_others_write,
    a_request_makes_one_revision_however_often_it_is_sent_at_once,
    a_fork_begins_at_revision_zero_and_tells_what_it_leans_on,
    a_fork_of_what_is_not_kept_is_refused,
    what_a_fork_leans_on_is_neither_deleted_nor_trimmed,
    a_fork_with_a_checkpoint_at_zero_leans_on_nothing,
    a_fork_whose_beginning_is_trimmed_leans_on_nothing,
    labels_are_told_by_name_and_move,
    a_label_of_a_revision_that_is_not_kept_is_refused,
    requests_about_labels_are_found,
    a_label_keeps_the_history_from_its_revision_on,
    labels_go_with_their_topology,
    requests_outlive_the_revisions_that_they_made,
    a_deletion_is_found_under_the_name_whatever_has_the_name_then,
    requests_are_forgotten_by_their_age,
    many_requests_are_forgotten_at_once,
    a_restored_history_begins_at_its_revision_and_goes_on,
    a_restored_fork_has_its_origin_and_leans_on_nothing,
    a_trim_is_seen_at_once_by_every_reader,
    a_trim_needs_a_checkpoint_at_its_revision,
    a_trim_never_goes_back,
    a_dropped_checkpoint_is_gone_and_can_be_put_again,
    the_checkpoint_that_a_history_begins_with_stays,
    readers_see_no_hole_while_a_history_is_trimmed,
}

async fn a_created_topology_is_found_and_listed_by_name(store: Arc<dyn Store>) -> TestResult {
    assert_eq!(store.list().await?, []);
    let second = store.create(new("b-two")?).await?;
    let first = store.create(new("a-one")?).await?;
    assert_ne!(first.id, second.id);
    assert_eq!(
        (
            first.name.as_str(),
            first.description.as_str(),
            first.time,
            first.head
        ),
        ("a-one", "what a-one is for", time(1), Revision::ZERO)
    );
    assert_eq!(store.find(&name("a-one")?).await?, Some(first.clone()));
    assert_eq!(store.find(&name("c-three")?).await?, None);
    assert_eq!(store.list().await?, [first, second]);
    Ok(())
}

async fn a_name_is_taken_until_its_topology_is_deleted(store: Arc<dyn Store>) -> TestResult {
    let id = store.create(new("acme")?).await?.id;
    assert!(
        matches!(store.create(new("acme")?).await, Err(StoreError::NameTaken { name }) if name.as_str() == "acme")
    );
    store.delete(id, None).await?;
    assert_eq!(store.find(&name("acme")?).await?, None);
    store.create(new("acme")?).await?;
    Ok(())
}

async fn a_name_that_is_created_again_has_another_number_and_nothing_of_the_old(
    store: Arc<dyn Store>,
) -> TestResult {
    let old = grown(store.as_ref(), "acme", 3).await?.id;
    store
        .append(Append {
            request: Some(request("r")),
            ..append(old, 3)?
        })
        .await?;
    store
        .put_checkpoint(old, Revision(2), snapshot(0..2)?)
        .await?;
    store.delete(old, None).await?;
    let fresh = store.create(new("acme")?).await?;
    assert!(fresh.id > old, "{:?} was given before {old:?}", fresh.id);
    assert_eq!(fresh.head, Revision::ZERO);
    let left = (
        store.history(fresh.id, Revision(9), 9).await?,
        store.checkpoint(fresh.id, Revision(9)).await?,
    );
    assert_eq!(
        (left, store.request(fresh.id, &request("r").key).await?),
        ((Vec::new(), None), None)
    );
    store.append(append(fresh.id, 0)?).await?;
    assert_eq!(
        store.read(fresh.id, Revision::ZERO, Revision(1)).await?,
        [puts([0])?]
    );
    Ok(())
}

async fn a_deleted_topology_is_gone_for_every_call(store: Arc<dyn Store>) -> TestResult {
    let id = grown(store.as_ref(), "acme", 2).await?.id;
    store.delete(id, None).await?;
    let gone = |outcome: Result<(), StoreError>| {
        assert!(matches!(outcome, Err(StoreError::NoTopology { id: found }) if found == id))
    };
    gone(store.delete(id, None).await);
    gone(store.append(append(id, 2)?).await.map(drop));
    gone(store.read(id, Revision::ZERO, Revision(1)).await.map(drop));
    gone(store.history(id, Revision(1), 1).await.map(drop));
    gone(
        store
            .put_checkpoint(id, Revision(1), Snapshot::default())
            .await,
    );
    gone(store.checkpoint(id, Revision(1)).await.map(drop));
    gone(store.request(id, &request("r").key).await.map(drop));
    gone(store.checkpoints(id).await.map(drop));
    gone(store.drop_checkpoint(id, Revision(1)).await);
    gone(store.trim(id, Revision(1)).await);
    Ok(())
}
