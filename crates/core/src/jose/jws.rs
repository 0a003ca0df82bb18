//! Compact JWS (RFC 7515). Reading one proves nothing; only the payload that `verify` hands out may be believed.

use alloc::string::String;
use alloc::vec::Vec;

use super::alg::SignatureAlgorithm;
use super::header::{Header, split_within};
#[cfg(any(feature = "curve25519", feature = "p256"))]
use super::jwk::PublicKey;
use super::jwk::{Jwk, unusable};
use super::private_jwk::{PrivateJwk, PrivateKey};
use super::symmetric_jwk::SymmetricJwk;
use crate::base64url;
use crate::crypto::hmac_sha256;
use crate::error::{Error, ErrorCode, Result};
use crate::json::ObjectWriter;
use crate::limits::MAX_COMPACT_BYTES;

/// A JWS that is well formed and canonical, and not verified.
pub struct Jws<'a> {
    signing_input: &'a str,
    header: Header,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Reads the compact text: size, three parts, each canonical base64url, a strict JSON header.
    ///
    /// Errors: `limit_exceeded`, `malformed`, `not_canonical`, `duplicate_member`, and `critical_header` for any `crit` or
    /// `b64`.
    pub fn parse(text: &'a str) -> Result<Self> {
        Self::parse_within(MAX_COMPACT_BYTES, text)
    }

    /// As [`Self::parse`], for documents that may be longer than tokens, up to `limit` bytes.
    pub(crate) fn parse_within(limit: usize, text: &'a str) -> Result<Self> {
        let [header, payload, signature] = split_within(limit, text)?;
        let input_len = header.len() + 1 + payload.len();
        let mut bytes = Vec::new();
        base64url::decode_into(header, &mut bytes)?;
        let header = Header::parse(&bytes)?;
        // The payload is the bigger one: it gets a buffer of its own, the signature the header's.
        let payload = base64url::decode(payload)?;
        bytes.clear();
        base64url::decode_into(signature, &mut bytes)?;
        let signing_input = text.get(..input_len).ok_or(ErrorCode::Malformed)?;
        Ok(Self { signing_input, header, payload, signature: bytes })
    }

    /// The header, as not verified as the rest.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The algorithm that the header names. Errors: `algorithm_not_allowed` for `none` and all that are not supported.
    pub fn algorithm(&self) -> Result<SignatureAlgorithm> {
        self.header.algorithm().ok_or(Error::new(ErrorCode::AlgorithmNotAllowed))
    }

    /// What the signature is over: the first two parts of the text.
    pub const fn signing_input(&self) -> &'a str {
        self.signing_input
    }

    /// Verifies the signature and hands out the payload, without the help of a host (see [`Jws::judge`]).
    ///
    /// Errors: `algorithm_not_allowed` unless the algorithm is the key's and is implemented here, `key_unusable` for a key
    /// that is not for signatures, `signature_invalid`.
    pub fn verify(&self, key: &VerifyingKey<'_>) -> Result<&[u8]> {
        let algorithm = self.algorithm()?;
        let input = self.signing_input.as_bytes();
        match key {
            VerifyingKey::Symmetric(key) if algorithm == SignatureAlgorithm::Hs256 => {
                key.mac_key().verify(&[input], &self.signature)?;
            }
            VerifyingKey::Symmetric(_) => return Err(ErrorCode::AlgorithmNotAllowed.into()),
            VerifyingKey::Jwk(key) => {
                verify_input(key, algorithm, input, &self.signature)?;
            }
        }
        Ok(&self.payload)
    }

    /// As [`Self::verify`], for those who keep the payload.
    pub fn into_verified(self, key: &VerifyingKey<'_>) -> Result<Vec<u8>> {
        self.verify(key)?;
        Ok(self.payload)
    }

    pub(super) fn into_unverified_payload(self) -> Vec<u8> {
        self.payload
    }

    /// The signature as it came, for hosts that verify with a cryptography of their own.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The payload although nothing says that it is genuine, for hosts that verify with a cryptography of their own.
    pub fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }
}

