//! The store as decisions see it: rows of text with a revision each, what was read of them, and one transaction.

use alloc::borrow::ToOwned as _;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::error::{ErrorCode, Result};

/// What a store keeps under a key. Its revision is another each time that the row is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The text.
    pub value: String,
    /// At least 1.
    pub revision: u64,
}

/// Rows that were read, and keys that were looked for in vain.
#[derive(Clone, Debug, Default)]
pub struct Rows(BTreeMap<String, Option<Row>>);

impl Rows {
    /// Nothing was read.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Notes what was read under a key: a row, or that there is none.
    pub fn insert(&mut self, key: &str, row: Option<Row>) {
        self.0.insert(key.to_owned(), row);
    }

    /// The row that was read under a key, if there was one.
    ///
    /// Errors: `internal` for a key that was not read: nothing can be decided about it.
    pub(super) fn row(&self, key: &str) -> Result<Option<&Row>> {
        self.0.get(key).map(Option::as_ref).ok_or_else(|| ErrorCode::Internal.into())
    }
}

/// One transaction: all of it or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Keys whose row has to have this revision still; 0 where there has to be none.
    pub expect: Vec<(String, u64)>,
    /// Rows to be written.
    pub put: Vec<(String, String)>,
    /// Keys whose row is to be deleted.
    pub delete: Vec<String>,
    /// Whether it has to survive a loss of power before anybody hears of it, or else may not be written at all: its rows are only
    /// right together.
    pub strict: bool,
}

impl Batch {
    pub(super) const fn strict() -> Self {
        Self { expect: Vec::new(), put: Vec::new(), delete: Vec::new(), strict: true }
    }

    pub(super) const fn relaxed() -> Self {
        Self { expect: Vec::new(), put: Vec::new(), delete: Vec::new(), strict: false }
    }

    pub(super) fn expect(&mut self, key: &str, row: Option<&Row>) {
        self.expect.push((key.to_owned(), row.map_or(0, |row| row.revision)));
    }

    pub(super) fn put(&mut self, key: &str, value: String) {
        self.put.push((key.to_owned(), value));
    }

    pub(super) fn delete(&mut self, key: &str) {
        self.delete.push(key.to_owned());
    }
}

/// A number as 16 hexadecimal digits, so that keys sort as their numbers do.
pub(super) fn sortable(number: u64) -> String {
    (0..16)
        .rev()
        .map(|at| char::from_digit((number >> (4 * at)) as u32 & 15, 16).unwrap_or('0'))
        .collect()
}
