//! Pauses: what the vault does not take for now, because it has had too much of it (429). It is there, and what it counts apart goes
//! on: the circuit breaker holds a pause beside its state, and takes none for an outage.

use crate::error::Result;
use crate::json::{Object, ObjectWriter};

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

/// The shortest, also where none was asked for.
const SHORTEST_MS: u64 = 2_000;

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
        (left > 0 && left <= call.longest_ms()).then_some(left)
    }

    /// Begins a pause of the length that was asked for, within bounds.
    pub(super) fn begin(&mut self, call: Call, asked_ms: Option<u64>, now_ms: u64) {
        let ms = asked_ms.unwrap_or(0).clamp(SHORTEST_MS, call.longest_ms());
        let until = match call {
            Call::Tokens => &mut self.tokens,
            Call::Reconcile => &mut self.reconcile,
        };
        *until = now_ms.saturating_add(ms);
    }

    /// Those of a row; none where it has none.
    pub(super) fn read(row: &Object) -> Result<Self> {
        let until = |name| -> Result<u64> {
            Ok(u64::try_from(row.optional_integer(name)?.unwrap_or(0)).unwrap_or(0))
        };
        Ok(Self { tokens: until("tokens")?, reconcile: until("reconcile")? })
    }

    pub(super) fn write(self, out: ObjectWriter) -> ObjectWriter {
        let number = |until: u64| i64::try_from(until).unwrap_or(i64::MAX);
        out.integer("tokens", number(self.tokens)).integer("reconcile", number(self.reconcile))
    }
}
