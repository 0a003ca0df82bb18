//! Public keys as JWK (RFC 7517, RFC 7518 §6.2, RFC 8037 §2) and their thumbprints (RFC 7638).

use alloc::string::String;

use super::alg::{KeyAlgorithm, KeyUse, SignatureAlgorithm};
use crate::base64url;
use crate::crypto::{self, Ed25519PublicKey, P256PublicKey, X25519PublicKey};
use crate::error::{Error, ErrorCode, Result};
use crate::json::{self, Object, ObjectWriter};
use crate::limits::MAX_KID_BYTES;

/// A public key, read and checked.
#[derive(Clone, Debug, PartialEq)]
pub enum PublicKey {
    /// Signs by EdDSA.
    Ed25519(Ed25519PublicKey),
    /// Signs by ES256, or serves ECDH-ES+A256KW.
    P256(P256PublicKey),
    /// Serves ECDH-ES+A256KW.
    X25519(X25519PublicKey),
}

impl PublicKey {
    /// Reads `kty`, `crv`, `x` and `y`; `claim_invalid` or a refusal of base64url or of the key for what is wrong.
    pub(crate) fn from_members(members: &Object) -> Result<Self> {
        let coordinate = |name| base64url::decode_array(members.string(name)?);
        match (members.string("kty")?, members.string("crv")?) {
            ("EC", "P-256") => {
                let key = P256PublicKey::from_coordinates(&coordinate("x")?, &coordinate("y")?)?;
                Ok(Self::P256(key))
            }
            // A second coordinate is none of these keys' members, and must not be a way to write one key in many ways.
            ("OKP", _) if members.get("y").is_some() => Err(unusable("y")),
            ("OKP", "Ed25519") => {
                Ed25519PublicKey::from_bytes(&coordinate("x")?).map(Self::Ed25519)
            }
            ("OKP", "X25519") => Ok(Self::X25519(X25519PublicKey::from_bytes(&coordinate("x")?))),
            ("EC" | "OKP", _) => Err(unusable("crv")),
            _ => Err(unusable("kty")),
        }
    }

    /// Adds `kty`, `crv`, `x` and `y`.
    pub(crate) fn write(&self, out: ObjectWriter) -> ObjectWriter {
        let (kty, crv, x, y) = self.text_members();
        out.string("kty", kty).string("crv", crv).string("x", &x).optional_string("y", y.as_deref())
    }

    /// The required members in the order of their names (RFC 7638 §3).
    fn required_members_json(&self) -> String {
        let (kty, crv, x, y) = self.text_members();
        ObjectWriter::new()
            .string("crv", crv)
            .string("kty", kty)
            .string("x", &x)
            .optional_string("y", y.as_deref())
            .finish()
    }

    fn text_members(&self) -> (&'static str, &'static str, String, Option<String>) {
        match self {
            Self::Ed25519(key) => ("OKP", "Ed25519", base64url::encode(&key.to_bytes()), None),
            Self::X25519(key) => ("OKP", "X25519", base64url::encode(&key.to_bytes()), None),
            Self::P256(key) => {
                let (x, y) = key.to_coordinates();
                ("EC", "P-256", base64url::encode(&x), Some(base64url::encode(&y)))
            }
        }
    }

    const fn serves(&self, algorithm: KeyAlgorithm) -> bool {
        use SignatureAlgorithm::{EdDsa, Es256};
        matches!(
            (self, algorithm),
            (Self::Ed25519(_), KeyAlgorithm::Signature(EdDsa))
                | (Self::P256(_), KeyAlgorithm::Signature(Es256) | KeyAlgorithm::EcdhEsA256Kw)
                | (Self::X25519(_), KeyAlgorithm::EcdhEsA256Kw)
        )
    }

    const fn can(&self, key_use: KeyUse) -> bool {
        match self {
            Self::Ed25519(_) => matches!(key_use, KeyUse::Signature),
            Self::P256(_) => true,
            Self::X25519(_) => matches!(key_use, KeyUse::Encryption),
        }
    }
}

/// A public key with what it says about itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Jwk {
    key: PublicKey,
    kid: Option<String>,
    key_use: Option<KeyUse>,
    algorithm: Option<KeyAlgorithm>,
}

impl Jwk {
    /// Reads a public JWK. Members that it does not need are ignored.
    ///
    /// Errors: those of JSON and base64url; `claim_invalid` for a member that is missing or of the wrong type; `key_unusable`
    /// for a type or curve that is not supported, a bad point, a `use` that does not fit the key, and a private key (which
    /// has no business where a public one is expected); `algorithm_not_allowed` for an `alg` that does not fit.
    pub fn parse(text: &str) -> Result<Self> {
        Self::from_value(&json::parse_object(text.as_bytes())?)
    }

    /// As [`Self::parse`], from JSON already read.
    pub fn from_value(members: &Object) -> Result<Self> {
        for private in ["d", "k"] {
            if members.get(private).is_some() {
                return Err(unusable("private"));
            }
        }
        Self::from_public_members(members)
    }

