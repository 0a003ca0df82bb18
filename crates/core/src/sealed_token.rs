//! A visit token sealed to the edge, so that nobody on the way can read it. Both sides: whoever hands the token out seals
//! it, the edge unseals it with keys that rotate. Sealing tells nothing about the sender: the token inside is verified next.

use alloc::borrow::ToOwned as _;
use alloc::string::String;

use zeroize::Zeroize as _;

use crate::error::{Error, ErrorCode, Result};
use crate::jose::{Jwe, Jwk, Opened, PrivateJwk, PublicKey, jwe};
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

#[expect(clippy::large_enum_variant, reason = "a ring has a few keys")]
enum UnsealKey {
    /// X25519: agreed here.
    Held(PrivateJwk),
    /// P-256: the host holds the private half, and agrees faster.
    AtHost(Jwk),
}

impl UnsealKey {
    fn from_value(members: &Object) -> Result<Self> {
        let public = Jwk::from_public_members(members)?;
        match public.public_key() {
            PublicKey::P256(_) => Ok(Self::AtHost(public)),
            _ => PrivateJwk::from_value(members).map(Self::Held),
        }
    }

    const fn public(&self) -> &Jwk {
        match self {
            Self::Held(key) => key.public(),
            Self::AtHost(key) => key,
        }
    }
}

/// How far unsealing comes without the host.
#[expect(clippy::large_enum_variant, reason = "lives as long as one token is being opened")]
pub enum Unsealing<'t> {
    /// To the token. Nothing of it has been verified.
    Done(String),
    /// To the agreement of keys.
    AskHost(PendingUnseal<'t>),
}

/// A sealed token for which the host has to make the secret of one of its keys and the ephemeral one.
pub struct PendingUnseal<'t> {
    jwe: Jwe<'t>,
    ephemeral: String,
}

impl PendingUnseal<'_> {
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
    pub fn resolve(self, agreed: &[u8]) -> Result<String> {
        let agreed = agreed.try_into().map_err(|_| ErrorCode::DecryptionFailed)?;
        token_in(self.jwe.open_agreed(agreed)?)
    }
}

impl UnsealKeys {
    /// Reads an array of `{"key": <private JWK>, "activeFromSeconds"?, "retireAtSeconds"?}`, each key with `kid`, `use` and
    /// `alg`. Of P-256 keys the private half is not read: it is the host's.
    ///
    /// Errors: `malformed`, `claim_invalid`, `key_unusable`, `algorithm_not_allowed`.
    pub fn parse(text: &str) -> Result<Self> {
        let mut items = json::parse(text.as_bytes())?;
        let ring = Ring::read(Some(&items), UnsealKey::from_value);
        items.zeroize();
        let ring = ring?;
        ring.check(UnsealKey::public, Jwk::is_encryption)?;
        Ok(Self(ring))
    }

    /// Unseals a token, as far as that goes without the host.
    ///
    /// Errors: those of [`Jwe::parse`]; `type_mismatch`; `unknown_key` for a key that is not in the ring or is retired;
    /// `algorithm_not_allowed` for `dir`; `key_unusable` for an ephemeral key that is none, or on another curve;
    /// `decryption_failed`.
    pub fn begin<'t>(&self, text: &'t str, now: UnixSeconds) -> Result<Unsealing<'t>> {
        let jwe = Jwe::parse(text)?;
        if jwe.typ() != TYP || jwe.cty() != CTY {
            return Err(ErrorCode::TypeMismatch.into());
        }
        let mut keys = self.0.unretired(now);
        let key = keys.find(|key| key.public().kid() == Some(jwe.kid()));
        match key.ok_or(ErrorCode::UnknownKey)? {
            UnsealKey::Held(key) => token_in(jwe.open(key)?).map(Unsealing::Done),
            UnsealKey::AtHost(_) => match jwe.ephemeral() {
                Some(key @ PublicKey::P256(_)) => {
                    let ephemeral = key.write(ObjectWriter::new()).finish();
                    Ok(Unsealing::AskHost(PendingUnseal { jwe, ephemeral }))
                }
                Some(_) => Err(Error::with_detail(ErrorCode::KeyUnusable, "epk")),
                None => Err(ErrorCode::AlgorithmNotAllowed.into()),
            },
        }
    }
}

fn token_in(opened: Opened) -> Result<String> {
    let text = core::str::from_utf8(&opened.plaintext).map_err(|_| ErrorCode::Malformed)?;
    Ok(text.to_owned())
}
