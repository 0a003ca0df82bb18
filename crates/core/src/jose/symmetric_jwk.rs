//! Shared keys for HS256 as JWK (RFC 7518 §6.4). They are configured by hand and never come from a key set.

use alloc::string::String;

use zeroize::{Zeroize as _, Zeroizing};

use super::alg::{KeyAlgorithm, KeyUse, SignatureAlgorithm};
use super::jwk::{read_attributes, unusable};
use crate::crypto::MacKey;
use crate::error::{Error, ErrorCode, Result};
use crate::json::{self, Object};
use crate::{base64url, limits};

/// A shared key for HS256, prepared once.
pub struct SymmetricJwk {
    key: MacKey,
    kid: Option<String>,
}

impl SymmetricJwk {
    /// Reads a JWK with `kty` `oct` and a `k` of 32 bytes or more (RFC 7518 §3.2).
    ///
    /// Errors: those of JSON; `claim_invalid` for a member that is missing or of the wrong type; `key_unusable` for another
    /// `kty` or `use` and a `k` that is too short or no base64url; `algorithm_not_allowed` for another `alg`.
    pub fn parse(text: &str) -> Result<Self> {
        let mut members = json::parse_object(text.as_bytes())?;
        let parsed = Self::from_value(&members);
        members.zeroize();
        parsed
    }

    /// As [`Self::parse`], from JSON already read, which remains the caller's to wipe.
    pub fn from_value(members: &Object) -> Result<Self> {
        if members.string("kty")? != "oct" {
            return Err(unusable("kty"));
        }
        let (kid, key_use, algorithm) = read_attributes(members)?;
        if algorithm.is_some_and(|own| own != KeyAlgorithm::Signature(SignatureAlgorithm::Hs256)) {
            return Err(Error::with_detail(ErrorCode::AlgorithmNotAllowed, "alg"));
        }
        if key_use.is_some_and(|own| own != KeyUse::Signature) {
            return Err(unusable("use"));
        }
        let text = members.string("k")?;
        if text.len() > limits::MAX_COMPACT_BYTES {
            return Err(ErrorCode::LimitExceeded.into());
        }
        let secret = Zeroizing::new(base64url::decode_secret_vec(text).map_err(|_| unusable("k"))?);
        if secret.len() < 32 {
            return Err(unusable("k"));
        }
        Ok(Self { key: MacKey::new(&secret), kid: kid.map(String::from) })
    }

    /// The name of the key.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The key itself, for uses of HMAC other than JWS.
    pub const fn mac_key(&self) -> &MacKey {
        &self.key
    }
}
