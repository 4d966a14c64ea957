//! Patterns of policies: `*` stands for any characters, `?` for one.

use crate::packet::Matched;

/// Whether a pattern of actions is for an action; case does not matter.
pub(super) fn action(pattern: &str, action: &str) -> Matched {
    let [pattern, action] = [pattern, action].map(str::to_ascii_lowercase);
    Matched::from(like(&pattern, &action))
}

/// What a comparison says, unless the pattern has a variable in it, of which the topology does not know the value.
pub(super) fn unless_variable(pattern: &str, compare: impl FnOnce() -> bool) -> Matched {
    if pattern.contains("${") {
        Matched::Unknown
    } else {
        Matched::from(compare())
    }
}

/// Whether a text is like a pattern.
pub(super) fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut read) = (0, 0);
    // The last `*`, and where in the text what follows it was tried.
    let mut star: Option<(usize, usize)> = None;
    while let Some(next) = text.get(read) {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(own) if *own == '?' || own == next => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((place, tried)) = star else {
                    return false;
                };
                star = Some((place, tried + 1));
                at = place + 1;
                read = tried + 1;
            }
        }
    }
    pattern.iter().skip(at).all(|rest| *rest == '*')
}

/// Whether an ARN is like a pattern, part by part: a wildcard does not reach over the colons before the last part.
pub(super) fn arn_like(pattern: &str, arn: &str) -> bool {
    let parts = |text: &str| text.splitn(6, ':').map(str::to_owned).collect::<Vec<_>>();
    let (wanted, own) = (parts(pattern), parts(arn));
    if pattern == "*" || wanted.len() < 6 || own.len() < 6 {
        return like(pattern, arn);
    }
    let mut both = wanted.iter().zip(&own);
    both.all(|(wanted, own)| like(wanted, own))
}
