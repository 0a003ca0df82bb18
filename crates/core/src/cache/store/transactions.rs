//! Requests as transactions of the database: what is read first, what is decided, what is written then, and what that comes to.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::upward::Moving;
use super::{Answer, Asked, Batch, Begin, CANARY, Command, Event, Found, Host, Request, Store};
use crate::cache::canary::{Canary, Judgement};
use crate::cache::row::{FOREIGN, Flaw, Row};
use crate::cache::table::Table;
use crate::cache::{Cause, Durability, Tier};

/// How long rows wait for room.
const ROOM_MS: u64 = 30_000;
/// Rows that a list asks for at least where those before could not be read.
const MORE_ROWS: u32 = 64;
/// Transactions of one request that may come to nothing.
const MOST_FAILURES: u8 = 3;

/// A transaction under way.
pub(super) enum Work {
    /// For a request; with what it comes to, once that was decided.
    Asked(Asked, Option<Outcome>),
    /// Rows that move up.
    Moving(Moving),
}

/// What is true once a write is committed, beside its rows, which have the canary's revision.
pub(super) struct Outcome {
    canary: Canary,
    lost: Option<Tier>,
}

impl Work {
    pub(super) fn deadline(&self) -> u64 {
        match self {
            Self::Asked(asked, _) => asked.deadline,
            Self::Moving(moving) => moving.deadline,
        }
    }
}

impl Store {
    /// Begins the transaction of a request.
    pub(super) fn transact(&mut self, mut asked: Asked, host: &mut impl Host) {
        let (mut get, mut list) = (Vec::new(), None);
        let (mut write, mut strict, mut only_strict) = (false, false, false);
        match &asked.request {
            Request::Close => return,
            Request::Read(keys) => get.extend(keys.iter().map(|key| self.row_name(key))),
            Request::List { prefix, after, limit } => {
                let after = if after.is_empty() { String::new() } else { self.row_name(after) };
                let most = limit.saturating_add(self.pending.len() as u32);
                asked.found = Found { rows: Table::new(), most };
                list = Some((self.row_name(prefix), after, most));
            }
            Request::Write(batch) => {
                get.extend(batch.keys().iter().map(|key| self.row_name(key)));
                only_strict = batch.least == Some(Durability::Strict);
                (write, strict) = (true, batch.strict || only_strict);
            }
        }
        get.insert(0, self.canary_name());
        let begin = Begin { tx: 0, write, strict, only_strict, get, list };
        self.begin(Work::Asked(asked, None), begin, host);
    }

    pub(super) fn begin(&mut self, work: Work, begin: Begin, host: &mut impl Host) {
        self.transactions += 1;
        let tx = self.transactions;
        self.running.push((tx, work));
        host.command(Command::Begin(Begin { tx, ..begin }));
    }

    fn take_running(&mut self, tx: u32) -> Option<Work> {
        let at = self.running.iter().position(|(of, _)| *of == tx)?;
        Some(self.running.swap_remove(at).1)
    }

    pub(super) fn fetched(
        &mut self,
        tx: u32,
        values: Vec<Option<String>>,
        rows: Vec<(String, String)>,
        now: u64,
        host: &mut impl Host,
    ) {
        match self.take_running(tx) {
            None => host.command(Command::Abort(tx)),
            // The connection was lost meanwhile, and with it the key.
            Some(Work::Moving(_)) if self.key.is_none() => host.command(Command::Abort(tx)),
            Some(Work::Asked(asked, _)) if self.key.is_none() => {
                host.command(Command::Abort(tx));
                self.waiting.push(asked);
            }
            Some(Work::Moving(moving)) => self.move_on(tx, moving, values, now, host),
            Some(Work::Asked(mut asked, _)) => {
                self.connection.proved();
                let mut values = values.into_iter();
                let canary = self.read_canary(values.next().flatten(), host);
                self.hear_of_loss(canary.as_ref(), host);
                match &asked.request {
                    Request::Close => {}
                    Request::Read(keys) => {
                        let texts = keys.iter().zip(values);
                        let rows = texts
                            .map(|(key, text)| self.current(key, text, canary.as_ref(), host))
                            .collect();
                        host.command(Command::Answer(asked.op, Answer::Rows(rows)));
                    }
                    Request::List { prefix, after, limit } => {
                        let found = &mut asked.found;
                        let next = self.listed(rows, found, *limit, canary.as_ref(), host);
                        if let Some(last) = next {
                            found.most = found.most.max(MORE_ROWS);
                            let list = Some((self.row_name(prefix), last, found.most));
                            let (get, change) = (vec![self.canary_name()], Vec::new());
                            self.running.push((tx, Work::Asked(asked, None)));
                            host.command(Command::Burst { tx, change, get, list });
                            return;
                        }
                        let rows = core::mem::take(&mut asked.found.rows);
                        let listed = self.overlaid(rows, prefix, after, *limit);
                        host.command(Command::Answer(asked.op, Answer::Listed(listed)));
                    }
                    Request::Write(batch) => {
                        let texts = batch.keys().into_iter().zip(values).collect();
                        let batch = batch.clone();
                        self.decide(tx, asked, &batch, canary, texts, host);
                        return;
                    }
                }
                // Another hand emptied the database under the open connection, or turned it back.
                if self.is_behind(canary.as_ref()) && !self.is_moving() {
                    self.begin_moving(now, host);
                }
            }
        }
    }

