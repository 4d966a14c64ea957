//! Between the contract's messages and the model, both ways, one declaration for each message.
//!
//! Parsing notes every fault with its path and goes on; rendering cannot fail. Both take records apart field by field, so that a
//! field that is added on one side alone does not compile.

mod adapters;
pub(crate) mod answer;
pub(crate) mod change;
mod dns;
mod endpoints;
mod filters;
mod firewall;
pub(crate) mod flow;
mod gateways;
mod hybrid;
mod interfaces;
mod load_balancers;
mod macros;
pub(crate) mod matrix;
mod patch;
pub(crate) mod resource;
mod routing;
mod texts;
mod time;
mod transit;

use causeway_model::fields::Setting;

use crate::faults::Faults;

/// A thing of the model that the contract writes as `P`.
pub(crate) trait Wire<P>: Sized {
    /// Reads it. `None` after at least one fault was noted.
    fn parse(wire: P, faults: &mut Faults) -> Option<Self>;

    /// Writes it.
    fn render(&self) -> P;
}

/// A thing that the contract writes as text.
pub(crate) trait Text: Sized {
    /// Reads a text that is not empty; the error says what is wrong with it.
    fn read(text: &str) -> Result<Self, String>;

    /// Writes it.
    fn write(&self) -> String;

    /// What it is, in words.
    const WORDS: &'static str;
}

/// An enum that the contract writes as a number.
pub(crate) trait Name: Copy {
    /// What a number that is not given stands for; none if it must be given.
    const ABSENT: Option<Self>;

    /// What it is called in the contract.
    const WORDS: &'static str;

    /// The value of a number that is known; `Some(None)` for 0.
    fn from_number(number: i32) -> Option<Option<Self>>;

    /// Its number.
    fn number(self) -> i32;
}

impl<M: Wire<P>, P> Wire<Vec<P>> for Vec<M> {
    fn parse(wire: Vec<P>, faults: &mut Faults) -> Option<Self> {
        let mut items = Self::with_capacity(wire.len());
        let mut whole = true;
        for (index, item) in wire.into_iter().enumerate() {
            match faults.item(index, |faults| M::parse(item, faults)) {
                Some(item) => items.push(item),
                None => whole = false,
            }
        }
        whole.then_some(items)
    }

    fn render(&self) -> Vec<P> {
        self.iter().map(M::render).collect()
    }
}

impl<M: Wire<P>, P> Wire<Option<P>> for Option<M> {
    fn parse(wire: Option<P>, faults: &mut Faults) -> Option<Self> {
        match wire {
            Some(wire) => M::parse(wire, faults).map(Some),
            None => Some(None),
        }
    }

    fn render(&self) -> Option<P> {
        self.as_ref().map(M::render)
    }
}

impl<T: Text> Wire<String> for T {
    fn parse(wire: String, faults: &mut Faults) -> Option<Self> {
        if wire.is_empty() {
            return faults.missing(T::WORDS);
        }
        T::read(&wire).map_or_else(|fault| faults.add(fault), Some)
    }

    fn render(&self) -> String {
        self.write()
    }
}

impl<T: Text> Wire<String> for Option<T> {
    fn parse(wire: String, faults: &mut Faults) -> Option<Self> {
        if wire.is_empty() {
            Some(None)
        } else {
            T::parse(wire, faults).map(Some)
        }
    }

    fn render(&self) -> String {
        self.as_ref().map(T::write).unwrap_or_default()
    }
}

impl<N: Name> Wire<i32> for N {
    fn parse(wire: i32, faults: &mut Faults) -> Option<Self> {
        match N::from_number(wire) {
            Some(Some(name)) => Some(name),
            Some(None) => N::ABSENT.or_else(|| faults.missing(&format!("a value of {}", N::WORDS))),
            None => faults.add(format!("`{wire}` is no value of {}", N::WORDS)),
        }
    }

    fn render(&self) -> i32 {
        self.number()
    }
}

impl<N: Name> Wire<i32> for Option<N> {
    fn parse(wire: i32, faults: &mut Faults) -> Option<Self> {
        if wire == 0 {
            Some(None)
        } else {
            N::parse(wire, faults).map(Some)
        }
    }

    fn render(&self) -> i32 {
        self.map_or(0, N::number)
    }
}

impl Wire<Option<bool>> for Setting {
    fn parse(wire: Option<bool>, _faults: &mut Faults) -> Option<Self> {
        Some(match wire {
            None => Self::Default,
            Some(true) => Self::On,
            Some(false) => Self::Off,
        })
    }

    fn render(&self) -> Option<bool> {
        match self {
            Self::Default => None,
            Self::On => Some(true),
            Self::Off => Some(false),
        }
    }
}

/// A port.
impl Wire<u32> for u16 {
    fn parse(wire: u32, faults: &mut Faults) -> Option<Self> {
        Self::try_from(wire).map_or_else(
            |_| faults.add(format!("`{wire}` is no port, expected 0 to 65535")),
            Some,
        )
    }

    fn render(&self) -> u32 {
        u32::from(*self)
    }
}

/// What both sides hold as it is.
macro_rules! same {
    ($($type:ty),*) => {
        $(impl Wire<$type> for $type {
            fn parse(wire: $type, _faults: &mut Faults) -> Option<Self> {
                Some(wire)
            }

            fn render(&self) -> $type {
                self.clone()
            }
        })*
    };
}

same!(bool, String, u32, u64);

#[cfg(test)]
mod tests;
