//! Degrade policies: one that is accepted is what it says, and says so again when it is issued once more.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::tokenization::policy::{self, Policy};
use lingpai_fuzz::vault::{RECONCILE, policy_text};
use lingpai_fuzz::{edited_text, issued, payload};
use lingpai_tests::{Curve, ISSUER, issuer_keys, signing_key, trust};

fuzz_target!(|data: &[u8]| {
    let claims = edited_text(&payload(&policy_text()), data);
    let keys = issuer_keys();
    let text = issued(policy::TYP, claims.as_bytes());
    let Ok(accepted) = Policy::verify(&text, trust(&keys), RECONCILE) else {
        assert!(!data.is_empty(), "the example is a policy");
        return;
    };
    let claims = accepted.claims();
    assert_eq!(claims.issuer, ISSUER);
    assert!(claims.seal.is_encryption() && claims.seal.kid().is_some());
    for field in &claims.fields {
        assert_eq!(claims.field(&field.name), Some(field), "each name once");
    }
    // What has no `nbf` begins with its issue, which is all that a policy of ours says.
    let again = Policy::issue(claims, &signing_key(Curve::Edwards)).expect("claims of a policy");
    let again = Policy::verify(&again, trust(&keys), RECONCILE).expect("what was issued");
    assert_eq!(again.claims().fields, claims.fields);
    assert_eq!(again.claims().install, claims.install);
    assert_eq!(again.claims().reconcile_until, claims.reconcile_until);
});
