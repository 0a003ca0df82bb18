//! Ed25519 (RFC 8032), strict: small-order keys and points, non-canonical encodings and scalars are refused.

use core::fmt;

use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::{EdwardsPoint, Scalar};
use sha2::{Digest as _, Sha512};

use super::ed25519_form::{halves, is_reduced, is_small_order};
#[cfg(feature = "prepared-keys")]
use super::multiples::KeyMultiples;
use crate::error::{Error, ErrorCode, Result};

/// A public key, decompressed once, if at all.
#[derive(Clone)]
pub struct Ed25519PublicKey {
    encoded: [u8; 32],
    /// What the equation needs is the point turned around.
    negated: Option<EdwardsPoint>,
    #[cfg(feature = "prepared-keys")]
    multiples: Option<KeyMultiples>,
}

impl Ed25519PublicKey {
    /// Reads the 32-byte encoding.
    ///
    /// Errors: `key_unusable` for what is no point, is encoded with y ≥ p (RFC 8032 §5.1.3), or has small order, so that
    /// one signature would fit many messages.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self> {
        let mut key = Self::from_encoding(bytes)?;
        let negated = key.negated_point().ok_or(Error::new(ErrorCode::KeyUnusable))?;
        key.negated = Some(negated);
        Ok(key)
    }

    /// The same for a key that is used once, and maybe by the host: no signature holds if it is no point.
    ///
    /// Errors: `key_unusable` for an encoding that is not canonical, or of small order.
    pub fn from_encoding(bytes: &[u8; 32]) -> Result<Self> {
        if !is_reduced(bytes) || is_small_order(bytes) {
            return Err(Error::new(ErrorCode::KeyUnusable));
        }
        Ok(Self::new(*bytes, None))
    }

    pub(super) fn of_point(encoded: [u8; 32], point: &EdwardsPoint) -> Self {
        Self::new(encoded, Some(-point))
    }

    /// The encoding that [`Self::from_bytes`] reads.
    pub const fn to_bytes(&self) -> [u8; 32] {
        self.encoded
    }

    /// Makes the tables with which signatures of these keys verify two to three times as fast. Takes about as long as a dozen
    /// verifications for each, and 380 KB of memory; the first that verifies with one takes as long as 25, and 660 KB.
    #[cfg(feature = "prepared-keys")]
    pub fn prepare<'a>(keys: impl Iterator<Item = &'a mut Self>) {
        for key in keys.filter(|key| key.multiples.is_none()) {
            let Some(negated) = key.negated_point() else { continue };
            key.multiples = Some(KeyMultiples::of(&negated));
        }
    }

    /// Verifies a 64-byte signature.
    ///
    /// Errors: `signature_invalid`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<()> {
        // R is compared with the canonical encoding of what it should be, so that looking for the canonical encodings of
        // small order is as strict as decompressing R to look at its order, and a square root cheaper.
        match halves(signature) {
            Some((r, s)) if self.equation_holds(message, &r, &s) && !is_small_order(&r) => Ok(()),
            _ => Err(ErrorCode::SignatureInvalid.into()),
        }
    }

    const fn new(encoded: [u8; 32], negated: Option<EdwardsPoint>) -> Self {
        Self {
            encoded,
            negated,
            #[cfg(feature = "prepared-keys")]
            multiples: None,
        }
    }

    /// The equation of RFC 8032 §5.1.7, without the cofactor: R = sB − kA. S has to be canonical.
    fn equation_holds(&self, message: &[u8], r: &[u8; 32], s: &[u8; 32]) -> bool {
        let Some(s) = Option::<Scalar>::from(Scalar::from_canonical_bytes(*s)) else {
            return false;
        };
        let hash = Sha512::new().chain_update(r).chain_update(self.encoded).chain_update(message);
        let k = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
        self.combined(&k, &s).is_some_and(|point| point.compress().to_bytes() == *r)
    }

    fn combined(&self, k: &Scalar, s: &Scalar) -> Option<EdwardsPoint> {
        #[cfg(feature = "prepared-keys")]
        if let Some(multiples) = &self.multiples {
            return Some(multiples.combined(k, s));
        }
        let negated = self.negated_point()?;
        Some(EdwardsPoint::vartime_double_scalar_mul_basepoint(k, &negated, s))
    }

    fn negated_point(&self) -> Option<EdwardsPoint> {
        self.negated.or_else(|| CompressedEdwardsY(self.encoded).decompress().map(|point| -point))
    }
}

