//! Ed25519 (RFC 8032), strict: small-order keys and points, non-canonical encodings and scalars are refused.

use core::fmt;

use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::{EdwardsPoint, Scalar};
use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha512};
use zeroize::Zeroize as _;

#[cfg(feature = "prepared-keys")]
use super::multiples::KeyMultiples;
use crate::error::{Error, ErrorCode, Result};
use crate::secret::Seed;

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

    /// The encoding that [`Self::from_bytes`] reads.
    pub const fn to_bytes(&self) -> [u8; 32] {
        self.encoded
    }

    /// Makes the tables with which signatures of these keys verify two to three times as fast. Takes about as long as a dozen
    /// verifications for each, and 380 KB of memory; the first that verifies with one takes as long as twenty, and 660 KB.
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

/// A private key; the library wipes it.
pub struct Ed25519PrivateKey(SigningKey);

impl Ed25519PrivateKey {
    /// Makes the key whose secret is the seed (any 32 bytes are one).
    pub fn from_seed(seed: &Seed) -> Self {
        Self(SigningKey::from_bytes(seed.bytes()))
    }

    /// The secret half, RFC 8037's `d`.
    pub fn to_seed(&self) -> Seed {
        let mut bytes = self.0.to_bytes();
        let seed = Seed::new(bytes);
        bytes.zeroize();
        seed
    }

    /// The public half.
    pub fn public(&self) -> Ed25519PublicKey {
        let key = self.0.verifying_key();
        Ed25519PublicKey::new(key.to_bytes(), Some(-key.to_edwards()))
    }

    /// Signs, deterministically.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

/// Whether a signature has the form that [`Ed25519PublicKey::verify`] accepts: 64 bytes, S below the order of the group, R
/// encoded canonically and not of small order. With that, and with the key's own checks, hosts agree about the rest.
pub fn is_strict_ed25519_signature(signature: &[u8]) -> bool {
    halves(signature).is_some_and(|(r, s)| {
        is_reduced(&r) && !is_small_order(&r) && s.iter().rev().lt(ORDER.iter().rev())
    })
}

/// R and S.
fn halves(signature: &[u8]) -> Option<([u8; 32], [u8; 32])> {
    let (r, s) = signature.split_at_checked(32)?;
    Some((r.try_into().ok()?, s.try_into().ok()?))
}

/// The order of the group, ℓ = 2²⁵² + 27742317777372353535851937790883648493, little-endian.
#[rustfmt::skip]
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10,
];

/// Whether the y coordinate is below p = 2²⁵⁵ − 19.
fn is_reduced(bytes: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = bytes;
    !(*low >= 0xed && middle.iter().all(|byte| *byte == 0xff) && high & 0x7f == 0x7f)
}

/// Whether this is the canonical encoding of one of the eight points whose order divides 8.
fn is_small_order(encoded: &[u8; 32]) -> bool {
    let [rest @ .., high] = encoded;
    let ordinate = high & 0x7f;
    SMALL_ORDER.iter().any(|[other @ .., other_high]| rest == other && ordinate == *other_high)
}

/// The y coordinates of the points of order 1, 2 and 4 and of the four of order 8, which have two.
#[rustfmt::skip]
const SMALL_ORDER: [[u8; 32]; 5] = [
    [
        0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    ],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    ],
    [0; 32],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
        0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
        0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};

    use super::*;
    use crate::base64url;

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
