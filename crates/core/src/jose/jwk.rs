//! Public keys as JWK (RFC 7517, RFC 7518 §6.2, RFC 8037 §2) and their thumbprints (RFC 7638).

use alloc::string::String;

use super::alg::{KeyAlgorithm, KeyUse, SignatureAlgorithm};
use super::host_key::HostKey;
use crate::base64url;
use crate::crypto::{self, Ed25519PublicKey, P256PublicKey, X25519PublicKey};
use crate::error::{Error, ErrorCode, Result};
use crate::json::{self, Object, ObjectWriter, Value};
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
    /// Signs by an algorithm that only the host has.
    Host(HostKey),
}

impl PublicKey {
    /// Reads `kty` and the members that make up such a key; `claim_invalid` or a refusal of base64url or of the key for what
    /// is wrong.
    pub(crate) fn from_members(members: &Object) -> Result<Self> {
        Self::from_members_with(members, Ed25519PublicKey::from_bytes)
    }

    fn from_members_with(
        members: &Object,
        ed25519: fn(&[u8; 32]) -> Result<Ed25519PublicKey>,
    ) -> Result<Self> {
        let kty = members.string("kty")?;
        if let Some(key) = HostKey::from_members(kty, members)? {
            return Ok(Self::Host(key));
        }
        let coordinate = |name| base64url::decode_array(members.string(name)?);
        match (kty, members.string("crv")?) {
            ("EC", "P-256") => {
                let key = P256PublicKey::from_coordinates(&coordinate("x")?, &coordinate("y")?)?;
                Ok(Self::P256(key))
            }
            // A second coordinate is none of these keys' members, and must not be a way to write one key in many ways.
            ("OKP", _) if members.get("y").is_some() => Err(unusable("y")),
            ("OKP", "Ed25519") => ed25519(&coordinate("x")?).map(Self::Ed25519),
            ("OKP", "X25519") => Ok(Self::X25519(X25519PublicKey::from_bytes(&coordinate("x")?))),
            ("EC" | "OKP", _) => Err(unusable("crv")),
            _ => Err(unusable("kty")),
        }
    }

    /// Adds the members that make up the key, in the order of their names (RFC 7638 §3).
    pub(crate) fn write(&self, out: ObjectWriter) -> ObjectWriter {
        let (kty, crv, x, y) = match self {
            Self::Ed25519(key) => ("OKP", "Ed25519", base64url::encode(&key.to_bytes()), None),
            Self::X25519(key) => ("OKP", "X25519", base64url::encode(&key.to_bytes()), None),
            Self::P256(key) => {
                let (x, y) = key.to_coordinates();
                ("EC", "P-256", base64url::encode(&x), Some(base64url::encode(&y)))
            }
            Self::Host(key) => return key.write(out),
        };
        out.string("crv", crv).string("kty", kty).string("x", &x).optional_string("y", y.as_deref())
    }

    const fn serves(&self, algorithm: KeyAlgorithm) -> bool {
        use SignatureAlgorithm::{EdDsa, Es256};
        match (self, algorithm) {
            (Self::Host(key), KeyAlgorithm::Signature(algorithm)) => key.serves(algorithm),
            (Self::Ed25519(_), KeyAlgorithm::Signature(EdDsa))
            | (Self::P256(_), KeyAlgorithm::Signature(Es256) | KeyAlgorithm::EcdhEsA256Kw)
            | (Self::X25519(_), KeyAlgorithm::EcdhEsA256Kw) => true,
            _ => false,
        }
    }

