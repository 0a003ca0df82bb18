//! Base64url: one text per byte string, and no other is read.

use lingpai_core::ErrorCode::{Malformed, NotCanonical};
use lingpai_core::base64url;
use proptest::prelude::*;

#[test]
fn rfc_4648_vectors() {
    for (bytes, text) in [
        ("", ""),
        ("f", "Zg"),
        ("fo", "Zm8"),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg"),
        ("fooba", "Zm9vYmE"),
        ("foobar", "Zm9vYmFy"),
    ] {
        assert_eq!(base64url::encode(bytes.as_bytes()), text);
        assert_eq!(base64url::decode(text).as_deref(), Ok(bytes.as_bytes()));
    }
    assert_eq!(base64url::encode(&[0xfb, 0xff, 0xfe]), "-__-");
}

#[test]
fn other_spellings_are_not_canonical() {
    for text in ["Zg==", "Zm8=", "Zg=", "Zm9v\n", " Zm9v", "Zm 9v", "+//+", "Zh", "Zm9", "Zn", "A="]
    {
        assert_eq!(base64url::decode(text).unwrap_err().code(), NotCanonical, "{text}");
    }
}

#[test]
fn other_texts_are_malformed() {
    for text in ["A", "Zm9vY", "Zm9v!", "Zm.9", "Zé", "Zm9\0", "Zm9\u{80}", "*"] {
        assert_eq!(base64url::decode(text).unwrap_err().code(), Malformed, "{text}");
    }
    assert_eq!(base64url::decode_array::<3>("Zm8").unwrap_err().code(), Malformed);
    assert_eq!(base64url::decode_array::<3>("Zm9vYg").unwrap_err().code(), Malformed);
    assert_eq!(base64url::decode_array::<3>("Zm9v"), Ok(*b"foo"));
}

proptest! {
    #[test]
    fn round_trip(bytes in proptest::collection::vec(any::<u8>(), 0..1000)) {
        let text = base64url::encode(&bytes);
        prop_assert_eq!(base64url::decode(&text), Ok(bytes.clone()));
        prop_assert_eq!(base64url::decode_secret_vec(&text), Ok(bytes.clone()));
        let mut appended = String::from("x.");
        base64url::encode_into(&bytes, &mut appended);
        prop_assert_eq!(appended, format!("x.{text}"));
    }

    #[test]
    fn what_is_read_is_written_alike(text in "[A-Za-z0-9_=+/ -]{0,40}") {
        if let Ok(bytes) = base64url::decode(&text) {
            prop_assert_eq!(base64url::encode(&bytes), text.clone());
        }
        // The reader of secrets agrees with the quick one on what there is to accept.
        prop_assert_eq!(base64url::decode_secret_vec(&text).ok(), base64url::decode(&text).ok());
    }

    #[test]
    fn never_panics(text in any::<String>()) {
        let _ = base64url::decode(&text);
        let _ = base64url::decode_array::<32>(&text);
        let _ = base64url::decode_secret::<32>(&text);
    }
}
