//! WeChat's API security: bodies of calls between two servers, under AES-256-GCM and bound to address, app, time and key.

use alloc::string::String;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::base64;
use crate::crypto;
use crate::error::{Error, ErrorCode, Result};
use crate::secret::ContentKey;

/// What a body is bound to.
#[derive(Clone, Copy)]
pub struct Binding<'a> {
    /// The address that is called, without its query.
    pub url: &'a str,
    /// The app.
    pub app_id: &'a str,
    /// Unix seconds as the headers say.
    pub timestamp: i64,
    /// The number of the key.
    pub key_number: &'a str,
}

/// An encrypted body, each member in base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedBody {
    /// The ciphertext.
    pub data: String,
    /// 12 bytes.
    pub iv: String,
    /// 16 bytes.
    pub auth_tag: String,
}

/// Encrypts a body under a key in base64.
///
/// Errors: `key_unusable`.
pub fn seal(key: &str, binding: Binding<'_>, iv: [u8; 12], body: &str) -> Result<SealedBody> {
    let mut buffer = Zeroizing::new(body.as_bytes().to_vec());
    let aad = associated_data(binding);
    let tag = crypto::seal_in_place(&key_of(key)?, &iv, aad.as_bytes(), &mut buffer)?;
    Ok(SealedBody {
        data: base64::encode(&buffer),
        iv: base64::encode(&iv),
        auth_tag: base64::encode(&tag),
    })
}

/// Decrypts a body.
///
/// Errors: `key_unusable`; `decryption_failed` for everything else.
pub fn open(key: &str, binding: Binding<'_>, body: &SealedBody) -> Result<Zeroizing<String>> {
    let failed = |_: Error| Error::new(ErrorCode::DecryptionFailed);
    let iv = base64::decode_array(&body.iv).map_err(failed)?;
    let tag = base64::decode_array(&body.auth_tag).map_err(failed)?;
    let mut buffer: Vec<u8> = base64::decode(&body.data).map_err(failed)?;
    let aad = associated_data(binding);
    crypto::open_in_place(&key_of(key)?, &iv, aad.as_bytes(), &mut buffer, &tag)?;
    String::from_utf8(buffer).map(Zeroizing::new).map_err(|_| ErrorCode::DecryptionFailed.into())
}

fn key_of(text: &str) -> Result<ContentKey> {
    base64::decode_array(text)
        .map(ContentKey::from_bytes)
        .map_err(|_| ErrorCode::KeyUnusable.into())
}

fn associated_data(binding: Binding<'_>) -> String {
    let timestamp = crate::json::ObjectWriter::new().integer("", binding.timestamp).finish();
    // Of `{"":1635927954}` the digits.
    let digits = timestamp.trim_start_matches("{\"\":").trim_end_matches('}');
    [binding.url, binding.app_id, digits, binding.key_number].join("|")
}
