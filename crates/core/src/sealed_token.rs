//! A visit token sealed to the edge, so that nobody on the way can read it. Both sides: whoever hands the token out seals
//! it, the edge unseals it with keys that rotate. Sealing tells nothing about the sender: the token inside is verified next.

use alloc::borrow::ToOwned as _;
use alloc::string::String;

use zeroize::Zeroize as _;

use crate::base64url;
use crate::crypto::{X25519PrivateKey, X25519PublicKey};
use crate::error::{ErrorCode, Result};
use crate::jose::jwk::unusable;
use crate::jose::{Jwe, Jwk, PublicKey, jwe};
use crate::json::{self, Object, ObjectWriter};
use crate::keyring::Ring;
use crate::secret::{ContentKey, Seed};
use crate::time::UnixSeconds;

/// The JOSE type of a sealed visit token.
pub const TYP: &str = "lp-vt+jwe";
/// Its `cty`.
pub const CTY: &str = "JWT";

/// The randomness of one sealing.
pub struct SealEntropy {
    /// Becomes the content key.
    pub content_key: Seed,
    /// The ephemeral key of ECDH-ES.
    pub ephemeral: Seed,
    /// The IV.
    pub iv: [u8; 12],
}

/// Seals a token to a public key of the edge.
///
/// Errors: `key_unusable`, `limit_exceeded`.
pub fn seal(token: &str, to: &Jwk, entropy: SealEntropy) -> Result<String> {
    let content_key = ContentKey::from_seed(entropy.content_key);
    jwe::seal(to, TYP, CTY, &content_key, entropy.ephemeral, entropy.iv, token.as_bytes())
}

/// The edge's keys, each with the time in which it serves.
pub struct UnsealKeys(Ring<UnsealKey>);

struct UnsealKey {
    public: Jwk,
    /// For X25519. Of a P-256 key the host holds the private half, and agrees faster.
    held: Option<X25519PrivateKey>,
}

impl UnsealKey {
    fn from_value(members: &Object) -> Result<Self> {
        let public = Jwk::from_public_members(members)?;
        let held = match public.public_key() {
            PublicKey::X25519(key) => Some(private_half(key, members.string("d")?)?),
            // Whether it belongs to the point is for the host to say.
            _ => secret(members.string("d")?).map(|_| None)?,
        };
        Ok(Self { public, held })
    }
}

fn private_half(public: &X25519PublicKey, d: &str) -> Result<X25519PrivateKey> {
    let key = X25519PrivateKey::from_seed(&secret(d)?);
    if key.public() == *public { Ok(key) } else { Err(unusable("d")) }
}

fn secret(d: &str) -> Result<Seed> {
    base64url::decode_secret(d).map(Seed::new).map_err(|_| unusable("d"))
}

/// How far unsealing comes without the host.
pub enum Unsealing<'t> {
    /// To the key of the envelope.
    Agreed(Envelope<'t>),
    /// To the agreement of keys.
    AskHost(PendingUnseal<'t>),
}

/// A sealed token with the key that opens it.
pub struct Envelope<'t> {
    jwe: Jwe<'t>,
    key: ContentKey,
}

impl Envelope<'_> {
    /// The token inside. Nothing of it has been verified.
    ///
    /// Errors: `decryption_failed`, `malformed` for what is no text.
    pub fn open(&self) -> Result<String> {
        let opened = self.jwe.open_wrapped(&self.key)?;
        let text = core::str::from_utf8(&opened.plaintext).map_err(|_| ErrorCode::Malformed)?;
        Ok(text.to_owned())
    }

    /// The key that wraps the content key (A256KW), for hosts that decrypt with a cryptography of their own.
    pub const fn key_encryption_key(&self) -> &ContentKey {
        &self.key
    }
}

/// A sealed token for which the host has to make the secret of one of its keys and the ephemeral one.
pub struct PendingUnseal<'t> {
    jwe: Jwe<'t>,
    ephemeral: String,
}

impl<'t> PendingUnseal<'t> {
    /// The name of the host's key.
    pub fn kid(&self) -> &str {
        self.jwe.kid()
    }

    /// The other key, as a public JWK.
    pub fn ephemeral_json(&self) -> &str {
        &self.ephemeral
    }

    /// Goes on with the secret: the x coordinate of the common point, 32 bytes.
    ///
    /// Errors: `decryption_failed`.
    pub fn resolve(self, agreed: &[u8]) -> Result<Envelope<'t>> {
        let agreed = agreed.try_into().map_err(|_| ErrorCode::DecryptionFailed)?;
        Ok(Envelope { jwe: self.jwe, key: jwe::key_encryption_key(agreed) })
    }
}

impl UnsealKeys {
    /// Reads an array of `{"key": <private JWK>, "activeFromSeconds"?, "retireAtSeconds"?}`, each key with `kid`, `use` and
    /// `alg`. Of P-256 keys the private half is not kept: it is the host's.
    ///
    /// Errors: `malformed`, `claim_invalid`, `key_unusable`, `algorithm_not_allowed`.
    pub fn parse(text: &str) -> Result<Self> {
        let mut items = json::parse(text.as_bytes())?;
        let ring = Ring::read(Some(&items), UnsealKey::from_value);
        items.zeroize();
        let ring = ring?;
        ring.check(|key| &key.public, Jwk::is_encryption)?;
        Ok(Self(ring))
    }

    /// Begins to unseal a token.
    ///
    /// Errors: those of [`Jwe::parse`]; `type_mismatch`; `unknown_key` for a key that is not in the ring or is retired;
    /// `algorithm_not_allowed` for `dir`; `key_unusable` for an ephemeral key that is none, on another curve, or forces the
    /// result.
    pub fn begin<'t>(&self, text: &'t str, now: UnixSeconds) -> Result<Unsealing<'t>> {
        let jwe = Jwe::parse(text)?;
        if jwe.typ() != TYP || jwe.cty() != CTY {
            return Err(ErrorCode::TypeMismatch.into());
        }
        let mut keys = self.0.unretired(now);
        let key = keys.find(|key| key.public.kid() == Some(jwe.kid()));
        let key = key.ok_or(ErrorCode::UnknownKey)?;
        match (jwe.ephemeral().ok_or(ErrorCode::AlgorithmNotAllowed)?, &key.held) {
            (PublicKey::X25519(ephemeral), Some(held)) => {
                let key = jwe::key_encryption_key(&*held.diffie_hellman(ephemeral)?);
                Ok(Unsealing::Agreed(Envelope { jwe, key }))
            }
            (ephemeral @ PublicKey::P256(_), None) => {
                let ephemeral = ephemeral.write(ObjectWriter::new()).finish();
                Ok(Unsealing::AskHost(PendingUnseal { jwe, ephemeral }))
            }
            _ => Err(unusable("epk")),
        }
    }
}
