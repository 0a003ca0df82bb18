//! Primitives by themselves: HMAC-SHA256, HKDF-SHA256, AES-256-GCM.

use lingpai_core::ErrorCode;
use lingpai_core::crypto::{self, MacKey};
use lingpai_core::secret::ContentKey;
use zeroize::Zeroizing;

use crate::border::Output;
use crate::message::Fields;

pub(crate) fn carry_out(operation: u32, fields: &mut Fields<'_>) -> Output {
    match operation {
        2 => Ok(crypto::hmac_sha256(&MacKey::new(fields.bytes()?), &[fields.bytes()?]).to_vec()),
        3 => derive(fields),
        4 => seal(fields),
        _ => open(fields),
    }
}

/// HKDF-SHA256: ikm, salt, info → 32 bytes.
fn derive(fields: &mut Fields<'_>) -> Output {
    let key = crypto::hkdf_sha256(fields.bytes()?, fields.bytes()?, fields.bytes()?);
    Ok(key.secret_bytes().to_vec())
}

/// AES-256-GCM: key, IV, additional data, plaintext → ciphertext and tag.
fn seal(fields: &mut Fields<'_>) -> Output {
    let (key, iv) = (ContentKey::from_bytes(fields.array()?), fields.array()?);
    let additional = fields.bytes()?;
    let mut buffer = fields.bytes()?.to_vec();
    let tag = crypto::seal_in_place(&key, &iv, additional, &mut buffer)?;
    buffer.extend_from_slice(&tag);
    Ok(buffer)
}

/// AES-256-GCM: key, IV, additional data, ciphertext and tag → plaintext.
fn open(fields: &mut Fields<'_>) -> Output {
    let (key, iv) = (ContentKey::from_bytes(fields.array()?), fields.array()?);
    let additional = fields.bytes()?;
    let sealed = fields.bytes()?;
    let (ciphertext, tag) = sealed.split_last_chunk().ok_or(ErrorCode::DecryptionFailed)?;
    let mut buffer = Zeroizing::new(ciphertext.to_vec());
    crypto::open_in_place(&key, &iv, additional, &mut buffer, tag)?;
    Ok(core::mem::take(&mut *buffer))
}
