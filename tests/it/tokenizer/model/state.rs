//! Everything that is, at one moment.

use std::collections::{BTreeMap, BTreeSet};

use lingpai_core::tokenizer::fence::Fence;
use lingpai_core::tokenizer::{Batch, Row, Rows, outbox};

use super::ghost::Ghost;
use super::server::Server;

/// Rows by key, each with its revision.
#[derive(Clone, Debug, Default, Hash, PartialEq, Eq)]
pub(super) struct Store {
    pub(super) rows: BTreeMap<String, (String, u64)>,
    revision: u64,
}

impl Store {
    pub(super) fn read(&self, keys: &[String]) -> Rows {
        let mut rows = Rows::new();
        for key in keys {
            let row = self.rows.get(key);
            let row =
                row.map(|(value, revision)| Row { value: value.clone(), revision: *revision });
            rows.insert(key, row);
        }
        rows
    }

    pub(super) fn list(&self, prefix: &str) -> Vec<(String, Row)> {
        let rows = self.rows.iter().filter(|(key, _)| key.starts_with(prefix));
        let row =
            |(value, revision): &(String, u64)| Row { value: value.clone(), revision: *revision };
        rows.map(|(key, it)| (key.clone(), row(it))).collect()
    }

    /// Whether it was committed. `blind`: whatever it expected.
    pub(super) fn write(&mut self, batch: &Batch, blind: bool) -> bool {
        let revision = |key| self.rows.get(key).map_or(0, |row: &(String, u64)| row.1);
        if !blind && batch.expect.iter().any(|(key, expected)| revision(key) != *expected) {
            return false;
        }
        for (key, value) in &batch.put {
            self.revision += 1;
            self.rows.insert(key.clone(), (value.clone(), self.revision));
        }
        for key in &batch.delete {
            self.rows.remove(key);
        }
        true
    }
}

/// What a tab is about.
#[derive(Clone, Debug, Default, Hash, PartialEq, Eq)]
pub(super) struct Tab {
    /// A value for which a token was found, not yet committed.
    pub(super) placing: Option<Placing>,
    /// A request that was sent and not answered.
    pub(super) sent: Option<Sent>,
    /// The outbox was seen empty, and something is missing.
    pub(super) emptied: Option<Emptied>,
    /// Rows that wait in a lesser place, each with the revision that it was built on: of a mutant only.
    pub(super) lesser: BTreeMap<String, (String, Option<u64>)>,
}

/// A decision that waits to be written.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub(super) struct Placing {
    pub(super) value: String,
    pub(super) token: String,
    pub(super) expect: Vec<(String, u64)>,
    pub(super) put: Vec<(String, String)>,
}

/// What is to be written off: by the account as it was before the outbox was seen empty. Only a mutant keeps no more than the fence.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub(super) struct Emptied {
    pub(super) fence: Fence,
    pub(super) expect: Vec<(String, u64)>,
    pub(super) put: Vec<(String, String)>,
}

/// A batch under way.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) request: u8,
    pub(super) fence: Fence,
    pub(super) rows: Vec<(String, (String, u64))>,
}

/// Something in the network. It may arrive at any time, more than once, or never.
#[derive(Clone, Debug, Hash, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Message {
    Request { number: u8, tab: usize, body: String },
    Answer { number: u8, tab: usize, body: String },
}

/// How often each mishap may happen still.
#[derive(Clone, Copy, Debug, Default, Hash, PartialEq, Eq)]
pub(super) struct Mishaps {
    /// A tab crashes, and starts again.
    pub(super) crashes: u8,
    /// A message arrives and stays in the network, to arrive again.
    pub(super) repeats: u8,
    /// A tab sleeps, or the device does: everybody's hold on the fence ends.
    pub(super) sleeps: u8,
    /// The store loses an operation.
    pub(super) evictions: u8,
    /// The store is what it was at first, as after a restored backup.
    pub(super) restores: u8,
    /// The vault answers for the first operation of a request only.
    pub(super) halves: u8,
    /// The store refuses a commit.
    pub(super) refusals: u8,
}

/// The whole.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub(super) struct State {
    pub(super) store: Store,
    pub(super) at_first: Store,
    pub(super) tabs: [Tab; 2],
    /// Which values each tab is still to tokenize.
    pub(super) wanted: Vec<(usize, String)>,
    pub(super) network: BTreeSet<Message>,
    pub(super) server: Server,
    pub(super) requests: u8,
    pub(super) now_ms: u64,
    pub(super) mishaps: Mishaps,
    pub(super) ghost: Ghost,
}

impl State {
    /// Whether nothing waits any more, as far as anybody knows.
    pub(super) fn is_settled(&self) -> bool {
        let known = super::steps::account(self).map_or(0, |account| account.counts().pending());
        self.store.list(outbox::PREFIX).is_empty() && known == 0
    }
}
