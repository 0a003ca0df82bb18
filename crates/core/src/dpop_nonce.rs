//! Nonces for DPoP proofs (RFC 9449 §8) that no server has to remember: a MAC over the period of time in which they were
//! given. Any server with the same secrets knows them again.

use alloc::string::String;
use alloc::vec::Vec;

use zeroize::{Zeroize as _, Zeroizing};

use crate::base64url;
use crate::crypto::{MacKey, constant_time_eq, hmac_sha256};
use crate::error::{Error, ErrorCode, Result};
use crate::json::{self, Value};
use crate::time::UnixSeconds;

const DOMAIN: &[u8] = b"lingpai-v1 dpop-nonce\0";
const MIN_SECRET_BYTES: usize = 32;

/// The secrets behind nonces.
pub struct NonceKeys(Vec<MacKey>);

impl NonceKeys {
    /// Reads an array of secrets, each of 32 bytes or more in base64url. The first makes nonces, all of them know theirs
    /// again.
    ///
    /// Errors: `malformed`; `key_unusable` where there is none, or one too short.
    pub fn parse(text: &str) -> Result<Self> {
        let mut value = json::parse(text.as_bytes())?;
        let keys = Self::from_value(&value);
        value.zeroize();
        keys
    }

    fn from_value(value: &Value) -> Result<Self> {
        let unusable = Error::with_detail(ErrorCode::KeyUnusable, "nonce secret");
        let Value::Array(items) = value else { return Err(ErrorCode::Malformed.into()) };
        let key = |item: &Value| {
            let text = item.as_str().ok_or(unusable)?;
            let bytes = base64url::decode_secret_vec(text).map(Zeroizing::new);
            let bytes = bytes.map_err(|_| unusable)?;
            if bytes.len() < MIN_SECRET_BYTES { Err(unusable) } else { Ok(MacKey::new(&bytes)) }
        };
        let keys: Vec<MacKey> = items.iter().map(key).collect::<Result<_>>()?;
        if keys.is_empty() { Err(unusable) } else { Ok(Self(keys)) }
    }

    /// The nonce of this period for the service of that name: 128 bits, 22 characters.
    pub fn issue(&self, audience: &str, now: UnixSeconds, period_seconds: u32) -> String {
        let period = Period::at(now, period_seconds);
        self.0.first().map(|key| base64url::encode(&period.tag(key, audience))).unwrap_or_default()
    }

    /// Whether a nonce is of this period or the one before; or of the one after, since the server that gave it may have
    /// another clock.
    pub fn accept(
        &self,
        audience: &str,
        nonce: &str,
        now: UnixSeconds,
        period_seconds: u32,
    ) -> bool {
        let Ok(given) = base64url::decode_array::<16>(nonce) else { return false };
        let period = Period::at(now, period_seconds);
        let mut found = false;
        for key in &self.0 {
            for offset in [-1, 0, 1] {
                found |= constant_time_eq(&period.moved(offset).tag(key, audience), &given);
            }
        }
        found
    }
}

/// Time cut into pieces of one length.
#[derive(Clone, Copy)]
struct Period {
    index: i64,
    seconds: u32,
}

impl Period {
    fn at(now: UnixSeconds, seconds: u32) -> Self {
        let seconds = seconds.max(1);
        Self { index: now.as_i64().div_euclid(i64::from(seconds)), seconds }
    }

    const fn moved(self, by: i64) -> Self {
        Self { index: self.index.saturating_add(by), ..self }
    }

    fn tag(self, key: &MacKey, audience: &str) -> [u8; 16] {
        let (index, seconds) = (self.index.to_be_bytes(), self.seconds.to_be_bytes());
        let mac = hmac_sha256(key, &[DOMAIN, &index, &seconds, audience.as_bytes()]);
        let mut tag = [0; 16];
        tag.iter_mut().zip(mac).for_each(|(to, from)| *to = from);
        tag
    }
}
