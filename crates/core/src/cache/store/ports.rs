//! What passes between a store and its host: requests of the app, the host's calls, and what became of them.

use alloc::string::String;
use alloc::vec::Vec;

use crate::cache::connection::Open;
use crate::cache::row::{Flaw, decimal};
use crate::cache::{Cause, Durability, Row, RowKey, Tier};

/// What an app asks of a store.
#[derive(Clone, Debug)]
pub enum Request {
    /// The rows of these keys.
    Read(Vec<String>),
    /// At most `limit` rows in the order of their keys; fewer only where there are no more. Those that cannot be read are not counted.
    List {
        /// Their keys begin with this.
        prefix: String,
        /// And come after this.
        after: String,
        /// At most so many.
        limit: u32,
    },
    /// All of it or nothing.
    Write(Batch),
    /// No more requests; answered when what is under way has ended.
    Close,
}

/// Changes that happen together, if every row is as expected.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Keys with their revisions; 0 for a row that must not be there.
    pub expect: Vec<(String, u64)>,
    /// Keys with their new values; without one the row is deleted.
    pub change: Vec<(String, Option<String>)>,
    /// Whether it must survive a loss of power.
    pub strict: bool,
    /// [`Durability::Strict`] or [`Durability::Relaxed`]: with less than this nothing is to be written, not even in a lesser place,
    /// from which rows move up one by one.
    pub least: Option<Durability>,
}

impl Batch {
    pub(super) fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = Vec::new();
        let mut add = |key: &String| {
            if !keys.contains(key) {
                keys.push(key.clone());
            }
        };
        self.expect.iter().for_each(|(key, _)| add(key));
        self.change.iter().for_each(|(key, _)| add(key));
        keys
    }

    pub(super) fn expected(&self, key: &str) -> Option<u64> {
        self.expect.iter().find(|(name, _)| name == key).map(|(_, revision)| *revision)
    }
}

/// What a request came to.
#[derive(Debug, Eq, PartialEq)]
pub enum Answer {
    /// To a read: as many as keys.
    Rows(Vec<Option<Row>>),
    /// To a list.
    Listed(Vec<(String, Row)>),
    /// To a write that was committed, and to the closing.
    Done(Durability),
    /// To a write that was not: the revisions that were not as expected.
    Conflicts(Vec<(String, u64)>),
    /// To a write that was worth less than [`Batch::least`]: it is nowhere. Where the database kept silent it may have it, whole.
    Refused(Cause),
    /// The store is closed.
    Closed,
}

/// What the app is told.
#[derive(Debug, Eq, PartialEq)]
pub enum Event {
    /// Rows go elsewhere now; `moved` came along.
    TierChanged {
        /// Where they went before.
        from: Option<Tier>,
        /// Where they go.
        to: Tier,
        /// Why not to a better place.
        cause: Option<Cause>,
        /// How many came along.
        moved: usize,
    },
    /// What was there is gone or older than it was.
    Lost(Tier, u32),
    /// A row counts as absent.
    Quarantined(Tier, String, Flaw),
    /// There was no room.
    Capacity(Tier),
    /// Rows that waited gave way to newer ones.
    Superseded(usize),
}

impl Event {
    /// As words with a space between them: its name and what belongs to it; the key of a row comes last, since it may have spaces.
    pub fn to_text(&self) -> String {
        match self {
            Self::TierChanged { from, to, cause, moved } => {
                let from = from.map_or("", Tier::as_str);
                let cause = cause.map_or("", Cause::as_str);
                ["tier_changed", from, to.as_str(), cause, &decimal(*moved as u64)].join(" ")
            }
            Self::Lost(tier, epoch) => {
                ["storage_lost", tier.as_str(), &decimal((*epoch).into())].join(" ")
            }
            Self::Quarantined(tier, key, flaw) => {
                ["row_quarantined", tier.as_str(), flaw.as_str(), key].join(" ")
            }
            Self::Capacity(tier) => ["capacity", tier.as_str()].join(" "),
            Self::Superseded(rows) => ["superseded", &decimal(*rows as u64)].join(" "),
        }
    }
}

/// A call that the host has to make.
#[derive(Debug)]
pub enum Command {
    /// Open the database; [`Input::Opened`] or [`Input::Refused`].
    Open(Open),
    /// Close what this attempt opened.
    Close(u32),
    /// Fetch the key of the rows, or make one; [`Input::Keyed`].
    Key(u32),
    /// Begin a transaction, read, and give [`Input::Fetched`].
    Begin(Begin),
    /// Still in it: write, then read these again. With nothing to read it ends, by [`Input::Complete`] or [`Input::Aborted`].
    Burst {
        /// Of [`Begin`].
        tx: u32,
        /// Names and texts to put; without a text the name is deleted.
        change: Vec<(String, Option<String>)>,
        /// Names to read again.
        get: Vec<String>,
        /// As of [`Begin`].
        list: Option<Range>,
    },
    /// Abort it, if it still can be; nobody waits for it any more.
    Abort(u32),
    /// Give [`Input::Tick`] at this time, if not before.
    Wake(u64),
    /// Answer a request.
    Answer(u32, Answer),
    /// Tell the app.
    Emit(Event),
}

/// A transaction to begin.
#[derive(Debug)]
pub struct Begin {
    /// By which the rest is told.
    pub tx: u32,
    /// Whether it writes.
    pub write: bool,
    /// Whether it must survive a loss of power.
    pub strict: bool,
    /// Whether it is not to begin where that cannot be had; [`Input::Aborted`] with [`Cause::Missing`].
    pub only_strict: bool,
    /// Names to read.
    pub get: Vec<String>,
    /// Names to list.
    pub list: Option<Range>,
}

/// Names: beginning with the first text, after the second one, at most so many.
pub type Range = (String, String, u32);

/// What happened.
pub enum Input {
    /// It begins.
    Start,
    /// The app asks.
    Ask(u32, Request),
    /// A database opened: attempt, version, whether it has the object store.
    Opened(u32, u64, bool),
    /// It did not.
    Refused(u32, Cause),
    /// The key of the rows is there, and whether it is a secret one; nothing if the database failed over it.
    Keyed(u32, Option<(RowKey, bool)>),
    /// The connection of this attempt is of no use any more.
    Lost(u32),
    /// What a transaction read: a text or nothing for each name, and the list.
    Fetched(u32, Vec<Option<String>>, Vec<(String, String)>),
    /// A transaction is committed; whether strictly.
    Complete(u32, bool),
    /// A transaction came to nothing.
    Aborted(u32, Cause),
    /// Time passes.
    Tick,
    /// The page is about to be frozen or kept for later: whoever wants the database must not have to wait for it.
    Sleep,
    /// The page is back.
    Wake,
}

/// What a text of `localStorage` is.
#[derive(Debug, Eq, PartialEq)]
pub enum Local {
    /// There is no `localStorage`, or it throws.
    Unavailable,
    /// There is no such item.
    Absent,
    /// An item.
    Text(String),
}

/// The host: takes commands, which it obeys once the store is done with its input, and lends its `localStorage`.
pub trait Host {
    /// An item.
    fn local_get(&mut self, name: &str) -> Local;
    /// Sets an item; whether it is set.
    fn local_set(&mut self, name: &str, text: &str) -> bool;
    /// Removes an item.
    fn local_remove(&mut self, name: &str);
    /// Names of items that begin so.
    fn local_names(&mut self, prefix: &str) -> Vec<String>;
    /// A call to make.
    fn command(&mut self, command: Command);
}
