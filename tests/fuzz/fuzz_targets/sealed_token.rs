//! Tokens sealed to the edge, and the rings that open them: no altered text opens, and no ring holds two keys of one name.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::dpop_nonce::NonceKeys;
use lingpai_core::sealed_token::{SealEntropy, UnsealKeys, Unsealing, seal};
use lingpai_fuzz::edited_text;
use lingpai_tests::{Curve, NOW, app_key, seed};

fuzz_target!(|data: &[u8]| {
    let Some((which, data)) = data.split_first() else { return };
    let key = app_key(if which & 1 == 0 { Curve::Edwards } else { Curve::P256 });
    let ring = format!(r#"[{{"key":{}}}]"#, key.to_json_secret().as_str());
    let entropy = SealEntropy { content_key: seed(1), ephemeral: seed(2), iv: [3; 12] };
    let good = seal("a.b.c", key.public(), entropy).expect("a key to seal to");
    let keys = UnsealKeys::parse(&ring).expect("the example is a ring");
    let text = edited_text(&good, data);
    match keys.begin(&text, NOW) {
        Ok(Unsealing::Agreed(envelope)) => {
            let opened = envelope.open().ok();
            assert_eq!(opened.as_deref(), (text == good).then_some("a.b.c"));
        }
        Ok(Unsealing::AskHost(pending)) => {
            assert_eq!(Some(pending.kid()), key.public().kid());
            assert!(pending.resolve(data).and_then(|envelope| envelope.open()).is_err());
        }
        Err(_) => assert!(text != good),
    }
    let _ = UnsealKeys::parse(&edited_text(&ring, data));
    let secrets = format!(r#"["{}"]"#, "A".repeat(43));
    if let Ok(keys) = NonceKeys::parse(&edited_text(&secrets, data)) {
        assert!(keys.accept("a", &keys.issue("a", NOW, 300), NOW, 300));
    }
});
