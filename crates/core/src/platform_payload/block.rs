//! AES-CBC with PKCS #7 padding (RFC 5652 §6.3) of blocks of 16 bytes, or 32 as Baidu pads.

use zeroize::Zeroizing;

use alloc::vec::Vec;

use crate::base64;
use crate::crypto;
use crate::error::{Error, ErrorCode, Result};

/// A key as its length says.
pub(super) enum BlockKey {
    Aes128([u8; 16]),
    Aes192([u8; 24]),
}

const BLOCK_BYTES: usize = 16;
const MAX_BYTES: usize = 64 * 1024;

/// What came out of a decryption. Where the padding is wrong all of it is content: the caller looks at it as it would at any
/// other, takes as long, and then refuses it for the one reason that there is.
pub(super) struct Decrypted {
    buffer: Zeroizing<Vec<u8>>,
    length: usize,
    padded: bool,
}

impl Decrypted {
    pub(super) fn content(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or_default()
    }

    /// Errors: `decryption_failed`.
    pub(super) fn check_padding(&self) -> Result<()> {
        if self.padded { Ok(()) } else { Err(ErrorCode::DecryptionFailed.into()) }
    }
}

/// Decrypts.
///
/// Errors: `malformed` for what is no whole number of blocks in base64, which its sender knows.
pub(super) fn decrypt(
    key: &BlockKey,
    iv: &[u8; 16],
    data: &str,
    padding_block: u8,
) -> Result<Decrypted> {
    let malformed = Error::with_detail(ErrorCode::Malformed, "encryptedData");
    if data.len() > MAX_BYTES {
        return Err(malformed);
    }
    let mut buffer = Zeroizing::new(base64::decode(data).map_err(|_| malformed)?);
    if buffer.is_empty() || !buffer.len().is_multiple_of(BLOCK_BYTES) {
        return Err(malformed);
    }
    match key {
        BlockKey::Aes128(key) => crypto::aes_128_cbc_decrypt(key, iv, &mut buffer),
        BlockKey::Aes192(key) => crypto::aes_192_cbc_decrypt(key, iv, &mut buffer),
    }
    let padding = padding_length(&buffer, padding_block);
    let length = buffer.len() - padding.unwrap_or_default();
    Ok(Decrypted { buffer, length, padded: padding.is_some() })
}

/// The initialisation vector of a payload.
///
/// Errors: `malformed`.
pub(super) fn iv_of(text: &str) -> Result<[u8; 16]> {
    base64::decode_array(text).map_err(|_| Error::with_detail(ErrorCode::Malformed, "iv"))
}

/// The length of the padding, of which all is looked at whatever it holds; `None` where it is wrong.
fn padding_length(buffer: &[u8], padding_block: u8) -> Option<usize> {
    let padding = buffer.last().copied().unwrap_or_default();
    let inside = usize::from(padding) <= buffer.len();
    let mut wrong = u8::from(padding == 0) | u8::from(padding > padding_block) | u8::from(!inside);
    for (index, byte) in buffer.iter().rev().take(usize::from(padding_block)).enumerate() {
        let is_padding = u8::from(index < usize::from(padding));
        wrong |= is_padding * (byte ^ padding);
    }
    (core::hint::black_box(wrong) == 0).then_some(usize::from(padding))
}
