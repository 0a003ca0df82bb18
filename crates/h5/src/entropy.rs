//! Randomness from the host: `crypto.getRandomValues`, which exists on plain http too.

#[cfg(feature = "visit")]
use lingpai_core::base64url;
use lingpai_core::secret::Seed;
use lingpai_core::{Error, ErrorCode, Result};

/// One draw, good for one key.
pub(crate) fn seed() -> Result<Seed> {
    draw().map(Seed::new)
}

/// A fresh IV for AES-GCM.
pub(crate) fn iv() -> Result<[u8; 12]> {
    draw()
}

/// An id of 128 random bits.
#[cfg(feature = "visit")]
pub(crate) fn id() -> Result<String> {
    draw::<16>().map(|bytes| base64url::encode(&bytes))
}

fn draw<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(Error::with_detail(ErrorCode::Internal, "no source of randomness")),
    }
}
