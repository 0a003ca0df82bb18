//! Requests to the authority, as texts and with any content under a genuine seal: refusals tell nothing apart, and what is
//! opened can be answered.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::ErrorCode;
use lingpai_core::answer::open_request;
use lingpai_core::exchange::ExchangeKind;
use lingpai_core::jose::jwe;
use lingpai_core::problem::Problem;
use lingpai_core::secret::ContentKey;
use lingpai_fuzz::{access_token_text, edited, edited_text, pending};
use lingpai_tests::{Curve, NOW, app_key, ring, seed};

fuzz_target!(|data: &[u8]| {
    let key = app_key(Curve::Edwards);
    let ring = ring(&key, "enc");
    let good = pending().0;
    let content = edited(format!(r#"{{"at":"{}"}}"#, access_token_text()).as_bytes(), data);
    let cek = ContentKey::from_bytes([2; 32]);
    let sealed = jwe::seal(
        key.public(),
        ExchangeKind::Visit.typ(),
        "json",
        &cek,
        seed(1),
        [3; 12],
        &content,
    );
    for body in [Ok(edited_text(&good, data)), sealed].into_iter().flatten() {
        match open_request(&body, ExchangeKind::Visit, &ring, NOW) {
            Ok(request) => {
                let refusal =
                    request.refuse(Problem::unreadable(), NOW, [1; 12]).expect("an answer");
                assert!(refusal.len() < 1000);
            }
            Err(error) => {
                assert!(!data.is_empty(), "the examples are requests");
                assert!(matches!(error.code(), ErrorCode::InvalidRequest | ErrorCode::UnknownKey));
                assert_eq!(error.detail(), None);
            }
        }
    }
});
