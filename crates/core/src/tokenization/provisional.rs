//! Provisional tokens: made without the vault, and good for one value only. Each is a commitment to its value, so that
//! whoever sees it can neither learn the value nor register the token for another.

use alloc::string::String;

use super::MAX_VALUE_BYTES;
use crate::base64url;
use crate::crypto::{constant_time_eq, sha256_of};
use crate::error::{Error, ErrorCode, Result};
use crate::secret::Seed;

/// What each of them begins with. No token of the vault does.
pub const PREFIX: &str = "lpp1_";
/// Length of each of them, in bytes.
pub const LENGTH: usize = PREFIX.len() + 43;

const CONTEXT: &[u8] = b"lingpai-v1 provisional\0";

/// The randomness that hides the value in its commitment. Published, it would let values be tried.
pub struct Salt([u8; 32]);

impl Salt {
    /// Takes one draw of randomness.
    pub fn from_seed(seed: Seed) -> Self {
        Self(*seed.bytes())
    }

    /// Reads the text.
    ///
    /// Errors: `claim_invalid`.
    pub fn parse(text: &str) -> Result<Self> {
        let bytes = base64url::decode_secret(text);
        bytes.map(Self).map_err(|_| Error::with_detail(ErrorCode::ClaimInvalid, "salt"))
    }

    /// The text, which goes nowhere but under the seal.
    pub fn to_text_secret(&self) -> String {
        base64url::encode(&self.0)
    }
}

impl Drop for Salt {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

/// Makes the token of a value: `lpp1_` and 43 characters.
///
/// Errors: `limit_exceeded` for a name or value that is too long.
pub fn commit(tenant: &str, field: &str, value: &str, salt: &Salt) -> Result<String> {
    let mut token = String::with_capacity(LENGTH);
    token.push_str(PREFIX);
    base64url::encode_into(&digest(tenant, field, value, salt)?, &mut token);
    Ok(token)
}

/// Whether the token is the one of this value under this salt.
pub fn is_commitment(token: &str, tenant: &str, field: &str, value: &str, salt: &Salt) -> bool {
    commit(tenant, field, value, salt)
        .is_ok_and(|own| constant_time_eq(own.as_bytes(), token.as_bytes()))
}

/// Whether the text has the form of a provisional token.
pub fn is_provisional(token: &str) -> bool {
    token.strip_prefix(PREFIX).is_some_and(|rest| base64url::decode_array::<32>(rest).is_ok())
}

fn digest(tenant: &str, field: &str, value: &str, salt: &Salt) -> Result<[u8; 32]> {
    let length = |text: &str| u16::try_from(text.len()).map(u16::to_be_bytes);
    let (Ok(tenant_length), Ok(field_length)) = (length(tenant), length(field)) else {
        return Err(ErrorCode::LimitExceeded.into());
    };
    if value.len() > MAX_VALUE_BYTES {
        return Err(ErrorCode::LimitExceeded.into());
    }
    Ok(sha256_of(&[
        CONTEXT,
        &tenant_length,
        tenant.as_bytes(),
        &field_length,
        field.as_bytes(),
        &salt.0,
        value.as_bytes(),
    ]))
}
