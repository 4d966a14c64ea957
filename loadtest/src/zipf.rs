//! Zipf's law: few are asked often, and most seldom.

use fastrand::Rng;

/// A number below a bound. With exponent 1 the first comes twice as often as the second and three times as often as the third; with exponent 0 all
/// come alike. It is the inverse of the integral that the sum of the law is near to.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and a bound that is a u32"
)]
pub(crate) fn draw(bound: u32, exponent: f64, rng: &mut Rng) -> u32 {
    let last = f64::from(bound);
    let rest = 1.0 - exponent;
    let drawn = if rest.abs() < 1e-9 {
        (rng.f64() * (last + 1.0).ln()).exp()
    } else {
        (1.0 + rng.f64() * ((last + 1.0).powf(rest) - 1.0)).powf(1.0 / rest)
    };
    (drawn - 1.0).min(last - 1.0) as u32
}

#[cfg(test)]
mod tests;
