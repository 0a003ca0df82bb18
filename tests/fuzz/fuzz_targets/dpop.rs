//! DPoP proofs with any header and claims under a genuine signature: one that holds names the key that signed it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::dpop::{ProofExpectation, TYP, verify};
use lingpai_core::time::Tolerance;
use lingpai_fuzz::{edited_text, signed};
use lingpai_tests::{Curve, NOW, signing_key};

fuzz_target!(|data: &[u8]| {
    let Some((which, data)) = data.split_first() else { return };
    let key = signing_key(if which & 1 == 0 { Curve::Edwards } else { Curve::P256 });
    let jwk = key.public().required_members_json();
    let alg = key.public().signature_algorithm().expect("a signing key").as_str();
    let header = format!(r#"{{"alg":"{alg}","jwk":{jwk},"typ":"{TYP}"}}"#);
    let claims = format!(
        r#"{{"htm":"POST","htu":"https://a.example/b","iat":{},"jti":"j","nonce":"n"}}"#,
        NOW.as_i64()
    );
    let (header, claims) = match which >> 1 & 1 {
        0 => (edited_text(&header, data), claims),
        _ => (header, edited_text(&claims, data)),
    };
    let expected = ProofExpectation {
        method: "POST",
        url: "https://a.example/b?c",
        token: None,
        jkt: None,
        now: NOW,
        window: Tolerance::seconds(60),
    };
    let verified = verify(&signed(&header, claims.as_bytes(), &key), &expected);
    assert!(verified.is_ok() || !data.is_empty(), "the example is a proof");
    if let Ok(proof) = verified {
        assert_eq!(proof.jkt, key.public().thumbprint());
        assert!(proof.issued_at.as_i64().abs_diff(NOW.as_i64()) <= 60);
    }
});
