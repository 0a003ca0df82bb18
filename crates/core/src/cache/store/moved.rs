//! What moved up, kept where it moved to. Another tab may see a row in `localStorage` for a while after it was moved and removed
//! there, and a page may end in between: what is in this list is not moved up again, on top of what was written since.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use crate::cache::pending::Pending;
use crate::cache::row::{Row, decimal};

/// Rows that moved since are enough for any tab to have seen the removal.
const MOST_MOVED: usize = 64;

/// Keys and the revisions that they waited with, oldest first.
#[derive(Default)]
pub(super) struct Moved(Vec<(String, u64)>);

impl Moved {
    /// Reads what [`Self::to_row`] wrote.
    pub(super) fn of_row(row: &Row) -> Self {
        let entry = |line: &str| {
            let (revision, key) = line.split_once(' ')?;
            Some((key.to_string(), revision.parse().ok()?))
        };
        Self(row.value.lines().filter_map(entry).collect())
    }

    pub(super) fn to_row(&self) -> Row {
        let mut value = String::new();
        for (key, revision) in &self.0 {
            value.push_str(&decimal(*revision));
            value.push(' ');
            value.push_str(key);
            value.push('\n');
        }
        Row { value, revision: 0 }
    }

    pub(super) fn note(&mut self, key: &str, revision: u64) {
        self.0.push((key.to_string(), revision));
        let above = self.0.len().saturating_sub(MOST_MOVED);
        self.0.drain(..above);
    }

    /// Whether it has moved up before, or what came after it.
    pub(super) fn has(&self, key: &str, pending: &Pending) -> bool {
        self.0.iter().any(|(other, revision)| other == key && pending.moved_with(*revision))
    }
}
