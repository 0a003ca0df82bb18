//! X25519 (RFC 7748). Results that the other side forced to zero are refused.

use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use crate::error::{ErrorCode, Result};
use crate::secret::Seed;

/// A public key: any 32 bytes are one (RFC 7748 §5), and weak ones show in the result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct X25519PublicKey([u8; 32]);

impl X25519PublicKey {
    /// Takes a u coordinate.
    pub const fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(*bytes)
    }

    /// The u coordinate as it was given.
    pub const fn to_bytes(&self) -> [u8; 32] {
        self.0
    }
}

/// A private key; the library wipes it.
pub struct X25519PrivateKey(StaticSecret);

impl X25519PrivateKey {
    /// Makes the key whose secret is the seed (any 32 bytes are one).
    pub fn from_seed(seed: &Seed) -> Self {
        Self(StaticSecret::from(*seed.bytes()))
    }

    /// The secret half, RFC 8037's `d`.
    pub fn to_seed(&self) -> Seed {
        Seed::new(self.0.to_bytes())
    }

    /// The public half.
    pub fn public(&self) -> X25519PublicKey {
        // By the ladder, which is needed in any case, and not by way of the Edwards curve as the library would.
        let mut base = [0; 32];
        base[0] = 9;
        X25519PublicKey(self.0.diffie_hellman(&PublicKey::from(base)).to_bytes())
    }

    /// The secret shared with the holder of `public`.
    ///
    /// Errors: `key_unusable` if it is all zero, as a point of small order makes it (RFC 7748 §6.1).
    pub fn diffie_hellman(&self, public: &X25519PublicKey) -> Result<Zeroizing<[u8; 32]>> {
        let shared = self.0.diffie_hellman(&PublicKey::from(public.0));
        if !shared.was_contributory() {
            return Err(ErrorCode::KeyUnusable.into());
        }
        Ok(Zeroizing::new(shared.to_bytes()))
    }
}
