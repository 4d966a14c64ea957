//! The compute pool under batches: who goes away stops the work, and several batches are served in turn.

use std::num::NonZeroUsize;
use std::sync::{Arc, Condvar, Mutex};

use causeway_store::MemoryStore;

use super::{StoppedClock, name};
use crate::{Consistency, Engine, EngineError, Limits, Paths};

/// Work that waits until it may go on, and notes who began it.
#[derive(Default)]
struct Held {
    begun: Mutex<Vec<char>>,
    changed: Condvar,
    is_open: Mutex<bool>,
    opened: Condvar,
}

impl Held {
    fn work(&self, caller: char) {
        self.begun.lock().unwrap().push(caller);
        self.changed.notify_all();
        let is_open = self.is_open.lock().unwrap();
        drop(self.opened.wait_while(is_open, |is_open| !*is_open));
    }

    fn until_begun(&self, count: usize) {
        let begun = self.begun.lock().unwrap();
        drop(self.changed.wait_while(begun, |begun| begun.len() < count));
    }

    fn open(&self) {
        *self.is_open.lock().unwrap() = true;
        self.opened.notify_all();
    }
}

async fn paths(threads: NonZeroUsize) -> Paths {
    let limits = Limits {
        compute_threads: threads.get(),
        ..Limits::default()
    };
    let engine = Engine::new(Arc::new(MemoryStore::new()), Arc::new(StoppedClock), limits);
    let created = engine.create_topology(name("t"), String::new(), None).await;
    created.unwrap();
    engine.paths(&name("t"), Consistency::Newest).await.unwrap()
}

fn begin(
    paths: &Paths,
    held: &Arc<Held>,
    caller: char,
    pieces: usize,
) -> tokio::task::JoinHandle<Result<Vec<()>, EngineError>> {
    let (paths, held) = (paths.clone(), Arc::clone(held));
    tokio::spawn(async move {
        let work = move |_: &Paths, _: usize| {
            held.work(caller);
            Ok(())
        };
        paths.in_pieces((0..pieces).collect(), work).await
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn when_nobody_waits_any_more_only_the_pieces_in_hand_are_ended() {
    let paths = paths(NonZeroUsize::new(2).unwrap()).await;
    let held = Arc::new(Held::default());
    let batch = begin(&paths, &held, 'a', 1_000);
    let waiting = Arc::clone(&held);
    tokio::task::spawn_blocking(move || waiting.until_begun(2))
        .await
        .unwrap();
    batch.abort();
    assert!(batch.await.unwrap_err().is_cancelled());
    held.open();
    // The pool has both of its threads again: it serves who comes next.
    let next = begin(&paths, &held, 'b', 2);
    next.await.unwrap().unwrap();
    assert_eq!(*held.begun.lock().unwrap(), ['a', 'a', 'b', 'b']);
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_of_several_callers_have_their_pieces_in_turn() {
    let paths = paths(NonZeroUsize::MIN).await;
    let held = Arc::new(Held::default());
    let large = begin(&paths, &held, 'a', 1_000);
    let waiting = Arc::clone(&held);
    tokio::task::spawn_blocking(move || waiting.until_begun(1))
        .await
        .unwrap();
    let small = begin(&paths, &held, 'b', 5);
    let single = begin(&paths, &held, 'c', 1);
    // All of them wait for the one thread before it is free.
    while paths.waiting() < 2 {
        tokio::task::yield_now().await;
    }
    held.open();
    for batch in [large, small, single] {
        batch.await.unwrap().unwrap();
    }
    let begun = held.begun.lock().unwrap();
    let order: String = begun.iter().collect();
    let last = |caller| order.rfind(caller).unwrap();
    assert!(
        last('c') < 500 && last('b') < 500,
        "who asks for little has waited for a large batch: {order}"
    );
}
