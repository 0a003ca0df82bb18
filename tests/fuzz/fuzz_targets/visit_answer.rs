//! Answers to the page, as texts and with any content under a genuine seal. `VT` in the content stands for a good token.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::crypto::{hkdf_sha256, sha256};
use lingpai_core::exchange::{ANSWER_TYP, Answer, JSON_CTY};
use lingpai_core::jose::jwe;
use lingpai_core::visit_token::TYP;
use lingpai_fuzz::{edited_text, issued, pending, terms, visit_token_json};
use lingpai_tests::{Curve, NOW, app_key, issuer_keys, trust};

fuzz_target!(|data: &[u8]| {
    let Some((which, data)) = data.split_first() else { return };
    let (request, pending) = pending();
    let keys = issuer_keys();
    let example = if which & 1 == 0 {
        let ak = app_key(Curve::Edwards).public().to_json();
        format!(r#"{{"vt":"VT","rt":"r","rt_exp":{0},"ak":{ak},"now":{0}}}"#, NOW.as_i64())
    } else {
        format!(
            r#"{{"error":"invalid_grant","error_description":"token_expired","now":{}}}"#,
            NOW.as_i64()
        )
    };
    let vt = issued(TYP, visit_token_json().as_bytes());
    let content = edited_text(&example, data).replace("VT", &vt);
    // R is the example's, the rest is what PROTOCOL says.
    let key = hkdf_sha256(&[7; 32], &sha256(request.as_bytes()), b"lingpai-v1 visit-response");
    let kid = pending.request_hash();
    if let Ok(text) = jwe::seal_dir(&kid, ANSWER_TYP, JSON_CTY, &key, [1; 12], content.as_bytes()) {
        match pending.open(&text, trust(&keys)) {
            Ok(Answer::Granted(grant)) => {
                assert_eq!(grant.token.text(), vt);
                assert!(
                    grant.terms.scope.is_within(&terms().scope) && grant.app_key.is_encryption()
                );
            }
            Ok(Answer::Refused(problem, _)) => assert!((400..600).contains(&problem.status())),
            Err(_) => assert!(content != example.replace("VT", &vt)),
        }
        let altered = edited_text(&text, data);
        assert!(altered == text || pending.open(&altered, trust(&keys)).is_err());
    }
});
