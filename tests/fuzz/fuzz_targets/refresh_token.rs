//! Refresh tokens: one that is accepted is letter by letter the one that would be made again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::base64url;
use lingpai_core::crypto::MacKey;
use lingpai_core::refresh_token::RefreshTokenId;
use lingpai_fuzz::edited_text;

fuzz_target!(|data: &[u8]| {
    let key = MacKey::new(&[1; 32]);
    let [family, counter] =
        [data.first_chunk::<16>().copied(), None].map(|it| it.unwrap_or([5; 16]));
    let id = RefreshTokenId {
        family: base64url::encode(&family),
        counter: u32::from_be_bytes([counter[0], counter[1], 0, data.len() as u8]),
    };
    let token = id.to_token(&key, None).expect("a family id");
    assert_eq!(RefreshTokenId::from_token(&token, [&key], None), Ok(id));
    assert!(RefreshTokenId::from_token(&token, [&key], Some("other")).is_err());
    let text = edited_text(&token, data);
    assert_eq!(RefreshTokenId::from_token(&text, [&key], None).is_ok(), text == token);
});