    /// Reads the public half of any JWK.
    pub(crate) fn from_public_members(members: &Object) -> Result<Self> {
        let key = PublicKey::from_members(members)?;
        let (kid, key_use, algorithm) = read_attributes(members)?;
        if algorithm.is_some_and(|algorithm| !key.serves(algorithm)) {
            return Err(Error::with_detail(ErrorCode::AlgorithmNotAllowed, "alg"));
        }
        if key_use.is_some_and(|key_use| !key.can(key_use)) {
            return Err(unusable("use"));
        }
        Ok(Self { key, kid: kid.map(String::from), key_use, algorithm })
    }

    pub(crate) fn new(key: PublicKey, kid: &str, algorithm: KeyAlgorithm) -> Self {
        let key_use = Some(algorithm.key_use());
        Self { key, kid: Some(String::from(kid)), key_use, algorithm: Some(algorithm) }
    }

    /// The name of the key.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// What the key says that it is for.
    pub const fn key_use(&self) -> Option<KeyUse> {
        self.key_use
    }

    /// The algorithm that the key says that it is for.
    pub const fn algorithm(&self) -> Option<KeyAlgorithm> {
        self.algorithm
    }

    /// The algorithm of signatures by this key, which its type decides.
    ///
    /// Errors: `key_unusable` for a key that is not for signatures.
    pub fn signature_algorithm(&self) -> Result<SignatureAlgorithm> {
        match self.key {
            _ if !self.is_signature() => Err(unusable("use")),
            PublicKey::Ed25519(_) => Ok(SignatureAlgorithm::EdDsa),
            PublicKey::P256(_) => Ok(SignatureAlgorithm::Es256),
            PublicKey::X25519(_) => Err(unusable("use")),
        }
    }

    /// The key itself.
    pub const fn public_key(&self) -> &PublicKey {
        &self.key
    }

    #[cfg(feature = "prepared-keys")]
    pub(super) const fn ed25519_mut(&mut self) -> Option<&mut Ed25519PublicKey> {
        match &mut self.key {
            PublicKey::Ed25519(key) => Some(key),
            _ => None,
        }
    }

    /// Whether signatures may be verified with it. A P-256 key that does not say what it is for may do either.
    pub fn is_signature(&self) -> bool {
        self.is_for(KeyUse::Signature)
    }

    /// Whether it may be encrypted to.
    pub fn is_encryption(&self) -> bool {
        self.is_for(KeyUse::Encryption)
    }

    /// The RFC 7638 thumbprint: SHA-256, in base64url.
    pub fn thumbprint(&self) -> String {
        base64url::encode(&crypto::sha256(self.required_members_json().as_bytes()))
    }

    /// The key as JSON with the members that make it up and no others, `crv kty x y`: what the thumbprint is over, and what
    /// a DPoP proof carries.
    pub fn required_members_json(&self) -> String {
        self.key.required_members_json()
    }

    /// The key as JSON, with the members `kty crv x y kid use alg` as far as they are there.
    pub fn to_json(&self) -> String {
        self.write(ObjectWriter::new()).finish()
    }

    pub(crate) fn write(&self, out: ObjectWriter) -> ObjectWriter {
        self.key
            .write(out)
            .optional_string("kid", self.kid())
            .optional_string("use", self.key_use.map(KeyUse::as_str))
            .optional_string("alg", self.algorithm.map(KeyAlgorithm::as_str))
    }

    fn is_for(&self, key_use: KeyUse) -> bool {
        self.key.can(key_use)
            && self.key_use.is_none_or(|own| own == key_use)
            && self.algorithm.is_none_or(|own| own.key_use() == key_use)
    }
}

type Attributes<'a> = (Option<&'a str>, Option<KeyUse>, Option<KeyAlgorithm>);

/// Reads `kid`, `use` and `alg`, and sees that the last two agree.
pub(super) fn read_attributes(members: &Object) -> Result<Attributes<'_>> {
    let kid = members.optional_string("kid")?;
    if kid.is_some_and(|kid| kid.is_empty() || kid.len() > MAX_KID_BYTES) {
        return Err(Error::with_detail(ErrorCode::ClaimInvalid, "kid"));
    }
    let key_use = match members.optional_string("use")? {
        Some(name) => Some(KeyUse::from_name(name).ok_or(unusable("use"))?),
        None => None,
    };
    let algorithm = match members.optional_string("alg")? {
        Some(name) => Some(
            KeyAlgorithm::from_name(name)
                .ok_or(Error::with_detail(ErrorCode::AlgorithmNotAllowed, "alg"))?,
        ),
        None => None,
    };
    match (key_use, algorithm) {
        (Some(key_use), Some(algorithm)) if algorithm.key_use() != key_use => Err(unusable("use")),
        _ => Ok((kid, key_use, algorithm)),
    }
}

pub(super) const fn unusable(detail: &'static str) -> Error {
    Error::with_detail(ErrorCode::KeyUnusable, detail)
}
