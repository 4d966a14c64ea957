//! Who asks: what an ARN tells of a principal (IAM guide, "IAM identifiers", "Principal").

use crate::packet::Matched;

use super::pattern::{arn_like, like};

/// A principal, by the ARN that the flow gives.
#[derive(Debug)]
pub(super) struct Asker<'a> {
    pub(super) arn: &'a str,
    pub(super) account: &'a str,
    /// The last part, as `role/app`.
    own: &'a str,
    partition: &'a str,
}

impl<'a> Asker<'a> {
    pub(super) fn of(arn: &'a str) -> Self {
        let mut parts = arn.splitn(6, ':').skip(1);
        let partition = parts.next().unwrap_or_default();
        let account = parts.nth(2).unwrap_or_default();
        Self {
            arn,
            account,
            own: parts.next().unwrap_or_default(),
            partition,
        }
    }

    pub(super) fn is_root(&self) -> bool {
        self.own == "root"
    }

    /// The role of a session; its path is not in the ARN of the session.
    fn role_of_session(&self) -> Option<&'a str> {
        let session = self.own.strip_prefix("assumed-role/")?;
        session.split('/').next()
    }

    /// The kind of principal, as `aws:PrincipalType` tells it.
    pub(super) fn kind(&self) -> Option<&'static str> {
        match self.own.split('/').next()? {
            "root" => Some("Account"),
            "user" => Some("User"),
            "role" | "assumed-role" => Some("AssumedRole"),
            "federated-user" => Some("FederatedUser"),
            _ => None,
        }
    }

    /// Whether a principal of a statement is the one who asks.
    pub(super) fn is(&self, arn: &str) -> Matched {
        if arn == self.arn {
            return Matched::Yes;
        }
        let role_of = |own: &'_ str| own.strip_prefix("role/").map(str::to_owned);
        let theirs = Asker::of(arn);
        if theirs.account != self.account {
            return Matched::No;
        }
        match (self.role_of_session(), role_of(self.own)) {
            // A session is its role, too.
            (Some(_), _) => self.is_like(arn),
            // Who names a role means one of its sessions: which one is not told.
            (None, Some(role)) => {
                let name = role.rsplit('/').next();
                let is_of_role = theirs
                    .role_of_session()
                    .is_some_and(|own| Some(own) == name);
                if is_of_role {
                    Matched::Unknown
                } else {
                    Matched::No
                }
            }
            (None, None) => Matched::No,
        }
    }

    /// Whether `aws:PrincipalArn` is like a pattern: for a session, that is the ARN of its role, with a path that nobody knows.
    pub(super) fn is_like(&self, pattern: &str) -> Matched {
        let Some(role) = self.role_of_session() else {
            return Matched::from(arn_like(pattern, self.arn));
        };
        let of_path = |path: &str| {
            let (partition, account) = (self.partition, self.account);
            format!("arn:{partition}:iam::{account}:role/{path}{role}")
        };
        let plain = arn_like(pattern, &of_path(""));
        let deep = arn_like(pattern, &of_path("\u{1}/"));
        let last = pattern.rsplit('/').next().unwrap_or(pattern);
        match (plain, deep) {
            (true, true) => Matched::Yes,
            (false, false) if !like(last, role) || !pattern.contains(":role/") => Matched::No,
            _ => Matched::Unknown,
        }
    }
}
