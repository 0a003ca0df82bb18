//! JWE: no altered text opens; under a genuine tag, a text opens if and only if its header is read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::base64url;
use lingpai_core::crypto::seal_in_place;
use lingpai_core::jose::{Jwe, jwe};
use lingpai_core::secret::ContentKey;
use lingpai_fuzz::{edited, edited_text};
use lingpai_tests::{Curve, app_key, seed};

const IV: [u8; 12] = [3; 12];

fuzz_target!(|data: &[u8]| {
    let Some((which, data)) = data.split_first() else { return };
    let key = app_key(if which & 1 == 0 { Curve::Edwards } else { Curve::P256 });
    let cek = ContentKey::from_bytes([2; 32]);
    let good =
        jwe::seal(key.public(), "t", "c", &cek, seed(1), IV, b"content").expect("a key to seal to");
    let text = edited_text(&good, data);
    if let Ok(jwe) = Jwe::parse(&text) {
        let direct = jwe.open_dir(&cek);
        assert!(direct.is_err() || jwe.is_direct());
        assert_eq!(jwe.open(&key).is_ok(), text == good);
    }

    let example = base64url::decode(good.split('.').next().expect("a part")).expect("base64url");
    for example in [&example[..], br#"{"alg":"dir","enc":"A256GCM","kid":"k","typ":"t","cty":"c"}"#]
    {
        let header = base64url::encode(&edited(example, data));
        let mut content = data.to_vec();
        let tag = seal_in_place(&cek, &IV, header.as_bytes(), &mut content).expect("short");
        let [iv, content, tag] = [&IV[..], &content, &tag].map(base64url::encode);
        if let Ok(jwe) = Jwe::parse(&format!("{header}..{iv}.{content}.{tag}")) {
            assert!(jwe.is_direct());
            assert_eq!(jwe.open_dir(&cek).as_deref().map(Vec::as_slice), Ok(data));
        }
    }
});
