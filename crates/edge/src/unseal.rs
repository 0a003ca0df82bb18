//! Tokens sealed to the edge, and the keys that open them.

use alloc::string::String;
use alloc::vec::Vec;

use lingpai_core::base64url;
use lingpai_core::json::ObjectWriter;
use lingpai_core::sealed_token::{UnsealKeys, Unsealing};
use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

use crate::clock::unix_seconds;
use crate::error::Crossing;
use crate::handles::Handles;

static RINGS: Handles<UnsealKeys> = Handles::new();

/// Reads `[{"key": <private JWK>, "activeFromSeconds"?, "retireAtSeconds"?}]` and gives the number of the ring.
///
/// Errors: those of `UnsealKeys::parse`.
#[wasm_bindgen(js_name = unsealNew)]
pub fn unseal_new(ring: &str) -> Crossing<u32> {
    RINGS.keep(UnsealKeys::parse(ring)?)
}

/// Forgets a ring and wipes its keys.
#[wasm_bindgen(js_name = unsealFree)]
pub fn unseal_free(ring: u32) {
    RINGS.take(ring);
}

/// Begins to unseal a token and gives `{"key"}`, the key in base64url by which its content key is wrapped (A256KW): the host
/// decrypts, having AES at hand. Where the ring's key is one of P-256 gives `{"agree": {"kid", "epk": {…}}}` first: the host
/// makes the secret of its key of that name and `epk`, and calls again with it (32 bytes).
///
/// Errors: those of `UnsealKeys::begin`, `decryption_failed`.
#[wasm_bindgen]
pub fn unseal(
    ring: u32,
    sealed: &str,
    now_seconds: f64,
    agreed: Option<Vec<u8>>,
) -> Crossing<String> {
    let agreed = agreed.map(Zeroizing::new);
    RINGS.with(ring, |keys| {
        let envelope = match (keys.begin(sealed, unix_seconds(now_seconds))?, agreed) {
            (Unsealing::Agreed(envelope), _) => envelope,
            (Unsealing::AskHost(pending), Some(agreed)) => pending.resolve(&agreed)?,
            (Unsealing::AskHost(pending), None) => {
                let agree = ObjectWriter::new()
                    .string("kid", pending.kid())
                    .raw("epk", pending.ephemeral_json())
                    .finish();
                return Ok(ObjectWriter::new().raw("agree", &agree).finish());
            }
        };
        let key = base64url::encode(envelope.key_encryption_key().secret_bytes());
        Ok(ObjectWriter::new().string("key", &key).finish())
    })
}
