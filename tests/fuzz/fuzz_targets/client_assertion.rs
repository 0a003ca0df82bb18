//! Client assertions with any claims under a genuine signature: one that holds is the client's, and soon over.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::client_assertion::{TYP, claimed_client, sign, verify};
use lingpai_core::jose::JwkSet;
use lingpai_core::time::Tolerance;
use lingpai_fuzz::{edited, edited_text, issued, payload};
use lingpai_tests::{CLIENT, Curve, ISSUER, NOW, signing_key};

fuzz_target!(|data: &[u8]| {
    let key = signing_key(Curve::Edwards);
    let keys = JwkSet::from_keys(vec![key.public().clone()]);
    let good = sign(CLIENT, ISSUER, "j", NOW, &key).expect("a signing key");
    let text = issued(TYP, &edited(payload(&good).as_bytes(), data));
    let verified = verify(&text, CLIENT, &keys, ISSUER, NOW, Tolerance::seconds(5));
    assert!(verified.is_ok() || !data.is_empty(), "the example is an assertion");
    if let Ok(assertion) = verified {
        assert_eq!(claimed_client(&text).as_deref(), Ok(CLIENT));
        assert!(assertion.expires_at.as_i64() - NOW.as_i64() <= 70);
    }
    let _ = claimed_client(&edited_text(&good, data));
});
