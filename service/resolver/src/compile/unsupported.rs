//! Components that the walk does not know yet, and references to what the topology does not hold.
//!
//! Both end a way as unknown, and say what it is that is not known.

use causeway_model::ids::ResourceId;
use causeway_model::trace::{Code, Stage};

use crate::table::Action;

use super::builder::{Builder, Key};
use super::subnet::kind_words;

/// What to do with packets for this resource.
pub(crate) fn action(builder: &mut Builder, id: &ResourceId) -> Action {
    let Some((at, resource)) = builder.find(id) else {
        return Action::Unknown(Code::UnknownResource);
    };
    let words = kind_words(resource.kind());
    let label = format!("what this {words} does with packets is not known yet");
    let table = builder.always(
        Stage::Forwarding,
        Action::Unknown(Code::UnsupportedComponent),
        label,
    );
    Action::Forward(builder.fill(Key::Unsupported(at), at, vec![table]))
}
