//! Key sets and key rings: whatever is read is written and read again as the same set.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::jose::JwkSet;
use lingpai_core::keyring::KeyRing;
use lingpai_fuzz::edited_text;
use lingpai_tests::{Curve, NOW, issuer_keys, signing_key};

fuzz_target!(|data: &[u8]| {
    let text = edited_text(&issuer_keys().to_json(), data);
    if let Ok(set) = JwkSet::parse(&text) {
        assert_eq!(JwkSet::parse(&set.to_json()), Ok(set.clone()));
        for key in set.iter() {
            assert_eq!(key.kid().and_then(|kid| set.find(kid)), Some(key));
        }
    }
    let key = signing_key(Curve::Edwards);
    let ring = format!(
        r#"[{{"key":{},"activeFromSeconds":1,"retireAtSeconds":{}}}]"#,
        key.to_json_secret().as_str(),
        NOW.as_i64() + 1
    );
    match KeyRing::parse(&edited_text(&ring, data), "sig") {
        Ok(ring) => {
            let published = ring.published(NOW);
            for key in published.iter() {
                assert!(key.is_signature());
                assert!(key.kid().is_some_and(|kid| ring.find(kid, NOW).is_some()));
            }
            assert!(!data.is_empty() || published.len() == 1);
        }
        Err(_) => assert!(!data.is_empty(), "the example is a ring"),
    }
});
