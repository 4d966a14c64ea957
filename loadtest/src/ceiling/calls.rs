//! The calls of a turn, and what the service said to each.

use crate::LoadError;
use crate::method::Method;
use crate::report::Tally;

use super::wire::Wire;

/// A call, and the service's answer.
struct Call<M: Method> {
    question: M::Question,
    answer: M::Answer,
}

/// All calls of a turn.
pub(super) struct Calls<M: Method> {
    calls: Vec<Call<M>>,
    /// The revision that all answers were computed at.
    pub(super) revision: u64,
    pub(super) tally: Tally,
}

impl<M: Method> Calls<M> {
    /// Asks the service each question once.
    pub(super) async fn record(
        service: &mut Wire,
        questions: Vec<M::Question>,
    ) -> Result<Self, LoadError> {
        let mut recorded = Self {
            calls: Vec::with_capacity(questions.len()),
            revision: 0,
            tally: Tally::default(),
        };
        for (number, question) in questions.into_iter().enumerate() {
            let (answer, _) = service.ask::<M>(number, &question).await?;
            if number == 0 {
                recorded.revision = M::revision(&answer);
            }
            recorded.is_of_its_revision(&answer)?;
            M::count(&answer, &mut recorded.tally);
            recorded.calls.push(Call { question, answer });
        }
        Ok(recorded)
    }

    /// That the echo answers as the service did.
    pub(super) async fn check(&self, echo: &mut Wire) -> Result<(), LoadError> {
        for (number, call) in self.calls.iter().enumerate() {
            let (answer, _) = echo.ask::<M>(number, &call.question).await?;
            if answer != call.answer {
                return Err(LoadError::NoEcho { call: number });
            }
        }
        Ok(())
    }

    /// Asks one of them, and tells how many nanoseconds it took.
    pub(super) async fn ask(&self, number: usize, wire: &mut Wire) -> Result<u64, LoadError> {
        let Some(call) = self.calls.get(number) else {
            return Ok(0);
        };
        let (answer, took) = wire.ask::<M>(number, &call.question).await?;
        self.is_of_its_revision(&answer)?;
        Ok(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX))
    }

    /// Answers of another revision could be other answers, of which the echo does not know.
    fn is_of_its_revision(&self, answer: &M::Answer) -> Result<(), LoadError> {
        let (before, now) = (self.revision, M::revision(answer));
        if now == before {
            Ok(())
        } else {
            Err(LoadError::Changed { before, now })
        }
    }

    pub(super) fn len(&self) -> usize {
        self.calls.len()
    }

    pub(super) fn answers(&self) -> impl Iterator<Item = &M::Answer> {
        self.calls.iter().map(|call| &call.answer)
    }
}
