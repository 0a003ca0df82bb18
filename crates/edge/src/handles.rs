//! What outlives a call: kept here, known to JavaScript as a number. Numbers are never used again within an instance, so
//! that a stale one finds nothing instead of something else.

use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

use lingpai_core::ErrorCode;

use crate::error::Crossing;

/// Things of one kind by number.
pub(crate) struct Handles<T> {
    last: Cell<u32>,
    /// In the order of their numbers
    entries: RefCell<Vec<(u32, T)>>,
}

// SAFETY: an instance of this module has one thread. Shared memory would need the `atomics` target feature.
#[cfg(not(target_feature = "atomics"))]
unsafe impl<T> Sync for Handles<T> {}

impl<T> Handles<T> {
    pub(crate) const fn new() -> Self {
        Self { last: Cell::new(0), entries: RefCell::new(Vec::new()) }
    }

    /// Keeps `value` and gives its number.
    pub(crate) fn keep(&self, value: T) -> Crossing<u32> {
        let number = self.last.get().checked_add(1).ok_or(ErrorCode::Internal)?;
        self.last.set(number);
        self.entries.borrow_mut().push((number, value));
        Ok(number)
    }

    /// Looks at what a number stands for.
    pub(crate) fn with<R>(&self, number: u32, look: impl FnOnce(&T) -> Crossing<R>) -> Crossing<R> {
        let entries = self.entries.borrow();
        let at = position(&entries, number)?;
        look(&entries.get(at).ok_or(ErrorCode::Closed)?.1)
    }

    /// As [`Self::with`], and may change it.
    pub(crate) fn with_mut<R>(
        &self,
        number: u32,
        change: impl FnOnce(&mut T) -> Crossing<R>,
    ) -> Crossing<R> {
        let mut entries = self.entries.borrow_mut();
        let at = position(&entries, number)?;
        change(&mut entries.get_mut(at).ok_or(ErrorCode::Closed)?.1)
    }

    /// Takes back what a number stands for, if it still stands for anything.
    pub(crate) fn take(&self, number: u32) -> Option<T> {
        let mut entries = self.entries.borrow_mut();
        let at = position(&entries, number).ok()?;
        Some(entries.remove(at).1)
    }
}

fn position<T>(entries: &[(u32, T)], number: u32) -> Result<usize, ErrorCode> {
    entries.binary_search_by_key(&number, |(key, _)| *key).map_err(|_| ErrorCode::Closed)
}
