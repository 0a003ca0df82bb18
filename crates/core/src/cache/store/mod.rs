//! A store: rows that are read, listed and written in transactions, wherever they can be kept at the time.
//!
//! Requests wait while a database opens, no longer than the patience; then they are answered from the lesser places, and what was
//! acknowledged there moves up when the database is back. Nothing is acknowledged as better kept than it is.

mod lesser;
mod lifecycle;
mod moved;
mod ports;
mod transactions;
mod upward;

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

pub use self::ports::{Answer, Batch, Begin, Command, Event, Host, Input, Local, Range, Request};

use self::transactions::Work;
use super::canary::Canary;
use super::connection::Connection;
use super::pending::Pending;
use super::row::{Draws, Flaw, Row, RowKey};
use super::table::Table;
use super::{Cause, Tier};
use crate::secret::Seed;

/// A deadline that passes counts only if this much later nothing has come: a page that stood still finds its timers run out
/// before it hears what happened meanwhile.
const GRACE_MS: u64 = 100;
/// A store that finds rows waiting answers from them if the database does not open at once.
const HEAD_START_MS: u64 = 25;

/// A store.
pub struct Store {
    name: String,
    patience_ms: u64,
    connection: Connection,
    stage: Stage,
    /// Why the database is not to be had.
    cause: Option<Cause>,
    waiting: Vec<Asked>,
    running: Vec<(u32, Work)>,
    transactions: u32,
    /// The key of rows in the database, while it is open.
    key: Option<RowKey>,
    /// The last thing known of it.
    is_secret: bool,
    plain: RowKey,
    draws: Draws,
    canary: Option<Canary>,
    /// Rows as they were last seen in the database, for when it is away.
    seen: Table<Row>,
    pending: Table<Pending>,
    flawed: Vec<(String, Flaw)>,
    tier: Option<Tier>,
    /// When rows that wait are tried again.
    promote_at: u64,
    closing: Option<u32>,
    closed: bool,
    /// Between [`Input::Sleep`] and [`Input::Wake`].
    asleep: bool,
    armed: u64,
}

/// What becomes of requests.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    /// They wait, until then.
    Settling { until: u64 },
    /// They become transactions.
    Online,
    /// They are answered by the lesser places.
    Away,
}

/// A request that is not answered.
struct Asked {
    op: u32,
    request: Request,
    deadline: u64,
    /// It was about to be given up.
    overdue: bool,
    /// Transactions that came to nothing.
    failures: u8,
    /// Of a list: what its transaction has found so far.
    found: Found,
}

/// Rows that can be read, from the first one that was listed to the last one.
#[derive(Default)]
struct Found {
    rows: Table<Row>,
    /// How many were asked for in this round, those that cannot be read among them.
    most: u32,
}

impl Store {
    /// A store of that name, which nobody has asked anything yet. `patience_ms`: how long a database may keep silent.
    pub fn new(name: &str, patience_ms: u64, seed: Seed) -> Self {
        Self {
            name: name.to_string(),
            patience_ms,
            connection: Connection::idle(),
            stage: Stage::Settling { until: 0 },
            cause: None,
            waiting: Vec::new(),
            running: Vec::new(),
            transactions: 0,
            key: None,
            is_secret: false,
            plain: RowKey::obfuscation(name),
            draws: Draws::new(seed),
            canary: None,
            seen: Table::new(),
            pending: Table::new(),
            flawed: Vec::new(),
            tier: None,
            promote_at: 0,
            closing: None,
            closed: false,
            asleep: false,
            armed: u64::MAX,
        }
    }

    /// Takes in what happened at `now`, in milliseconds that only go up. First of all [`Input::Start`].
    pub fn handle(&mut self, input: Input, now: u64, host: &mut impl Host) {
        match input {
            Input::Start => {
                self.read_local(host);
                self.stage = Stage::Settling { until: now.saturating_add(self.patience_ms) };
            }
            Input::Ask(op, request) => self.ask(op, request, now, host),
            Input::Opened(attempt, version, complete) => {
                self.opened(attempt, version, complete, now, host);
            }
            Input::Refused(attempt, cause) => self.refused(attempt, cause, now, host),
            Input::Keyed(attempt, key) => self.keyed(attempt, key, now, host),
            Input::Lost(attempt) => self.lost(attempt, now, host),
            Input::Fetched(tx, values, rows) => self.fetched(tx, values, rows, now, host),
            Input::Complete(tx, strict) => self.complete(tx, strict, now, host),
            Input::Aborted(tx, cause) => self.aborted(tx, cause, now, host),
            Input::Tick => self.armed = u64::MAX,
            Input::Sleep => self.asleep = true,
            Input::Wake => self.wake(now),
        }
        self.pump(now, host);
    }

