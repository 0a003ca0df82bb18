//! The secrets behind aliases, and what they do: convert, name, and seal what lies in a store.

use alloc::string::String;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::base64url;
use crate::crypto::{self, Ff1Key, MacKey};
use crate::error::{ErrorCode, Result};
use crate::secret::ContentKey;

/// Keys made of one secret.
pub struct AliasKeys {
    /// Converts accounts.
    pub ff1: Ff1Key,
    names: MacKey,
    seal: ContentKey,
}

impl AliasKeys {
    /// Derives them from a secret of 32 bytes or more.
    ///
    /// Errors: `key_unusable`.
    pub fn derive(secret: &[u8]) -> Result<Self> {
        if secret.len() < 32 {
            return Err(ErrorCode::KeyUnusable.into());
        }
        let key = |purpose: &[u8]| crypto::hkdf_sha256(secret, b"lingpai-v1 alias", purpose);
        Ok(Self {
            ff1: Ff1Key::new(key(b"ff1")),
            names: MacKey::new(key(b"names").secret_bytes()),
            seal: key(b"seal"),
        })
    }

    /// The name under which a store knows an alias: 128 bits in base64url, from which nobody without the secret finds out
    /// the alias by trying.
    pub fn name(&self, alias: &str) -> String {
        shortened(&crypto::hmac_sha256(&self.names, &[alias.as_bytes()]))
    }

    /// Seals a text for a store: AES-256-GCM, `iv` (12) ‖ ciphertext ‖ tag in base64url. It opens only under the same
    /// `context`.
    ///
    /// Errors: `limit_exceeded`.
    pub fn seal(&self, context: &str, text: &str, iv: [u8; 12]) -> Result<String> {
        let mut sealed: Vec<u8> = iv.into_iter().chain(text.bytes()).collect();
        let (_, body) = sealed.split_at_mut(IV_BYTES);
        let tag = crypto::seal_in_place(&self.seal, &iv, context.as_bytes(), body)?;
        sealed.extend_from_slice(&tag);
        Ok(base64url::encode(&sealed))
    }

    /// Opens what [`Self::seal`] sealed.
    ///
    /// Errors: `decryption_failed`.
    pub fn open(&self, context: &str, sealed: &str) -> Result<Zeroizing<String>> {
        let failed = || ErrorCode::DecryptionFailed;
        let bytes = base64url::decode(sealed).map_err(|_| failed())?;
        let (iv, rest) = bytes.split_first_chunk::<IV_BYTES>().ok_or_else(failed)?;
        let (body, tag) = rest.split_last_chunk::<16>().ok_or_else(failed)?;
        let mut text = Zeroizing::new(body.to_vec());
        crypto::open_in_place(&self.seal, iv, context.as_bytes(), &mut text, tag)?;
        let text = core::str::from_utf8(&text).map_err(|_| failed())?;
        Ok(Zeroizing::new(String::from(text)))
    }
}

/// The name under which a store knows a visit or an operation: 128 bits in base64url. It does not depend on a key, so that an
/// answer is found after keys have changed. `text` is hard to guess itself.
pub fn stored_name(kind: &str, text: &str) -> String {
    shortened(&crypto::sha256_of(&[b"lingpai-v1 ", kind.as_bytes(), b"\0", text.as_bytes()]))
}

fn shortened(hash: &[u8; 32]) -> String {
    let (name, _) = hash.split_at(16);
    base64url::encode(name)
}

const IV_BYTES: usize = 12;

/// What is kept of a secret that closes or claims an alias: its SHA-256 in base64url. The secret itself has 128 random bits.
pub fn secret_hash(secret: &str) -> String {
    base64url::encode(&crypto::sha256(secret.as_bytes()))
}
