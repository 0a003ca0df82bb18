//! Rotation with overlap: publish, activate, retire.

use lingpai_core::jose::PrivateJwk;
use lingpai_core::keyring::KeyRing;
use lingpai_tests::{NOW, seed};

fn entry(kid: &str, seed_byte: u8, times: &str) -> String {
    let key = PrivateJwk::generate_ed25519(kid, seed(seed_byte));
    format!(r#"{{"key":{}{times}}}"#, key.to_json_secret().as_str())
}

fn rotating() -> KeyRing {
    let t = NOW.as_i64();
    let old = entry("old", 1, &format!(r#","retireAtSeconds":{}"#, t + 200));
    let new = entry("new", 2, &format!(r#","activeFromSeconds":{}"#, t + 100));
    KeyRing::parse(&format!("[{old},{new}]"), "sig").expect("a ring")
}

#[test]
fn a_new_key_is_published_before_it_signs_and_the_old_one_until_it_retires() {
    let ring = rotating();
    let kids = |at: i64| -> Vec<String> {
        ring.published(NOW.plus(at)).iter().map(|key| key.kid().unwrap().to_owned()).collect()
    };
    let active = |at: i64| ring.active_kid(NOW.plus(at)).unwrap();
    assert_eq!((active(0).as_str(), kids(0)), ("old", vec!["old".into(), "new".into()]));
    assert_eq!((active(100).as_str(), kids(100)), ("new", vec!["old".into(), "new".into()]));
    assert_eq!((active(200).as_str(), kids(200)), ("new", vec!["new".to_owned()]));
    assert!(ring.find("old", NOW.plus(199)).is_some());
    assert!(ring.find("old", NOW.plus(200)).is_none());
    assert!(ring.find("new", NOW).is_some(), "another machine's clock may be ahead");
}

#[test]
fn a_ring_that_would_be_ambiguous_or_misused_is_refused() {
    let key = entry("k", 1, "");
    let without_kid = key.replace(r#""kid":"k","#, "");
    let without_alg = key.replace(r#""use":"sig","alg":"EdDSA","#, "");
    assert!(without_kid != key && without_alg != key);
    for (text, key_use) in [
        (format!("[{key},{key}]"), "sig"),
        (format!("[{key}]"), "enc"),
        (format!("[{without_kid}]"), "sig"),
        (format!("[{without_alg}]"), "sig"),
        ("{}".to_owned(), "sig"),
        ("[1]".to_owned(), "sig"),
        ("[{}]".to_owned(), "sig"),
    ] {
        assert!(KeyRing::parse(&text, key_use).is_err(), "{text}");
    }
    assert!(KeyRing::parse("[]", "sig").expect("an empty ring").active(NOW).is_none());
}
