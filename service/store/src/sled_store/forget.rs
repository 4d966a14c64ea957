//! Forgetting requests: they are looked for away from the writer's thread, some at a time, and removed by it in small batches.

use causeway_model::revision::Timestamp;
use tokio::sync::mpsc;

use super::Shared;
use super::checkpoints::submit;
use super::keys::Sort;
use super::stage::{Job, Keep};
use crate::port::StoreError;

/// Forgets all requests that succeeded before a time, and tells how many. It blocks.
pub(super) fn forget(
    shared: &Shared,
    jobs: &mpsc::Sender<Job>,
    before: Timestamp,
) -> Result<u64, StoreError> {
    let mut forgotten = 0_u64;
    for sort in [Sort::Request, Sort::Deletion] {
        let end = vec![(sort as u8).saturating_add(1)];
        let mut after = sort.alone();
        loop {
            let (requests, last) = shared.old_requests(before, &after, &end)?;
            if !requests.is_empty() {
                let gone = submit(jobs, |reply| {
                    Job::Keep(Keep::Forget {
                        requests,
                        before,
                        reply,
                    })
                })?;
                forgotten = forgotten.saturating_add(gone);
            }
            let Some(last) = last else { break };
            after = last;
        }
    }
    Ok(forgotten)
}
