//! One row as it rests: a text that opens in its own slot only. `1.<key id>.<revision>.<base64url of IV, ciphertext, tag>`, AES-256-GCM;
//! what it is bound to: store, key id, schema, key of the row, revision.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use crate::base64url;
use crate::crypto::{open_in_place, seal_in_place, sha256_of};
use crate::json::write_integer;
use crate::secret::{ContentKey, Seed};

/// Revisions of rows that were acknowledged by a lesser store start here: no database gets this far.
pub const FIRST_PENDING: u64 = 1 << 52;
/// The revision of a row that a newer version of this software wrote.
pub const FOREIGN: u64 = (1 << 53) - 1;

const SCHEMA: &str = "1";
const IV_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// A value and its revision.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Row {
    /// What was put there.
    pub value: String,
    /// Another one with each write.
    pub revision: u64,
}

/// Why a text is not taken for a row.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub enum Flaw {
    /// It is no row at all.
    Malformed,
    /// It was altered, comes from another slot, or its key is gone.
    Tampered,
    /// It is older than what was there.
    Replayed,
    /// It is not there, though nobody deleted it.
    Missing,
    /// A newer version wrote it.
    Unknown,
}

impl Flaw {
    /// The name that apps see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Tampered => "tampered",
            Self::Replayed => "replayed",
            Self::Missing => "missing",
            Self::Unknown => "unknown",
        }
    }
}

/// The key of a store's rows.
pub struct RowKey {
    key: ContentKey,
    id: String,
    store: String,
}

impl RowKey {
    /// A secret key, which the host keeps wrapped.
    pub fn secret(key: ContentKey, store: &str) -> Self {
        let id = sha256_of(&[b"lingpai-v1 row key id", key.secret_bytes()]);
        let id = base64url::encode(id.get(..6).unwrap_or_default());
        Self { key, id, store: store.to_string() }
    }

    /// A key that everybody can make: rows under it are unreadable to the eye, and accidents are noticed. No more.
    pub fn obfuscation(store: &str) -> Self {
        let key = sha256_of(&[b"lingpai-v1 obfuscated rows", store.as_bytes()]);
        Self { key: ContentKey::from_bytes(key), id: "o".to_string(), store: store.to_string() }
    }

    /// The text of a row. Never use an IV twice.
    pub fn seal(&self, key: &str, row: &Row, iv: [u8; IV_BYTES]) -> String {
        let revision = decimal(row.revision);
        let mut bytes = Vec::with_capacity(IV_BYTES + row.value.len() + TAG_BYTES);
        bytes.extend_from_slice(&iv);
        bytes.extend_from_slice(row.value.as_bytes());
        let aad = self.aad(key, &revision);
        // Fails beyond 64 GiB only; the tag then never matches.
        let tag = bytes
            .get_mut(IV_BYTES..)
            .and_then(|text| seal_in_place(&self.key, &iv, &aad, text).ok())
            .unwrap_or_default();
        bytes.extend_from_slice(&tag);
        let mut out = [SCHEMA, &self.id, &revision, ""].join(".");
        base64url::encode_into(&bytes, &mut out);
        out
    }

    /// Reads the text of a row that rests under `key`.
    pub fn open(&self, key: &str, text: &str) -> Result<Row, Flaw> {
        let (schema, rest) = text.split_once('.').ok_or(Flaw::Malformed)?;
        if schema != SCHEMA {
            let numbered = !schema.is_empty() && schema.bytes().all(|byte| byte.is_ascii_digit());
            return Err(if numbered { Flaw::Unknown } else { Flaw::Malformed });
        }
        let (id, rest) = rest.split_once('.').ok_or(Flaw::Malformed)?;
        let (revision_text, sealed) = rest.split_once('.').ok_or(Flaw::Malformed)?;
        let revision: u64 = revision_text.parse().map_err(|_| Flaw::Malformed)?;
        let mut bytes = base64url::decode(sealed).map_err(|_| Flaw::Malformed)?;
        if id != self.id || revision >= FOREIGN {
            return Err(Flaw::Tampered);
        }
        let tag = bytes.len().checked_sub(TAG_BYTES).filter(|at| *at >= IV_BYTES);
        let tag: [u8; TAG_BYTES] = tag
            .map(|at| bytes.split_off(at))
            .and_then(|tag| tag.try_into().ok())
            .ok_or(Flaw::Malformed)?;
        let (iv, text) = bytes.split_first_chunk_mut::<IV_BYTES>().ok_or(Flaw::Malformed)?;
        let aad = self.aad(key, revision_text);
        open_in_place(&self.key, iv, &aad, text, &tag).map_err(|_| Flaw::Tampered)?;
        let value = bytes.split_off(IV_BYTES);
        let value = String::from_utf8(value).map_err(|_| Flaw::Tampered)?;
        Ok(Row { value, revision })
    }

    /// Each part with its length before it, so that no two slots say the same.
    fn aad(&self, key: &str, revision: &str) -> Vec<u8> {
        let mut aad = Vec::new();
        for part in [self.store.as_str(), &self.id, SCHEMA, key, revision] {
            aad.extend_from_slice(&(part.len() as u32).to_be_bytes());
            aad.extend_from_slice(part.as_bytes());
        }
        aad
    }
}

/// IVs and ids out of one draw of randomness.
pub struct Draws {
    seed: Seed,
    count: u64,
}

impl Draws {
    /// Begins with a fresh seed; each page has its own.
    pub const fn new(seed: Seed) -> Self {
        Self { seed, count: 0 }
    }

    /// Bytes that were not drawn before.
    pub fn draw<const N: usize>(&mut self) -> [u8; N] {
        self.count += 1;
        let parts: [&[u8]; 3] = [b"lingpai-v1 draw", self.seed.bytes(), &self.count.to_be_bytes()];
        let hash = sha256_of(&parts);
        hash.first_chunk().copied().unwrap_or([0; N])
    }
}

/// A number as text, without the machinery of formatting.
pub(in crate::cache) fn decimal(number: u64) -> String {
    let mut text = String::new();
    write_integer(number as i64, &mut text);
    text
}
