//! Randomness from the host, one draw for each use.

use alloc::string::String;

use lingpai_core::secret::Seed;
use lingpai_core::{ErrorCode, Result, base64url};

/// `N` random bytes.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| ErrorCode::Internal)?;
    Ok(bytes)
}

/// Randomness for one key.
pub(crate) fn seed() -> Result<Seed> {
    bytes().map(Seed::new)
}

/// A fresh unique id: 128 bits, 22 characters.
pub(crate) fn id() -> Result<String> {
    Ok(base64url::encode(&bytes::<16>()?))
}
