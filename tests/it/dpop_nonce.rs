//! Nonces for proofs: any server with the secrets knows them again, for two periods, and nobody else makes one.

use lingpai_core::ErrorCode::{self, KeyUnusable, Malformed};
use lingpai_core::base64url::encode;
use lingpai_core::dpop_nonce::NonceKeys;
use lingpai_core::time::UnixSeconds;
use lingpai_tests::NOW;
use proptest::prelude::*;

const PERIOD: u32 = 300;

fn keys(bytes: &[u8]) -> NonceKeys {
    let secrets: Vec<String> =
        bytes.iter().map(|byte| format!(r#""{}""#, encode(&[*byte; 32]))).collect();
    NonceKeys::parse(&format!("[{}]", secrets.join(","))).expect("secrets")
}

/// The first second of a period.
fn start() -> UnixSeconds {
    UnixSeconds::new(NOW.as_i64() / i64::from(PERIOD) * i64::from(PERIOD))
}

#[test]
fn a_nonce_is_good_for_its_period_the_next_and_a_clock_that_is_behind() {
    let keys = keys(&[1]);
    let nonce = keys.issue("api", start(), PERIOD);
    assert_eq!(nonce.len(), 22);
    assert_eq!(nonce, keys.issue("api", start().plus(299), PERIOD));
    assert_ne!(nonce, keys.issue("api", start().plus(300), PERIOD));
    for (offset, good) in [(-301, false), (-300, true), (0, true), (599, true), (600, false)] {
        assert_eq!(keys.accept("api", &nonce, start().plus(offset), PERIOD), good, "{offset}");
    }
}

#[test]
fn a_nonce_belongs_to_its_secret_its_audience_and_its_period() {
    let nonce = keys(&[1]).issue("api", NOW, PERIOD);
    assert!(!keys(&[2]).accept("api", &nonce, NOW, PERIOD));
    assert!(!keys(&[1]).accept("other", &nonce, NOW, PERIOD));
    assert!(!keys(&[1]).accept("api", &nonce, NOW, PERIOD + 1));
}

#[test]
fn secrets_rotate_with_overlap() {
    let (old, new) = (keys(&[1]), keys(&[2, 1]));
    assert!(new.accept("api", &old.issue("api", NOW, PERIOD), NOW, PERIOD));
    assert!(keys(&[2]).accept("api", &new.issue("api", NOW, PERIOD), NOW, PERIOD));
}

#[test]
fn secrets_that_do_not_do_are_refused() {
    let short = format!(r#"["{}"]"#, encode(&[1; 31]));
    let second = format!(r#"["{}","AA"]"#, encode(&[1; 32]));
    let cases: [(&str, ErrorCode); 7] = [
        ("[]", KeyUnusable),
        (&short, KeyUnusable),
        (&second, KeyUnusable),
        ("[1]", KeyUnusable),
        (r#"["?"]"#, KeyUnusable),
        ("{}", Malformed),
        ("", Malformed),
    ];
    for (text, expected) in cases {
        assert_eq!(
            NonceKeys::parse(text).err().map(|error| error.code()),
            Some(expected),
            "{text}"
        );
    }
}

proptest! {
    #[test]
    fn nothing_else_is_a_nonce(text in "[A-Za-z0-9_-]{0,24}") {
        let keys = keys(&[1]);
        prop_assume!(text != keys.issue("api", NOW, PERIOD));
        prop_assert!(!keys.accept("api", &text, NOW, PERIOD));
    }

    #[test]
    fn any_time_and_period_will_do(now in any::<i64>(), period in any::<u32>()) {
        let keys = keys(&[1]);
        let now = UnixSeconds::new(now);
        prop_assert!(keys.accept("api", &keys.issue("api", now, period), now, period));
    }
}
