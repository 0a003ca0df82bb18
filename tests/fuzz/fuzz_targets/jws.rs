//! JWS: a text that is read can be put together again from its parts; a genuine signature holds if and only if the header
//! names the algorithm of the key. Keys with tables and without agree.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use lingpai_core::base64url;
use lingpai_core::jose::{JwkSet, Jws, SignatureAlgorithm, VerifyingKey, jws};
use lingpai_fuzz::{access_token_text, edited, edited_text, signed};
use lingpai_tests::{Curve, issuer_keys, signing_key};

static PREPARED: LazyLock<JwkSet> = LazyLock::new(|| {
    let mut keys = issuer_keys();
    keys.prepare();
    keys
});

fuzz_target!(|data: &[u8]| {
    let key = signing_key(Curve::Edwards);
    let verifying = VerifyingKey::Jwk(key.public());
    let prepared = VerifyingKey::Jwk(PREPARED.find("sign-ed").expect("a key of the issuer"));
    let good = access_token_text();
    let text = edited_text(&good, data);
    if let Ok(jws) = Jws::parse(&text) {
        let payload = base64url::encode(jws.unverified_payload());
        assert!(jws.signing_input().ends_with(&format!(".{payload}")));
        assert_eq!(jws::attach_signature(jws.signing_input(), jws.signature()), text);
        assert_eq!(jws.verify(&verifying).is_ok(), text == good);
        assert_eq!(jws.verify(&verifying), jws.verify(&prepared));
    }

    let header = edited(br#"{"alg":"EdDSA","kid":"k","typ":"t"}"#, data);
    let Ok(header) = core::str::from_utf8(&header) else { return };
    if let Ok(jws) = Jws::parse(&signed(header, data, &key)) {
        let allowed = jws.algorithm() == Ok(SignatureAlgorithm::EdDsa);
        assert_eq!(jws.verify(&verifying).ok(), allowed.then_some(data));
        assert_eq!(jws.verify(&verifying), jws.verify(&prepared));
        assert!(jws.header().others().get("crit").is_none());
    }
});
