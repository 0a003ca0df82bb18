//! A ring of private keys that rotate with overlap: a new key is published before it signs, an old one still opens and
//! verifies until it is retired.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::error::{Error, ErrorCode, Result};
use crate::jose::{Jwk, JwkSet, PrivateJwk};
use crate::json::{self, Value};
use crate::time::UnixSeconds;

/// One key of a ring with the time in which it serves.
struct Entry {
    key: PrivateJwk,
    active_from: Option<UnixSeconds>,
    retire_at: Option<UnixSeconds>,
}

impl Entry {
    fn retired(&self, now: UnixSeconds) -> bool {
        self.retire_at.is_some_and(|at| now >= at)
    }

    fn active(&self, now: UnixSeconds) -> bool {
        !self.retired(now) && self.active_from.is_none_or(|from| now >= from)
    }
}

/// Private keys of one purpose, each with its own `kid`.
pub struct KeyRing(Vec<Entry>);

impl KeyRing {
    /// Reads an array of `{"key": <private JWK>, "activeFromSeconds"?, "retireAtSeconds"?}`; every key is of the use
    /// named ("sig" or "enc").
    ///
    /// Errors: `malformed`, `claim_invalid`, `key_unusable`; a `kid` that is missing or given twice is `key_unusable`.
    pub fn parse(text: &str, key_use: &str) -> Result<Self> {
        let Value::Array(items) = json::parse(text.as_bytes())? else {
            return Err(Error::with_detail(ErrorCode::Malformed, "key ring"));
        };
        let mut entries: Vec<Entry> = Vec::with_capacity(items.len());
        for item in &items {
            let Value::Object(item) = item else {
                return Err(Error::with_detail(ErrorCode::Malformed, "key ring"));
            };
            let key = PrivateJwk::from_value(item.object("key")?)?;
            let fits = match key_use {
                "sig" => key.public().is_signature(),
                _ => key.public().is_encryption(),
            };
            let kid = key.public().kid();
            let taken = entries.iter().any(|other| other.key.public().kid() == kid);
            if kid.is_none() || taken || !fits {
                return Err(Error::with_detail(ErrorCode::KeyUnusable, "key ring"));
            }
            entries.push(Entry {
                key,
                active_from: item.optional_integer("activeFromSeconds")?.map(UnixSeconds::new),
                retire_at: item.optional_integer("retireAtSeconds")?.map(UnixSeconds::new),
            });
        }
        Ok(Self(entries))
    }

    /// The key for new work: of those that serve now, the one that began last (the first in the ring where that ties).
    pub fn active(&self, now: UnixSeconds) -> Option<&PrivateJwk> {
        let mut chosen: Option<&Entry> = None;
        for entry in self.0.iter().filter(|entry| entry.active(now)) {
            if chosen.is_none_or(|best| entry.active_from > best.active_from) {
                chosen = Some(entry);
            }
        }
        chosen.map(|entry| &entry.key)
    }

    /// The key of a `kid`, unless it is retired. A key that is not active yet is found too: clocks differ.
    pub fn find(&self, kid: &str, now: UnixSeconds) -> Option<&PrivateJwk> {
        let mut entries = self.0.iter().filter(|entry| !entry.retired(now));
        entries.find(|entry| entry.key.public().kid() == Some(kid)).map(|entry| &entry.key)
    }

    /// The public halves of all keys that are not retired, those of the future included.
    pub fn published(&self, now: UnixSeconds) -> JwkSet {
        let public: Vec<Jwk> =
            self.0.iter().filter(|e| !e.retired(now)).map(|e| e.key.public().clone()).collect();
        JwkSet::from_keys(public)
    }

    /// The `kid` of the key for new work.
    pub fn active_kid(&self, now: UnixSeconds) -> Option<String> {
        self.active(now).and_then(|key| key.public().kid()).map(|kid| kid.to_string())
    }
}
