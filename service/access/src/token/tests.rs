//! Tokens and their hashes.

use super::{TokenError, TokenHash, Tokens, mint};
use crate::Principal;

fn tokens(given: &[(&str, &str)]) -> Tokens {
    let mut tokens = Tokens::default();
    for (name, token) in given {
        tokens.add(name, &TokenHash::of(token).to_string()).unwrap();
    }
    tokens
}

#[test]
fn several_tokens_of_one_name_hold_at_once() {
    let tokens = tokens(&[("ci", "old"), ("ci", "new"), ("ops", "other")]);
    let ci = Some(Principal::Token("ci".to_owned()));
    assert_eq!(
        (tokens.holder("old"), tokens.holder("new")),
        (ci.clone(), ci)
    );
    assert_eq!(
        tokens.holder("other"),
        Some(Principal::Token("ops".to_owned()))
    );
    for unknown in ["", "ol", "oldd", "Old"] {
        assert_eq!(tokens.holder(unknown), None, "{unknown}");
    }
}

/// The vector of FIPS 180-2 for `abc`, so that `printf %s TOKEN | sha256sum` makes a hash too.
#[test]
fn a_hash_is_the_sha256_of_the_text() {
    let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(TokenHash::of("abc").to_string(), hash);
    assert_eq!(hash.to_uppercase().parse(), Ok(TokenHash::of("abc")));
}

#[test]
fn a_token_is_all_its_random_bytes() {
    let digits = "00ff".repeat(16);
    let mut random = [0; 32];
    random
        .iter_mut()
        .skip(1)
        .step_by(2)
        .for_each(|byte| *byte = 0xff);
    assert_eq!(mint(random), format!("causeway_{digits}"));
}

#[test]
fn what_is_no_token_is_not_taken() {
    let hash = TokenHash::of("token").to_string();
    let mut tokens = tokens(&[("first", "token")]);
    let ci = "ci".to_owned();
    for name in ["", "two words", "a\nb", &"n".repeat(65)] {
        let name = name.to_owned();
        let other = TokenHash::of("other").to_string();
        assert_eq!(tokens.add(&name, &other), Err(TokenError::Name { name }));
    }
    for wrong in [
        "",
        "abc",
        &"0".repeat(63),
        &format!("{hash}0"),
        &hash.replace('a', "+"),
    ] {
        let error = tokens.add(&ci, wrong).unwrap_err();
        assert_eq!(error, TokenError::Hash { name: ci.clone() }, "{wrong}");
        assert!(wrong.is_empty() || !error.to_string().contains(wrong));
    }
    let first = "first".to_owned();
    assert_eq!(
        tokens.add(&ci, &hash),
        Err(TokenError::Twice { name: ci, first })
    );
}
