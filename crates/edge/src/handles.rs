//! What outlives a call: kept here, known to JavaScript as a number. Numbers are never used again within an instance, so
//! that a stale one finds nothing instead of something else.

use core::cell::{Cell, RefCell};
use std::thread::LocalKey;

use lingpai_core::ErrorCode;

use crate::error::Crossing;

/// Things of one kind by number.
pub(crate) struct Handles<T> {
    last: Cell<u32>,
    entries: RefCell<Vec<(u32, T)>>,
}

impl<T> Handles<T> {
    pub(crate) const fn new() -> Self {
        Self { last: Cell::new(0), entries: RefCell::new(Vec::new()) }
    }
}

/// Keeps `value` and gives its number.
pub(crate) fn keep<T>(handles: &'static LocalKey<Handles<T>>, value: T) -> Crossing<u32> {
    handles.with(|handles| {
        let number = handles.last.get().checked_add(1).ok_or(ErrorCode::Internal)?;
        handles.last.set(number);
        handles.entries.borrow_mut().push((number, value));
        Ok(number)
    })
}

/// Looks at what a number stands for.
pub(crate) fn with<T, R>(
    handles: &'static LocalKey<Handles<T>>,
    number: u32,
    look: impl FnOnce(&T) -> Crossing<R>,
) -> Crossing<R> {
    handles.with(|handles| {
        let entries = handles.entries.borrow();
        let found = entries.iter().find(|(key, _)| *key == number).ok_or(ErrorCode::Closed)?;
        look(&found.1)
    })
}

/// Takes back what a number stands for, if it still stands for anything.
pub(crate) fn take<T>(handles: &'static LocalKey<Handles<T>>, number: u32) -> Option<T> {
    handles.with(|handles| {
        let mut entries = handles.entries.borrow_mut();
        let at = entries.iter().position(|(key, _)| *key == number)?;
        Some(entries.swap_remove(at).1)
    })
}
