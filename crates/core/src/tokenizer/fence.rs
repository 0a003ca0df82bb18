//! The fence: of all tabs and processes that share a store, one sends. It holds a row for a while and, with each transaction,
//! shows that the row is still the one that it wrote: whoever slept through the end of its time finds out by the conflict.

use alloc::borrow::ToOwned as _;
use alloc::string::String;

use super::store::{Batch, Row, Rows};
use crate::error::{ErrorCode, Result};
use crate::json::{self, ObjectWriter};

/// Its key in the store.
pub const KEY: &str = "fence";
/// How long it is held at a time, in milliseconds: longer than a request may take.
pub const HELD_MS: u64 = 15_000;

/// The fence as its holder knows it.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub struct Fence {
    revision: u64,
}

/// What becomes of an attempt to hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It is free, or ours already: write this, then read the row again ([`Fence::held`]).
    Take(Batch),
    /// Somebody else holds it; it may be free after so many milliseconds.
    Wait(u64),
}

/// Tries to hold the fence as `owner`, which names one tab or process at random. `now_ms` is the device's own clock.
///
/// Errors: `internal` if the row was not read.
pub fn attempt(rows: &Rows, owner: &str, now_ms: u64) -> Result<Attempt> {
    let row = rows.row(KEY)?;
    if let Some((holder, until)) = row.and_then(read)
        && holder != owner
    {
        let left = until.saturating_sub(now_ms);
        // Longer than anybody holds it: the clock was turned back since.
        if left > 0 && left <= HELD_MS {
            return Ok(Attempt::Wait(left));
        }
    }
    let mut batch = Batch::relaxed();
    batch.expect(KEY, row);
    let until = i64::try_from(now_ms.saturating_add(HELD_MS)).unwrap_or(i64::MAX);
    batch.put(KEY, ObjectWriter::new().string("owner", owner).integer("until", until).finish());
    Ok(Attempt::Take(batch))
}

impl Fence {
    /// The fence, if the row that was read says that it is `owner`'s.
    ///
    /// Errors: `internal` if the row was not read.
    pub fn held(rows: &Rows, owner: &str) -> Result<Option<Self>> {
        let held = |row: &Row| read(row).is_some_and(|(holder, _)| holder == owner);
        Ok(rows.row(KEY)?.filter(|row| held(row)).map(|row| Self { revision: row.revision }))
    }

    /// Makes a transaction depend on it.
    ///
    /// Errors: `closed` where what was read shows that it is lost.
    pub(super) fn guard(&self, rows: &Rows, batch: &mut Batch) -> Result<()> {
        match rows.row(KEY)? {
            Some(row) if row.revision == self.revision => {
                batch.expect(KEY, Some(row));
                Ok(())
            }
            _ => Err(ErrorCode::Closed.into()),
        }
    }

    /// Lets it go, if it is still ours.
    pub fn release(&self) -> Batch {
        let mut batch = Batch::relaxed();
        batch.expect.push((KEY.to_owned(), self.revision));
        batch.delete(KEY);
        batch
    }
}

fn read(row: &Row) -> Option<(String, u64)> {
    let read = json::parse_object(row.value.as_bytes()).ok()?;
    let until = u64::try_from(read.integer("until").ok()?).ok()?;
    Some((read.string("owner").ok()?.to_owned(), until))
}
