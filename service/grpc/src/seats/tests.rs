//! Which connection gives way.

use std::future::poll_fn;
use std::sync::Arc;

use futures::FutureExt as _;

use super::{ConnectionCounts, Seat, Seats};

fn is_closing(seat: &Seat) -> bool {
    let closing = poll_fn(|cx| seat.line().poll_closing(cx));
    closing.now_or_never().is_some()
}

#[test]
fn who_never_called_gives_way_before_who_is_idle_and_who_calls_stays() {
    let seats = Seats::new(3);
    let [calling, idle, new] = [(); 3].map(|()| seats.take().unwrap());
    let call = calling.line().begin();
    drop(idle.line().begin());
    let fourth = seats.take().unwrap();
    assert_eq!(
        [&calling, &idle, &new].map(is_closing),
        [false, false, true]
    );
    let called = fourth.line().begin();
    let fifth = seats.take().unwrap();
    assert_eq!(
        [&calling, &idle, &fourth].map(is_closing),
        [false, true, false]
    );
    let others = fifth.line().begin();
    assert!(seats.take().is_none(), "all of them call");
    let figures = ConnectionCounts::of(&seats).read();
    assert_eq!((figures.open, figures.gave_way, figures.refused), (3, 2, 1));
    drop((call, called, others));
    assert!(seats.take().is_some());
}

#[test]
fn of_those_that_never_called_the_oldest_gives_way() {
    let seats = Seats::new(2);
    let (first, second) = (seats.take().unwrap(), seats.take().unwrap());
    let _third = seats.take().unwrap();
    assert_eq!((is_closing(&first), is_closing(&second)), (true, false));
}

#[test]
fn a_seat_that_is_given_up_is_free() {
    let seats = Seats::new(1);
    let seat = seats.take().unwrap();
    let line = Arc::clone(seat.line());
    let _call = line.begin();
    assert!(seats.take().is_none());
    drop(seat);
    assert!(seats.take().is_some());
}

#[tokio::test]
async fn who_waits_to_be_closed_is_woken() {
    let seats = Seats::new(1);
    let seat = seats.take().unwrap();
    let line = Arc::clone(seat.line());
    let waiting = tokio::spawn(poll_fn(move |cx| line.poll_closing(cx)));
    tokio::task::yield_now().await;
    seats.relieve();
    waiting.await.unwrap();
}