/// What a JWS is verified with.
pub enum VerifyingKey<'a> {
    /// The signer's public key.
    Jwk(&'a Jwk),
    /// A key shared with the signer.
    Symmetric(&'a SymmetricJwk),
}

/// Signs a payload; the header is exactly `{"alg","kid","typ"}`.
///
/// Errors: `key_unusable` for a key that is not for signatures or has no `kid`; `limit_exceeded`.
pub fn sign(header_typ: &str, payload: &[u8], key: &PrivateJwk) -> Result<String> {
    let algorithm = key.public().signature_algorithm()?;
    let header = header_json(algorithm, key.public().kid(), header_typ)?;
    let input = signing_input(&header, payload);
    let signature = sign_input(key, input.as_bytes())?;
    bounded(attach_signature(&input, &signature))
}

/// Signs a payload with a shared key; the header is exactly `{"alg","kid","typ"}`.
///
/// Errors: `key_unusable` for a key without `kid`; `limit_exceeded`.
pub fn sign_hs256(header_typ: &str, payload: &[u8], key: &SymmetricJwk) -> Result<String> {
    let header = header_json(SignatureAlgorithm::Hs256, key.kid(), header_typ)?;
    let input = signing_input(&header, payload);
    let signature = hmac_sha256(key.mac_key(), &[input.as_bytes()]);
    bounded(attach_signature(&input, &signature))
}

/// The first two parts of a JWS, which are what is signed.
pub fn signing_input(header_json: &str, payload: &[u8]) -> String {
    // 4/3, and room for the signature.
    let mut input = String::with_capacity((header_json.len() + payload.len()) * 4 / 3 + 96);
    base64url::encode_into(header_json.as_bytes(), &mut input);
    input.push('.');
    base64url::encode_into(payload, &mut input);
    input
}

/// The JWS of a signing input and a signature over it, wherever that was made.
pub fn attach_signature(signing_input: &str, signature: &[u8]) -> String {
    let mut text = String::with_capacity(signing_input.len() + 1 + signature.len() * 4 / 3 + 4);
    text.push_str(signing_input);
    text.push('.');
    base64url::encode_into(signature, &mut text);
    text
}

/// Signs any bytes by the algorithm of the key: 64 bytes.
///
/// Errors: `key_unusable` for a key that is not for signatures.
pub fn sign_input(key: &PrivateJwk, input: &[u8]) -> Result<Vec<u8>> {
    key.public().signature_algorithm()?;
    match key.key() {
        PrivateKey::Ed25519(key) => Ok(key.sign(input).to_vec()),
        #[cfg(feature = "p256")]
        PrivateKey::P256(key) => Ok(key.sign(input).to_vec()),
        PrivateKey::X25519(_) => Err(unusable("use")),
    }
}

/// The type of the key decides which algorithm there is; what the token says can only agree.
#[cfg_attr(
    not(any(feature = "curve25519", feature = "p256")),
    expect(unused_variables, reason = "the host verifies all there is")
)]
fn verify_input(
    key: &Jwk,
    algorithm: SignatureAlgorithm,
    input: &[u8],
    signature: &[u8],
) -> Result<()> {
    let usable = if key.is_signature() { Ok(()) } else { Err(unusable("use")) };
    match (key.public_key(), algorithm) {
        #[cfg(feature = "curve25519")]
        (PublicKey::Ed25519(key), SignatureAlgorithm::EdDsa) => {
            usable.and_then(|()| key.verify(input, signature))
        }
        #[cfg(feature = "p256")]
        (PublicKey::P256(key), SignatureAlgorithm::Es256) => {
            usable.and_then(|()| key.verify(input, signature))
        }
        _ => Err(ErrorCode::AlgorithmNotAllowed.into()),
    }
}

fn header_json(algorithm: SignatureAlgorithm, kid: Option<&str>, typ: &str) -> Result<String> {
    let kid = kid.ok_or(unusable("kid"))?;
    let header = ObjectWriter::new().string("alg", algorithm.as_str()).string("kid", kid);
    Ok(header.string("typ", typ).finish())
}

fn bounded(text: String) -> Result<String> {
    if text.len() > MAX_COMPACT_BYTES { Err(ErrorCode::LimitExceeded.into()) } else { Ok(text) }
}
