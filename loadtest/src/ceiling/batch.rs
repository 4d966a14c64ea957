//! Throughput: each of the two has the machine for a turn, with some calls under way on each connection all the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use tokio::task::JoinSet;

use crate::LoadError;
use crate::method::Batch;

use super::Settings;
use super::calls::Calls;
use super::figures::{Compared, Row, Side};
use super::wire::Wire;

impl Compared for Batch {
    async fn row(
        settings: &Settings,
        calls: &Arc<Calls<Self>>,
        endpoints: [&String; 2],
        connections: usize,
    ) -> Result<Row, LoadError> {
        let [service, echo] = endpoints;
        let service_wires = Wire::connect_all(service, connections).await?;
        let echo_wires = Wire::connect_all(echo, connections).await?;
        let (mut service, mut echo) = (Side::new()?, Side::new()?);
        for round in 0..settings.rounds {
            let mut turns = [(&service_wires, &mut service), (&echo_wires, &mut echo)];
            if round % 2 == 1 {
                turns.reverse();
            }
            for (wires, side) in turns {
                turn(wires, calls, settings.in_flight, side).await?;
            }
        }
        service.refused = service_wires.iter().map(Wire::refused).sum();
        echo.refused = echo_wires.iter().map(Wire::refused).sum();
        Ok(Row::new(connections, service, echo))
    }
}

/// Asks every call once: who has an answer takes the next call.
async fn turn(
    wires: &[Wire],
    calls: &Arc<Calls<Batch>>,
    in_flight: usize,
    side: &mut Side,
) -> Result<(), LoadError> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut workers = JoinSet::new();
    let begin = Instant::now();
    for wire in wires {
        for _ in 0..in_flight {
            let (wire, calls, next) = (wire.clone(), Arc::clone(calls), Arc::clone(&next));
            workers.spawn(work(wire, calls, next));
        }
    }
    let mut times = Vec::with_capacity(calls.len());
    while let Some(done) = workers.join_next().await {
        let done = done.map_err(|source| LoadError::Interrupted { source })?;
        times.extend(done?);
    }
    side.add(&times, begin.elapsed());
    Ok(())
}

async fn work(
    mut wire: Wire,
    calls: Arc<Calls<Batch>>,
    next: Arc<AtomicUsize>,
) -> Result<Vec<u64>, LoadError> {
    let mut times = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= calls.len() {
            return Ok(times);
        }
        times.push(calls.ask(number, &mut wire).await?);
    }
}
