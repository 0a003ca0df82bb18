//! Visit tokens with any claims under a genuine signature: none goes beyond its terms or lives beyond its time.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::time::Tolerance;
use lingpai_core::visit_token::{TYP, VisitToken};
use lingpai_fuzz::{edited, issued, terms, visit_token_json};
use lingpai_tests::{NOW, issuer_keys, trust};

fuzz_target!(|data: &[u8]| {
    let (keys, terms) = (issuer_keys(), terms());
    let text = issued(TYP, &edited(visit_token_json().as_bytes(), data));
    let verified = VisitToken::verify(&text, trust(&keys), &terms, NOW, Tolerance::NONE);
    assert!(verified.is_ok() || !data.is_empty(), "the example is a visit token");
    if let Ok(token) = verified {
        assert!(token.scope().is_within(&terms.scope));
        let validity = token.validity();
        assert!(validity.expires_at > NOW && validity.expires_at <= validity.issued_at.plus(900));
    }
});
