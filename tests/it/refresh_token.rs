//! Refresh tokens: derivable again, bound to key and family, refused in every altered form.

use lingpai_core::ErrorCode;
use lingpai_core::crypto::MacKey;
use lingpai_core::refresh_token::RefreshTokenId;
use lingpai_core::terms::family_of;
use proptest::prelude::*;

const JKT: &str = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
const OTHER: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

fn key(byte: u8) -> MacKey {
    MacKey::new(&[byte; 32])
}

fn id(counter: u32) -> RefreshTokenId {
    RefreshTokenId { family: family_of("at-1"), counter }
}

#[test]
fn the_same_token_can_be_derived_again() {
    let token = id(7).to_token(&key(1), Some(JKT)).expect("a token");
    assert_eq!(id(7).to_token(&key(1), Some(JKT)).expect("a token"), token);
    assert_eq!(RefreshTokenId::from_token(&token, &[key(1)], Some(JKT)), Ok(id(7)));
}

#[test]
fn an_old_key_of_the_ring_still_opens() {
    let token = id(1).to_token(&key(1), Some(JKT)).expect("a token");
    assert_eq!(RefreshTokenId::from_token(&token, &[key(2), key(1)], Some(JKT)), Ok(id(1)));
}

#[test]
fn only_the_holder_of_the_key_can_present_it() {
    let bound = id(1).to_token(&key(1), Some(JKT)).expect("a token");
    let unbound = id(1).to_token(&key(1), None).expect("a token");
    for (token, jkt) in [(&bound, Some(OTHER)), (&bound, None), (&unbound, Some(JKT))] {
        let error = RefreshTokenId::from_token(token, &[key(1)], jkt).expect_err("refused");
        assert_eq!(error.code(), ErrorCode::InvalidGrant);
    }
}

proptest! {
    #[test]
    fn no_altered_token_is_genuine(position in 0..69_usize, with in "[A-Za-z0-9_=-]") {
        let token = id(3).to_token(&key(1), Some(JKT)).expect("a token");
        let mut altered = token.clone();
        altered.replace_range(position..=position, &with);
        prop_assume!(altered != token);
        prop_assert!(RefreshTokenId::from_token(&altered, &[key(1)], Some(JKT)).is_err());
    }

    #[test]
    fn no_text_is_genuine_by_chance(text in ".{0,80}") {
        prop_assert!(RefreshTokenId::from_token(&text, &[key(1)], Some(JKT)).is_err());
    }
}