impl fmt::Debug for Ed25519PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Ed25519PublicKey").field(&self.encoded).finish()
    }
}

impl PartialEq for Ed25519PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.encoded == other.encoded
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};

    use super::super::Ed25519PrivateKey;
    use super::super::ed25519_form::{ORDER, SMALL_ORDER, is_strict_ed25519_signature};
    use super::*;
    use crate::base64url;
    use crate::secret::Seed;

    /// The shortcut in `verify` stands on the list being complete: the curve has eight points of small order, and these
    /// are eight.
    #[test]
    fn the_small_order_list_is_complete() {
        let mut points = 0;
        for mut encoded in SMALL_ORDER {
            for sign in [0, 0x80] {
                encoded[31] ^= sign;
                assert!(is_small_order(&encoded));
                let canonical = VerifyingKey::from_bytes(&encoded)
                    .is_ok_and(|key| key.is_weak() && key.to_edwards().compress().0 == encoded);
                points += usize::from(canonical);
            }
        }
        assert_eq!(points, 8);
    }

    /// What the host is not asked about would not have held here either, and what holds here the host is asked about.
    #[test]
    fn the_form_of_signatures_is_that_of_those_which_hold() {
        let key = Ed25519PrivateKey::from_seed(&Seed::new([2; 32]));
        for message in 0..64_u8 {
            let mut signature = key.sign(&[message]);
            assert!(is_strict_ed25519_signature(&signature));
            // S + ℓ satisfies the same equation.
            let mut carry = 0;
            for (digit, order) in signature[32..].iter_mut().zip(ORDER) {
                let sum = u16::from(*digit) + u16::from(order) + carry;
                (*digit, carry) = (sum as u8, sum >> 8);
            }
            assert!(!is_strict_ed25519_signature(&signature));
            assert!(key.public().verify(&[message], &signature).is_err());
        }
        let mut least = [0xff; 64];
        least[..32].copy_from_slice(&[2; 32]);
        least[32..].copy_from_slice(&ORDER);
        assert!(!is_strict_ed25519_signature(&least));
        least[32] -= 1;
        assert!(is_strict_ed25519_signature(&least));
        least[..32].copy_from_slice(&[0xff; 32]);
        assert!(!is_strict_ed25519_signature(&least), "R is not reduced");
        least[..32].copy_from_slice(&SMALL_ORDER[3]);
        assert!(!is_strict_ed25519_signature(&least), "R is of order 8");
        assert!(!is_strict_ed25519_signature(&least[..63]));
    }

    /// The holder of a key can make signatures whose R is the neutral element: they satisfy the equation, and strict
    /// verification refuses them. This one is by the seed of 32 ones, worked out apart from any library.
    #[test]
    fn a_neutral_r_is_refused_though_the_equation_holds() {
        let key = Ed25519PrivateKey::from_seed(&Seed::new([1; 32])).public();
        let message = b"eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0";
        let signature = base64url::decode_array::<64>(
            "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACuY0yoYY0CUbLz6oaHqhiiYvxR5Cp4upjwrj78xEU5Dw",
        )
        .expect("64 bytes");
        let other = VerifyingKey::from_bytes(&key.to_bytes()).expect("a point");
        assert!(other.verify(message, &Signature::from_bytes(&signature)).is_ok());
        assert!(other.verify_strict(message, &Signature::from_bytes(&signature)).is_err());
        assert!(key.verify(message, &signature).is_err());
    }
}
