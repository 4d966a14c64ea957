//! The price file: read once at the start, and checked whole.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use causeway_model::Region;
use causeway_model::price::{CostItem, Price, PriceBook, Rate, Tier};
use serde::Deserialize;
use thiserror::Error;

/// The prices that hold if no file is given.
const STANDARD: &str = include_str!("../../deploy/prices.toml");

/// No price is as large as this, and billionths of it fit.
const TOO_MUCH: f64 = 1e9;

/// Why there are no prices.
#[derive(Debug, Error)]
pub(crate) enum PriceError {
    /// The file cannot be read.
    #[error("cannot read the prices `{}`", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not what it should be.
    #[error("the prices `{}` are wrong", .path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A price that is none, or a Region or an item that does not exist.
    #[error("the prices `{}` are wrong: {fault}", .path.display())]
    Fault {
        /// The file.
        path: PathBuf,
        /// Which, and what is expected.
        fault: String,
    },
}

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    currency: String,
    #[serde(default)]
    everywhere: FileRates,
    #[serde(default)]
    regions: BTreeMap<String, FileRates>,
}

type FileRates = BTreeMap<String, FileRate>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRate {
    hour: Option<f64>,
    gb: Option<f64>,
    tiers: Option<Vec<FileTier>>,
    #[serde(default)]
    note: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileTier {
    up_to_gb: Option<u64>,
    price: f64,
}

/// The prices of a file; without one, those that the service was built with.
///
/// # Errors
/// [`PriceError`] if the file cannot be read, or anything in it is wrong.
pub(crate) fn read(path: Option<&Path>) -> Result<PriceBook, PriceError> {
    let Some(path) = path else {
        return book(Path::new("deploy/prices.toml"), STANDARD);
    };
    match fs::read_to_string(path) {
        Ok(text) => book(path, &text),
        Err(source) => Err(PriceError::Read {
            path: path.to_owned(),
            source,
        }),
    }
}

fn book(path: &Path, text: &str) -> Result<PriceBook, PriceError> {
    let file: File = toml::from_str(text).map_err(|source| PriceError::Parse {
        path: path.to_owned(),
        source: Box::new(source),
    })?;
    file.checked().map_err(|fault| PriceError::Fault {
        path: path.to_owned(),
        fault,
    })
}

// === impl File ===

impl File {
    fn checked(self) -> Result<PriceBook, String> {
        let mut book = PriceBook {
            currency: self.currency,
            ..PriceBook::default()
        };
        if book.currency.len() != 3 || !book.currency.bytes().all(|byte| byte.is_ascii_uppercase())
        {
            let found = &book.currency;
            return Err(format!(
                "currency is `{found}`, expected three capital letters, as `USD`"
            ));
        }
        book.everywhere = checked(self.everywhere, "everywhere")?;
        for (name, rates) in self.regions {
            let region: Region = name
                .parse()
                .map_err(|error| format!("[regions.{name}] {error}"))?;
            book.regions
                .insert(region, checked(rates, &format!("regions.{name}"))?);
        }
        Ok(book)
    }
}

fn checked(rates: FileRates, place: &str) -> Result<BTreeMap<CostItem, Rate>, String> {
    let rates = rates.into_iter();
    rates
        .map(|(item, rate)| rate.checked(place, &item))
        .collect()
}

// === impl FileRate ===

impl FileRate {
    fn checked(self, place: &str, item: &str) -> Result<(CostItem, Rate), String> {
        let of = |fault: String| format!("[{place}] {item}: {fault}");
        let known = CostItem::ALL.iter().find(|known| known.as_str() == item);
        let Some(known) = known else {
            let names: Vec<&str> = CostItem::ALL.iter().map(|item| item.as_str()).collect();
            return Err(of(format!("is no item, expected {}", names.join(", "))));
        };
        let hour = self.hour.map(price).transpose().map_err(of)?;
        let gb = match (self.gb, self.tiers) {
            (None, None) => Vec::new(),
            (Some(one), None) => vec![Tier {
                up_to_gb: None,
                price: price(one).map_err(of)?,
            }],
            (None, Some(several)) => tiers(several).map_err(of)?,
            (Some(_), Some(_)) => return Err(of("has both `gb` and `tiers`".to_owned())),
        };
        let note = self.note;
        Ok((*known, Rate { hour, gb, note }))
    }
}

/// Tiers of growing bounds, the last one without.
fn tiers(several: Vec<FileTier>) -> Result<Vec<Tier>, String> {
    let mut tiers: Vec<Tier> = Vec::new();
    for tier in several {
        let below = tiers.last().map(|last| last.up_to_gb);
        let grows = match (below, tier.up_to_gb) {
            (Some(None), _) => false,
            (Some(Some(below)), Some(bound)) => bound > below,
            (Some(Some(_)) | None, None) | (None, Some(_)) => true,
        };
        if !grows {
            return Err("`up_to_gb` must grow from tier to tier".to_owned());
        }
        tiers.push(Tier {
            up_to_gb: tier.up_to_gb,
            price: price(tier.price)?,
        });
    }
    match tiers.last() {
        Some(last) if last.up_to_gb.is_none() => Ok(tiers),
        Some(_) | None => Err("the last tier must have no `up_to_gb`".to_owned()),
    }
}

/// A price in billionths, to the nearest.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be from 0 to 10^18"
)]
fn price(number: f64) -> Result<Price, String> {
    if (0.0..TOO_MUCH).contains(&number) {
        Ok(Price((number * 1e9).round() as u64))
    } else {
        Err(format!(
            "{number} is no price, expected 0 or more, below {TOO_MUCH}"
        ))
    }
}

#[cfg(test)]
mod tests;
