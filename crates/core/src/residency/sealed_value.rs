//! Identifiers and data at rest: each a JWE to the key of its area, bound to the identity and the type that it belongs to, so
//! that no row of a store can take the place of another.

use alloc::string::String;
use alloc::vec::Vec;

use zeroize::{Zeroize as _, Zeroizing};

use super::area::Area;
use super::identifier::lookup_hash;
use super::identity_id::IdentityId;
use crate::base64url;
use crate::crypto::hmac_sha256;
use crate::error::{Error, ErrorCode, Result};
use crate::jose::{Jwe, SymmetricJwk, jwe};
use crate::json::{self, Object, ObjectWriter, Value};
use crate::keyring::KeyRing;
use crate::sealed_token::SealEntropy;
use crate::secret::ContentKey;
use crate::time::UnixSeconds;

/// Most that a value may have, in bytes of UTF-8.
pub const MAX_VALUE_BYTES: usize = 8 * 1024;

const IDENTIFIER_TYP: &str = "lp-identifier+jwe";
const DATA_TYP: &str = "lp-data+jwe";

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The identifier of an identity.
    Identifier,
    /// One item of its data.
    Data,
}

/// The keys of one area.
pub struct AreaKeys {
    area: Area,
    seal_keys: KeyRing,
    lookup_key: SymmetricJwk,
}

impl AreaKeys {
    /// Reads `{"sealKeys": [{"key": <private JWK>, …}], "lookupKey": <symmetric JWK>}`, which remains the caller's to wipe.
    ///
    /// Errors: those of keys; `key_unusable` for a ring without any key.
    pub fn from_value(area: Area, keys: &Object) -> Result<Self> {
        let seal_keys = KeyRing::from_value(keys.get("sealKeys"), "enc")?;
        let lookup_key = SymmetricJwk::from_value(keys.object("lookupKey")?)?;
        Ok(Self { area, seal_keys, lookup_key })
    }

    /// Whose keys they are.
    pub const fn area(&self) -> &Area {
        &self.area
    }

    /// The hash by which this area finds an identifier that is written in its one form.
    pub fn lookup(&self, kind: &str, value: &str) -> String {
        lookup_hash(self.lookup_key.mac_key(), kind, value)
    }

    /// What a write is told from another one of the same name by, which hosts keep. Keyed, since it is over a value.
    pub fn write_content(&self, id: IdentityId, action: &str, kind: &str, value: &str) -> [u8; 16] {
        let length = |text: &str| (text.len() as u64).to_be_bytes();
        let parts: [&[u8]; 7] = [
            b"lingpai-v1 write\0",
            id.as_bytes(),
            &length(action),
            action.as_bytes(),
            &length(kind),
            kind.as_bytes(),
            value.as_bytes(),
        ];
        let mac = hmac_sha256(self.lookup_key.mac_key(), &parts);
        let mut content = [0; 16];
        for (place, byte) in content.iter_mut().zip(mac) {
            *place = byte;
        }
        content
    }

    /// Seals a value of the type `kind` that belongs to `id`.
    ///
    /// Errors: `limit_exceeded` beyond [`MAX_VALUE_BYTES`]; `key_not_found` where no key of the area serves now.
    pub fn seal(
        &self,
        content: Content,
        id: IdentityId,
        kind: &str,
        value: &str,
        now: UnixSeconds,
        entropy: SealEntropy,
    ) -> Result<String> {
        if value.len() > MAX_VALUE_BYTES {
            return Err(Error::with_detail(ErrorCode::LimitExceeded, "value"));
        }
        let key = self.seal_keys.active(now).ok_or(ErrorCode::KeyNotFound)?;
        // As base64url, because not every text that a caller may write is I-JSON. The room keeps copies from being left behind.
        let encoded = Zeroizing::new(base64url::encode(value.as_bytes()));
        let plaintext = Zeroizing::new(
            ObjectWriter::with_capacity(encoded.len() + 128)
                .string("id", &id.to_text())
                .string("type", kind)
                .string("value", &encoded)
                .finish(),
        );
        let SealEntropy { content_key, ephemeral, iv } = entropy;
        jwe::seal(
            key.public(),
            content.typ(),
            "json",
            &ContentKey::from_seed(content_key),
            ephemeral,
            iv,
            plaintext.as_bytes(),
        )
    }

    /// Opens a value. Under a key that is retired it is lost: keys retire after everything has been sealed anew.
    ///
    /// Errors: `key_not_found`; `decryption_failed` also where it belongs to another identity or type.
    pub fn open(
        &self,
        content: Content,
        id: IdentityId,
        kind: &str,
        sealed: &str,
        now: UnixSeconds,
    ) -> Result<Zeroizing<String>> {
        let envelope = Jwe::parse(sealed)?;
        let key = self.seal_keys.find(envelope.kid(), now).ok_or(ErrorCode::KeyNotFound)?;
        let opened = envelope.open(key)?;
        let mut plaintext = json::parse_object(&opened.plaintext)?;
        let belongs = envelope.typ() == content.typ()
            && plaintext.string("id").is_ok_and(|own| own == id.to_text())
            && plaintext.string("type").is_ok_and(|own| own == kind);
        let bytes = plaintext.string("value").and_then(base64url::decode_secret_vec);
        plaintext.zeroize();
        let value = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok()).map(Zeroizing::new);
        value.filter(|_| belongs).ok_or(ErrorCode::DecryptionFailed.into())
    }
}

impl Content {
    const fn typ(self) -> &'static str {
        match self {
            Self::Identifier => IDENTIFIER_TYP,
            Self::Data => DATA_TYP,
        }
    }
}

/// The keys of several areas.
pub struct AreaKeySet(Vec<AreaKeys>);

impl AreaKeySet {
    /// Reads `{"<area>": {"sealKeys", "lookupKey"}, …}`.
    ///
    /// Errors: those of JSON, of names and of keys.
    pub fn parse(text: &str) -> Result<Self> {
        let mut areas = json::parse_object(text.as_bytes())?;
        let keys = areas.iter().map(|(name, keys)| match keys {
            Value::Object(keys) => AreaKeys::from_value(Area::parse(name)?, keys),
            _ => Err(Error::with_detail(ErrorCode::ClaimInvalid, "keys")),
        });
        let keys = keys.collect::<Result<Vec<_>>>();
        areas.zeroize();
        keys.map(Self)
    }

    /// The keys of an area.
    ///
    /// Errors: `key_not_found`.
    pub fn of(&self, area: &str) -> Result<&AreaKeys> {
        let found = self.0.iter().find(|keys| keys.area.as_str() == area);
        found.ok_or(ErrorCode::KeyNotFound.into())
    }
}
