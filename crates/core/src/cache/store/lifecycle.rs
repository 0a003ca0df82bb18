//! From one place to the other: the database opens, fails, hangs, comes back.

use super::transactions::Work;
use super::{Asked, Command, Event, GRACE_MS, Host, Request, Stage, Store};
use crate::cache::connection::Opened;
use crate::cache::{Cause, RowKey, Tier};

impl Store {
    pub(super) fn opened(
        &mut self,
        attempt: u32,
        version: u64,
        complete: bool,
        now: u64,
        host: &mut impl Host,
    ) {
        match self.connection.opened(attempt, version, complete, now) {
            Opened::Ready => host.command(Command::Key(attempt)),
            Opened::Stale => host.command(Command::Close(attempt)),
            Opened::Again(open) => {
                host.command(Command::Close(attempt));
                host.command(Command::Open(open));
            }
        }
    }

    pub(super) fn refused(&mut self, attempt: u32, cause: Cause, now: u64, host: &mut impl Host) {
        if let Some(open) = self.connection.refused(attempt, cause, now) {
            return host.command(Command::Open(open));
        }
        self.cause = Some(cause);
    }

    pub(super) fn keyed(
        &mut self,
        attempt: u32,
        key: Option<(RowKey, bool)>,
        now: u64,
        host: &mut impl Host,
    ) {
        if attempt != self.connection.attempt() || !self.connection.is_open() {
            return;
        }
        match key {
            Some((key, is_secret)) => {
                self.key = Some(key);
                self.is_secret = is_secret;
                self.begin_moving(now, host);
            }
            None => self.drop_connection(now, host),
        }
    }

    pub(super) fn lost(&mut self, attempt: u32, now: u64, host: &mut impl Host) {
        if attempt == self.connection.attempt() && self.connection.is_open() {
            self.drop_connection(now, host);
        }
    }

    /// The connection is of no use. Its transactions may still come to an end, or run out of time.
    pub(super) fn drop_connection(&mut self, now: u64, host: &mut impl Host) {
        let attempt = self.connection.attempt();
        if !self.connection.lost(attempt, now) {
            return;
        }
        host.command(Command::Close(attempt));
        self.key = None;
        self.cause = Some(Cause::Lost);
        if self.stage == Stage::Online {
            self.stage = Stage::Settling { until: now.saturating_add(self.patience_ms) };
        }
    }

    /// The page sleeps: lets go of the database, unless something is under way: that would have to be done again.
    pub(super) fn let_go(&mut self, now: u64, host: &mut impl Host) {
        if self.running.is_empty() && self.connection.is_open() && self.stage == Stage::Online {
            host.command(Command::Close(self.connection.attempt()));
            self.connection.release();
            self.key = None;
            self.stage = Stage::Settling { until: now.saturating_add(self.patience_ms) };
        }
    }

    /// The page is back. What it began to open before it slept may never be told of.
    pub(super) fn wake(&mut self, now: u64) {
        if core::mem::take(&mut self.asleep) {
            self.look_again(now);
        }
        self.connection.wake(now);
    }

    pub(super) fn look_again(&mut self, now: u64) {
        if self.connection.is_under_way() {
            self.connection.release();
        }
        if let Stage::Settling { until } = &mut self.stage {
            *until = now.saturating_add(self.patience_ms);
        }
    }

    /// Whether the page sleeps and nobody asks.
    pub(super) const fn rests(&self) -> bool {
        self.asleep && self.waiting.is_empty()
    }

    /// Ends the waiting where it is over.
    pub(super) fn settle(&mut self, now: u64, host: &mut impl Host) {
        let Stage::Settling { until } = self.stage else { return };
        if self.rests() {
            return;
        }
        let over = now >= until;
        let failed = !self.connection.is_open()
            && (self.connection.is_hopeless()
                || self.connection.next_check().is_some_and(|at| at > now && !self.is_opening()));
        if !over && !failed {
            return;
        }
        if over && !failed {
            // It opened, and then kept silent.
            self.drop_connection(now, host);
            self.cause = Some(Cause::Silent);
        }
        self.stage = Stage::Away;
        self.announce(0, host);
    }

    fn is_opening(&self) -> bool {
        // An attempt under way is looked at again much later than one that failed is repeated.
        self.connection.is_under_way()
    }

    /// Tells the app where rows go now, if that is news.
    pub(super) fn announce(&mut self, moved: usize, host: &mut impl Host) {
        let to = match self.stage {
            Stage::Settling { .. } => return,
            Stage::Online => Tier::IndexedDb,
            Stage::Away if self.has_local(host) => Tier::LocalStorage,
            Stage::Away => Tier::Memory,
        };
        let from = self.tier.replace(to);
        if from != Some(to) || moved > 0 {
            let cause = if to == Tier::IndexedDb { None } else { self.cause };
            host.command(Command::Emit(Event::TierChanged { from, to, cause, moved }));
        }
    }

    /// Requests that waited as long as anybody may: answered without the database. A transaction that hangs takes its connection
    /// with it.
    pub(super) fn give_up_overdue(&mut self, now: u64, host: &mut impl Host) {
        for asked in core::mem::take(&mut self.waiting) {
            match judge(asked, now) {
                Ok(asked) => self.waiting.push(asked),
                Err(asked) => self.answer_away(asked, Some(Cause::Silent), host),
            }
        }
        let mut hangs = false;
        for (tx, work) in core::mem::take(&mut self.running) {
            match work.judge(now, judge) {
                Ok(work) => self.running.push((tx, work)),
                Err(asked) => {
                    hangs = true;
                    host.command(Command::Abort(tx));
                    if let Some(asked) = asked {
                        self.answer_away(asked, Some(Cause::Silent), host);
                    }
                }
            }
        }
        if hangs {
            self.cause = Some(Cause::Silent);
            self.drop_connection(now, host);
        }
    }
}

/// A request, still or no longer to be waited for.
fn judge(mut asked: Asked, now: u64) -> Result<Asked, Asked> {
    if now < asked.deadline || matches!(asked.request, Request::Close) {
        return Ok(asked);
    }
    if asked.overdue {
        return Err(asked);
    }
    asked.overdue = true;
    asked.deadline = now.saturating_add(GRACE_MS);
    Ok(asked)
}

impl Work {
    /// Still or no longer to be waited for.
    fn judge(
        self,
        now: u64,
        judge: impl Fn(Asked, u64) -> Result<Asked, Asked>,
    ) -> Result<Self, Option<Asked>> {
        match self {
            Self::Moving(mut moving) => {
                if now < moving.deadline {
                    return Ok(Self::Moving(moving));
                }
                if moving.overdue {
                    return Err(None);
                }
                moving.overdue = true;
                moving.deadline = now.saturating_add(GRACE_MS);
                Ok(Self::Moving(moving))
            }
            Self::Asked(asked, outcome) => match judge(asked, now) {
                Ok(asked) => Ok(Self::Asked(asked, outcome)),
                Err(asked) => Err(Some(asked)),
            },
        }
    }
}