    /// Another tab has noticed a loss, and told its own app alone.
    pub(super) fn hear_of_loss(&mut self, found: Option<&Canary>, host: &mut impl Host) {
        if let (Some(known), Some(found)) = (&self.canary, found)
            && found.lost_since(known)
        {
            self.seen = Table::new();
            host.command(Command::Emit(Event::Lost(Tier::IndexedDb, found.epoch)));
            self.canary = Some(found.clone());
        }
    }

    fn is_behind(&self, found: Option<&Canary>) -> bool {
        self.canary.as_ref().is_some_and(|known| found.is_none_or(|found| found.high < known.high))
    }

    pub(super) fn read_canary(
        &mut self,
        text: Option<String>,
        host: &mut impl Host,
    ) -> Option<Canary> {
        let row = self.key.as_ref()?.open(CANARY, &text?);
        match row.and_then(|row| Canary::of_row(&row).ok_or(Flaw::Tampered)) {
            Ok(canary) => Some(canary),
            Err(flaw) => {
                self.report(Tier::IndexedDb, "canary", flaw, host);
                None
            }
        }
    }

    /// The row of a key as it counts: one that waits to move up hides what is below it.
    fn current(
        &mut self,
        key: &str,
        text: Option<String>,
        canary: Option<&Canary>,
        host: &mut impl Host,
    ) -> Option<Row> {
        let row = self.opened_row(key, text.as_deref(), canary, host).ok().flatten();
        match self.pending.get(key) {
            Some(pending) => pending.row(),
            None => row,
        }
    }

    /// Opens the text of a key, and remembers it. A text that is no row counts as none; one from the future stays one.
    pub(super) fn opened_row(
        &mut self,
        key: &str,
        text: Option<&str>,
        canary: Option<&Canary>,
        host: &mut impl Host,
    ) -> Result<Option<Row>, Flaw> {
        let least = canary.map_or(0, |canary| canary.least(key));
        let known = self.seen.get(key).map_or(0, |row| row.revision);
        let row = match (text, &self.key) {
            (Some(text), Some(sealing)) => sealing.open(key, text).map(Some),
            _ if least > 0 => Err(Flaw::Missing),
            _ => Ok(None),
        };
        let row = match row {
            Ok(Some(row)) if row.revision < least.max(known) => Err(Flaw::Replayed),
            other => other,
        };
        match &row {
            Ok(Some(row)) => {
                self.seen.insert(key, row.clone());
            }
            Ok(None) => {
                self.seen.remove(key);
            }
            Err(flaw) => self.report(Tier::IndexedDb, key, *flaw, host),
        }
        row
    }

    /// A row that waits, and was built on another one than lies above by now, counts no more.
    fn give_way(&mut self, key: &str, row: &Result<Option<Row>, Flaw>, host: &mut impl Host) {
        let above = match row {
            Err(Flaw::Unknown) => return,
            Ok(Some(row)) => row.revision,
            _ => 0,
        };
        if self.pending.get(key).is_some_and(|pending| !pending.follows(above)) {
            self.supersede(key, host);
            host.command(Command::Emit(Event::Superseded(1)));
        }
    }

    /// Takes in what was listed. Gives the name after which to go on where more rows may be there, and too few could be read: those
    /// that wait may hide as many as they are.
    fn listed(
        &mut self,
        rows: Vec<(String, String)>,
        found: &mut Found,
        limit: u32,
        canary: Option<&Canary>,
        host: &mut impl Host,
    ) -> Option<String> {
        let is_full = rows.len() >= found.most as usize;
        let last = rows.last().map(|(name, _)| name.clone());
        let prefix = self.row_name("");
        for (name, text) in rows {
            let Some(key) = name.strip_prefix(&prefix) else { continue };
            if let Ok(Some(row)) = self.opened_row(key, Some(&text), canary, host) {
                found.rows.insert(key, row);
            }
        }
        let enough = (limit as usize).saturating_add(self.pending.len());
        last.filter(|_| is_full && found.rows.len() < enough)
    }

