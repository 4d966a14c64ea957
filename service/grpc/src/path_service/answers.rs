//! Answers that are kept: as they are written, where they are the same for every asker; as the model has them, where their traces are shared with others.
//!
//! A question is a flow as it was written, after a letter for what is told of it. Flows that mean the same and are written differently are different questions.

use std::sync::Arc;

use causeway_access::veiled;
use causeway_engine::{AtHand, Depth, Memory, MemoryCounts, Paths, ResolveError};
use causeway_model::flow::{Constraints, Flow, FlowEnd, Lost};
use causeway_model::ids::ResourceId;
use causeway_model::trace::{PathAnswer, Trace};
use causeway_proto::v1;
use prost::Message;
use prost::bytes::Bytes;
use smallvec::SmallVec;

use crate::error::{CallError, read};
use crate::status;
use crate::wire::answer::{self, Detail, Sharing};
use crate::wire::flow;

/// What is told of a flow: its verdict and codes, the path too, all of it with traces in a table, all of it alone.
const VERDICT: u8 = b'v';
const PATH: u8 = b'p';
const WHOLE: u8 = b'w';
const ALONE: u8 = b'a';

/// About how many bytes a step, a hop and an explanation take in the model.
const STEP: usize = 320;
const HOP: usize = 96;
const EXPLANATION: usize = 160;

/// The answers that are kept.
#[derive(Debug)]
pub(crate) struct Answers {
    memory: Memory<Kept>,
}

/// A message as it is written. A usual verdict with its codes stands in the answer itself.
pub(super) type Written = SmallVec<[u8; 32]>;

/// An answer.
#[derive(Debug, Clone)]
enum Kept {
    /// An item of a batch, or a PathAnswer without its revision.
    Written(Written),
    /// A whole answer.
    Whole(Arc<PathAnswer>),
}

/// Items of a batch that are at hand.
pub(super) struct ItemsAtHand<'a> {
    answers: AtHand<'a, Kept>,
    letter: u8,
}

/// Why a question has no answer that could be kept.
pub(super) enum Unanswered {
    /// Its bytes are no flow.
    Call(CallError),
    /// The flow cannot be read.
    Flow(CallError),
    /// The topology does not hold what it names.
    Unresolved(ResolveError),
}

// === impl Answers ===

impl Answers {
    /// At most so many bytes of them; 0 for none.
    pub(crate) fn new(max_bytes: u64) -> Self {
        Self {
            memory: Memory::new(max_bytes),
        }
    }

    /// How often what happened.
    pub(crate) fn counts(&self) -> MemoryCounts {
        self.memory.counts()
    }

    /// The items of a batch that are at hand; none if none ever is. It tells verdict and codes, or the path too.
    pub(super) fn items_at_hand<'a>(
        &'a self,
        paths: &'a Paths,
        detail: Detail,
    ) -> Option<ItemsAtHand<'a>> {
        if paths.is_veiled() {
            return None;
        }
        let (letter, _) = letter(detail);
        let answers = paths.at_hand(&self.memory)?;
        Some(ItemsAtHand { answers, letter })
    }

    /// The item of a batch for a flow, as it is written: verdict and codes, or the path too.
    pub(super) fn item(
        &self,
        paths: &Paths,
        flow: &Bytes,
        detail: Detail,
    ) -> Result<Written, CallError> {
        let write = |answer: &PathAnswer| {
            let item = answer::item(answer, paths.revision(), detail, &mut Sharing::default());
            written(&item)
        };
        let item = if paths.is_veiled() {
            self.veiled(paths, flow).map(|answer| write(&answer))
        } else {
            let keep = |answer: PathAnswer| Kept::Written(write(&answer));
            let (letter, depth) = letter(detail);
            self.recall(paths, (letter, flow), depth, keep)
                .map(Kept::into_written)
        };
        match item {
            Ok(item) => Ok(item),
            Err(why) => Ok(written(&why.into_item(paths)?)),
        }
    }

    /// The whole item of a batch for a flow, with its traces in a table.
    pub(super) fn whole(
        &self,
        paths: &Paths,
        flow: &Bytes,
        traces: &mut Sharing,
    ) -> Result<v1::BatchItem, CallError> {
        if paths.is_veiled() {
            return match self.veiled(paths, flow) {
                Ok(answer) => Ok(answer::item(
                    &answer,
                    paths.revision(),
                    Detail::Full,
                    traces,
                )),
                Err(why) => why.into_item(paths),
            };
        }
        let keep = |answer| Kept::Whole(Arc::new(answer));
        match self.recall(paths, (WHOLE, flow), Depth::Full, keep) {
            Ok(Kept::Whole(answer)) => {
                let revision = paths.revision();
                Ok(answer::item(&answer, revision, Detail::Full, traces))
            }
            // A letter stands for one sort of answers.
            Ok(Kept::Written(_)) => Ok(v1::BatchItem::default()),
            Err(why) => why.into_item(paths),
        }
    }

    /// The whole answer to a flow that is asked alone, as it is written, without its revision. It may take a walk.
    pub(super) fn alone(&self, paths: &Paths, flow: &Bytes) -> Result<Written, Unanswered> {
        let write = |answer: &PathAnswer| {
            let whole = v1::PathAnswer {
                revision: 0,
                ..answer::path(answer, paths.revision())
            };
            written(&whole)
        };
        if paths.is_veiled() {
            return self.veiled(paths, flow).map(|answer| write(&answer));
        }
        let write = |answer: PathAnswer| Kept::Written(write(&answer));
        let kept = self.recall(paths, (ALONE, flow), Depth::Full, write);
        kept.map(Kept::into_written)
    }

    /// The same, if it is at hand.
    pub(super) fn alone_at_hand(&self, paths: &Paths, flow: &Bytes) -> Option<Written> {
        if paths.is_veiled() {
            return None;
        }
        paths
            .at_hand(&self.memory)?
            .look(&[&[ALONE], flow], Kept::into_written)
    }

    /// The whole answer to a flow, without what the caller may not see. What is kept is whole, and the same for everybody.
    fn veiled(&self, paths: &Paths, flow: &Bytes) -> Result<PathAnswer, Unanswered> {
        let asked = flow_of(flow)?;
        if let Some(id) = named(&asked).find(|id| paths.hides(id).is_some()) {
            let id = id.clone();
            return Err(Unanswered::Unresolved(ResolveError::UnknownResource { id }));
        }
        let keep = |answer| Kept::Whole(Arc::new(answer));
        let whole = match self.recall(paths, (WHOLE, flow), Depth::Full, keep)? {
            Kept::Whole(answer) => answer,
            // A letter stands for one sort of answers.
            Kept::Written(_) => return Err(Unanswered::Call(CallError::Description)),
        };
        let addresses =
            [&asked.source, &asked.destination]
                .into_iter()
                .filter_map(|end| match end {
                    FlowEnd::Address(address) => Some(*address),
                    FlowEnd::Resource(_) | FlowEnd::Internet | FlowEnd::Name(_) => None,
                });
        let addresses: Vec<_> = addresses.collect();
        Ok(veiled(&whole, &addresses, &|id| paths.hides(id)))
    }

    fn recall(
        &self,
        paths: &Paths,
        (letter, flow): (u8, &Bytes),
        depth: Depth,
        keep: impl FnOnce(PathAnswer) -> Kept,
    ) -> Result<Kept, Unanswered> {
        paths.recall(&self.memory, &[&[letter], flow], || {
            let flow = flow_of(flow)?;
            let answer = paths
                .resolve(&flow, depth)
                .map_err(Unanswered::Unresolved)?;
            let kept = keep(answer);
            let bytes = kept.bytes();
            Ok((kept, bytes))
        })
    }
}

