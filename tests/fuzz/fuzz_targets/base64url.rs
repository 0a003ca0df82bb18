//! base64url: whatever is read is written with the same characters, and the two readers agree.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::base64url;

fuzz_target!(|data: &[u8]| {
    let text = base64url::encode(data);
    assert_eq!(base64url::decode(&text).as_deref(), Ok(data));
    if let Ok(text) = core::str::from_utf8(data) {
        let read = base64url::decode(text).ok();
        if let Some(bytes) = &read {
            assert_eq!(base64url::encode(bytes), text);
        }
        assert_eq!(base64url::decode_secret_vec(text).ok(), read);
        assert_eq!(
            base64url::decode_array::<32>(text).ok().map(Vec::from),
            read.filter(|it| it.len() == 32)
        );
    }
});
