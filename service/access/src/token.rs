//! Bearer tokens, of which only hashes are kept.
//!
//! A token is 256 random bits, so that its plain SHA-256 tells nothing of it. Several tokens may have one name: who changes a token lets the old one
//! and the new one hold for a while.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::Principal;

/// What a token begins with, so that it is known for one wherever it is found.
const PREFIX: &str = "causeway_";
const MOST_NAME_BYTES: usize = 64;

/// The SHA-256 of a token's text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenHash([u8; 32]);

/// The tokens that hold, each with the name of who has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tokens {
    known: Vec<(String, TokenHash)>,
}

/// Why a token cannot be taken into the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TokenError {
    /// The name is none.
    #[error("`{name}` is no name of a token, expected 1 to 64 letters, digits, `.`, `-` and `_`")]
    Name {
        /// The name.
        name: String,
    },
    /// The hash is none. It may be a token by mistake, so that it is not shown.
    #[error("the sha256 of token `{name}` is not 64 hexadecimal digits")]
    Hash {
        /// The name.
        name: String,
    },
    /// The same token again.
    #[error("the sha256 of token `{name}` stands there already, for `{first}`")]
    Twice {
        /// The name.
        name: String,
        /// The name that it has already.
        first: String,
    },
}

/// The text of the token that these random bytes make.
#[must_use]
pub fn mint(random: [u8; 32]) -> String {
    format!("{PREFIX}{}", Hexadecimal(&random))
}

struct Hexadecimal<'a>(&'a [u8]);

// === impl TokenHash ===

impl TokenHash {
    /// That of a token.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

/// Why a text is no hash is not said: there is one form.
impl FromStr for TokenHash {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut hash = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(());
        }
        for (byte, digits) in hash.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| ())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| ())?;
        }
        Ok(Self(hash))
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hexadecimal(&self.0).fmt(f)
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenHash({self})")
    }
}

impl fmt::Display for Hexadecimal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

// === impl Tokens ===

impl Tokens {
    /// Takes one more token, by its hash in hexadecimal digits.
    ///
    /// # Errors
    /// [`TokenError`] if the name or the hash is none, or the hash is there already.
    pub fn add(&mut self, name: &str, sha256: &str) -> Result<(), TokenError> {
        let name = name.to_owned();
        let is_allowed =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if !(1..=MOST_NAME_BYTES).contains(&name.len()) || !name.bytes().all(is_allowed) {
            return Err(TokenError::Name { name });
        }
        let Ok(hash) = sha256.parse() else {
            return Err(TokenError::Hash { name });
        };
        if let Some((first, _)) = self.known.iter().find(|(_, known)| *known == hash) {
            let first = first.clone();
            return Err(TokenError::Twice { name, first });
        }
        self.known.push((name, hash));
        Ok(())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Who has this token, if it is one that holds. How long that takes does not tell how much of a hash was right.
    #[must_use]
    pub fn holder(&self, token: &str) -> Option<Principal> {
        let presented = TokenHash::of(token);
        let mut holder = None;
        for (name, known) in &self.known {
            if known.0.ct_eq(&presented.0).into() {
                holder = Some(name);
            }
        }
        holder.map(|name| Principal::Token(name.clone()))
    }
}

#[cfg(test)]
mod tests;
