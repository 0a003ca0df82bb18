//! Epochs: what keeps the ids of operations apart where the count of them began anew, since a store was lost or another install
//! took its place.

use crate::secret::Seed;
use crate::time::UnixSeconds;

/// A store as it is now.
pub struct Life {
    /// How often the store says it was lost and began anew; always the same where a store does not say.
    pub number: u32,
    /// In case that the count of operations begins anew.
    pub seed: Seed,
}

/// Random bits of an epoch. The hours since 1970 stand before them until 2089, so that what is older sorts first; together they
/// are one of I-JSON's safe integers.
const RANDOM_BITS: u32 = 33;
const HOUR: i64 = 3600;

/// An epoch that begins at about that time, later than the one before. The vault may give the same policy to a store that was lost as
/// it did before the loss: its time alone does not tell them apart.
pub(super) fn begin(at: UnixSeconds, seed: Seed, before: u64) -> u64 {
    let hours = u64::try_from(at.as_i64() / HOUR).unwrap_or(0) & ((1 << (53 - RANDOM_BITS)) - 1);
    let random = seed.bytes().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    let epoch = hours << RANDOM_BITS | random >> (64 - RANDOM_BITS);
    epoch.max(before.saturating_add(1)).max(1)
}
