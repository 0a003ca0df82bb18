//! Sets of public keys (RFC 7517 §5), as an issuer publishes them. Fetching them is the host's work.

use alloc::string::String;
use alloc::vec::Vec;

use super::alg::{AlgorithmSet, KeyAlgorithm, SignatureAlgorithm};
use super::host_key::HostKey;
use super::jwk::{Jwk, refuse_private, unusable};
#[cfg(feature = "prepared-keys")]
use crate::crypto::Ed25519PublicKey;
use crate::error::{Error, ErrorCode, Result};
use crate::json::{self, Object, ObjectWriter, Value};

/// Tables take 220 KB for each key, and the issuer says how many keys there are.
#[cfg(feature = "prepared-keys")]
pub const MAX_PREPARED_KEYS: usize = 4;

/// Public keys; those of our own issuers have a `kid` each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JwkSet(Vec<Jwk>);

impl JwkSet {
    /// Reads a key set. Keys of a type, curve or algorithm that this crate does not have are skipped, and so are those for
    /// the host's cryptography that are incomplete or unusable: the protocol has no such keys. Every other key needs a
    /// `kid` of its own, a `use` and an `alg`.
    ///
    /// Errors: those of JSON; `claim_invalid` where `keys` is no array of objects; those of [`Jwk::parse`]; `key_unusable`
    /// for a key without one of those members or with a `kid` given twice, and for any private or symmetric key in the
    /// set, which its publisher should hear about.
    pub fn parse(text: &str) -> Result<Self> {
        Self::from_value(&json::parse_object(text.as_bytes())?)
    }

    /// As [`Self::parse`], from JSON already read.
    pub fn from_value(set: &Object) -> Result<Self> {
        let mut keys = Vec::new();
        for members in public_members(set)? {
            let members = members?;
            if is_supported(members)? {
                keys.push(Jwk::from_value(members)?);
            } else if is_for_host(members)? {
                keys.extend(Jwk::from_value(members).ok().filter(is_complete));
            }
        }
        check(&keys)?;
        Ok(Self(keys))
    }

    /// Reads the key set of an issuer that was not made for this protocol, for verifying by `algorithms` alone: `kid`, `use`
    /// and `alg` may be missing, and keys that are unusable or for anything else are left out, so that they cannot spoil
    /// the others.
    ///
    /// Errors: those of JSON; `claim_invalid` where `keys` is no array of objects; `key_unusable` for any private or
    /// symmetric key in the set.
    pub fn parse_foreign(text: &str, algorithms: AlgorithmSet) -> Result<Self> {
        let set = json::parse_object(text.as_bytes())?;
        let mut keys = Vec::new();
        for members in public_members(&set)? {
            let members = members?;
            if members.optional_string("kty")? == Some("oct") {
                return Err(unusable("kty"));
            }
            let usable = |key: &Jwk| {
                SignatureAlgorithm::ALL
                    .iter()
                    .any(|&algorithm| algorithms.contains(algorithm) && key.verifies(algorithm))
            };
            keys.extend(Jwk::from_value(members).ok().filter(usable));
        }
        Ok(Self(keys))
    }

    /// Makes a set of keys that are known to have a `kid` of their own, a `use` and an `alg`.
    pub const fn from_keys(keys: Vec<Jwk>) -> Self {
        Self(keys)
    }

    /// Makes tables with which EdDSA verifies two to three times as fast, for the first [`MAX_PREPARED_KEYS`] of the keys that
    /// can have them. Worth its while from some twenty verifications on, for the
    /// first key of all from some sixty.
    #[cfg(feature = "prepared-keys")]
    pub fn prepare(&mut self) {
        let keys = self.0.iter_mut().filter_map(Jwk::ed25519_mut);
        Ed25519PublicKey::prepare(keys.take(MAX_PREPARED_KEYS));
    }

    /// The one key of that name, or of any name, that verifies by `algorithm`.
    ///
    /// Errors: `key_not_found` where there is none of that name or a choice is left, `algorithm_not_allowed` where there is
    /// one of that name and it is for another algorithm.
    pub fn select(&self, kid: Option<&str>, algorithm: SignatureAlgorithm) -> Result<&Jwk> {
        let named = || self.iter().filter(|key| kid.is_none() || key.kid() == kid);
        let mut fitting = named().filter(|key| key.verifies(algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => Ok(only),
            (None, _) if named().next().is_some() => Err(ErrorCode::AlgorithmNotAllowed.into()),
            _ => Err(ErrorCode::KeyNotFound.into()),
        }
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

type Members<'a> = Result<&'a Object>;

/// The members of each key, none of which is private.
fn public_members(set: &Object) -> Result<impl Iterator<Item = Members<'_>>> {
    let invalid = Error::with_detail(ErrorCode::ClaimInvalid, "keys");
    let Some(Value::Array(elements)) = set.get("keys") else { return Err(invalid) };
    Ok(elements.iter().map(move |element| {
        let Value::Object(members) = element else { return Err(invalid) };
        refuse_private(members).map(|()| members)
    }))
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

fn is_for_host(members: &Object) -> Result<bool> {
    Ok(HostKey::is_known(members.string("kty")?, members.optional_string("crv")?))
}

fn is_complete(key: &Jwk) -> bool {
    key.kid().is_some() && key.key_use().is_some() && key.algorithm().is_some()
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