    const fn can(&self, key_use: KeyUse) -> bool {
        match self {
            Self::Ed25519(_) | Self::Host(_) => matches!(key_use, KeyUse::Signature),
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
        refuse_private(members)?;
        Self::from_public_members(members)
    }

    /// As [`Self::from_value`] for a key that is used once, and maybe by the host: of one for Ed25519, whether it is a point
    /// at all shows when it is used.
    pub(crate) fn from_value_for_one_use(members: &Object) -> Result<Self> {
        refuse_private(members)?;
        let key = PublicKey::from_members_with(members, Ed25519PublicKey::from_encoding)?;
        Self::with_attributes(key, members)
    }

    /// Reads the public half of any JWK.
    pub(crate) fn from_public_members(members: &Object) -> Result<Self> {
        Self::with_attributes(PublicKey::from_members(members)?, members)
    }

    fn with_attributes(key: PublicKey, members: &Object) -> Result<Self> {
        let (kid, key_use, algorithm) = read_attributes(members)?;
        if algorithm.is_some_and(|algorithm| !key.serves(algorithm)) {
            return Err(Error::with_detail(ErrorCode::AlgorithmNotAllowed, "alg"));
        }
        if key_use.is_some_and(|key_use| !key.can(key_use)) {
            return Err(unusable("use"));
        }
        Ok(Self { key, kid: kid.map(String::from), key_use, algorithm })
    }

    /// The public half of a key to sign with that is known to no set, and so has no `kid`: one for proofs.
    pub const fn for_proofs(key: Ed25519PublicKey) -> Self {
        Self { key: PublicKey::Ed25519(key), kid: None, key_use: None, algorithm: None }
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

    /// The algorithm of signatures by this key, which its type decides, or for RSA its `alg`.
    ///
    /// Errors: `key_unusable` for a key that is not for signatures, and for RSA without `alg`.
    pub fn signature_algorithm(&self) -> Result<SignatureAlgorithm> {
        match (&self.key, self.algorithm) {
            _ if !self.is_signature() => Err(unusable("use")),
            (PublicKey::Ed25519(_), _) => Ok(SignatureAlgorithm::EdDsa),
            (PublicKey::P256(_), _) => Ok(SignatureAlgorithm::Es256),
            (PublicKey::X25519(_), _) => Err(unusable("use")),
            (PublicKey::Host(_), Some(KeyAlgorithm::Signature(algorithm))) => Ok(algorithm),
            (PublicKey::Host(key), _) => key.only_algorithm().ok_or(unusable("alg")),
        }
    }

    /// Whether signatures by that algorithm may be verified with it: its type, `use` and `alg` allow it.
    pub fn verifies(&self, algorithm: SignatureAlgorithm) -> bool {
        let algorithm = KeyAlgorithm::Signature(algorithm);
        self.is_signature()
            && self.key.serves(algorithm)
            && self.algorithm.is_none_or(|own| own == algorithm)
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

    /// The key as JSON with the members that make it up and no others, `crv kty x y` or `e kty n`: what the thumbprint is
    /// over, and what a DPoP proof carries.
    pub fn required_members_json(&self) -> String {
        self.key.write(ObjectWriter::new()).finish()
    }

    /// The key as JSON: the members that make it up, and `kid use alg` as far as they are there.
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

/// Refuses what somebody should not have given away, of whatever type it is (RFC 7518 §6).
pub(crate) fn refuse_private(members: &Object) -> Result<()> {
    const PRIVATE: [&str; 8] = ["d", "k", "p", "q", "dp", "dq", "qi", "oth"];
    if PRIVATE.iter().any(|name| members.get(name).is_some()) {
        return Err(unusable("private"));
    }
    Ok(())
}

type Attributes<'a> = (Option<&'a str>, Option<KeyUse>, Option<KeyAlgorithm>);

/// Reads `kid`, `use`, `key_ops` and `alg`, and sees that the last three agree.
pub(super) fn read_attributes(members: &Object) -> Result<Attributes<'_>> {
    let kid = members.optional_string("kid")?;
    if kid.is_some_and(|kid| kid.is_empty() || kid.len() > MAX_KID_BYTES) {
        return Err(Error::with_detail(ErrorCode::ClaimInvalid, "kid"));
    }
    let key_use = match (members.optional_string("use")?, use_of_operations(members)?) {
        (Some(name), operations) => {
            let named = KeyUse::from_name(name).ok_or(unusable("use"))?;
            if operations.is_some_and(|operations| operations != named) {
                return Err(unusable("key_ops"));
            }
            Some(named)
        }
        (None, operations) => operations,
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

/// What `key_ops` leaves a key to be for (RFC 7517 §4.3): signatures if it names one of their operations. Public keys for
/// key agreement have none.
fn use_of_operations(members: &Object) -> Result<Option<KeyUse>> {
    let Some(operations) = members.get("key_ops") else { return Ok(None) };
    let Value::Array(operations) = operations else { return Err(unusable("key_ops")) };
    let signs = operations.iter().any(|it| matches!(it.as_str(), Some("sign" | "verify")));
    Ok(Some(if signs { KeyUse::Signature } else { KeyUse::Encryption }))
}

pub(crate) const fn unusable(detail: &'static str) -> Error {
    Error::with_detail(ErrorCode::KeyUnusable, detail)
}
