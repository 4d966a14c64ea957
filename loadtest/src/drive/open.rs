//! The open loop: sends at the moments of a schedule, whatever becomes of the calls before.
//!
//! Rules
//! - The latency of a call counts from the moment at which it was to be sent. If the service, or this program, holds calls up, all those that were meant to be
//!   sent meanwhile are late by it, and none is forgiven ("coordinated omission").
//! - A call that is sent too late is counted as late; one that is not sent, since too many are under way, as skipped. Every send that was intended is
//!   answered, refused, failed, over its deadline, or skipped: the counts add up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::record::{Place, Recorder};
use super::{Pace, Target};
use crate::LoadError;
use crate::schedule::Schedule;

/// Sends the schedule, until it is over or `stop` is set, and waits for the answers.
///
/// # Errors
/// [`LoadError::Interrupted`] if the task of a call broke off.
pub(crate) async fn open<T: Target>(
    target: &Arc<T>,
    schedule: Schedule,
    most: usize,
    pace: &Pace,
    (recorder, stop): (&Recorder, &AtomicBool),
) -> Result<(), LoadError> {
    let begin = recorder.begin();
    let mut calls = JoinSet::new();
    for send in schedule {
        // Made ready before its moment, so that making it is not in its time.
        let question = target.prepare(send.number);
        let kind = T::kind(&question);
        let intended = begin + send.at;
        pace.until(intended).await;
        if stop.load(Ordering::Relaxed) {
            break;
        }
        while let Some(ended) = calls.try_join_next() {
            ended.map_err(|source| LoadError::Interrupted { source })?;
        }
        let place = Place {
            stage: send.stage,
            kind,
            intended,
        };
        if calls.len() >= most {
            recorder.skipped(place);
            continue;
        }
        let (target, recorder) = (Arc::clone(target), recorder.clone());
        calls.spawn(async move {
            recorder.sent(place, Instant::now());
            let ending = target.ask(question).await;
            recorder.ended(place, ending, Instant::now());
        });
    }
    while let Some(ended) = calls.join_next().await {
        ended.map_err(|source| LoadError::Interrupted { source })?;
    }
    Ok(())
}
