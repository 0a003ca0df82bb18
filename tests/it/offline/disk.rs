//! What tabs share: a database and a `localStorage`, with what a loss of power would leave of them.

use std::collections::BTreeMap;

/// Names and texts.
pub(crate) type Texts = BTreeMap<String, String>;

/// A name with its new text, or without any more.
pub(crate) type Change = (String, Option<String>);

pub(crate) fn apply(change: &[Change], texts: &mut Texts) {
    for (name, text) in change {
        match text {
            Some(text) => texts.insert(name.clone(), text.clone()),
            None => texts.remove(name),
        };
    }
}

/// The storage of an origin.
#[derive(Default)]
pub(crate) struct Disk {
    /// What is committed.
    pub(crate) committed: Texts,
    /// What the last strict commit made safe.
    pub(crate) safe: Texts,
    pub(crate) local: Texts,
    /// What of it the browser has written down.
    pub(crate) local_safe: Texts,
    /// Another database after each clearing, with another key.
    pub(crate) life: u8,
    /// `open` fails, or says nothing.
    pub(crate) denied: bool,
    pub(crate) hanging: bool,
    /// Nothing can be written.
    pub(crate) full: bool,
    pub(crate) local_denied: bool,
    pub(crate) local_full: bool,
}

impl Disk {
    /// Commits a transaction.
    pub(crate) fn commit(&mut self, change: &[Change], strict: bool) {
        apply(change, &mut self.committed);
        if strict {
            // What was committed before is in the same log.
            self.safe = self.committed.clone();
        }
    }

    /// The machine stops at once.
    pub(crate) fn power_fails(&mut self) {
        self.committed = self.safe.clone();
        self.local = self.local_safe.clone();
    }

    /// The browser had time to write everything down.
    pub(crate) fn settle(&mut self) {
        self.safe = self.committed.clone();
        self.local_safe = self.local.clone();
    }

    /// The user, or the browser, clears the database.
    pub(crate) fn clear_database(&mut self) {
        self.committed.clear();
        self.safe.clear();
        self.life += 1;
    }
}
