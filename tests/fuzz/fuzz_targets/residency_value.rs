//! Sealed values of identities: one opens for the identity and type that it was sealed for, or not at all.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::residency::IdentityId;
use lingpai_core::residency::sealed_value::{AreaKeySet, Content};
use lingpai_core::sealed_token::SealEntropy;
use lingpai_fuzz::edited_text;
use lingpai_tests::{Curve, NOW, app_key, seed};

fuzz_target!(|data: &[u8]| {
    let Some((which, data)) = data.split_first() else { return };
    let ring = format!(
        r#"{{"cn":{{"sealKeys":[{{"key":{}}}],"lookupKey":{{"kty":"oct","alg":"HS256","k":"{}"}}}}}}"#,
        app_key(Curve::Edwards).to_json_secret().as_str(),
        "A".repeat(43)
    );
    if which & 1 == 0 {
        let edited = AreaKeySet::parse(&edited_text(&ring, data));
        assert!(edited.is_ok() || !data.is_empty(), "the example is a set of keys");
        return;
    }
    let keys = AreaKeySet::parse(&ring).expect("keys");
    let keys = keys.of("cn").expect("an area");
    let entropy = SealEntropy { content_key: seed(1), ephemeral: seed(2), iv: [3; 12] };
    let id = IdentityId::from_random([7; 16]);
    let sealed = keys.seal(Content::Data, id, "profile", "{}", NOW, entropy).expect("sealed");
    let edited = edited_text(&sealed, data);
    match keys.open(Content::Data, id, "profile", &edited, NOW) {
        Ok(value) => assert!(edited == sealed && *value == "{}"),
        Err(_) => assert_ne!(edited, sealed),
    }
    assert!(keys.open(Content::Identifier, id, "profile", &edited, NOW).is_err());
});
