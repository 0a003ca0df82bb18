//! Private keys as JWK. They have no `Debug`, and are wiped when dropped.

use alloc::string::String;

use zeroize::{Zeroize as _, Zeroizing};

use super::alg::{KeyAlgorithm, SignatureAlgorithm};
use super::jwk::{Jwk, PublicKey, unusable};
use crate::base64url;
#[cfg(feature = "p256")]
use crate::crypto::P256PrivateKey;
use crate::crypto::{Ed25519PrivateKey, X25519PrivateKey};
use crate::error::Result;
use crate::json::{self, Object, ObjectWriter};
use crate::secret::Seed;

pub(crate) enum PrivateKey {
    Ed25519(Ed25519PrivateKey),
    #[cfg(feature = "p256")]
    P256(P256PrivateKey),
    X25519(X25519PrivateKey),
}

/// A private key with its public half.
pub struct PrivateJwk {
    public: Jwk,
    key: PrivateKey,
}

impl PrivateJwk {
    /// Reads a private JWK: as [`Jwk::parse`], and `d` must be the private half of `x` (and `y`), else `key_unusable`.
    ///
    /// The text remains the caller's to wipe.
    pub fn parse(text: &str) -> Result<Self> {
        let mut members = json::parse_object(text.as_bytes())?;
        let parsed = Self::from_value(&members);
        members.zeroize();
        parsed
    }

    /// As [`Self::parse`], from JSON already read, which remains the caller's to wipe.
    pub fn from_value(members: &Object) -> Result<Self> {
        let public = Jwk::from_public_members(members)?;
        let d = base64url::decode_secret(members.string("d")?).map_err(|_| unusable("d"))?;
        let seed = Seed::new(d);
        let key = match public.public_key() {
            PublicKey::Ed25519(_) => PrivateKey::Ed25519(Ed25519PrivateKey::from_seed(&seed)),
            #[cfg(feature = "p256")]
            PublicKey::P256(_) => PrivateKey::P256(P256PrivateKey::from_scalar(seed.bytes())?),
            #[cfg(not(feature = "p256"))]
            PublicKey::P256(_) => return Err(unusable("crv")),
            PublicKey::Host(_) => return Err(unusable("kty")),
            PublicKey::X25519(_) => PrivateKey::X25519(X25519PrivateKey::from_seed(&seed)),
        };
        if *public.public_key() == key.public() {
            Ok(Self { public, key })
        } else {
            Err(unusable("d"))
        }
    }

    /// A new Ed25519 key to sign with.
    pub fn generate_ed25519(kid: &str, seed: Seed) -> Self {
        let key = PrivateKey::Ed25519(Ed25519PrivateKey::from_seed(&seed));
        Self::new(key, kid, KeyAlgorithm::Signature(SignatureAlgorithm::EdDsa))
    }

    /// A new P-256 key to sign with. Errors: `internal`, with a probability below 2⁻²⁵⁶.
    #[cfg(feature = "p256")]
    pub fn generate_p256_signing(kid: &str, seed: Seed) -> Result<Self> {
        let key = PrivateKey::P256(P256PrivateKey::from_seed(&seed)?);
        Ok(Self::new(key, kid, KeyAlgorithm::Signature(SignatureAlgorithm::Es256)))
    }

    /// A new X25519 key to be encrypted to.
    pub fn generate_x25519(kid: &str, seed: Seed) -> Self {
        let key = PrivateKey::X25519(X25519PrivateKey::from_seed(&seed));
        Self::new(key, kid, KeyAlgorithm::EcdhEsA256Kw)
    }

    /// A new P-256 key to be encrypted to. Errors: `internal`, with a probability below 2⁻²⁵⁶.
    #[cfg(feature = "p256")]
    pub fn generate_p256_encryption(kid: &str, seed: Seed) -> Result<Self> {
        let key = PrivateKey::P256(P256PrivateKey::from_seed(&seed)?);
        Ok(Self::new(key, kid, KeyAlgorithm::EcdhEsA256Kw))
    }

    /// The public half.
    pub const fn public(&self) -> &Jwk {
        &self.public
    }

    /// The whole key as JSON, private half included.
    pub fn to_json_secret(&self) -> Zeroizing<String> {
        let seed = match &self.key {
            PrivateKey::Ed25519(key) => key.to_seed(),
            #[cfg(feature = "p256")]
            PrivateKey::P256(key) => key.to_scalar(),
            PrivateKey::X25519(key) => key.to_seed(),
        };
        let d = Zeroizing::new(base64url::encode(seed.bytes()));
        // Room for the longest kid with every character escaped, so that no copy is left behind on growing.
        let room = 512 + 6 * self.public.kid().map_or(0, str::len);
        let out = self.public.write(ObjectWriter::with_capacity(room));
        Zeroizing::new(out.string("d", &d).finish())
    }

    pub(crate) const fn key(&self) -> &PrivateKey {
        &self.key
    }

    fn new(key: PrivateKey, kid: &str, algorithm: KeyAlgorithm) -> Self {
        Self { public: Jwk::new(key.public(), kid, algorithm), key }
    }
}

impl PrivateKey {
    pub(crate) fn public(&self) -> PublicKey {
        match self {
            Self::Ed25519(key) => PublicKey::Ed25519(key.public()),
            #[cfg(feature = "p256")]
            Self::P256(key) => PublicKey::P256(key.public()),
            Self::X25519(key) => PublicKey::X25519(key.public()),
        }
    }
}
