//! Sets of public keys (RFC 7517 §5), as an issuer publishes them. Fetching them is the host's work.

use alloc::string::String;
use alloc::vec::Vec;

use super::alg::KeyAlgorithm;
use super::jwk::{Jwk, unusable};
#[cfg(feature = "prepared-keys")]
use crate::crypto::Ed25519PublicKey;
use crate::error::{Error, ErrorCode, Result};
use crate::json::{self, Object, ObjectWriter, Value};

/// Tables take 220 KB for each key, and the issuer says how many keys there are.
#[cfg(feature = "prepared-keys")]
pub const MAX_PREPARED_KEYS: usize = 4;

/// Public keys, each with a `kid` of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JwkSet(Vec<Jwk>);

impl JwkSet {
    /// Reads a key set. Keys of a type, curve or algorithm that this crate does not have are skipped; every other key needs
    /// a `kid` of its own, a `use` and an `alg`.
    ///
    /// Errors: those of JSON; `claim_invalid` where `keys` is no array of objects; those of [`Jwk::parse`]; `key_unusable`
    /// for a key without one of those members or with a `kid` given twice, and for any private or symmetric key in the
    /// set, which its publisher should hear about.
    pub fn parse(text: &str) -> Result<Self> {
        Self::from_value(&json::parse_object(text.as_bytes())?)
    }

    /// As [`Self::parse`], from JSON already read.
    pub fn from_value(set: &Object) -> Result<Self> {
        let invalid = Error::with_detail(ErrorCode::ClaimInvalid, "keys");
        let Some(Value::Array(elements)) = set.get("keys") else { return Err(invalid) };
        let mut keys = Vec::with_capacity(elements.len());
        for element in elements {
            let Value::Object(members) = element else { return Err(invalid) };
            if members.get("d").is_some() || members.get("k").is_some() {
                return Err(unusable("private"));
            }
            if is_supported(members)? {
                keys.push(Jwk::from_value(members)?);
            }
        }
        check(&keys)?;
        Ok(Self(keys))
    }

    /// Makes a set of keys that are known to have a `kid` of their own, a `use` and an `alg`.
    pub const fn from_keys(keys: Vec<Jwk>) -> Self {
        Self(keys)
    }

    /// Makes tables with which EdDSA verifies two to three times as fast, for the first [`MAX_PREPARED_KEYS`] of the keys that
    /// can have them. Worth its while from some twenty verifications on.
    #[cfg(feature = "prepared-keys")]
    pub fn prepare(&mut self) {
        let keys = self.0.iter_mut().filter_map(Jwk::ed25519_mut);
        Ed25519PublicKey::prepare(keys.take(MAX_PREPARED_KEYS));
    }

    /// The key of that name.
    pub fn find(&self, kid: &str) -> Option<&Jwk> {
        self.0.iter().find(|key| key.kid() == Some(kid))
    }

    /// The keys in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Jwk> {
        self.0.iter()
    }

    /// The number of keys.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The set as JSON.
    pub fn to_json(&self) -> String {
        let mut keys = String::from("[");
        for (i, key) in self.iter().enumerate() {
            if i > 0 {
                keys.push(',');
            }
            keys.push_str(&key.to_json());
        }
        keys.push(']');
        ObjectWriter::new().raw("keys", &keys).finish()
    }
}

fn check(keys: &[Jwk]) -> Result<()> {
    for (i, key) in keys.iter().enumerate() {
        let kid = key.kid().ok_or(unusable("kid"))?;
        if keys.iter().take(i).any(|other| other.kid() == Some(kid)) {
            return Err(unusable("kid"));
        }
        key.key_use().ok_or(unusable("use"))?;
        key.algorithm().ok_or(unusable("alg"))?;
    }
    Ok(())
}

/// Whether the crate has the key's type, curve and algorithm. One that says nothing about its algorithm is not skipped but
/// refused later.
fn is_supported(members: &Object) -> Result<bool> {
    let known_curve = match members.string("kty")? {
        "EC" => members.string("crv")? == "P-256",
        "OKP" => matches!(members.string("crv")?, "Ed25519" | "X25519"),
        "oct" => return Err(unusable("kty")),
        _ => false,
    };
    let algorithm = members.optional_string("alg")?;
    Ok(known_curve && algorithm.is_none_or(|name| KeyAlgorithm::from_name(name).is_some()))
}
