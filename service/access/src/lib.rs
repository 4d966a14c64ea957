//! Who calls, and what they may do.
//!
//! It knows no transport and no wire types: who carries a call tells it what it knows of the caller, and asks whether the call may go on.

mod principal;
mod spiffe;
mod token;

pub use principal::Principal;
pub use spiffe::SpiffeIdError;
pub use token::{TokenError, TokenHash, Tokens, mint};
