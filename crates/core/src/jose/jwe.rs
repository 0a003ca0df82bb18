//! Compact JWE (RFC 7516) by ECDH-ES+A256KW or `dir`, always with A256GCM. The content key can be had and chosen, since it
//! is the visit's random number.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::alg::{A256GCM, DIR, ECDH_ES_A256KW};
use super::header::split_compact;
use super::jwk::{Jwk, PublicKey, unusable};
use super::private_jwk::{PrivateJwk, PrivateKey};
use crate::base64url;
#[cfg(feature = "p256")]
use crate::crypto::P256PrivateKey;
#[cfg(feature = "curve25519")]
use crate::crypto::X25519PrivateKey;
use crate::crypto::{
    concat_kdf, constant_time_eq, open_in_place, seal_in_place, unwrap_key, wrap_key,
};
use crate::error::{Error, ErrorCode, Result};
use crate::json::{Object, ObjectWriter, Reader, Value};
use crate::limits::MAX_COMPACT_BYTES;
use crate::secret::{ContentKey, Seed};

/// A JWE that is well formed and canonical, and not decrypted.
pub struct Jwe<'a> {
    /// The first part of the text: the additional authenticated data.
    protected: &'a str,
    kid: String,
    typ: String,
    cty: String,
    key_part: KeyPart,
    iv: [u8; 12],
    ciphertext: Vec<u8>,
    tag: [u8; 16],
}

#[cfg_attr(
    feature = "curve25519",
    expect(clippy::large_enum_variant, reason = "lives as long as one token is being opened")
)]
enum KeyPart {
    Direct,
    Agreed { ephemeral: PublicKey, wrapped: [u8; 40] },
}

/// What came out of a JWE.
pub struct Opened {
    /// The key that the content was encrypted with, chosen by the sender.
    pub content_key: ContentKey,
    /// The content, wiped when dropped.
    pub plaintext: Zeroizing<Vec<u8>>,
}

impl<'a> Jwe<'a> {
    /// Reads the compact text: size, five parts, each canonical base64url, a header of exactly `alg enc kid epk typ cty`
    /// for ECDH-ES+A256KW and `alg enc kid typ cty` for `dir`.
    ///
    /// Errors: `limit_exceeded`, `malformed`, `not_canonical`, `duplicate_member`, `critical_header`,
    /// `algorithm_not_allowed`, and `key_unusable` for an `epk` that is no such key.
    pub fn parse(text: &'a str) -> Result<Self> {
        let [protected, encrypted_key, iv, ciphertext, tag] = split_compact(text)?;
        let header = Header::parse(&base64url::decode(protected)?)?;
        let key_part = match header.ephemeral {
            None if encrypted_key.is_empty() => KeyPart::Direct,
            None => return Err(malformed("encrypted_key")),
            Some(ephemeral) => {
                KeyPart::Agreed { ephemeral, wrapped: base64url::decode_array(encrypted_key)? }
            }
        };
        Ok(Self {
            protected,
            kid: header.kid,
            typ: header.typ,
            cty: header.cty,
            key_part,
            iv: base64url::decode_array(iv)?,
            ciphertext: base64url::decode(ciphertext)?,
            tag: base64url::decode_array(tag)?,
        })
    }

    /// The name of the key that it is sealed to, or under.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The type of the whole.
    pub fn typ(&self) -> &str {
        &self.typ
    }

    /// The type of the content.
    pub fn cty(&self) -> &str {
        &self.cty
    }

    /// Whether it is encrypted under a shared key (`dir`), not to a public one.
    pub const fn is_direct(&self) -> bool {
        matches!(self.key_part, KeyPart::Direct)
    }

    /// Decrypts what was sealed to the key's public half. Choosing the key by `kid` is the caller's part.
    ///
    /// Errors: `algorithm_not_allowed` for `dir`; `key_unusable` for a key that is not for encryption, an ephemeral key on
    /// another curve and one that forces the result; `decryption_failed` for everything else, without a difference.
    pub fn open(&self, key: &PrivateJwk) -> Result<Opened> {
        let ephemeral = self.ephemeral().ok_or(ErrorCode::AlgorithmNotAllowed)?;
        if !key.public().is_encryption() {
            return Err(unusable("use"));
        }
        self.open_agreed(&*agree(key.key(), ephemeral)?)
    }

    /// The sender's ephemeral key, unless it is encrypted under a shared key.
    pub const fn ephemeral(&self) -> Option<&PublicKey> {
        match &self.key_part {
            KeyPart::Agreed { ephemeral, .. } => Some(ephemeral),
            KeyPart::Direct => None,
        }
    }

    /// Decrypts with the secret that was made elsewhere of the ephemeral key and the receiver's, by the host perhaps: the x
    /// coordinate of the common point. Whoever made it has seen to it that the ephemeral key lies on the curve and does
    /// not force the result.
    ///
    /// Errors: `algorithm_not_allowed` for `dir`; `decryption_failed`.
    pub fn open_agreed(&self, shared: &[u8; 32]) -> Result<Opened> {
        self.open_wrapped(&key_encryption_key(shared))
    }

