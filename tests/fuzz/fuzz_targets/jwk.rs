//! JWK, public, private and shared: whatever is read is written and read again as the same key.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::jose::{Jwk, PrivateJwk, SymmetricJwk};
use lingpai_fuzz::edited_text;
use lingpai_tests::{Curve, app_key, signing_key};

fuzz_target!(|data: &[u8]| {
    let Some((which, data)) = data.split_first() else { return };
    let (curve, part) = (if which & 1 == 0 { Curve::Edwards } else { Curve::P256 }, which >> 1 & 1);
    let key = if part == 0 { signing_key(curve) } else { app_key(curve) };
    let example = match which >> 2 & 3 {
        0 => key.public().to_json(),
        1 => key.to_json_secret().as_str().to_owned(),
        _ => format!(
            r#"{{"kty":"oct","k":"{}","kid":"s","use":"sig","alg":"HS256"}}"#,
            "A".repeat(43)
        ),
    };
    let text = edited_text(&example, data);
    if let Ok(key) = Jwk::parse(&text) {
        assert_eq!(Jwk::parse(&key.to_json()), Ok(key.clone()));
        assert!(key.is_signature() || key.is_encryption());
        assert!(PrivateJwk::parse(&text).is_err() && SymmetricJwk::parse(&text).is_err());
    }
    if let Ok(key) = PrivateJwk::parse(&text) {
        let written = key.to_json_secret();
        let again = PrivateJwk::parse(&written).ok().expect("what was written is a key");
        assert_eq!(again.to_json_secret(), written);
        assert_eq!(Jwk::parse(&key.public().to_json()).as_ref(), Ok(key.public()));
    }
    let _ = SymmetricJwk::parse(&text);
});