    /// Writes what a batch asks for, or nothing.
    fn decide(
        &mut self,
        tx: u32,
        asked: Asked,
        batch: &Batch,
        found: Option<Canary>,
        texts: Vec<(String, Option<String>)>,
        host: &mut impl Host,
    ) {
        let mut change = Vec::new();
        let mut conflicts = Vec::new();
        let is_behind = self.is_behind(found.as_ref());
        for (key, text) in &texts {
            let row = self.opened_row(key, text.as_deref(), found.as_ref(), host);
            if !is_behind {
                self.give_way(key, &row, host);
            }
            let current = match (&row, self.pending.get(key)) {
                (Err(Flaw::Unknown), _) => FOREIGN,
                (_, Some(pending)) => pending.expected(),
                (Ok(Some(row)), None) => row.revision,
                _ => 0,
            };
            if batch.expected(key).is_some_and(|expected| expected != current) || current == FOREIGN
            {
                conflicts.push((key.clone(), current));
            }
            if let (Err(_), Some(text)) = (row, text) {
                // What is not understood is put aside before something takes its place.
                let bad = ["bad ", &self.name, " ", key.as_str()].concat();
                change.push((bad, Some(text.clone())));
            }
        }
        if !conflicts.is_empty() {
            let answer = Answer::Conflicts(conflicts);
            return host.command(Command::Answer(asked.op, answer));
        }
        if batch.change.is_empty() {
            let durability = if batch.strict { Durability::Strict } else { Durability::Relaxed };
            return host.command(Command::Answer(asked.op, Answer::Done(durability)));
        }
        let Judgement { mut canary, lost, .. } = self.compared(found, host);
        canary.high += 1;
        for (key, value) in &batch.change {
            let text = value.as_ref().map(|value| {
                let row = Row { value: value.clone(), revision: canary.high };
                self.seal(key, &row)
            });
            canary.note(key, text.as_ref().map(|_| canary.high));
            change.push((self.row_name(key), text));
        }
        change.push((self.canary_name(), Some(self.seal(CANARY, &canary.to_row()))));
        self.running.push((tx, Work::Asked(asked, Some(Outcome { canary, lost }))));
        host.command(Command::Burst { tx, change, get: Vec::new(), list: None });
    }

    pub(super) fn complete(&mut self, tx: u32, strict: bool, now: u64, host: &mut impl Host) {
        match self.take_running(tx) {
            None => {}
            Some(Work::Moving(moving)) => self.moved(moving, now, host),
            Some(Work::Asked(asked, outcome)) => {
                let (Some(Outcome { canary, lost }), Request::Write(batch)) =
                    (outcome, asked.request)
                else {
                    return;
                };
                let revision = canary.high;
                self.committed(canary, lost, host);
                for (key, value) in batch.change {
                    self.supersede(&key, host);
                    self.remember(&key, value, revision);
                }
                let durability =
                    if batch.strict && strict { Durability::Strict } else { Durability::Relaxed };
                host.command(Command::Answer(asked.op, Answer::Done(durability)));
            }
        }
    }

    /// The database knows this of itself now, and so does its twin.
    pub(super) fn committed(&mut self, canary: Canary, lost: Option<Tier>, host: &mut impl Host) {
        let is_other = self.write_twin(&canary, host);
        if let Some(tier) = lost.or(is_other.then_some(Tier::IndexedDb)) {
            if tier == Tier::IndexedDb {
                self.seen = Table::new();
            }
            host.command(Command::Emit(Event::Lost(tier, canary.epoch)));
        }
        self.canary = Some(canary);
    }

    pub(super) fn remember(&mut self, key: &str, value: Option<String>, revision: u64) {
        match value {
            Some(value) => self.seen.insert(key, Row { value, revision }),
            None => drop(self.seen.remove(key)),
        }
    }

    pub(super) fn aborted(&mut self, tx: u32, cause: Cause, now: u64, host: &mut impl Host) {
        match self.take_running(tx) {
            None => {}
            Some(Work::Moving(_)) if cause == Cause::Quota => {
                host.command(Command::Emit(Event::Capacity(Tier::IndexedDb)));
                self.promote_at = now.saturating_add(ROOM_MS);
                self.go_online(0, host);
            }
            Some(Work::Moving(_)) => self.drop_connection(now, host),
            Some(Work::Asked(asked, _)) if cause == Cause::Quota => {
                host.command(Command::Emit(Event::Capacity(Tier::IndexedDb)));
                self.promote_at = now.saturating_add(ROOM_MS);
                self.answer_away(asked, Some(cause), host);
            }
            // It cannot be had here, however often one asks.
            Some(Work::Asked(asked, _)) if cause == Cause::Missing => {
                host.command(Command::Answer(asked.op, Answer::Refused(cause)));
            }
            Some(Work::Asked(mut asked, _)) => {
                asked.failures += 1;
                if asked.failures >= MOST_FAILURES {
                    self.answer_away(asked, Some(cause), host);
                } else {
                    self.waiting.push(asked);
                    self.drop_connection(now, host);
                }
            }
        }
    }
}
