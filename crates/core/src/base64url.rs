//! Unpadded base64url (RFC 4648 §5) with one canonical text per byte string. No other base64 is read.

use alloc::string::String;
use alloc::vec::Vec;

use base64ct::{Base64UrlUnpadded, Encoding as _};

use crate::error::{Error, ErrorCode, Result};

/// Writes bytes as text, in time that does not depend on their values.
pub fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// Appends the text of `bytes` to `out`, in time that does not depend on their values.
pub fn encode_into(bytes: &[u8], out: &mut String) {
    let mut text = [0; 256];
    // 192 bytes make 256 characters, so that only the last chunk ends within a group of four.
    for chunk in bytes.chunks(192) {
        out.push_str(Base64UrlUnpadded::encode(chunk, &mut text).unwrap_or_default());
    }
}

/// Reads text back into bytes.
///
/// `not_canonical` if it is another spelling of base64 (padding, white space, `+`, `/`, left-over bits that are not
/// zero), `malformed` if it is no base64 at all.
///
/// The time taken depends on the text. Tokens are public as texts; for key material there is [`decode_secret`].
pub fn decode(text: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    decode_into(text, &mut bytes)?;
    Ok(bytes)
}

/// Reads text that stands for exactly `N` bytes; any other length is `malformed`.
pub fn decode_array<const N: usize>(text: &str) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    decode_slice(text, &mut bytes)?;
    Ok(bytes)
}

/// Reads `N` bytes of key material, in time that does not depend on their values.
pub fn decode_secret<const N: usize>(text: &str) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    match Base64UrlUnpadded::decode(text, &mut bytes) {
        Ok(read) if read.len() == N => Ok(bytes),
        _ => Err(Error::new(ErrorCode::Malformed)),
    }
}

/// Reads key material of any length, in time that does not depend on its value.
pub fn decode_secret_vec(text: &str) -> Result<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text).map_err(|_| ErrorCode::Malformed.into())
}

/// Appends what the text stands for to `out`; after an error `out` may have grown.
pub(crate) fn decode_into(text: &str, out: &mut Vec<u8>) -> Result<()> {
    let start = out.len();
    out.resize(start + decoded_len(text)?, 0);
    decode_slice(text, out.get_mut(start..).unwrap_or_default())
}

/// How many bytes the text stands for, judged by its length alone.
fn decoded_len(text: &str) -> Result<usize> {
    match text.len() % 4 {
        1 => Err(refusal(text.as_bytes())),
        rest => Ok(text.len() / 4 * 3 + rest.saturating_sub(1)),
    }
}

/// Fills `out`, whose length must be that of the decoded text.
fn decode_slice(text: &str, out: &mut [u8]) -> Result<()> {
    if decoded_len(text)? != out.len() {
        return Err(refusal(text.as_bytes()));
    }
    let (groups, rest) = text.as_bytes().as_chunks::<4>();
    let (triples, tail) = out.as_chunks_mut::<3>();
    // One check after the loop instead of one per character: invalid characters raise the top bit.
    let mut seen = 0;
    for (group, triple) in groups.iter().zip(triples) {
        let [a, b, c, d] = group.map(value);
        seen |= a | b | c | d;
        *triple = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d];
    }
    let left_over = match (rest, tail) {
        ([], []) => 0,
        (&[a, b], [first]) => {
            let [a, b] = [a, b].map(value);
            seen |= a | b;
            *first = a << 2 | b >> 4;
            b << 4
        }
        (&[a, b, c], [first, second]) => {
            let [a, b, c] = [a, b, c].map(value);
            seen |= a | b | c;
            [*first, *second] = [a << 2 | b >> 4, b << 4 | c >> 2];
            c << 6
        }
        _ => return Err(ErrorCode::Malformed.into()),
    };
    if seen & INVALID != 0 {
        return Err(refusal(text.as_bytes()));
    }
    if left_over != 0 {
        return Err(ErrorCode::NotCanonical.into());
    }
    Ok(())
}

/// Tells another spelling of base64 from something that is none.
#[cold]
fn refusal(text: &[u8]) -> Error {
    let other_spelling = |byte: &u8| value(*byte) != INVALID || b"+/= \t\r\n".contains(byte);
    let respelled = text.iter().all(other_spelling) && text.iter().any(|b| value(*b) == INVALID);
    Error::new(if respelled { ErrorCode::NotCanonical } else { ErrorCode::Malformed })
}

#[expect(clippy::indexing_slicing, reason = "a byte is always within 256 values")]
const fn value(character: u8) -> u8 {
    VALUES[character as usize]
}

const INVALID: u8 = 0x80;

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const VALUES: [u8; 256] = {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut values = [INVALID; 256];
    let mut i = 0;
    while i < alphabet.len() {
        values[alphabet[i] as usize] = i as u8;
        i += 1;
    }
    values
};
