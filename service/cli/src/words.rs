//! Words of the contract as people and JSON read them: without the prefix of their enum; in sentences in small letters.

use causeway_client::v1;

pub(crate) fn verdict(verdict: v1::Verdict) -> &'static str {
    short(verdict.as_str_name(), "VERDICT_")
}

pub(crate) fn code(code: v1::ExplanationCode) -> &'static str {
    short(code.as_str_name(), "EXPLANATION_CODE_")
}

pub(crate) fn disposition(disposition: v1::Disposition) -> String {
    small(short(disposition.as_str_name(), "DISPOSITION_"))
}

pub(crate) fn stage(stage: v1::Stage) -> String {
    small(short(stage.as_str_name(), "STAGE_"))
}

pub(crate) fn action(action: v1::StepAction) -> String {
    small(short(action.as_str_name(), "STEP_ACTION_"))
}

pub(crate) fn cost_item(item: v1::CostItem) -> String {
    small(short(item.as_str_name(), "COST_ITEM_"))
}

/// Empty for a kind that was not given.
pub(crate) fn kind(kind: v1::ResourceKind) -> String {
    if kind == v1::ResourceKind::Unspecified {
        return String::new();
    }
    small(kind_name(kind))
}

/// As JSON has it.
pub(crate) fn kind_name(kind: v1::ResourceKind) -> &'static str {
    short(kind.as_str_name(), "RESOURCE_KIND_")
}

/// An id with its name beside it, where there is one.
pub(crate) fn named(id: &str, name: &str) -> String {
    match (id, name) {
        ("", name) => name.to_owned(),
        (id, "") => id.to_owned(),
        (id, name) => format!("{id} ({name})"),
    }
}

/// A flow's destination with its protocol and port, as `10.0.0.1 tcp/443`.
pub(crate) fn destination(flow: &v1::Flow) -> String {
    let protocol = if flow.protocol.is_empty() {
        "tcp"
    } else {
        &flow.protocol
    };
    match flow.destination_port {
        Some(port) => format!("{} {protocol}/{port}", flow.destination),
        None => format!("{} {protocol}", flow.destination),
    }
}

fn short(name: &'static str, prefix: &str) -> &'static str {
    name.strip_prefix(prefix).unwrap_or(name)
}

fn small(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', " ")
}
