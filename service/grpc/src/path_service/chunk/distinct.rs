//! The flows of a call, each once.

use prost::bytes::Bytes;

use crate::numbering::{Number, Numbering};

/// The flows of a call, each once: what is written alike is asked alike.
pub(super) struct Distinct {
    pub(super) flows: Vec<Bytes>,
    /// For each flow of the call its place among them; none if all are distinct.
    pub(super) places: Option<Vec<u32>>,
}

impl Distinct {
    pub(super) fn of(flows: Vec<Bytes>) -> Self {
        let mut known = Numbering::with_capacity(flows.len());
        let places: Vec<Number> = flows.iter().map(|flow| known.of(flow.as_ref())).collect();
        drop(known);
        let is_new = |place: &&Number| matches!(place, Number::New(_));
        if places.iter().filter(is_new).count() == flows.len() {
            return Self {
                flows,
                places: None,
            };
        }
        let distinct = flows.into_iter().zip(&places);
        let distinct = distinct.filter(|(_, place)| is_new(place));
        Self {
            flows: distinct.map(|(flow, _)| flow).collect(),
            places: Some(places.into_iter().map(Number::get).collect()),
        }
    }
}