    /// Where rows go, once that is settled.
    pub const fn tier(&self) -> Option<Tier> {
        self.tier
    }

    /// Whether rows are under a key that the host does not show.
    pub fn is_encrypted(&self) -> bool {
        self.tier == Some(Tier::IndexedDb) && self.is_secret
    }

    /// How often the store was lost.
    pub fn epoch(&self) -> u32 {
        self.canary.as_ref().map_or(0, |canary| canary.epoch)
    }

    /// Whether requests can be answered, or will not be better answered for waiting.
    pub fn is_settled(&self) -> bool {
        !matches!(self.stage, Stage::Settling { .. })
    }

    /// Whether rows wait for a better place.
    pub fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// How long whoever opens this store should wait for it to settle.
    pub fn opening_ms(&self) -> u64 {
        if self.has_pending() { HEAD_START_MS } else { self.patience_ms }
    }

    fn ask(&mut self, op: u32, request: Request, now: u64, host: &mut impl Host) {
        if self.closed || self.closing.is_some() {
            return host.command(Command::Answer(op, Answer::Closed));
        }
        if matches!(request, Request::Close) {
            self.closing = Some(op);
        }
        if self.rests() {
            // Whoever asks is awake.
            self.look_again(now);
        }
        let deadline = now.saturating_add(self.patience_ms.saturating_sub(GRACE_MS));
        let found = Found::default();
        self.waiting.push(Asked { op, request, deadline, overdue: false, failures: 0, found });
    }

    /// Whatever can go on goes on.
    fn pump(&mut self, now: u64, host: &mut impl Host) {
        if self.closed {
            return;
        }
        self.give_up_overdue(now, host);
        self.settle(now, host);
        match self.stage {
            Stage::Online => {
                for asked in core::mem::take(&mut self.waiting) {
                    self.transact(asked, host);
                }
                if self.promote_at <= now && self.has_pending() && !self.is_moving() {
                    self.begin_moving(now, host);
                }
            }
            Stage::Away => {
                self.read_local(host);
                for asked in core::mem::take(&mut self.waiting) {
                    self.answer_away(asked, None, host);
                }
            }
            Stage::Settling { .. } => self.answer_early(host),
        }
        if self.end(host) {
            return;
        }
        if self.rests() {
            self.let_go(now, host);
        } else if let Some(open) = self.connection.want(now) {
            host.command(Command::Open(open));
        }
        self.arm(now, host);
    }

    /// Ends what was asked to, once nothing is under way.
    fn end(&mut self, host: &mut impl Host) -> bool {
        let Some(op) = self.closing else { return false };
        if !self.running.is_empty() || !self.waiting.is_empty() {
            return false;
        }
        self.closed = true;
        host.command(Command::Close(self.connection.attempt()));
        self.connection.release();
        host.command(Command::Answer(op, Answer::Closed));
        true
    }

    fn arm(&mut self, now: u64, host: &mut impl Host) {
        let mut next = u64::MAX;
        let mut earliest = |at: u64| next = next.min(at);
        self.waiting.iter().for_each(|asked| earliest(asked.deadline));
        self.running.iter().for_each(|(_, work)| earliest(work.deadline()));
        if let Stage::Settling { until } = self.stage
            && !self.rests()
        {
            earliest(until);
        }
        if self.stage == Stage::Online && self.has_pending() && !self.is_moving() {
            earliest(self.promote_at);
        }
        if let Some(at) = self.connection.next_check()
            && !self.rests()
        {
            earliest(at);
        }
        // Each only once: a timer that is too early costs nothing but a look.
        let next = next.max(now + 1);
        if next < self.armed {
            self.armed = next;
            host.command(Command::Wake(next));
        }
    }

    fn row_name(&self, key: &str) -> String {
        ["row ", &self.name, " ", key].concat()
    }

    fn canary_name(&self) -> String {
        ["canary ", &self.name].concat()
    }

    fn moved_name(&self) -> String {
        ["moved ", &self.name].concat()
    }

    /// Reports a flaw, once.
    fn report(&mut self, tier: Tier, key: &str, flaw: Flaw, host: &mut impl Host) {
        let flawed = (key.to_string(), flaw);
        if !self.flawed.contains(&flawed) {
            self.flawed.push(flawed);
            host.command(Command::Emit(Event::Quarantined(tier, key.to_string(), flaw)));
        }
    }

    fn seal(&mut self, key: &str, row: &Row) -> String {
        let iv = self.draws.draw();
        self.key.as_ref().unwrap_or(&self.plain).seal(key, row, iv)
    }
}

/// Slots that no app's key can name, since keys are printable.
const CANARY: &str = "\ncanary";
const MOVED: &str = "\nmoved";
const TWIN: &str = "\ntwin";

fn local(name: &str) -> String {
    ["lingpai:", name].concat()
}
