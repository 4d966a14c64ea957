//! Who calls.

use std::fmt;

/// Who a call comes from, as far as the connection, the sidecar or a token has proven it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Principal {
    /// Nobody has proven anything.
    Anonymous,
    /// A workload with a SPIFFE id, as `spiffe://example.org/ns/shop/sa/portal`
    /// ([SPIFFE-ID, section 2](https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md#2-spiffe-identity)).
    Workload(String),
    /// Who holds a bearer token, by the name that the configuration gives it.
    Token(String),
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::Workload(id) => f.write_str(id),
            Self::Token(name) => write!(f, "token `{name}`"),
        }
    }
}
