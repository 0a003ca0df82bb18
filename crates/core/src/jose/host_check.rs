//! Signatures that the host's cryptography verifies: those of algorithms that are not here, and any that it does faster.
//! What can be said without arithmetic is said here first. The payload comes out only with a verdict.

use alloc::vec::Vec;

use super::alg::{AlgorithmSet, SignatureAlgorithm};
use super::jwk::{Jwk, PublicKey};
use super::jws::{Jws, VerifyingKey};
use crate::error::{Error, ErrorCode, Result};

/// What is known of a JWS.
pub enum Judgement<'t, 'k> {
    /// Its signature holds; this is its payload.
    Verified(Vec<u8>),
    /// The host has to say whether it holds.
    AskHost(HostCheck<'t, 'k>),
}

/// A question to the host: whether the third part of a JWS is a signature over the first two.
pub struct HostCheck<'t, 'k> {
    jws: Jws<'t>,
    key: &'k Jwk,
    algorithm: SignatureAlgorithm,
}

/// What the host says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostVerdict {
    /// The signature holds under that key by that algorithm.
    Right,
    /// It does not, or the key is none.
    Wrong,
}

impl HostCheck<'_, '_> {
    /// By which algorithm.
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// Under which key.
    pub const fn key(&self) -> &Jwk {
        self.key
    }

    /// The first two parts of the text.
    pub const fn signing_input(&self) -> &str {
        self.jws.signing_input()
    }

    /// The signature, of the length that the algorithm has.
    pub fn signature(&self) -> &[u8] {
        self.jws.signature()
    }

    /// Goes on with the host's answer to this very question.
    ///
    /// Errors: `signature_invalid`.
    pub fn resolve(self, verdict: HostVerdict) -> Result<Vec<u8>> {
        match verdict {
            HostVerdict::Right => Ok(self.jws.into_unverified_payload()),
            HostVerdict::Wrong => Err(ErrorCode::SignatureInvalid.into()),
        }
    }
}

impl<'t> Jws<'t> {
    /// Verifies the signature, or says what the host has to verify: where the algorithm is not here, and where it is one of
    /// `host`.
    ///
    /// Errors: as [`Jws::verify`].
    pub fn judge<'k>(self, key: VerifyingKey<'k>, host: AlgorithmSet) -> Result<Judgement<'t, 'k>> {
        let algorithm = self.algorithm()?;
        match key {
            VerifyingKey::Jwk(key) if host.contains(algorithm) || !is_here(algorithm) => {
                if !key.verifies(algorithm) {
                    return Err(ErrorCode::AlgorithmNotAllowed.into());
                }
                check_form(key.public_key(), self.signature())?;
                Ok(Judgement::AskHost(HostCheck { jws: self, key, algorithm }))
            }
            key => self.into_verified(&key).map(Judgement::Verified),
        }
    }
}

const fn is_here(algorithm: SignatureAlgorithm) -> bool {
    use SignatureAlgorithm::{EdDsa, Es256, Hs256};
    matches!(algorithm, Hs256)
        || cfg!(feature = "curve25519") && matches!(algorithm, EdDsa)
        || cfg!(feature = "p256") && matches!(algorithm, Es256)
}

/// Refuses what is no signature by such a key, whatever it is over. Hosts differ in what they accept of Ed25519 beyond the
/// equation; the same rules as without a host apply.
fn check_form(key: &PublicKey, signature: &[u8]) -> Result<()> {
    let proper = match key {
        PublicKey::Ed25519(_) => crate::crypto::is_strict_ed25519_signature(signature),
        PublicKey::P256(_) => signature.len() == 64,
        PublicKey::Host(key) => signature.len() == key.signature_bytes(),
        PublicKey::X25519(_) => false,
    };
    if proper { Ok(()) } else { Err(Error::new(ErrorCode::SignatureInvalid)) }
}
