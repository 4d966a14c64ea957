//! What a question asks beside ends, protocol and ports: who asks for what, and which ways will do.

use causeway_model::flow::{Constraints, Flow, Request};

use super::line::read_all;

/// What stands after the ports.
#[derive(Debug, Default)]
pub(super) struct Beside {
    request: Option<Request>,
    constraints: Constraints,
}

impl Beside {
    /// Reads what a word announces.
    pub(super) fn read<'w>(
        &mut self,
        word: &str,
        words: &mut impl Iterator<Item = &'w str>,
    ) -> Result<(), String> {
        let mut next = || words.next().ok_or_else(|| format!("`{word}` lacks a word"));
        match word {
            "as" => {
                let (principal, action, resource) = (next()?, next()?, next()?);
                let request = Request::new(principal.into(), action.into(), resource.into());
                self.request = Some(request.map_err(|error| error.to_string())?);
            }
            "without" => self.constraints.without = read_all(next()?)?,
            "through" => self.constraints.through = read_all(next()?)?,
            "avoiding" => self.constraints.avoiding = read_all(next()?)?,
            _ => return Err(format!("`{word}` says nothing of a flow")),
        }
        Ok(())
    }

    /// The flow with it.
    pub(super) fn of(self, mut flow: Flow) -> Flow {
        (flow.request, flow.constraints) = (self.request, self.constraints);
        flow
    }
}
