//! Latency: each connection asks the service and its echo in turn, call by call, so that whatever slows the machine slows both.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::LoadError;
use crate::method::Single;

use super::Settings;
use super::calls::Calls;
use super::figures::{Compared, Row, Side};
use super::wire::Wire;

/// A connection to the service and one to its echo.
#[derive(Debug, Clone)]
struct Pair {
    service: Wire,
    echo: Wire,
}

/// Nanoseconds of calls to the service, and to its echo.
#[derive(Debug, Default)]
struct Times {
    service: Vec<u64>,
    echo: Vec<u64>,
}

impl Compared for Single {
    async fn row(
        settings: &Settings,
        calls: &Arc<Calls<Self>>,
        endpoints: [&String; 2],
        connections: usize,
    ) -> Result<Row, LoadError> {
        let [service, echo] = endpoints;
        let service_wires = Wire::connect_all(service, connections).await?;
        let echo_wires = Wire::connect_all(echo, connections).await?;
        let wires = service_wires.into_iter().zip(echo_wires);
        let pairs: Vec<Pair> = wires
            .map(|(service, echo)| Pair { service, echo })
            .collect();
        let (mut service, mut echo) = (Side::new()?, Side::new()?);
        for round in 0..settings.rounds {
            let times = turn(&pairs, calls, round).await?;
            service.add(&times.service, share(&times.service, connections));
            echo.add(&times.echo, share(&times.echo, connections));
        }
        service.refused = pairs.iter().map(|pair| pair.service.refused()).sum();
        echo.refused = pairs.iter().map(|pair| pair.echo.refused()).sum();
        Ok(Row::new(connections, service, echo))
    }
}

/// Asks both every call once.
async fn turn(pairs: &[Pair], calls: &Arc<Calls<Single>>, round: u32) -> Result<Times, LoadError> {
    let mut workers = JoinSet::new();
    let begun = usize::try_from(round).unwrap_or(0);
    for (place, pair) in pairs.iter().enumerate() {
        let numbers = (place..calls.len()).step_by(pairs.len().max(1));
        let (pair, calls) = (pair.clone(), Arc::clone(calls));
        workers.spawn(async move { work(pair, &calls, numbers, begun).await });
    }
    let mut all = Times::default();
    while let Some(done) = workers.join_next().await {
        let done = done.map_err(|source| LoadError::Interrupted { source })?;
        let Times { service, echo } = done?;
        all.service.extend(service);
        all.echo.extend(echo);
    }
    Ok(all)
}

/// The time that one of the two had of a turn, for each of its connections.
fn share(times: &[u64], connections: usize) -> Duration {
    let connections = u32::try_from(connections).unwrap_or(u32::MAX).max(1);
    Duration::from_nanos(times.iter().sum()) / connections
}

/// Asks the service first and its echo first by turns, with each call and from round to round.
async fn work(
    mut pair: Pair,
    calls: &Calls<Single>,
    numbers: impl Iterator<Item = usize>,
    begun: usize,
) -> Result<Times, LoadError> {
    let mut times = Times::default();
    for (turn, number) in numbers.enumerate() {
        if turn.wrapping_add(begun).is_multiple_of(2) {
            times
                .service
                .push(calls.ask(number, &mut pair.service).await?);
            times.echo.push(calls.ask(number, &mut pair.echo).await?);
        } else {
            times.echo.push(calls.ask(number, &mut pair.echo).await?);
            times
                .service
                .push(calls.ask(number, &mut pair.service).await?);
        }
    }
    Ok(times)
}
