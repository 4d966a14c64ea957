//! Questions about an estate: who talks to whom on such a platform, and who tries to and cannot.

use causeway_client::v1::Flow;
use fastrand::Rng;

use super::Estate;
use super::Place;
use super::ids::Tier;
use super::interfaces::{SERVICES, Seat};
use crate::zipf;

/// Flows of an estate, drawn from a seed: about two thirds are reachable. Sources follow Zipf's law: the first interface asks twice as often as the
/// second, three times as often as the third.
pub fn flows(estate: Estate, seed: u64) -> impl Iterator<Item = Flow> {
    flows_by(estate, seed, 1.0)
}

/// The same with another exponent of Zipf's law; with 0 all sources ask alike.
pub(crate) fn flows_by(estate: Estate, seed: u64, exponent: f64) -> impl Iterator<Item = Flow> {
    let mut rng = Rng::with_seed(seed);
    std::iter::repeat_with(move || flow(estate, exponent, &mut rng))
}

/// So many questions as JSON, one object a line.
pub(super) fn lines(estate: Estate, seed: u64, count: u32) -> String {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let mut text = String::new();
    for flow in flows(estate, seed).take(count) {
        let line = serde_json::json!({
            "from": flow.source,
            "to": flow.destination,
            "protocol": flow.protocol,
            "port": flow.destination_port,
        });
        text.push_str(&line.to_string());
        text.push('\n');
    }
    text
}

/// A source of a tier, by Zipf's law over all interfaces.
fn source(estate: Estate, tier: Tier, exponent: f64, rng: &mut Rng) -> (Place, Seat) {
    let rank = zipf::draw(estate.interfaces, exponent, rng);
    // Ranks are spread over the estate, so that what is asked often is not all in one VPC.
    let spread = u64::from(rank).wrapping_mul(0x9e37_79b9_7f4a_7c15) % u64::from(estate.interfaces);
    let at = u32::try_from(spread).unwrap_or(0);
    let place = estate.place(at / super::INTERFACES_OF_VPC);
    let own = at % super::INTERFACES_OF_VPC;
    (place, seat(place, tier, own))
}

/// The interface of a tier that is nearest to a number.
fn seat(place: Place, tier: Tier, own: u32) -> Seat {
    let tens = own - own % 10;
    let within = match tier {
        Tier::Data => 6 + own % 3,
        Tier::Public => 9,
        Tier::App | Tier::Transit => own % 6,
    };
    let own = tens + within;
    Seat::of(if own < place.interfaces { own } else { 0 })
}

/// Any interface of a tier in a VPC.
fn any(place: Place, tier: Tier, rng: &mut Rng) -> Seat {
    seat(place, tier, rng.u32(..place.interfaces))
}

/// Another VPC of the Region, if there is one.
fn other(estate: Estate, place: Place, rng: &mut Rng) -> Place {
    let first = place.first().number;
    estate.place(first + rng.u32(..place.neighbours))
}

fn flow(estate: Estate, exponent: f64, rng: &mut Rng) -> Flow {
    let (place, app) = source(estate, Tier::App, exponent, rng);
    let from = place.seat_id(app);
    let data = any(place, Tier::Data, rng);
    match rng.u32(..100) {
        0..=19 => tcp(from, place.seat_id(data), 5432),
        20..=34 => tcp(from, "internet".to_owned(), 443),
        35..=42 => tcp(from, format!("s3.{}.amazonaws.com", place.region()), 443),
        43..=52 => {
            let service = rng.choice(SERVICES).unwrap_or("sqs");
            tcp(
                from,
                format!("{service}.{}.amazonaws.com", place.region()),
                443,
            )
        }
        53..=62 => {
            let far = other(estate, place, rng);
            let to = any(far, Tier::App, rng);
            tcp(from, far.seat_address(to).to_string(), 443)
        }
        63..=66 => {
            let near = estate.place(place.number - place.number % 4);
            let from = near.seat_id(any(near, Tier::App, rng));
            tcp(from, near.endpoint_address(3, app.zone).to_string(), 443)
        }
        // What nobody lets through.
        67..=73 => tcp(place.seat_id(data), "internet".to_owned(), 443),
        74..=80 => tcp(from, place.seat_id(data), 22),
        81..=87 => {
            let far = other(estate, place, rng);
            let to = any(far, Tier::Data, rng);
            tcp(from, far.seat_address(to).to_string(), 5432)
        }
        88..=93 => tcp("internet".to_owned(), from, 443),
        _ => {
            let public = any(place, Tier::Public, rng);
            tcp(place.seat_id(public), place.seat_id(data), 5432)
        }
    }
}

fn tcp(source: String, destination: String, port: u32) -> Flow {
    Flow {
        source,
        destination,
        protocol: "tcp".to_owned(),
        destination_port: Some(port),
        ..Flow::default()
    }
}
