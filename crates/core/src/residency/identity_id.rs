//! The id of an identity: 128 random bits for life. It says nothing about the person and nothing about the area.

use alloc::string::String;

use crate::base64url;
use crate::error::{Error, ErrorCode, Result};

/// Objects over which the data of one area are spread.
pub const DATA_SHARDS: u8 = 16;

/// An opaque identity id; 22 characters of base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityId([u8; 16]);

impl IdentityId {
    /// Takes one draw of randomness from a cryptographic source.
    pub const fn from_random(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Reads the one text of an id.
    ///
    /// Errors: `claim_invalid`.
    pub fn parse(text: &str) -> Result<Self> {
        base64url::decode_array(text)
            .map(Self)
            .map_err(|_| Error::with_detail(ErrorCode::ClaimInvalid, "id"))
    }

    /// The text.
    pub fn to_text(self) -> String {
        base64url::encode(&self.0)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Which of an area's [`DATA_SHARDS`] objects keeps the data of this id. Four random bits: it is the same in each area.
    pub const fn shard(self) -> u8 {
        let [first, ..] = self.0;
        first % DATA_SHARDS
    }
}
