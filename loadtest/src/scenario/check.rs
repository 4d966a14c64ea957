//! The bounds of a scenario's values. Each fault names the key as the file has it.

use causeway_client::{MAX_BATCH, MAX_FULL_BATCH};

use super::{Detail, Mix, Phase, Scenario, stages};

/// What a stream's chunk may have, by the contract.
const MAX_CHUNK: usize = 10_000;
const MAX_FULL_CHUNK: usize = 1_000;

/// Cells that a matrix may have, by the contract.
const MAX_CELLS: usize = 10_000_000;

/// The longest run: seven days.
const LONGEST_SECONDS: f64 = 604_800.0;

impl Scenario {
    /// The first value that cannot be.
    pub(super) fn check(&self) -> Result<(), String> {
        within("connections", self.connections, 1, 1_000)?;
        within("most_under_way", self.most_under_way, 1, 1_000_000)?;
        between("deadline_seconds", self.deadline_seconds, 0.001, 3_600.0)?;
        self.check_estate()?;
        self.check_mix()?;
        self.check_calls()?;
        self.check_phases()
    }

    fn check_estate(&self) -> Result<(), String> {
        let estate = &self.estate;
        let interfaces = usize::try_from(estate.interfaces).unwrap_or(usize::MAX);
        within("estate.interfaces", interfaces, 1, 4_000_000)?;
        within("estate.count", estate.count, 1, 10_000_000)?;
        if estate.questions.is_some() && estate.topology.is_none() {
            return Err(
                "`estate.questions` are about `estate.topology`: name one, or leave them out"
                    .to_owned(),
            );
        }
        Ok(())
    }

    fn check_mix(&self) -> Result<(), String> {
        let Mix {
            single,
            batch,
            stream,
            matrix,
            mutate,
            watch,
        } = self.mix;
        let weights = [
            ("mix.single", single),
            ("mix.batch", batch),
            ("mix.stream", stream),
            ("mix.matrix", matrix),
            ("mix.mutate", mutate),
            ("mix.watch", watch),
        ];
        for (key, weight) in weights {
            between(key, weight, 0.0, 1e6)?;
        }
        if weights.iter().all(|(_, weight)| *weight == 0.0) {
            return Err("`mix` has no weight above 0, so that nothing would be asked".to_owned());
        }
        between("flows.zipf", self.flows.zipf, 0.0, 10.0)
    }

    fn check_calls(&self) -> Result<(), String> {
        let most = |detail, most, most_full| match detail {
            Detail::Full => most_full,
            Detail::Verdict | Detail::Path => most,
        };
        if self.batch.sizes.is_empty() {
            return Err("`batch.sizes` is empty: write at least one size".to_owned());
        }
        for size in &self.batch.sizes {
            let most = most(self.batch.detail, MAX_BATCH, MAX_FULL_BATCH);
            within("batch.sizes", *size, 1, most)?;
        }
        within("stream.chunks", self.stream.chunks, 1, 1_000_000)?;
        let most = most(self.stream.detail, MAX_CHUNK, MAX_FULL_CHUNK);
        within("stream.chunk_flows", self.stream.chunk_flows, 1, most)?;
        let matrix = &self.matrix;
        let cells = matrix.sources.saturating_mul(matrix.destinations);
        let cells = cells.saturating_mul(matrix.ports.len());
        within(
            "matrix.sources` by `matrix.destinations` by `matrix.ports",
            cells,
            1,
            MAX_CELLS,
        )?;
        within("mutate.changes", self.mutate.changes, 1, 10_000)?;
        within("watch.standing", self.watch.standing, 0, 1_000)
    }

    fn check_phases(&self) -> Result<(), String> {
        for phase in &self.phases {
            phase.check(self.mode)?;
        }
        let stages = stages(&self.phases);
        if !stages.iter().any(|stage| stage.measured) {
            return Err(
                "`phases` has none that is measured: write a soak or steps, or give a ramp `measured = true`"
                    .to_owned(),
            );
        }
        let seconds = stages.iter().map(|stage| stage.lasts.as_secs_f64()).sum();
        between(
            "phases.seconds` of all together `",
            seconds,
            0.0,
            LONGEST_SECONDS,
        )
    }
}

impl Phase {
    fn check(&self, mode: super::Mode) -> Result<(), String> {
        let most = match mode {
            super::Mode::Open => 1e6,
            super::Mode::Closed => 1e4,
        };
        for level in self.levels() {
            between("level", level, 0.0, most)?;
        }
        if !self.levels().iter().any(|level| *level > 0.0) {
            return Err("a phase has no level above 0".to_owned());
        }
        between("seconds", self.seconds(), 0.05, LONGEST_SECONDS)
    }
}

fn within(key: &str, value: usize, least: usize, most: usize) -> Result<(), String> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(format!("`{key}` is {value}: from {least} to {most} may be"))
    }
}

/// What is no number is in no bounds either.
fn between(key: &str, value: f64, least: f64, most: f64) -> Result<(), String> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(format!("`{key}` is {value}: from {least} to {most} may be"))
    }
}
