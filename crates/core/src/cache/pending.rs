//! Rows that were acknowledged by a lesser place and wait for a better one. Each knows what it was built on, so that it does not
//! bury what was written there meanwhile.

use alloc::string::{String, ToString as _};

use super::row::{FIRST_PENDING, Row, decimal};

/// What larger values have to do without.
pub const LARGEST_LOCAL: usize = 8 * 1024;

/// Where a row begins to wait, its revision is one of so many. Below [`FOREIGN`](super::row::FOREIGN) is room to count on.
const CHAINS: u64 = 1 << 51;
/// By how much it grows at most each time that the row is written on.
const STEPS: u64 = 1 << 10;
/// Revisions that are no further apart are of the same row that waited.
const CHAIN: u64 = 1 << 32;

/// A row that waits.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pending {
    /// The value; `None` deletes.
    pub value: Option<String>,
    /// What the better place had when this was decided; `None` if that did not matter.
    pub base: Option<u64>,
    /// Beyond [`FIRST_PENDING`]; nothing else that ever waited has the same.
    pub revision: u64,
    /// Whether `localStorage` has it.
    pub local: bool,
}

impl Pending {
    /// What follows `before` in this place. `drawn` is random.
    pub fn after(
        before: Option<&Self>,
        value: Option<String>,
        base: Option<u64>,
        drawn: u64,
    ) -> Self {
        let revision = match before {
            None => FIRST_PENDING + drawn % CHAINS,
            // Two tabs may go on from the same row.
            Some(before) => before.revision + 1 + drawn % STEPS,
        };
        let base = before.map_or(base, |before| before.base);
        Self { value, base, revision, local: false }
    }

    /// As readers see it.
    pub fn row(&self) -> Option<Row> {
        let revision = self.revision;
        self.value.clone().map(|value| Row { value, revision })
    }

    /// The revision that a writer has to expect.
    pub fn expected(&self) -> u64 {
        if self.value.is_some() { self.revision } else { 0 }
    }

    /// As a row of `localStorage`: sign, base, value.
    pub fn to_row(&self) -> Row {
        let sign = if self.value.is_some() { "+" } else { "-" };
        let base = self.base.map_or("*".to_string(), decimal);
        let value = [sign, &base, " ", self.value.as_deref().unwrap_or_default()].concat();
        Row { value, revision: self.revision }
    }

    /// Reads what [`Self::to_row`] wrote.
    pub fn of_row(row: &Row) -> Option<Self> {
        let (head, value) = row.value.split_once(' ')?;
        let value = match head.get(..1)? {
            "+" => Some(value.to_string()),
            "-" => None,
            _ => return None,
        };
        let base = match head.get(1..)? {
            "*" => None,
            base => Some(base.parse().ok()?),
        };
        Some(Self { value, base, revision: row.revision, local: true })
    }

    /// Whether it is the row that moved up with that revision, or an older state of it.
    pub fn moved_with(&self, revision: u64) -> bool {
        revision.checked_sub(self.revision).is_some_and(|newer| newer < CHAIN)
    }

    /// Whether it goes on top of what the better place has now.
    pub fn follows(&self, current: u64) -> bool {
        self.base.is_none_or(|base| base == current)
    }
}
