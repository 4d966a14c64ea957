//! Both loops against a service that stalls, on a clock that the test holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

use super::{Ending, Kind, Outcome, Pace, Record, Recorder, Target, closed, open};
use crate::scenario::{Arrivals, Mode, Stage};
use crate::schedule::Schedule;

/// Answers within a millisecond, but nothing before `stalled` calls were made ready to be sent; then all at once.
struct Stalling {
    prepared: AtomicU64,
    stalled: u64,
    gate: Semaphore,
}

impl Stalling {
    fn until(stalled: u64) -> Arc<Self> {
        Arc::new(Self {
            prepared: AtomicU64::new(0),
            stalled,
            gate: Semaphore::new(0),
        })
    }
}

impl Target for Stalling {
    type Question = ();

    fn prepare(&self, _number: u64) {
        if self.prepared.fetch_add(1, Ordering::Relaxed) == self.stalled {
            self.gate.close();
        }
    }

    fn kind(_question: &()) -> Kind {
        Kind::Single
    }

    async fn ask(&self, _question: ()) -> Ending {
        // It is closed, and never has a permit.
        assert!(self.gate.acquire().await.is_err());
        sleep(Duration::from_millis(1)).await;
        Ending::ok(1, 0)
    }
}

/// So many a second, for so many seconds.
fn stages(level: f64, seconds: u64) -> Vec<Stage> {
    vec![Stage {
        name: "soak".to_owned(),
        levels: [level; 2],
        lasts: Duration::from_secs(seconds),
        measured: true,
    }]
}

async fn opened(stalled: u64, most: usize) -> Record {
    let stages = stages(100.0, 10);
    let record = Record::new(&stages, Mode::Open).unwrap();
    let schedule = Schedule::new(stages, Arrivals::Even, 1);
    let (recorder, stop) = (Recorder::start(record), AtomicBool::new(false));
    let target = Stalling::until(stalled);
    open(&target, schedule, most, &Pace::Timer, (&recorder, &stop))
        .await
        .unwrap();
    recorder.read(Record::clone)
}

/// Of 1,000 sends, one each 10 ms, the service stalls for those of the first half. A loop that waited for answers would have sent one of them and told
/// one slow call; here each of the half has waited for what was left of the stall, evenly from nothing to 5 s.
#[tokio::test(start_paused = true)]
async fn calls_that_a_stall_holds_up_are_late_from_when_they_were_to_be_sent() {
    let record = opened(500, 10_000).await;
    let counts = &record.counts[&(0, Kind::Single)];
    assert_eq!(
        (counts.intended, counts.sent, counts.skipped),
        (1000, 1000, 0)
    );
    let times = &counts.times[&Outcome::Ok];
    assert_eq!(times.count(), 1000);
    let seconds = |share| times.quantile(share).as_secs_f64();
    assert!((4.95..5.05).contains(&times.longest().as_secs_f64()));
    assert!((2.45..2.55).contains(&seconds(0.75)), "{}", seconds(0.75));
    assert!((4.85..5.0).contains(&seconds(0.99)), "{}", seconds(0.99));
    assert!(seconds(0.45) < 0.01, "{}", seconds(0.45));
    assert_eq!(record.most_under_way, 500);
    // In the timeline the stall is a slope at the sends, and a gap at the answers.
    let slots = &record.timeline.slots;
    let length = record.timeline.length.as_secs_f64();
    let stalled: Vec<_> = slots.iter().take_while(|slot| slot.ok == 0).collect();
    assert!((4.8..5.1).contains(&(length * f64::from(u32::try_from(stalled.len()).unwrap()))));
    assert!(
        stalled
            .iter()
            .all(|slot| slot.sent > 0 && slot.quantile(0.5) > Some(0.0))
    );
}

/// With ten calls at most under way, the eleventh and the rest of the stall are not sent, and are told to be skipped.
#[tokio::test(start_paused = true)]
async fn sends_that_find_too_many_under_way_are_skipped_and_counted() {
    let record = opened(500, 10).await;
    let counts = &record.counts[&(0, Kind::Single)];
    // The 501st is made ready before its moment, which lets those that stall go on before it is sent.
    assert_eq!((counts.sent, counts.skipped), (510, 490));
    assert_eq!(counts.intended, counts.ended(Outcome::Ok) + counts.skipped);
    let skipped: u64 = record.timeline.slots.iter().map(|slot| slot.skipped).sum();
    assert_eq!(skipped, 490);
    assert_eq!(record.most_under_way, 10);
}

/// A program that comes to its sends too late says so, and the time counts.
#[tokio::test(start_paused = true)]
async fn sends_that_are_late_are_counted_and_their_lateness_is_latency() {
    let stages = stages(100.0, 1);
    let record = Record::new(&stages, Mode::Open).unwrap();
    let (recorder, stop) = (Recorder::start(record), AtomicBool::new(false));
    // The loop gets to run only when half of its time is over.
    tokio::time::advance(Duration::from_millis(495)).await;
    let schedule = Schedule::new(stages, Arrivals::Even, 1);
    let target = Stalling::until(0);
    open(&target, schedule, 1_000, &Pace::Timer, (&recorder, &stop))
        .await
        .unwrap();
    recorder.read(|record| {
        let counts = &record.counts[&(0, Kind::Single)];
        assert_eq!((counts.sent, counts.late), (100, 49));
        assert!(record.lag.longest() >= Duration::from_millis(490));
        let longest = counts.times[&Outcome::Ok].longest();
        assert!(longest >= Duration::from_millis(490), "{longest:?}");
    });
}

/// The same stall, seen by one caller who waits: one call is slow, and nothing tells of those that were not made.
#[tokio::test(start_paused = true)]
async fn a_closed_loop_asks_when_it_is_answered() {
    let target = Stalling::until(0);
    let stages = stages(3.0, 1);
    let record = Record::new(&stages, Mode::Closed).unwrap();
    let recorder = Recorder::start(record);
    let begin = Instant::now();
    let stop = Arc::new(AtomicBool::new(false));
    closed(&target, &stages, &recorder, &stop).await.unwrap();
    let record = recorder.read(Record::clone);
    let counts = &record.counts[&(0, Kind::Single)];
    // Each of three callers makes a call a millisecond.
    assert!((2_900..=3_003).contains(&counts.sent), "{}", counts.sent);
    assert_eq!((counts.late, counts.skipped), (0, 0));
    assert_eq!(counts.ended(Outcome::Ok), counts.sent);
    assert_eq!(counts.answered_within, counts.sent);
    assert_eq!(record.most_under_way, 3);
    assert!(record.ends[0] >= Duration::from_secs(1) && record.ends[0] <= begin.elapsed());
}
