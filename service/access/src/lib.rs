//! Who calls, and what they may do.
//!
//! It knows no transport and no wire types: who carries a call tells it what it knows of the caller, and asks whether the call may go on.

mod action;
mod authority;
mod entities;
mod policies;
mod principal;
mod rules;
mod sight;
mod spiffe;
mod token;
mod veil;

pub use action::{Action, Service, Verb};
pub use authority::Authority;
pub use policies::{Fault, Policies, PolicyError, SCHEMA, Stamp};
pub use principal::Principal;
pub use rules::{Caller, Rules};
pub use sight::{Class, Sight};
pub use spiffe::SpiffeIdError;
pub use token::{TokenError, TokenHash, Tokens, mint};
pub use veil::veiled;
