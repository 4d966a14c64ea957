//! IAM policy documents (IAM guide, "JSON policy elements"; PrivateLink guide, "Control access using endpoint policies").
//!
//! The text that was given is kept and is what the document is written as; what it says is read once, into statements. Whether a
//! statement applies to a request is the resolver's to say.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::fields::{Field, FieldError, Value};

mod read;

/// Longest endpoint policy in characters, white space included.
pub const MAX_POLICY_CHARACTERS: usize = 20_480;

/// A policy: its text, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDocument {
    text: String,
    /// None for a text that was kept before policies were read, and cannot be.
    statements: Option<Vec<Statement>>,
}

/// A statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its name; empty for none.
    pub sid: String,
    /// What it does with the requests that it is for.
    pub effect: PolicyEffect,
    /// Who asks.
    pub principals: Scope<PolicyPrincipal>,
    /// What is asked for, as `s3:Get*`.
    pub actions: Scope<String>,
    /// Of what, as `arn:aws:s3:::bucket/*`.
    pub resources: Scope<String>,
    /// What must hold beside: all of it.
    pub conditions: Vec<Condition>,
}

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyEffect {
    /// It allows.
    Allow,
    /// It denies, whatever others allow.
    Deny,
}

/// A list that a statement is for, or for all but.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope<T> {
    /// For one of these.
    These(Vec<T>),
    /// For all but these (`NotPrincipal`, `NotAction`, `NotResource`).
    AllBut(Vec<T>),
}

/// Who asks, as a statement names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyPrincipal {
    /// Anyone: `*`.
    Anyone,
    /// An account by its number: given as such, or as the ARN of its root.
    Account(String),
    /// An ARN.
    Arn(String),
    /// A service, a federated or a canonical user, or an id that tells nobody.
    Other,
}

/// A condition: one key, compared with values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// How several values of the key count.
    pub set: SetOperator,
    /// How a value is compared.
    pub comparison: Comparison,
    /// Whether the comparison must fail.
    pub negated: bool,
    /// Whether a key that is absent makes it hold.
    pub if_exists: bool,
    /// The key in lower case, as `aws:sourcevpce`.
    pub key: String,
    /// The values: one of them is enough, or, negated, too much.
    pub values: Vec<String>,
}

/// How several values of a key count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetOperator {
    /// The key has one value.
    None,
    /// One of them is enough.
    ForAnyValue,
    /// All must hold.
    ForAllValues,
}

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `StringEquals`
    StringEquals,
    /// `StringEqualsIgnoreCase`
    StringEqualsIgnoreCase,
    /// `StringLike`: with `*` and `?`
    StringLike,
    /// `ArnEquals` and `ArnLike`, which are one: part by part, with `*` and `?`
    Arn,
    /// `IpAddress`
    IpAddress,
    /// `Bool`
    Bool,
    /// `Null`
    Null,
    /// Any other: numbers, dates, bytes, and what AWS may add.
    Other,
}

/// Why a text is no policy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PolicyError {
    /// It is longer than a policy may be.
    #[error("is {length} characters long, the maximum is 20480")]
    TooLong {
        /// Its length in characters.
        length: usize,
    },
    /// It is no JSON.
    #[error("is no JSON, at line {line}, column {column}")]
    NotJson {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// An element is of another shape.
    #[error("`{element}` of the policy must be {expected}")]
    Element {
        /// Where it stands, as `Statement[1].Effect`.
        element: String,
        /// What it must be.
        expected: &'static str,
    },
}

impl PolicyDocument {
    /// The text as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The statements; none if the text was kept and cannot be read.
    #[must_use]
    pub fn statements(&self) -> Option<&[Statement]> {
        self.statements.as_deref()
    }
}

impl FromStr for PolicyDocument {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let statements = read::statements(text)?;
        Ok(Self {
            text: text.to_owned(),
            statements: Some(statements),
        })
    }
}

impl fmt::Display for PolicyDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Field for PolicyDocument {
    fn to_value(&self) -> Value {
        self.text.to_value()
    }

    /// Texts that were stored before policies were read are kept, whatever they say.
    fn from_value(value: Value) -> Result<Self, FieldError> {
        let text = String::from_value(value)?;
        let statements = read::statements(&text).ok();
        Ok(Self { text, statements })
    }
}

#[cfg(test)]
mod tests;
