//! P-256 (FIPS 186-5, SP 800-56A): ECDSA with SHA-256 and raw signatures, and ECDH. One key never does both; which one it
//! does is for the caller to know.

use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use p256::elliptic_curve::point::AffineCoordinates as _;
use p256::{AffinePoint, PublicKey, SecretKey};
use zeroize::{Zeroize as _, Zeroizing};

use super::mac::sha256;
use crate::error::{Error, ErrorCode, Result};
use crate::secret::Seed;

/// A public key: a point of the curve, not the one at infinity.
#[derive(Clone, Debug, PartialEq)]
pub struct P256PublicKey(PublicKey);

impl P256PublicKey {
    /// Reads the coordinates, 32 bytes each, big-endian.
    ///
    /// Errors: `key_unusable` for a point off the curve and a coordinate out of range.
    pub fn from_coordinates(x: &[u8; 32], y: &[u8; 32]) -> Result<Self> {
        // Not by way of SEC1, whose compressed form would bring a square root along.
        let point = AffinePoint::from_coordinates(&(*x).into(), &(*y).into());
        Option::from(point)
            .and_then(|point| PublicKey::from_affine(point).ok())
            .map(Self)
            .ok_or(ErrorCode::KeyUnusable.into())
    }

    /// The coordinates x and y that [`Self::from_coordinates`] reads.
    pub fn to_coordinates(&self) -> ([u8; 32], [u8; 32]) {
        let point = self.0.as_affine();
        (point.x().into(), point.y().into())
    }

    /// Verifies ECDSA over SHA-256 of the message; the signature is r and s, 32 bytes each (RFC 7518 §3.4). Both halves of
    /// the range of s are accepted, as JOSE wants.
    ///
    /// Errors: `signature_invalid`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<()> {
        let invalid = Error::new(ErrorCode::SignatureInvalid);
        let signature = Signature::from_slice(signature).map_err(|_| invalid)?;
        VerifyingKey::from(&self.0).verify(message, &signature).map_err(|_| invalid)
    }
}

/// A private key; the library wipes it.
pub struct P256PrivateKey(SecretKey);

impl P256PrivateKey {
    /// Reads a private scalar, 32 bytes, big-endian.
    ///
    /// Errors: `key_unusable` if it is zero or not below the order of the curve.
    pub fn from_scalar(scalar: &[u8; 32]) -> Result<Self> {
        SecretKey::from_bytes(scalar.into()).map(Self).map_err(|_| ErrorCode::KeyUnusable.into())
    }

    /// Makes a key of one draw of randomness. About one draw in 2³² is out of range; it is hashed until it is in range.
    ///
    /// Errors: `internal`, with a probability below 2⁻²⁵⁶.
    pub fn from_seed(seed: &Seed) -> Result<Self> {
        let mut candidate = Zeroizing::new(*seed.bytes());
        for _ in 0..8 {
            if let Ok(key) = Self::from_scalar(&candidate) {
                return Ok(key);
            }
            *candidate = sha256(candidate.as_slice());
        }
        Err(ErrorCode::Internal.into())
    }

    /// The private scalar, JWK's `d`.
    pub fn to_scalar(&self) -> Seed {
        let mut bytes = self.0.to_bytes();
        let scalar = Seed::new(bytes.into());
        bytes.zeroize();
        scalar
    }

    /// The public half.
    pub fn public(&self) -> P256PublicKey {
        P256PublicKey(self.0.public_key())
    }

    /// Signs with ECDSA over SHA-256 of the message, deterministically (RFC 6979): r and s, 32 bytes each.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature: Signature = SigningKey::from(&self.0).sign(message);
        signature.to_bytes().into()
    }

    /// The secret shared with the holder of `public`: the x coordinate of the common point.
    pub fn diffie_hellman(&self, public: &P256PublicKey) -> Zeroizing<[u8; 32]> {
        Zeroizing::new((*self.0.diffie_hellman(&public.0).raw_secret_bytes()).into())
    }
}
