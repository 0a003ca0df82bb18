//! When a database is opened, given up, and opened again. A database may hang without a word, be held by another tab, vanish under an
//! open connection, or be of another version; none of it may make anybody wait for long, and nothing is ever deleted.

use super::Cause;

/// After this long a hanging attempt is left to itself, and another one is made: browsers that clear storage forget requests that were
/// under way. The next one may hang twice as long, since one that waits for another tab will come back by itself.
const FIRST_RENEWED_MS: u64 = 2_000;
const RENEWED_MS: u64 = 30_000;
const FIRST_WAIT_MS: u64 = 250;
const LONGEST_WAIT_MS: u64 = 30_000;
/// Changes of version within one try.
const MOST_DETOURS: u32 = 3;

/// A connection, or the way to it.
#[derive(Debug)]
pub struct Connection {
    state: State,
    attempt: u32,
    failures: u32,
    /// Attempts in a row that were left hanging.
    hangs: u32,
    detours: u32,
    /// Not before this time.
    retry_at: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Idle,
    Opening {
        since: u64,
    },
    Open,
    /// Only a page that comes back tries again.
    Refused,
}

/// A call of `indexedDB.open` that has to be made. Without a version whatever is there opens, so that no version is ever too
/// new; with one, the object store is added.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Open {
    /// By which its outcome is told.
    pub attempt: u32,
    /// The version to ask for.
    pub version: Option<u64>,
}

/// What to do with a database that opened.
#[derive(Debug, Eq, PartialEq)]
pub enum Opened {
    /// Use it.
    Ready,
    /// Close it: nobody waits for it any more.
    Stale,
    /// Close it, and open it as this, since it lacks the object store.
    Again(Open),
}

impl Connection {
    /// A connection that nobody has asked for yet.
    pub const fn idle() -> Self {
        let state = State::Idle;
        Self { state, attempt: 0, failures: 0, hangs: 0, detours: 0, retry_at: 0 }
    }

    /// Somebody needs it: the call to make, unless one is under way, or failed not long enough ago.
    pub fn want(&mut self, now: u64) -> Option<Open> {
        match self.state {
            State::Idle if now >= self.retry_at => {}
            State::Opening { since } if now >= self.renewed_at(since) => {
                self.hangs = self.hangs.saturating_add(1);
            }
            _ => return None,
        }
        self.detours = 0;
        Some(self.open(None, now))
    }

    fn open(&mut self, version: Option<u64>, now: u64) -> Open {
        self.attempt += 1;
        self.state = State::Opening { since: now };
        Open { attempt: self.attempt, version }
    }

    fn renewed_at(&self, since: u64) -> u64 {
        since.saturating_add((FIRST_RENEWED_MS << self.hangs.min(7)).min(RENEWED_MS))
    }

    /// It opened. `version` and `complete` are the database's own: complete is one that has the object store.
    pub fn opened(&mut self, attempt: u32, version: u64, complete: bool, now: u64) -> Opened {
        if attempt != self.attempt || !matches!(self.state, State::Opening { .. }) {
            return Opened::Stale;
        }
        self.hangs = 0;
        if complete {
            self.state = State::Open;
            return Opened::Ready;
        }
        self.detours += 1;
        if self.detours > MOST_DETOURS {
            self.fail(now);
            return Opened::Stale;
        }
        Opened::Again(self.open(Some(version.saturating_add(1)), now))
    }

    /// It did not open. Gives the call to make at once, where another tab was faster with a newer version.
    pub fn refused(&mut self, attempt: u32, cause: Cause, now: u64) -> Option<Open> {
        if attempt != self.attempt || !matches!(self.state, State::Opening { .. }) {
            return None;
        }
        self.detours += 1;
        if cause == Cause::Version && self.detours <= MOST_DETOURS {
            return Some(self.open(None, now));
        }
        self.fail(now);
        if matches!(cause, Cause::Denied | Cause::Missing) {
            self.state = State::Refused;
        }
        None
    }

    /// It works: the failures before are forgiven.
    pub const fn proved(&mut self) {
        self.failures = 0;
    }

    /// The open connection is of no use any more. Whether it was this one. A lost connection is tried again at once, the
    /// first time.
    pub fn lost(&mut self, attempt: u32, now: u64) -> bool {
        let ours = attempt == self.attempt && self.state == State::Open;
        if ours {
            self.fail(now);
        }
        ours
    }

    /// It is given up of our own will.
    pub const fn release(&mut self) {
        self.state = State::Idle;
        self.attempt += 1;
    }

    /// The page is back: whatever failed before may be tried again.
    pub fn wake(&mut self, now: u64) {
        if self.state == State::Refused {
            self.state = State::Idle;
        }
        self.retry_at = now;
    }

    fn fail(&mut self, now: u64) {
        self.state = State::Idle;
        let wait = match self.failures.checked_sub(1) {
            None => 0,
            Some(doublings) => (FIRST_WAIT_MS << doublings.min(7)).min(LONGEST_WAIT_MS),
        };
        self.retry_at = now.saturating_add(wait);
        self.failures = self.failures.saturating_add(1);
    }

    /// Whether there is one.
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Whether an attempt is under way.
    pub const fn is_under_way(&self) -> bool {
        matches!(self.state, State::Opening { .. })
    }

    /// The attempt that is open or under way.
    pub const fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Whether it is of no use to wait.
    pub fn is_hopeless(&self) -> bool {
        self.state == State::Refused
    }

    /// When to come back, if nothing happens before.
    pub fn next_check(&self) -> Option<u64> {
        match self.state {
            State::Idle => Some(self.retry_at),
            State::Opening { since } => Some(self.renewed_at(since)),
            State::Open | State::Refused => None,
        }
    }
}
