//! Which of the questions are asked, and how often each.

use causeway_client::v1::Flow;
use fastrand::Rng;

use crate::zipf;

/// First of the ephemeral ports that questions are told apart by.
const FIRST_EPHEMERAL: u32 = 32768;

/// How questions are picked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pick {
    /// How many flows are wanted.
    pub count: usize,
    /// Whether each repetition of a question has another source port: up to 32,768 times no two are equal.
    pub distinct: bool,
    /// The exponent of Zipf's law that they are drawn by, the first of them the most often. Without one they are repeated in their order.
    pub zipf: Option<f64>,
}

impl Pick {
    /// The flows, the same ones each time.
    #[must_use]
    pub fn of(self, questions: &[Flow]) -> Vec<Flow> {
        if questions.is_empty() {
            return Vec::new();
        }
        let mut asked = vec![0; questions.len()];
        let places: Box<dyn Iterator<Item = usize>> = match self.zipf {
            None => Box::new((0..questions.len()).cycle()),
            Some(exponent) => Box::new(drawn(questions.len(), exponent)),
        };
        let flows = places.filter_map(|place| {
            let mut flow = questions.get(place)?.clone();
            let times: &mut u32 = asked.get_mut(place)?;
            if self.distinct && flow.destination_port.is_some() {
                let ephemeral = u32::from(u16::MAX) - FIRST_EPHEMERAL + 1;
                flow.source_port = Some(FIRST_EPHEMERAL + *times % ephemeral);
                *times = times.wrapping_add(1);
            }
            Some(flow)
        });
        flows.take(self.count).collect()
    }
}

fn drawn(count: usize, exponent: f64) -> impl Iterator<Item = usize> {
    let bound = u32::try_from(count).unwrap_or(u32::MAX);
    let mut rng = Rng::with_seed(1);
    std::iter::repeat_with(move || zipf::draw(bound, exponent, &mut rng))
        .map(|place| usize::try_from(place).unwrap_or(0))
}