/// What a question for an item begins with, and how deep the walk goes.
fn letter(detail: Detail) -> (u8, Depth) {
    match detail {
        Detail::Verdict => (VERDICT, Depth::Verdict),
        Detail::Path | Detail::Full => (PATH, Depth::Full),
    }
}

fn written(message: &impl Message) -> Written {
    Written::from_vec(message.encode_to_vec())
}

fn flow_of(flow: &Bytes) -> Result<Flow, Unanswered> {
    let wire = v1::Flow::decode(flow.as_ref())
        .map_err(|source| Unanswered::Call(CallError::Unreadable { source }))?;
    read(|faults| flow::parse(wire, faults)).map_err(Unanswered::Flow)
}

/// The resources that a flow names.
fn named(flow: &Flow) -> impl Iterator<Item = &ResourceId> {
    let ends = [&flow.source, &flow.destination];
    let ends = ends.into_iter().filter_map(|end| match end {
        FlowEnd::Resource(id) => Some(id),
        FlowEnd::Address(_) | FlowEnd::Internet | FlowEnd::Name(_) => None,
    });
    let Constraints {
        without,
        through,
        avoiding,
    } = &flow.constraints;
    let without = without.iter().filter_map(|lost| match lost {
        Lost::Resource(id) => Some(id),
        Lost::Zone(_) => None,
    });
    ends.chain(without).chain(through).chain(avoiding)
}

// === impl ItemsAtHand ===

impl ItemsAtHand<'_> {
    /// The item for a flow, if it is at hand.
    pub(super) fn look(&mut self, flow: &[u8]) -> Option<Written> {
        self.answers
            .look(&[&[self.letter], flow], Kept::into_written)
    }
}

// === impl Kept ===

impl Kept {
    fn into_written(self) -> Written {
        match self {
            Self::Written(bytes) => bytes,
            // A letter stands for one sort of answers.
            Self::Whole(_) => Written::new(),
        }
    }

    /// About how many bytes it takes.
    fn bytes(&self) -> usize {
        match self {
            Self::Written(bytes) if bytes.spilled() => bytes.len(),
            Self::Written(_) => 0,
            Self::Whole(answer) => {
                let others = answer.alternatives.iter();
                let others = others.flat_map(|other| [&other.forward, &other.reply]);
                let traces = [&answer.forward, &answer.reply].into_iter().chain(others);
                let traces: usize = traces.flatten().map(bytes_of).sum();
                traces + answer.explanations.len() * EXPLANATION + size_of::<PathAnswer>()
            }
        }
    }
}

fn bytes_of(trace: &Trace) -> usize {
    let hops = trace.hops.iter();
    hops.map(|hop| HOP + hop.steps.len() * STEP).sum()
}

// === impl Unanswered ===

impl Unanswered {
    /// The item of a flow without an answer. A flow whose bytes are none fails its call.
    fn into_item(self, paths: &Paths) -> Result<v1::BatchItem, CallError> {
        let error = match self {
            Self::Call(error) => return Err(error),
            Self::Flow(error) => status::unreadable(error),
            Self::Unresolved(ResolveError::UnknownResource { id }) if paths.is_veiled() => {
                status::unreadable(paths.not_found(&id).into())
            }
            Self::Unresolved(error) => status::unresolved(&error, paths.revision()),
        };
        Ok(v1::BatchItem {
            error: Some(error),
            ..v1::BatchItem::default()
        })
    }
}
