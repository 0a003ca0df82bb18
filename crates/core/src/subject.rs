//! Opaque ids for the users of a partner: the same partner and user always give the same id, and no partner can speak
//! for the user of another.

use alloc::string::String;

use crate::base64url;
use crate::crypto::{self, MacKey};

/// The `sub` for a user whom the partner `client_id` calls `subject`.
pub fn opaque_subject(key: &MacKey, client_id: &str, subject: &str) -> String {
    // The length keeps ("ab", "c") apart from ("a", "bc").
    let length = (client_id.len() as u64).to_be_bytes();
    let parts: [&[u8]; 4] =
        [b"lingpai-v1 subject\0", &length, client_id.as_bytes(), subject.as_bytes()];
    base64url::encode(&crypto::hmac_sha256(key, &parts))
}
