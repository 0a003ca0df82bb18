//! Pauses: what the vault does not take for now, because it has had too much of it (429). It is there, and what it counts apart goes
//! on: the circuit breaker holds a pause beside its state, and takes none for an outage.

use crate::error::{Error, ErrorCode, Result};
use crate::json::{Object, ObjectWriter};
use crate::secret::Seed;

/// What a tokenizer asks of the vault, by how the vault counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Tokens for values. While that pauses values get tokens as in an outage.
    Tokens,
    /// What waits in the outbox is sent. While that pauses it waits.
    Reconcile,
}

impl Call {
    /// The longest pause, in milliseconds, whatever was asked for: the vault counts by the hour; but it counts each field by itself,
    /// and values of others are not to go without it for so long.
    const fn longest_ms(self) -> u64 {
        match self {
            Self::Tokens => 60_000,
            Self::Reconcile => 3_600_000,
        }
    }
}

/// The shortest pause where none was asked for, in milliseconds; the longest is twice that.
const UNASKED_MS: u64 = 2_000;

/// Until when each pauses, in milliseconds of the device's clock; 0 for never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pauses {
    tokens: u64,
    reconcile: u64,
}

impl Pauses {
    /// How much of a pause is left, in milliseconds. A clock that was turned back makes none longer than it can have been.
    pub(super) fn left(self, call: Call, now_ms: u64) -> Option<u64> {
        let until = match call {
            Call::Tokens => self.tokens,
            Call::Reconcile => self.reconcile,
        };
        let left = until.saturating_sub(now_ms);
        (1..=call.longest_ms()).contains(&left).then_some(left)
    }

    /// Begins a pause of the length that was asked for, within bounds.
    pub(super) fn begin(&mut self, call: Call, asked_ms: Option<u64>, now_ms: u64, jitter: &Seed) {
        let [part, ..] = *jitter.bytes();
        let unasked = UNASKED_MS + UNASKED_MS * u64::from(part) / 256;
        let ms = asked_ms.unwrap_or(unasked).clamp(UNASKED_MS, call.longest_ms());
        let until = match call {
            Call::Tokens => &mut self.tokens,
            Call::Reconcile => &mut self.reconcile,
        };
        *until = now_ms.saturating_add(ms);
    }

    pub(super) fn read(row: &Object) -> Result<Self> {
        let number = |name| {
            let until = row.optional_integer(name)?.unwrap_or(0);
            u64::try_from(until).map_err(|_| Error::with_detail(ErrorCode::ClaimInvalid, name))
        };
        Ok(Self { tokens: number("tokens")?, reconcile: number("reconcile")? })
    }

    pub(super) fn write(self, out: ObjectWriter) -> ObjectWriter {
        let number = |until: u64| (until > 0).then(|| i64::try_from(until).unwrap_or(i64::MAX));
        out.optional_integer("tokens", number(self.tokens))
            .optional_integer("reconcile", number(self.reconcile))
    }
}