    /// Decrypts with the key that wraps the content key (see [`key_encryption_key`]).
    ///
    /// Errors: `algorithm_not_allowed` for `dir`; `decryption_failed`.
    pub fn open_wrapped(&self, key_encryption_key: &ContentKey) -> Result<Opened> {
        let KeyPart::Agreed { wrapped, .. } = &self.key_part else {
            return Err(ErrorCode::AlgorithmNotAllowed.into());
        };
        let content_key = unwrap_key(key_encryption_key, wrapped)?;
        let plaintext = self.open_content(&content_key)?;
        Ok(Opened { content_key, plaintext })
    }

    /// Decrypts what was sealed under a shared key.
    ///
    /// Errors: `algorithm_not_allowed` unless it is `dir`; `decryption_failed`.
    pub fn open_dir(&self, key: &ContentKey) -> Result<Zeroizing<Vec<u8>>> {
        if !self.is_direct() {
            return Err(ErrorCode::AlgorithmNotAllowed.into());
        }
        self.open_content(key)
    }

    fn open_content(&self, key: &ContentKey) -> Result<Zeroizing<Vec<u8>>> {
        let mut buffer = Zeroizing::new(self.ciphertext.clone());
        open_in_place(key, &self.iv, self.protected.as_bytes(), &mut buffer, &self.tag)?;
        Ok(buffer)
    }
}

/// The sender's half of a key agreement, good for one text.
pub enum Ephemeral {
    /// One draw of randomness.
    Seed(Seed),
    /// Made by the host, for a curve whose arithmetic is not here: the public half, and the x coordinate of the common
    /// point (P-256) or what X25519 gives. The host has seen to it that the receiver's key lies on the curve.
    Agreed(Box<PublicKey>, Zeroizing<[u8; 32]>),
}

impl Ephemeral {
    /// Takes over what the host has made.
    pub fn agreed(public: &Jwk, shared: [u8; 32]) -> Self {
        Self::Agreed(Box::new(public.public_key().clone()), Zeroizing::new(shared))
    }
}

impl From<Seed> for Ephemeral {
    fn from(seed: Seed) -> Self {
        Self::Seed(seed)
    }
}

impl Ephemeral {
    fn agree(self, public: &PublicKey) -> Result<(PublicKey, Zeroizing<[u8; 32]>)> {
        match (self, public) {
            (Self::Agreed(ephemeral, shared), _) => {
                took_part(&ephemeral, public, &shared).map(|()| (*ephemeral, shared))
            }
            #[cfg(feature = "p256")]
            (Self::Seed(seed), PublicKey::P256(_)) => {
                agree_by(&PrivateKey::P256(P256PrivateKey::from_seed(&seed)?), public)
            }
            #[cfg(feature = "curve25519")]
            (Self::Seed(seed), PublicKey::X25519(_)) => {
                agree_by(&PrivateKey::X25519(X25519PrivateKey::from_seed(&seed)), public)
            }
            _ => Err(unusable("crv")),
        }
    }
}

#[cfg(any(feature = "curve25519", feature = "p256"))]
fn agree_by(private: &PrivateKey, public: &PublicKey) -> Result<(PublicKey, Zeroizing<[u8; 32]>)> {
    Ok((private.public(), agree(private, public)?))
}

/// Whether both keys are on one curve, and both had a part in what they share: a point of small order makes it zero
/// (RFC 7748 §6.1), which not every host refuses.
fn took_part(ephemeral: &PublicKey, public: &PublicKey, shared: &[u8; 32]) -> Result<()> {
    match (ephemeral, public) {
        (PublicKey::P256(_), PublicKey::P256(_)) | (PublicKey::X25519(_), PublicKey::X25519(_)) => {
            if constant_time_eq(shared, &[0; 32]) {
                Err(ErrorCode::KeyUnusable.into())
            } else {
                Ok(())
            }
        }
        _ => Err(unusable("crv")),
    }
}

/// Seals a plaintext to a public key, under a content key of the caller's choice.
///
/// `ephemeral` and `iv` are one draw of randomness each, and `content_key` is used for this one text.
///
/// Errors: `key_unusable` for a key that is not for encryption, has no `kid` or forces the result; `limit_exceeded`.
pub fn seal(
    to: &Jwk,
    typ: &str,
    cty: &str,
    content_key: &ContentKey,
    ephemeral: impl Into<Ephemeral>,
    iv: [u8; 12],
    plaintext: &[u8],
) -> Result<String> {
    if !to.is_encryption() {
        return Err(unusable("use"));
    }
    let kid = to.kid().ok_or(unusable("kid"))?;
    let (ephemeral, shared) = ephemeral.into().agree(to.public_key())?;
    let wrapped = wrap_key(&key_encryption_key(&shared), content_key);
    let epk = ephemeral.write(ObjectWriter::new()).finish();
    let header = ObjectWriter::new()
        .string("alg", ECDH_ES_A256KW)
        .string("enc", A256GCM)
        .string("kid", kid)
        .raw("epk", &epk)
        .string("typ", typ)
        .string("cty", cty)
        .finish();
    seal_content(&header, &wrapped, content_key, &iv, plaintext)
}

