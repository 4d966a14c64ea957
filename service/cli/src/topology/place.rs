//! A place in a topology's history, as flags name it.

use causeway_client::At;

/// A time, as `2026-01-31T08:00:00Z`.
pub(super) fn time(text: &str) -> Result<At, String> {
    match text.parse() {
        Ok(at @ At::Time(_)) => Ok(at),
        Ok(At::Newest | At::Revision(_) | At::Label(_)) | Err(_) => {
            Err("expected a time as 2026-01-31T08:00:00Z".to_owned())
        }
    }
}

/// The place that one of three flags names; the newest revision if none does.
pub(super) fn chosen(at: Option<At>, as_of: Option<At>, label: Option<String>) -> At {
    at.or(as_of)
        .or_else(|| label.map(At::Label))
        .unwrap_or_default()
}
