//! An axis: where a value is on it, and which values it names.

use super::{number, time};

/// How values are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// Evenly, from 0.
    Linear,
    /// By their logarithm: what is ten times as much is as far everywhere.
    Log,
    /// Shares below 1, by the logarithm of what is left to 1: 90%, 99% and 99.9% are equally far apart.
    Percentile,
}

/// What values are, for their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A plain number.
    Number,
    /// Seconds, told in the unit that fits.
    Time,
    /// A share, told in hundredths.
    Share,
}

/// An axis.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    pub(crate) label: String,
    pub(crate) scale: Scale,
    pub(crate) unit: Unit,
}

/// An axis with the values that it goes from and to.
#[derive(Debug, Clone)]
pub(super) struct Ranged<'a> {
    axis: &'a Axis,
    low: f64,
    high: f64,
}

impl Axis {
    pub(crate) fn new(label: &str, scale: Scale, unit: Unit) -> Self {
        Self {
            label: label.to_owned(),
            scale,
            unit,
        }
    }

    /// Wide enough for all values.
    pub(super) fn over(&self, values: impl Iterator<Item = f64>) -> Ranged<'_> {
        let placed = values.map(|value| self.place(value));
        let placed = placed.filter(|place| place.is_finite());
        let (mut low, mut high) = placed
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), place| {
                (low.min(place), high.max(place))
            });
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        match self.scale {
            Scale::Linear => low = low.min(0.0),
            Scale::Percentile => low = 0.0,
            // Room below and above, up to the next tenth of a decade.
            Scale::Log => {
                (low, high) = (
                    (low * 10.0 - 0.5).floor() / 10.0,
                    (high * 10.0 + 0.5).ceil() / 10.0,
                )
            }
        }
        if self.scale == Scale::Linear {
            let step = step(high - low);
            high = ((high / step).ceil() * step).max(low + step);
        }
        if high - low < 1e-12 {
            high = low + 1.0;
        }
        Ranged {
            axis: self,
            low,
            high,
        }
    }

    /// A value as a length that is drawn; nothing finite for what the axis does not have.
    fn place(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => value,
            Scale::Log => value.log10(),
            Scale::Percentile => -(1.0 - value).log10(),
        }
    }

    fn name(&self, value: f64) -> String {
        match self.unit {
            Unit::Number => number(value),
            Unit::Time => time(value),
            Unit::Share => format!("{}%", trimmed(value * 100.0)),
        }
    }
}

impl Ranged<'_> {
    /// Where a value is, from 0 at the lower end to 1.
    pub(super) fn at(&self, value: f64) -> Option<f64> {
        let at = (self.axis.place(value) - self.low) / (self.high - self.low);
        (at.is_finite() && (-0.001..=1.001).contains(&at)).then_some(at)
    }

    /// The values that are named, with their names.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        let values = match self.axis.scale {
            Scale::Linear => self.even(),
            Scale::Log => self.decades(),
            Scale::Percentile => vec![0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999],
        };
        let within = |value: &f64| self.at(*value).is_some();
        let values = values.into_iter().filter(within);
        values.map(|value| (value, self.axis.name(value))).collect()
    }

    fn even(&self) -> Vec<f64> {
        let step = step(self.high - self.low);
        let first = (self.low / step).ceil();
        (0_u32..12)
            .map(|place| (first + f64::from(place)) * step)
            .take_while(|value| *value <= self.high + step * 0.001)
            .collect()
    }

    /// 1, 2 and 5 of each decade, if there are few of them; otherwise 1 alone.
    fn decades(&self) -> Vec<f64> {
        let decades = self.high - self.low;
        let marks: &[f64] = if decades <= 3.3 {
            &[1.0, 2.0, 5.0]
        } else {
            &[1.0]
        };
        let mut values = Vec::new();
        let mut power = self.low.floor();
        while power <= self.high {
            values.extend(marks.iter().map(|mark| mark * 10_f64.powf(power)));
            power += 1.0;
        }
        values
    }
}

/// From one named value to the next: 1, 2 or 5 by a power of ten, about six in all.
fn step(length: f64) -> f64 {
    let rough = (length / 6.0).max(1e-12);
    let power = 10_f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    steps
        .into_iter()
        .find(|step| *step >= rough)
        .unwrap_or(rough)
}

/// A number with the digits that it has, up to three.
fn trimmed(value: f64) -> String {
    let written = format!("{value:.3}");
    written
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}

#[cfg(test)]
mod tests;
