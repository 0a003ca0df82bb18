//! Access tokens with any claims under a genuine signature: what is read is issued again with the same meaning.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::access_token::{AccessToken, TYP};
use lingpai_fuzz::{access_token_json, edited, issued};
use lingpai_tests::{Curve, issuer_keys, signing_key, trust};

fuzz_target!(|data: &[u8]| {
    let keys = issuer_keys();
    let text = issued(TYP, &edited(access_token_json().as_bytes(), data));
    let Ok(token) = AccessToken::verify_anywhere(&text, trust(&keys)) else {
        assert!(!data.is_empty(), "the example is an access token");
        return;
    };
    let key = signing_key(Curve::Edwards);
    let again = AccessToken::issue(token.claims(), &key).expect("a signing key");
    let token =
        AccessToken::verify_anywhere(&again, trust(&keys)).ok().expect("what was issued verifies");
    assert_eq!(AccessToken::issue(token.claims(), &key), Ok(again));
});
