//! Seats: how many connections there may be at once, and which one gives way where there are too many.
//!
//! A new connection is let in at the cost of one that has no call in hand, so that those who only hold connections keep nobody out. Connections on which
//! there was never a call give way first, the oldest before the others; then those that have been idle for longest. Where every connection has a call in
//! hand, the new one is closed at once.

mod line;
mod unread;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub(crate) use self::line::{Busy, Line};
pub(crate) use self::unread::{Entry, MOST_LOOKS, Outgoing};

/// How often it is logged, at most, that there are too many connections.
const SAID_EVERY: Duration = Duration::from_secs(60);

/// What bounds connections, all of them and each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Most connections at once.
    pub maximum: usize,
    /// Most calls and streams of one connection at once. Clients wait with what is more.
    pub streams: u32,
    /// How long a TLS handshake may take, and after it the beginning of HTTP/2.
    pub handshake: Duration,
    /// How often a silent connection is asked whether it lives.
    pub ping: Duration,
    /// How long its answer may take.
    pub ping_wait: Duration,
}

/// What became of connections until now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConnectionFigures {
    /// Connections that there are.
    pub open: u64,
    /// Those that were idle and gave way to new ones.
    pub gave_way: u64,
    /// Those that were closed at once, for there was no room.
    pub refused: u64,
    /// Those that were closed because they did not begin in time.
    pub silent: u64,
}

/// What tells how many connections a server has, and what became of others.
#[derive(Debug, Clone)]
pub struct ConnectionCounts {
    seats: Seats,
}

/// The seats of a listener's connections. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Seats {
    room: Arc<Room>,
}

/// A connection's own, until it is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    room: Arc<Room>,
    number: u64,
    line: Arc<Line>,
}

#[derive(Debug)]
struct Room {
    maximum: usize,
    begun: Instant,
    taken: Mutex<Taken>,
    gave_way: AtomicU64,
    refused: AtomicU64,
    silent: AtomicU64,
}

#[derive(Debug, Default)]
struct Taken {
    /// By their numbers, so that older ones come first.
    lines: BTreeMap<u64, Arc<Line>>,
    next: u64,
    said: Option<Instant>,
}

// === impl ConnectionLimits ===

impl Default for ConnectionLimits {
    /// 8,192 connections with 1,024 streams each, 10 s to begin, and 20 s to answer what is asked after 30.
    fn default() -> Self {
        Self {
            maximum: 8_192,
            streams: 1_024,
            handshake: Duration::from_secs(10),
            ping: Duration::from_secs(30),
            ping_wait: Duration::from_secs(20),
        }
    }
}

// === impl ConnectionCounts ===

impl ConnectionCounts {
    pub(crate) fn of(seats: &Seats) -> Self {
        let seats = seats.clone();
        Self { seats }
    }

    /// What there is by now.
    #[must_use]
    pub fn read(&self) -> ConnectionFigures {
        let room = &self.seats.room;
        let open = room.taken().lines.len();
        ConnectionFigures {
            open: u64::try_from(open).unwrap_or(u64::MAX),
            gave_way: room.gave_way.load(Ordering::Relaxed),
            refused: room.refused.load(Ordering::Relaxed),
            silent: room.silent.load(Ordering::Relaxed),
        }
    }
}

// === impl Seats ===

impl Seats {
    pub(crate) fn new(maximum: usize) -> Self {
        let room = Room {
            maximum,
            begun: Instant::now(),
            taken: Mutex::default(),
            gave_way: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            silent: AtomicU64::new(0),
        };
        Self {
            room: Arc::new(room),
        }
    }

    /// A seat for a new connection; none if there is none, and nobody who could give up another one.
    pub(crate) fn take(&self) -> Option<Seat> {
        let mut taken = self.room.taken();
        if taken.lines.len() >= self.room.maximum && !self.room.relieve(&mut taken) {
            self.room.refused.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let number = taken.next;
        taken.next += 1;
        let line = Arc::new(Line::new(self.room.begun));
        taken.lines.insert(number, Arc::clone(&line));
        Some(Seat {
            room: Arc::clone(&self.room),
            number,
            line,
        })
    }

    /// Makes an idle connection give way, if there is one.
    pub(crate) fn relieve(&self) {
        self.room.relieve(&mut self.room.taken());
    }
}

// === impl Room ===

impl Room {
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes the idle connection that is missed least, and tells whether there is one.
    fn relieve(&self, taken: &mut Taken) -> bool {
        let idle = taken.lines.iter().filter_map(|(number, line)| {
            let rank = line.idle()?;
            Some((rank, *number))
        });
        let found = idle.min().map(|(_, number)| number);
        let line = found.and_then(|number| taken.lines.remove(&number));
        if let Some(line) = &line {
            line.close();
            self.gave_way.fetch_add(1, Ordering::Relaxed);
        }
        let now = Instant::now();
        if taken
            .said
            .is_none_or(|said| now.duration_since(said) >= SAID_EVERY)
        {
            taken.said = Some(now);
            tracing::warn!(
                connections = taken.lines.len(),
                gave_way = self.gave_way.load(Ordering::Relaxed),
                refused = self.refused.load(Ordering::Relaxed),
                "there are as many connections as may be; idle ones give way to new ones, and where there are none, new ones are closed"
            );
        }
        line.is_some()
    }
}

// === impl Seat ===

impl Seat {
    pub(crate) fn line(&self) -> &Arc<Line> {
        &self.line
    }

    /// The connection did not begin in time.
    pub(crate) fn note_silent(&self) {
        self.room.silent.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.taken().lines.remove(&self.number);
    }
}

#[cfg(test)]
mod tests;
