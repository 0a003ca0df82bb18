//! JSON: whatever is read is written and read again as the same value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::json;

fuzz_target!(|text: &[u8]| {
    if let Ok(value) = json::parse(text) {
        let written = value.to_json();
        let again = json::parse(written.as_bytes()).expect("what was written is JSON");
        assert!(again == value);
        assert_eq!(again.to_json(), written);
    }
});
