//! A request to a service: who asks for what, as IAM names it.

use thiserror::Error;

/// Longest part of a request in bytes: AWS bounds an ARN at 2,048.
const MAX_BYTES: usize = 2048;

/// A request that the packets of a flow carry: what the policies of endpoints are asked about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Request {
    principal: String,
    action: String,
    resource: String,
}

/// The texts are no request.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RequestError {
    /// Who asks is no ARN of a principal.
    #[error(
        "`{text}` is no ARN of a principal, expected one as `arn:aws:iam::111122223333:role/app`"
    )]
    Principal {
        /// The text, cut at 80 characters.
        text: String,
    },
    /// What is asked for is no action.
    #[error("`{text}` is no action, expected one as `s3:GetObject`")]
    Action {
        /// The text, cut at 80 characters.
        text: String,
    },
    /// Of what is no ARN.
    #[error(
        "`{text}` is no ARN of a resource and not `*`, expected one as `arn:aws:s3:::bucket/key`"
    )]
    Resource {
        /// The text, cut at 80 characters.
        text: String,
    },
}

impl Request {
    /// A request of one principal for one action on one resource; `*` for actions that have none.
    ///
    /// # Errors
    /// [`RequestError`] for the first of the three that is not what it should be.
    pub fn new(principal: String, action: String, resource: String) -> Result<Self, RequestError> {
        let cut = |text: &str| text.chars().take(80).collect();
        if !is_arn(&principal) || principal.contains('*') {
            let text = cut(&principal);
            return Err(RequestError::Principal { text });
        }
        if !is_action(&action) {
            let text = cut(&action);
            return Err(RequestError::Action { text });
        }
        if resource != "*" && !is_arn(&resource) {
            let text = cut(&resource);
            return Err(RequestError::Resource { text });
        }
        Ok(Self {
            principal,
            action,
            resource,
        })
    }

    /// ARN of who asks.
    #[must_use]
    pub fn principal(&self) -> &str {
        &self.principal
    }

    /// The action, as `s3:GetObject`.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    /// ARN of the resource, or `*`.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }
}

/// Six parts between colons, of which the last is not empty.
fn is_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    text.len() <= MAX_BYTES
        && !text.chars().any(char::is_control)
        && parts.first() == Some(&"arn")
        && parts.get(5).is_some_and(|last| !last.is_empty())
}

fn is_action(text: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.len() <= MAX_BYTES
        && text
            .split_once(':')
            .is_some_and(|(service, action)| is_word(service) && is_word(action))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(principal: &str, action: &str, resource: &str) -> String {
        let [principal, action, resource] = [principal, action, resource].map(str::to_owned);
        Request::new(principal, action, resource)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_request_is_an_arn_an_action_and_an_arn() {
        let role = "arn:aws:iam::111122223333:role/app";
        let object = "arn:aws:s3:::bucket/a key";
        let [principal, action, resource] = [role, "s3:GetObject", object].map(str::to_owned);
        assert!(Request::new(principal, action, resource).is_ok());
        assert!(fault("app", "s3:GetObject", object).starts_with("`app` is no ARN of a principal"));
        assert!(fault(role, "s3:*", object).starts_with("`s3:*` is no action"));
        assert!(fault(role, "s3:GetObject", "bucket").starts_with("`bucket` is no ARN"));
    }
}
