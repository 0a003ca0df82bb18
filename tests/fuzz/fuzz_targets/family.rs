//! The state of a family, as a ledger keeps it: whatever is read is written and read again as the same state.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::ledger::Family;
use lingpai_fuzz::{edited_text, terms};

fuzz_target!(|data: &[u8]| {
    let used = r#"{"counter":1,"hash":"h","at":1,"jti":"j","iat":1,"exp":2}"#;
    let example = format!(
        r#"{{"terms":{},"page":"https://h5.example","redemption":{used},"at_exp":9,"chain":{{"counter":2,"exp":99,"uses":[{used},{used}]}},"revoked":false}}"#,
        terms().to_json()
    );
    match Family::parse(&edited_text(&example, data)) {
        Ok(family) => {
            let written = family.to_json();
            let again = Family::parse(&written).ok().expect("what was written is a family");
            assert_eq!(again.to_json(), written);
            assert_eq!(again.is_revoked(), family.is_revoked());
            assert_eq!(again.forget_at(), family.forget_at());
        }
        Err(_) => assert!(!data.is_empty(), "the example is a family"),
    }
});
