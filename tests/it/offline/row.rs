//! A row opens in its own slot, under its own key, as it was written, or not at all.

use lingpai_core::cache::row::{Flaw, Row, RowKey};
use lingpai_core::secret::ContentKey;
use proptest::prelude::*;

fn key(byte: u8, store: &str) -> RowKey {
    RowKey::secret(ContentKey::from_bytes([byte; 32]), store)
}

proptest! {
    #[test]
    fn a_row_opens_where_it_was_sealed_and_nowhere_else(
        name in "[ -~]{1,40}",
        other in "[ -~]{1,40}",
        value in ".{0,200}",
        revision in 0..1_u64 << 52,
    ) {
        let row = Row { value, revision };
        let text = key(1, "store").seal(&name, &row, [7; 12]);
        prop_assert_eq!(key(1, "store").open(&name, &text), Ok(row));
        if other != name {
            prop_assert_eq!(key(1, "store").open(&other, &text), Err(Flaw::Tampered));
        }
        prop_assert_eq!(key(1, "other").open(&name, &text), Err(Flaw::Tampered));
        prop_assert_eq!(key(2, "store").open(&name, &text), Err(Flaw::Tampered));
        prop_assert_eq!(RowKey::obfuscation("store").open(&name, &text), Err(Flaw::Tampered));
    }

    #[test]
    fn a_text_that_was_altered_is_no_row(at in 0..200_usize, byte in b' '..b'~') {
        let row = Row { value: "a value of some length".into(), revision: 12 };
        let text = key(1, "store").seal("name", &row, [7; 12]);
        let at = at % text.len();
        let mut bytes = text.clone().into_bytes();
        bytes[at] = byte;
        let altered = String::from_utf8(bytes).expect("ASCII");
        if altered != text {
            prop_assert!(key(1, "store").open("name", &altered).is_err(), "{altered}");
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,100}") {
        prop_assert!(key(1, "store").open("name", &text).is_err());
    }
}

#[test]
fn a_row_of_a_newer_version_is_told_from_a_broken_one() {
    let open = |text| key(1, "store").open("name", text);
    assert_eq!(open("2.whatever comes then"), Err(Flaw::Unknown));
    assert_eq!(open("one.x.1.AA"), Err(Flaw::Malformed));
    assert_eq!(open(""), Err(Flaw::Malformed));
}
