//! Reading a policy's JSON. Every fault is told with the element that it is in.

use serde_json::{Map, Value};

use super::{
    Comparison, Condition, MAX_POLICY_CHARACTERS, PolicyEffect, PolicyError, PolicyPrincipal,
    Scope, SetOperator, Statement,
};

/// The statements of a document.
pub(super) fn statements(text: &str) -> Result<Vec<Statement>, PolicyError> {
    let length = text.chars().count();
    if length > MAX_POLICY_CHARACTERS {
        return Err(PolicyError::TooLong { length });
    }
    let document: Value = serde_json::from_str(text).map_err(|error| PolicyError::NotJson {
        line: error.line(),
        column: error.column(),
    })?;
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) if !statements.is_empty() => statements.iter().collect(),
        Some(one @ Value::Object(_)) => vec![one],
        _ => return fault("Statement", "a statement or a list of statements"),
    };
    let numbered = (0..).zip(statements);
    numbered
        .map(|(index, held)| statement(&format!("Statement[{index}]"), held))
        .collect()
}

fn statement(at: &str, held: &Value) -> Result<Statement, PolicyError> {
    let Value::Object(held) = held else {
        return fault(at, "an object");
    };
    let effect = match held.get("Effect").and_then(Value::as_str) {
        Some("Allow") => PolicyEffect::Allow,
        Some("Deny") => PolicyEffect::Deny,
        _ => return fault(&format!("{at}.Effect"), "`Allow` or `Deny`"),
    };
    let sid = held.get("Sid").and_then(Value::as_str);
    Ok(Statement {
        sid: sid.unwrap_or_default().to_owned(),
        effect,
        principals: scope(at, held, "Principal", principals)?,
        actions: scope(at, held, "Action", texts)?,
        resources: scope(at, held, "Resource", texts)?,
        conditions: match held.get("Condition") {
            None => Vec::new(),
            Some(conditions) => self::conditions(&format!("{at}.Condition"), conditions)?,
        },
    })
}

/// An element, or the one of which `Not` stands before it: one of both.
fn scope<T>(
    at: &str,
    held: &Map<String, Value>,
    name: &'static str,
    read: impl Fn(&str, &Value) -> Result<Vec<T>, PolicyError>,
) -> Result<Scope<T>, PolicyError> {
    let not = format!("Not{name}");
    match (held.get(name), held.get(&not)) {
        (Some(these), None) => read(&format!("{at}.{name}"), these).map(Scope::These),
        (None, Some(those)) => read(&format!("{at}.{not}"), those).map(Scope::AllBut),
        _ => fault(
            &format!("{at}.{name}"),
            "given, or its `Not` instead, and not both",
        ),
    }
}

/// The items of a list; what is no list is its only item.
fn one_or_many(held: &Value) -> &[Value] {
    held.as_array()
        .map_or_else(|| std::slice::from_ref(held), Vec::as_slice)
}

/// A text, or a list of them.
fn texts(at: &str, held: &Value) -> Result<Vec<String>, PolicyError> {
    let all = one_or_many(held).iter().map(Value::as_str);
    let all: Option<Vec<&str>> = all.collect();
    match all.filter(|all| !all.is_empty()) {
        Some(all) => Ok(all.into_iter().map(str::to_owned).collect()),
        None => fault(at, "a text or a list of texts"),
    }
}

fn principals(at: &str, held: &Value) -> Result<Vec<PolicyPrincipal>, PolicyError> {
    let expected = "`*`, or an object as `{\"AWS\": \"arn:...\"}`";
    if held.as_str() == Some("*") {
        return Ok(vec![PolicyPrincipal::Anyone]);
    }
    let Some(kinds) = held.as_object().filter(|kinds| !kinds.is_empty()) else {
        return fault(at, expected);
    };
    let mut found = Vec::new();
    for (kind, named) in kinds {
        let named = texts(&format!("{at}.{kind}"), named)?;
        let is_aws = kind == "AWS";
        found.extend(named.into_iter().map(|text| {
            if is_aws {
                principal(text)
            } else {
                PolicyPrincipal::Other
            }
        }));
    }
    Ok(found)
}

fn principal(text: String) -> PolicyPrincipal {
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|own| own.is_ascii_digit());
    if text == "*" {
        return PolicyPrincipal::Anyone;
    }
    if is_account(&text) {
        return PolicyPrincipal::Account(text);
    }
    let root = text.strip_suffix(":root");
    let root = root.and_then(|arn| arn.rsplit_once(':'));
    if let Some((_, account)) = root.filter(|(_, account)| is_account(account)) {
        return PolicyPrincipal::Account(account.to_owned());
    }
    if text.starts_with("arn:") {
        PolicyPrincipal::Arn(text)
    } else {
        PolicyPrincipal::Other
    }
}

fn conditions(at: &str, held: &Value) -> Result<Vec<Condition>, PolicyError> {
    let Value::Object(operators) = held else {
        return fault(at, "an object of operators");
    };
    let mut found = Vec::new();
    for (operator, keys) in operators {
        let at = format!("{at}.{operator}");
        let Value::Object(keys) = keys else {
            return fault(&at, "an object of keys");
        };
        for (key, values) in keys {
            let values = scalars(&format!("{at}.{key}"), values)?;
            found.push(condition(operator, key, values));
        }
    }
    Ok(found)
}

/// Texts, numbers and truth values, one or a list, all as texts.
fn scalars(at: &str, held: &Value) -> Result<Vec<String>, PolicyError> {
    let text = |one: &Value| match one {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(one.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    match one_or_many(held).iter().map(text).collect() {
        Some(all) => Ok(all),
        None => fault(at, "a value or a list of values"),
    }
}

fn condition(operator: &str, key: &str, values: Vec<String>) -> Condition {
    let (set, rest) = match operator.split_once(':') {
        Some(("ForAnyValue", rest)) => (SetOperator::ForAnyValue, rest),
        Some(("ForAllValues", rest)) => (SetOperator::ForAllValues, rest),
        _ => (SetOperator::None, operator),
    };
    let (rest, if_exists) = match rest.strip_suffix("IfExists") {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let (comparison, negated) = match rest {
        "StringEquals" => (Comparison::StringEquals, false),
        "StringNotEquals" => (Comparison::StringEquals, true),
        "StringEqualsIgnoreCase" => (Comparison::StringEqualsIgnoreCase, false),
        "StringNotEqualsIgnoreCase" => (Comparison::StringEqualsIgnoreCase, true),
        "StringLike" => (Comparison::StringLike, false),
        "StringNotLike" => (Comparison::StringLike, true),
        "ArnEquals" | "ArnLike" => (Comparison::Arn, false),
        "ArnNotEquals" | "ArnNotLike" => (Comparison::Arn, true),
        "IpAddress" => (Comparison::IpAddress, false),
        "NotIpAddress" => (Comparison::IpAddress, true),
        "Bool" => (Comparison::Bool, false),
        "Null" => (Comparison::Null, false),
        _ => (Comparison::Other, false),
    };
    Condition {
        set,
        comparison,
        negated,
        if_exists,
        key: key.to_ascii_lowercase(),
        values,
    }
}

fn fault<T>(element: &str, expected: &'static str) -> Result<T, PolicyError> {
    Err(PolicyError::Element {
        element: element.chars().take(80).collect(),
        expected,
    })
}
