//! Which rate is tried next. It knows rates and whether they were kept, and nothing of how that is found out.

/// The highest rate that is tried.
const HIGHEST: f64 = 1e6;

/// How far below the first rate is looked, if that is not kept.
const LOWEST_OF_FIRST: f64 = 1.0 / 256.0;

/// A search that goes on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Search {
    first: f64,
    /// How near the two bounds must come, as a share of the rate.
    precision: f64,
    /// The highest rate that was kept, and the lowest that was not.
    kept: Option<f64>,
    not_kept: Option<f64>,
}

impl Search {
    pub(super) fn new(first: f64, precision: f64) -> Self {
        Self {
            first,
            precision,
            kept: None,
            not_kept: None,
        }
    }

    pub(super) fn not_kept(&self) -> Option<f64> {
        self.not_kept
    }

    /// The rate to try; none, if it is known well enough.
    pub(super) fn next(&self) -> Option<f64> {
        match (self.kept, self.not_kept) {
            (None, None) => Some(self.first),
            (Some(kept), None) => Some(kept * 2.0).filter(|rate| *rate <= HIGHEST),
            (None, Some(not_kept)) => {
                Some(not_kept / 4.0).filter(|rate| *rate >= self.first * LOWEST_OF_FIRST)
            }
            // The middle between two rates is as many times the lower one as the higher one is of it.
            (Some(kept), Some(not_kept)) => {
                (not_kept / kept > 1.0 + self.precision).then(|| (kept * not_kept).sqrt())
            }
        }
    }

    /// Notes what came of a rate. By chance a higher rate may be kept where a lower one was not: then the lower bound stands.
    pub(super) fn found(&mut self, rate: f64, is_kept: bool) {
        if is_kept {
            self.kept = Some(self.kept.map_or(rate, |before| before.max(rate)));
        } else {
            self.not_kept = Some(self.not_kept.map_or(rate, |before| before.min(rate)));
        }
    }
}

#[cfg(test)]
mod tests;
