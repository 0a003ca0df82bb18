//! What the vault finds things by, all of it derived from one key: fingerprints of values, the shard of each value and token,
//! install ids, and the order of tokens. Whoever does not have the key can try no value against what is stored.

use alloc::string::String;

use super::kind::Kind;
use super::shape::Shapes;
use crate::base64url;
use crate::crypto::{MacKey, hkdf_sha256, hmac_sha256, sha256_of};
use crate::error::{Error, ErrorCode, Result};
use crate::jose::SymmetricJwk;
use crate::secret::ContentKey;
use crate::tokenization::op_id::InstallId;
use crate::tokenization::provisional;

/// The most shards that a tenant may have.
pub const MAX_SHARDS: u16 = 4096;

const HOLDER_BYTES: usize = 9;
const INSTALL_BYTES: usize = 7;

/// Where a token is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Home {
    /// The shard.
    pub shard: u16,
    /// As which of the shard's tokens; `None` for a provisional one.
    pub count: Option<u64>,
}

/// The key behind the index, and how many shards there are. Neither may ever change: nothing that is stored could be found.
pub struct IndexKey {
    fingerprints: MacKey,
    holders: MacKey,
    digests: MacKey,
    shapes: Shapes,
    shards: u16,
}

impl IndexKey {
    /// Derives what is needed of a configured key.
    ///
    /// Errors: `claim_invalid` for a number of shards that is not between 1 and [`MAX_SHARDS`].
    pub fn new(key: &SymmetricJwk, shards: u16) -> Result<Self> {
        if !(1..=MAX_SHARDS).contains(&shards) {
            return Err(Error::with_detail(ErrorCode::ClaimInvalid, "shards"));
        }
        let derive = |info: &[u8]| -> ContentKey {
            let root = ContentKey::from_bytes(hmac_sha256(key.mac_key(), &[CONTEXT]));
            hkdf_sha256(root.secret_bytes(), &[], info)
        };
        let mac = |info: &[u8]| MacKey::new(derive(info).secret_bytes());
        Ok(Self {
            fingerprints: mac(b"lingpai-v1 vault fingerprints"),
            holders: mac(b"lingpai-v1 vault holders"),
            digests: mac(b"lingpai-v1 vault digests"),
            shapes: Shapes::new(derive(b"lingpai-v1 vault tokens")),
            shards,
        })
    }

    /// By what a value is known: the same for all its spellings, different for each tenant and field.
    pub fn fingerprint(&self, tenant: &str, field: &str, kind: Kind, canonical: &str) -> String {
        let (tenant_length, field_length) = (length(tenant), length(field));
        let parts: [&[u8]; 7] = [
            &tenant_length,
            tenant.as_bytes(),
            &field_length,
            field.as_bytes(),
            kind.as_str().as_bytes(),
            b"\0",
            canonical.as_bytes(),
        ];
        base64url::encode(&hmac_sha256(&self.fingerprints, &parts))
    }

    /// The shard in which a fingerprint is looked up, and whose numbers its canonical token comes from.
    pub fn shard_of_fingerprint(&self, fingerprint: &str) -> u16 {
        self.fold(&sha256_of(&[b"shard\0", fingerprint.as_bytes()]))
    }

    /// Where a token is known; `None` for a text that is no token of this field.
    ///
    /// Errors: none in practice.
    pub fn home_of_token(
        &self,
        tenant: &str,
        field: &str,
        kind: Kind,
        token: &str,
    ) -> Result<Option<Home>> {
        if provisional::is_provisional(token) {
            let shard = self.fold(&sha256_of(&[b"token\0", token.as_bytes()]));
            return Ok(Some(Home { shard, count: None }));
        }
        let number = self.shapes.number(kind, tenant, field, token)?;
        let shards = u64::from(self.shards);
        Ok(number.and_then(|number| {
            let shard = u16::try_from(number % shards).ok()?;
            Some(Home { shard, count: Some(number / shards) })
        }))
    }

    /// How many tokens of a kind a shard can give out.
    pub fn capacity(&self, kind: Kind) -> u64 {
        kind.capacity() / u64::from(self.shards)
    }

    /// The `count`th token of a shard, from 0. No two of them are equal, in one shard or in different ones.
    ///
    /// Errors: `limit_exceeded` where the shard has no more.
    pub fn token(
        &self,
        tenant: &str,
        field: &str,
        kind: Kind,
        shard: u16,
        count: u64,
    ) -> Result<String> {
        let full = Error::with_detail(ErrorCode::LimitExceeded, "field");
        let number = count
            .checked_mul(u64::from(self.shards))
            .and_then(|number| number.checked_add(u64::from(shard)))
            .filter(|_| count < self.capacity(kind))
            .ok_or(full)?;
        self.shapes.token(kind, tenant, field, number)
    }

    /// Who is meant by the subject of a tenant's visit tokens. Objects that keep what belongs to one person are named by it.
    pub fn holder(&self, tenant: &str, subject: &str) -> String {
        base64url::encode(&self.holder_bytes(tenant, subject))
    }

    /// The holder to whom an install belongs.
    pub fn holder_of(install: &InstallId) -> String {
        // 9 bytes are 12 characters exactly.
        install.as_str().chars().take(12).collect()
    }

    /// The install of a proof key: the same each time. Without a key every request is an install of its own, named by
    /// `random`.
    pub fn install(
        &self,
        tenant: &str,
        subject: &str,
        jkt: Option<&str>,
        random: [u8; 16],
    ) -> InstallId {
        let holder = self.holder_bytes(tenant, subject);
        let own = match jkt {
            Some(jkt) => hmac_sha256(&self.holders, &[b"install\0", &holder, jkt.as_bytes()]),
            None => hmac_sha256(&self.holders, &[b"keyless\0", &holder, &random]),
        };
        let mut bytes = [0; HOLDER_BYTES + INSTALL_BYTES];
        for (place, byte) in bytes.iter_mut().zip(holder.iter().chain(&own)) {
            *place = *byte;
        }
        InstallId::new(bytes)
    }

    /// By what a submitted operation is told from another with the same id. Keyed, since it may be over a value.
    pub fn digest(&self, parts: &[&str]) -> String {
        let mut state = hmac_sha256(&self.digests, &[b"parts\0"]);
        for part in parts {
            state = hmac_sha256(&self.digests, &[&state, part.as_bytes()]);
        }
        base64url::encode(&state)
    }

    fn holder_bytes(&self, tenant: &str, subject: &str) -> [u8; HOLDER_BYTES] {
        let parts: [&[u8]; 4] =
            [b"holder\0", &length(tenant), tenant.as_bytes(), subject.as_bytes()];
        let mac = hmac_sha256(&self.holders, &parts);
        let mut bytes = [0; HOLDER_BYTES];
        for (place, byte) in bytes.iter_mut().zip(mac) {
            *place = byte;
        }
        bytes
    }

    fn fold(&self, hash: &[u8; 32]) -> u16 {
        // 64 bits: the preference for small numbers is beyond measuring.
        let number = hash.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte));
        u16::try_from(number % u64::from(self.shards)).unwrap_or_default()
    }
}

const CONTEXT: &[u8] = b"lingpai-v1 vault index\0";

fn length(text: &str) -> [u8; 8] {
    (text.len() as u64).to_be_bytes()
}
