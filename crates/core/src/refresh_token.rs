//! Refresh tokens: opaque to the page, derivable again by the authority, so that a repeated request can be answered alike
//! without storing any token.

use alloc::string::String;
use alloc::vec::Vec;

use crate::base64url;
use crate::crypto::{self, MacKey};
use crate::error::{ErrorCode, Result};

const CONTEXT: &[u8] = b"lingpai-v1 refresh-token\0";
const FAMILY_BYTES: usize = 16;
const COUNTER_BYTES: usize = 4;
const MAC_BYTES: usize = 32;
const TOKEN_BYTES: usize = FAMILY_BYTES + COUNTER_BYTES + MAC_BYTES;

/// Which token of which family: what a refresh token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshTokenId {
    /// `sid`, the family.
    pub family: String,
    /// 1 for the first token of the family, one more for each successor.
    pub counter: u32,
}

impl RefreshTokenId {
    /// The token for the holder of the proof key `jkt`: family, counter, and an HMAC over both and the key.
    ///
    /// Errors: `claim_invalid` where `family` is no family id.
    pub fn to_token(&self, key: &MacKey, jkt: Option<&str>) -> Result<String> {
        let family = base64url::decode_array::<FAMILY_BYTES>(&self.family)
            .map_err(|_| ErrorCode::ClaimInvalid)?;
        let counter = self.counter.to_be_bytes();
        let mac = mac(key, &family, counter, jkt);
        let mut token = Vec::with_capacity(TOKEN_BYTES);
        token.extend_from_slice(&family);
        token.extend_from_slice(&counter);
        token.extend_from_slice(&mac);
        Ok(base64url::encode(&token))
    }

    /// Reads a token that the holder of `jkt` presents, if one of `keys` made it for this holder.
    ///
    /// Errors: `invalid_grant`, whatever is wrong with it.
    pub fn from_token<'k>(
        text: &str,
        keys: impl IntoIterator<Item = &'k MacKey>,
        jkt: Option<&str>,
    ) -> Result<Self> {
        let token =
            base64url::decode_array::<TOKEN_BYTES>(text).map_err(|_| ErrorCode::InvalidGrant)?;
        let mut family = [0; FAMILY_BYTES];
        let mut counter = [0; COUNTER_BYTES];
        let (head, tag) = token.split_at(FAMILY_BYTES + COUNTER_BYTES);
        let (family_part, counter_part) = head.split_at(FAMILY_BYTES);
        family.copy_from_slice(family_part);
        counter.copy_from_slice(counter_part);
        let mut keys = keys.into_iter();
        let genuine =
            keys.any(|key| crypto::constant_time_eq(&mac(key, &family, counter, jkt), tag));
        if !genuine {
            return Err(ErrorCode::InvalidGrant.into());
        }
        Ok(Self { family: base64url::encode(&family), counter: u32::from_be_bytes(counter) })
    }
}

fn mac(
    key: &MacKey,
    family: &[u8; FAMILY_BYTES],
    counter: [u8; COUNTER_BYTES],
    jkt: Option<&str>,
) -> [u8; MAC_BYTES] {
    let (bound, jkt): (&[u8], &[u8]) = match jkt {
        Some(jkt) => (b"\x01", jkt.as_bytes()),
        None => (b"\x00", b""),
    };
    crypto::hmac_sha256(key, &[CONTEXT, family, &counter, bound, jkt])
}
