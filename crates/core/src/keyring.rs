//! A ring of keys that rotate with overlap: a new key is published before it signs, an old one still opens and
//! verifies until it is retired.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use zeroize::Zeroize as _;

use crate::error::{Error, ErrorCode, Result};
use crate::jose::{Jwk, JwkSet, PrivateJwk, SymmetricJwk};
use crate::json::{self, Object, Value};
use crate::time::UnixSeconds;

/// One key of a ring with the time in which it serves.
struct Entry<K> {
    key: K,
    active_from: Option<UnixSeconds>,
    retire_at: Option<UnixSeconds>,
}

impl<K> Entry<K> {
    fn retired(&self, now: UnixSeconds) -> bool {
        self.retire_at.is_some_and(|at| now >= at)
    }

    fn active(&self, now: UnixSeconds) -> bool {
        !self.retired(now) && self.active_from.is_none_or(|from| now >= from)
    }
}

/// Keys of one purpose.
pub struct Ring<K>(Vec<Entry<K>>);

/// Private keys of one purpose, each with its own `kid`.
pub type KeyRing = Ring<PrivateJwk>;

/// Symmetric keys of one purpose, such as those behind refresh tokens.
pub type SymmetricKeyRing = Ring<SymmetricJwk>;

impl<K> Ring<K> {
    /// The key for new work: of those that serve now, the one that began last (the first in the ring where that ties).
    pub fn active(&self, now: UnixSeconds) -> Option<&K> {
        let mut chosen: Option<&Entry<K>> = None;
        for entry in self.0.iter().filter(|entry| entry.active(now)) {
            if chosen.is_none_or(|best| entry.active_from > best.active_from) {
                chosen = Some(entry);
            }
        }
        chosen.map(|entry| &entry.key)
    }

    /// All keys that are not retired, those of the future included: clocks differ.
    pub fn unretired(&self, now: UnixSeconds) -> impl Iterator<Item = &K> {
        self.0.iter().filter(move |entry| !entry.retired(now)).map(|entry| &entry.key)
    }

    /// Every key, retired or not.
    #[cfg(feature = "vault")]
    pub(crate) fn all(&self) -> impl Iterator<Item = &K> {
        self.0.iter().map(|entry| &entry.key)
    }

    /// Of the keys that serve now, the one that began last among those that are not retired before `until`.
    #[cfg(feature = "vault")]
    pub(crate) fn active_until(&self, now: UnixSeconds, until: UnixSeconds) -> Option<&K> {
        let lasting = |entry: &&Entry<K>| entry.active(now) && !entry.retired(until);
        let mut chosen: Option<&Entry<K>> = None;
        for entry in self.0.iter().filter(lasting) {
            if chosen.is_none_or(|best| entry.active_from > best.active_from) {
                chosen = Some(entry);
            }
        }
        chosen.map(|entry| &entry.key)
    }

    /// Refuses a ring in which a key does not fit, or says too little, or has the name of another.
    pub(crate) fn check(
        &self,
        public: impl Fn(&K) -> &Jwk,
        fits: impl Fn(&Jwk) -> bool,
    ) -> Result<()> {
        for (index, key) in self.0.iter().map(|entry| public(&entry.key)).enumerate() {
            let before = self.0.iter().take(index);
            let taken = before.map(|entry| public(&entry.key).kid()).any(|kid| kid == key.kid());
            // Published without them, one key would make verifiers refuse the whole set.
            let complete =
                key.kid().is_some() && key.key_use().is_some() && key.algorithm().is_some();
            if !complete || taken || !fits(key) {
                return Err(Error::with_detail(ErrorCode::KeyUnusable, "key ring"));
            }
        }
        Ok(())
    }

    pub(crate) fn read(items: Option<&Value>, key: impl Fn(&Object) -> Result<K>) -> Result<Self> {
        let malformed = Error::with_detail(ErrorCode::Malformed, "key ring");
        let Some(Value::Array(items)) = items else {
            return Err(malformed);
        };
        let mut entries = Vec::with_capacity(items.len());
        for item in items {
            let Value::Object(item) = item else {
                return Err(malformed);
            };
            entries.push(Entry {
                key: key(item.object("key")?)?,
                active_from: item.optional_integer("activeFromSeconds")?.map(UnixSeconds::new),
                retire_at: item.optional_integer("retireAtSeconds")?.map(UnixSeconds::new),
            });
        }
        Ok(Self(entries))
    }
}

impl KeyRing {
    /// Reads an array of `{"key": <private JWK>, "activeFromSeconds"?, "retireAtSeconds"?}`; every key is of the use
    /// named ("sig" or "enc").
    ///
    /// Errors: `malformed`, `claim_invalid`, `key_unusable`; a `kid` given twice is `key_unusable`, and so is a
    /// key without `kid`, `use` or `alg`.
    pub fn parse(text: &str, key_use: &str) -> Result<Self> {
        let mut items = json::parse(text.as_bytes())?;
        let ring = Self::from_value(Some(&items), key_use);
        items.zeroize();
        ring
    }

    /// As [`Self::parse`], from JSON already read, which remains the caller's to wipe.
    pub fn from_value(items: Option<&Value>, key_use: &str) -> Result<Self> {
        let ring = Self::read(items, PrivateJwk::from_value)?;
        ring.check(PrivateJwk::public, |key| match key_use {
            "sig" => key.is_signature(),
            _ => key.is_encryption(),
        })?;
        Ok(ring)
    }

    /// The key of a `kid`, unless it is retired. A key that is not active yet is found too: clocks differ.
    pub fn find(&self, kid: &str, now: UnixSeconds) -> Option<&PrivateJwk> {
        self.unretired(now).find(|key| key.public().kid() == Some(kid))
    }

    /// The public halves of all keys that are not retired, those of the future included.
    pub fn published(&self, now: UnixSeconds) -> JwkSet {
        let public: Vec<Jwk> = self.unretired(now).map(|key| key.public().clone()).collect();
        JwkSet::from_keys(public)
    }

    /// The `kid` of the key for new work.
    pub fn active_kid(&self, now: UnixSeconds) -> Option<String> {
        self.active(now).and_then(|key| key.public().kid()).map(|kid| kid.to_string())
    }
}

impl SymmetricKeyRing {
    /// Reads an array like that of [`KeyRing::parse`], of symmetric JWKs, from JSON that remains the caller's to wipe.
    ///
    /// Errors: `malformed`, `claim_invalid`, `key_unusable`.
    pub fn from_value(items: Option<&Value>) -> Result<Self> {
        Self::read(items, SymmetricJwk::from_value)
    }
}
