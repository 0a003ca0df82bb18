//! The offline cache of a page: which rows are kept where, what is told to whom when storage fails, which tab may act, and
//! what the page's clock is worth. State machines without IO: the host makes the calls that they ask for, and tells what
//! became of them.
//!
//! [`store`] is the whole of it. Its parts: [`connection`] (when a database is opened, given up, opened again), [`row`] (how a
//! row is sealed), [`canary`] (how a loss is noticed), [`pending`] (rows that wait for a better place). Beside it [`lease`]
//! (who acts, where there are no locks) and [`clock`].

pub mod canary;
pub mod clock;
pub mod connection;
pub mod lease;
pub mod pending;
pub mod row;
pub mod store;
pub mod table;

pub use self::row::{Row, RowKey};

/// Where rows are kept, best first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Tier {
    /// IndexedDB: transactions, shared by the tabs of an origin.
    IndexedDb,
    /// `localStorage`: small rows, written when the browser likes.
    LocalStorage,
    /// This page's memory.
    Memory,
}

impl Tier {
    /// The name that apps see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IndexedDb => "indexeddb",
            Self::LocalStorage => "localstorage",
            Self::Memory => "memory",
        }
    }
}

/// What a row survives that was acknowledged.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Durability {
    /// A loss of power.
    Strict,
    /// The end of page and browser.
    Relaxed,
    /// A reload, mostly.
    BestEffort,
    /// Nothing.
    Volatile,
}

impl Durability {
    /// The name that apps see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Relaxed => "relaxed",
            Self::BestEffort => "best_effort",
            Self::Volatile => "volatile",
        }
    }
}

/// Why a store could not do something. Browsers have dozens of names for these.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cause {
    /// The page may not use storage: `SecurityError`, or asking for it throws.
    Denied,
    /// The host has no such storage.
    Missing,
    /// The database is of a newer version than the one asked for: `VersionError`.
    Version,
    /// No room: `QuotaExceededError`.
    Quota,
    /// The connection is of no use any more, or anything else: `InvalidStateError`, `UnknownError`, `AbortError`.
    Lost,
    /// It keeps silent.
    Silent,
}

impl Cause {
    /// The name that apps see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Missing => "missing",
            Self::Quota => "quota",
            Self::Version | Self::Lost => "lost",
            Self::Silent => "silent",
        }
    }

    /// The cause of a `DOMException` of that name.
    pub fn of_exception(name: &str) -> Self {
        match name {
            "SecurityError" => Self::Denied,
            "VersionError" => Self::Version,
            "QuotaExceededError" => Self::Quota,
            _ => Self::Lost,
        }
    }
}
