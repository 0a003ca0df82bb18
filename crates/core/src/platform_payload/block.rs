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

/// Decrypts; gives the buffer and how much of it is content. Where the padding is wrong all of it is: the caller then reads
/// what is no content, fails as for any other garbage, and has taken as long.
///
/// Errors: `malformed` for what is no whole number of blocks in base64, which its sender knows.
pub(super) fn decrypt(
    key: &BlockKey,
    iv: &[u8; 16],
    data: &str,
    padding_block: u8,
) -> Result<(Zeroizing<Vec<u8>>, usize)> {
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
    let content = content_length(&buffer, padding_block);
    Ok((buffer, content))
}

/// The initialisation vector of a payload.
///
/// Errors: `malformed`.
pub(super) fn iv_of(text: &str) -> Result<[u8; 16]> {
    base64::decode_array(text).map_err(|_| Error::with_detail(ErrorCode::Malformed, "iv"))
}

/// The length without the padding, looked at in full whatever it holds; the whole length where the padding is wrong.
fn content_length(buffer: &[u8], padding_block: u8) -> usize {
    let padding = buffer.last().copied().unwrap_or_default();
    let inside = usize::from(padding) <= buffer.len();
    let mut wrong = u8::from(padding == 0) | u8::from(padding > padding_block) | u8::from(!inside);
    for (index, byte) in buffer.iter().rev().take(usize::from(padding_block)).enumerate() {
        let is_padding = u8::from(index < usize::from(padding));
        wrong |= is_padding * (byte ^ padding);
    }
    if core::hint::black_box(wrong) == 0 {
        buffer.len() - usize::from(padding)
    } else {
        buffer.len()
    }
}
