//! Keys from secrets: HKDF-SHA256 (RFC 5869), and the Concat KDF that JOSE puts on key agreement (RFC 7518 §4.6.2).

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::mac::sha256_of;
use crate::secret::ContentKey;

/// HKDF-SHA256, extract and expand, to 256 bits.
#[expect(clippy::expect_used, reason = "the length asked for is fixed")]
pub fn hkdf_sha256(ikm: &[u8], salt: &[u8], info: &[u8]) -> ContentKey {
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(salt), ikm)
        .expand(info, key.as_mut_slice())
        .expect("HKDF-SHA256 yields up to 255 blocks, and this is one");
    ContentKey::from_bytes(*key)
}

/// The single-step KDF of SP 800-56A over SHA-256 with the inputs that RFC 7518 §4.6.2 lays down.
///
/// `key_bits` is at most 256. It goes into the derivation, and says how many of the 256 bits that come out are the key.
pub fn concat_kdf(
    shared_secret: &[u8],
    algorithm: &str,
    party_u: &[u8],
    party_v: &[u8],
    key_bits: u32,
) -> ContentKey {
    let length = |field: &[u8]| (field.len() as u32).to_be_bytes();
    ContentKey::from_bytes(sha256_of(&[
        &1_u32.to_be_bytes(),
        shared_secret,
        &length(algorithm.as_bytes()),
        algorithm.as_bytes(),
        &length(party_u),
        party_u,
        &length(party_v),
        party_v,
        &key_bits.to_be_bytes(),
    ]))
}