/// Seals a plaintext under a key that the receiver has. Never use an IV twice under one key.
///
/// Errors: `limit_exceeded`.
pub fn seal_dir(
    kid: &str,
    typ: &str,
    cty: &str,
    key: &ContentKey,
    iv: [u8; 12],
    plaintext: &[u8],
) -> Result<String> {
    let header = ObjectWriter::new()
        .string("alg", DIR)
        .string("enc", A256GCM)
        .string("kid", kid)
        .string("typ", typ)
        .string("cty", cty)
        .finish();
    seal_content(&header, &[], key, &iv, plaintext)
}

fn seal_content(
    header: &str,
    encrypted_key: &[u8],
    key: &ContentKey,
    iv: &[u8; 12],
    plaintext: &[u8],
) -> Result<String> {
    // Before there is work to do.
    if header.len() + plaintext.len() > MAX_COMPACT_BYTES {
        return Err(ErrorCode::LimitExceeded.into());
    }
    let mut text = String::with_capacity((header.len() + plaintext.len()) * 4 / 3 + 128);
    base64url::encode_into(header.as_bytes(), &mut text);
    let mut buffer = Zeroizing::new(plaintext.to_vec());
    let tag = seal_in_place(key, iv, text.as_bytes(), &mut buffer)?;
    for part in [encrypted_key, iv, &buffer, &tag] {
        text.push('.');
        base64url::encode_into(part, &mut text);
    }
    if text.len() > MAX_COMPACT_BYTES {
        return Err(ErrorCode::LimitExceeded.into());
    }
    Ok(text)
}

fn agree(private: &PrivateKey, public: &PublicKey) -> Result<Zeroizing<[u8; 32]>> {
    match (private, public) {
        #[cfg(feature = "p256")]
        (PrivateKey::P256(private), PublicKey::P256(public)) => Ok(private.diffie_hellman(public)),
        (PrivateKey::X25519(private), PublicKey::X25519(public)) => private.diffie_hellman(public),
        _ => Err(unusable("epk")),
    }
}

/// The key of A256KW that follows from what two keys agree on (RFC 7518 §4.6.2).
pub fn key_encryption_key(shared: &[u8; 32]) -> ContentKey {
    concat_kdf(shared, ECDH_ES_A256KW, b"", b"", 256)
}

/// The header, read without a tree: opening small tokens should cost no more than decrypting them.
struct Header {
    kid: String,
    typ: String,
    cty: String,
    ephemeral: Option<PublicKey>,
}

impl Header {
    fn parse(json: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(json)?;
        let [mut alg, mut enc, mut kid, mut typ, mut cty] = [const { None::<Cow<'_, str>> }; 5];
        let mut others = Object::default();
        let mut count = 0;
        reader.enter_object()?;
        while let Some(name) = reader.next_name(&mut count)? {
            let text = match &*name {
                "alg" => &mut alg,
                "enc" => &mut enc,
                "kid" => &mut kid,
                "typ" => &mut typ,
                "cty" => &mut cty,
                _ => {
                    others.read_member(name, &mut reader)?;
                    continue;
                }
            };
            if text.is_some() {
                return Err(ErrorCode::DuplicateMember.into());
            }
            *text = Some(reader.string()?);
        }
        reader.finish()?;
        if others.get("crit").is_some() {
            return Err(Error::with_detail(ErrorCode::CriticalHeader, "crit"));
        }
        let ephemeral = match alg.as_deref() {
            Some(DIR) if others.is_empty() => None,
            Some(ECDH_ES_A256KW) if others.has_exactly(&["epk"], &[]) => {
                Some(ephemeral_key(&others)?)
            }
            Some(DIR | ECDH_ES_A256KW) => return Err(malformed("header")),
            _ => return Err(Error::with_detail(ErrorCode::AlgorithmNotAllowed, "alg")),
        };
        if enc.as_deref() != Some(A256GCM) {
            return Err(Error::with_detail(ErrorCode::AlgorithmNotAllowed, "enc"));
        }
        Ok(Self {
            kid: kid.ok_or(malformed("kid"))?.into_owned(),
            typ: typ.ok_or(malformed("typ"))?.into_owned(),
            cty: cty.ok_or(malformed("cty"))?.into_owned(),
            ephemeral,
        })
    }
}

/// Reads `epk`, which has the members of a bare public key and no others.
fn ephemeral_key(header: &Object) -> Result<PublicKey> {
    let Some(Value::Object(members)) = header.get("epk") else { return Err(malformed("epk")) };
    if !members.has_exactly(&["kty", "crv", "x"], &["y"]) {
        return Err(malformed("epk"));
    }
    match PublicKey::from_members(members) {
        Ok(PublicKey::Ed25519(_) | PublicKey::Host(_)) => Err(unusable("epk")),
        Err(error) if error.code() == ErrorCode::ClaimInvalid => Err(malformed("epk")),
        key => key,
    }
}

const fn malformed(detail: &'static str) -> Error {
    Error::with_detail(ErrorCode::Malformed, detail)
}
