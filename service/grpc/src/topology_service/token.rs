//! Resume tokens: opaque to callers, a place in the history of one incarnation of a topology.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use causeway_engine::{TopologyId, WatchPoint};
use causeway_model::revision::Revision;

/// First byte of a token: the form of what follows, and that it is no page's.
const FORM: u8 = 2;

pub(super) fn seal(point: WatchPoint) -> String {
    let WatchPoint { topology, revision } = point;
    let mut bytes = vec![FORM];
    bytes.extend(topology.0.to_be_bytes());
    bytes.extend(revision.0.to_be_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Nothing for what is no token.
pub(super) fn open(token: &str) -> Option<WatchPoint> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
    let (&[FORM], rest) = bytes.split_first_chunk()? else {
        return None;
    };
    let (topology, rest) = rest.split_first_chunk()?;
    let (revision, []) = rest.split_first_chunk()? else {
        return None;
    };
    Some(WatchPoint {
        topology: TopologyId(u64::from_be_bytes(*topology)),
        revision: Revision(u64::from_be_bytes(*revision)),
    })
}

#[cfg(test)]
mod tests {
    use super::{Revision, TopologyId, WatchPoint, open, seal};

    #[test]
    fn a_token_leads_back_to_its_place_and_nothing_else_is_one() {
        let point = WatchPoint {
            topology: TopologyId(3),
            revision: Revision(7),
        };
        let token = seal(point);
        assert_eq!(open(&token), Some(point));
        for other in [
            format!("{token}AA"),
            token.replacen('A', "B", 1),
            "no token!".to_owned(),
            String::new(),
        ] {
            assert_eq!(
                open(&other).filter(|found| *found == point),
                None,
                "{other}"
            );
        }
    }
}
