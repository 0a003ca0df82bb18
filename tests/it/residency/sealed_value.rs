//! Values at rest: opened by their area, for their identity and type, and by nothing else.

use lingpai_core::ErrorCode;
use lingpai_core::jose::PrivateJwk;
use lingpai_core::residency::IdentityId;
use lingpai_core::residency::sealed_value::{AreaKeySet, Content, MAX_VALUE_BYTES};
use lingpai_core::sealed_token::SealEntropy;
use lingpai_tests::{NOW, seed};
use proptest::prelude::*;

fn key(area: &str, byte: u8) -> String {
    let seal = PrivateJwk::generate_x25519(&format!("{area}-{byte}"), seed(byte));
    let lookup = format!("{}A", char::from(b'A' + byte).to_string().repeat(42));
    format!(
        r#""{area}": {{"sealKeys": [{{"key": {}}}], "lookupKey": {{"kty": "oct", "k": "{lookup}"}}}}"#,
        seal.to_json_secret().as_str()
    )
}

fn keys() -> AreaKeySet {
    AreaKeySet::parse(&format!("{{{}, {}}}", key("cn", 1), key("eu", 2))).expect("keys")
}

fn entropy(byte: u8) -> SealEntropy {
    SealEntropy { content_key: seed(byte), ephemeral: seed(byte ^ 0x55), iv: [byte; 12] }
}

const ID: IdentityId = IdentityId::from_random([7; 16]);
const OTHER: IdentityId = IdentityId::from_random([8; 16]);

#[test]
fn a_value_opens_where_it_belongs_and_nowhere_else() {
    let keys = keys();
    let cn = keys.of("cn").unwrap();
    let sealed = cn.seal(Content::Data, ID, "profile", "{\"a\":1}", NOW, entropy(9)).unwrap();
    let open = |area: &str, content, id, kind| {
        keys.of(area).unwrap().open(content, id, kind, &sealed, NOW).map(|it| it.to_string())
    };
    assert_eq!(open("cn", Content::Data, ID, "profile").unwrap(), "{\"a\":1}");
    for (content, id, kind) in [
        (Content::Data, OTHER, "profile"),
        (Content::Data, ID, "orders"),
        (Content::Identifier, ID, "profile"),
    ] {
        assert_eq!(open("cn", content, id, kind).unwrap_err().code(), ErrorCode::DecryptionFailed);
    }
    assert_eq!(
        open("eu", Content::Data, ID, "profile").unwrap_err().code(),
        ErrorCode::KeyNotFound
    );
}

#[test]
fn hashes_of_two_areas_and_of_two_types_have_nothing_in_common() {
    let keys = keys();
    let hash = |area: &str, kind, value| keys.of(area).unwrap().lookup(kind, value);
    assert_eq!(hash("cn", "phone", "+86"), hash("cn", "phone", "+86"));
    let all = [
        hash("cn", "phone", "+86"),
        hash("eu", "phone", "+86"),
        hash("cn", "phon", "e+86"),
        hash("cn", "login", "+86"),
    ];
    for (place, one) in all.iter().enumerate() {
        assert!(!all[..place].contains(one));
    }
}

#[test]
fn what_tells_writes_apart_is_the_same_for_the_same_write_of_one_identity_alone() {
    let keys = keys();
    let content =
        |area: &str, id, action, kind| keys.of(area).unwrap().write_content(id, action, kind, "1");
    assert_eq!(content("cn", ID, "put", "profile"), content("cn", ID, "put", "profile"));
    let all = [
        content("cn", ID, "put", "profile"),
        content("cn", OTHER, "put", "profile"),
        content("eu", ID, "put", "profile"),
        content("cn", ID, "drop", "profile"),
        content("cn", ID, "put", "orders"),
        content("cn", ID, "pu", "tprofile"),
        keys.of("cn").unwrap().write_content(ID, "put", "profile", "2"),
    ];
    for (place, one) in all.iter().enumerate() {
        assert!(!all[..place].contains(one), "{place}");
    }
}

#[test]
fn values_are_bounded() {
    let keys = keys();
    let seal = |length: usize| {
        keys.of("cn").unwrap().seal(Content::Data, ID, "t", &"x".repeat(length), NOW, entropy(3))
    };
    assert!(seal(MAX_VALUE_BYTES).is_ok());
    assert_eq!(seal(MAX_VALUE_BYTES + 1).unwrap_err().code(), ErrorCode::LimitExceeded);
}

#[test]
fn keys_that_are_none_are_refused() {
    for text in ["{", "[]", r#"{"cn": 1}"#, r#"{"cn": {}}"#, r#"{"C N": {}}"#] {
        assert!(AreaKeySet::parse(text).is_err(), "{text}");
    }
    let short = key("cn", 1).replace(&"B".repeat(42), "B");
    assert!(AreaKeySet::parse(&format!("{{{short}}}")).is_err());
    assert_eq!(keys().of("us").err().unwrap().code(), ErrorCode::KeyNotFound);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_sealed_comes_back(value in ".{0,200}", byte in 10_u8..200) {
        let keys = keys();
        let cn = keys.of("cn").unwrap();
        let sealed = cn.seal(Content::Identifier, ID, "phone", &value, NOW, entropy(byte)).unwrap();
        prop_assert!(value.len() < 4 || !sealed.contains(&value));
        let opened = cn.open(Content::Identifier, ID, "phone", &sealed, NOW).unwrap();
        prop_assert_eq!(&*opened, &value);
    }

    #[test]
    fn no_text_panics(text in ".*") {
        let _ = keys().of("cn").unwrap().open(Content::Data, ID, "t", &text, NOW);
        let _ = AreaKeySet::parse(&text);
        let _ = IdentityId::parse(&text);
    }
}
