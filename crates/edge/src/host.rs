//! Signatures that the host verifies: the question goes out as the answer of a call, and the same call is made again with
//! the host's verdict. Nothing is kept in between.

use alloc::string::String;

use lingpai_core::ErrorCode;
use lingpai_core::jose::{HostVerdict, Jwk, SignatureAlgorithm};
use lingpai_core::json::ObjectWriter;

use crate::error::Crossing;

/// How the host takes part in a call.
pub(crate) enum Host {
    /// It may be asked.
    MayBeAsked,
    /// It has been asked, and this is what it says.
    Says(HostVerdict),
    /// It cannot be waited for.
    MayNotBeAsked,
    /// It may be asked, and is the faster of the two under a key that is new.
    Preferred,
}

impl Host {
    /// 0: may be asked; 1: found the signature right; 2: found it wrong; 3: may not be asked; 4: is preferred.
    pub(crate) fn from_number(number: u8) -> Crossing<Self> {
        match number {
            0 => Ok(Self::MayBeAsked),
            1 => Ok(Self::Says(HostVerdict::Right)),
            2 => Ok(Self::Says(HostVerdict::Wrong)),
            3 => Ok(Self::MayNotBeAsked),
            4 => Ok(Self::Preferred),
            _ => Err(ErrorCode::Internal.into()),
        }
    }
}

/// `{"host": {"alg", "kid"?, "key": {…}}}`, the key without any member that does not make it up.
pub(crate) fn question(algorithm: SignatureAlgorithm, key: &Jwk) -> String {
    let question = ObjectWriter::new()
        .string("alg", algorithm.as_str())
        .optional_string("kid", key.kid())
        .raw("key", &key.required_members_json())
        .finish();
    ObjectWriter::new().raw("host", &question).finish()
}
