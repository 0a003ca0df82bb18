//! The lesser places: `localStorage` for small rows, memory for the rest. Rows rest there under a key that is no secret.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::{Answer, Asked, Batch, Command, Host, Local, Request, Store, TWIN, local};
use crate::cache::canary::{Canary, Twin};
use crate::cache::pending::{LARGEST_LOCAL, Pending};
use crate::cache::row::{Flaw, Row};
use crate::cache::table::Table;
use crate::cache::{Cause, Durability, Tier};

impl Store {
    pub(super) fn has_local(&self, host: &mut impl Host) -> bool {
        host.local_get(&local(&self.canary_name())) != Local::Unavailable
    }

    fn local_name(&self, key: &str) -> String {
        local(&self.row_name(key))
    }

    /// Takes in what waits in `localStorage`, from before this page or from another tab.
    pub(super) fn read_local(&mut self, host: &mut impl Host) {
        let prefix = self.local_name("");
        let mut found = Vec::new();
        for name in host.local_names(&prefix) {
            let Some(key) = name.strip_prefix(&prefix) else { continue };
            let Local::Text(text) = host.local_get(&name) else { continue };
            let opened = self.plain.open(&slot(key), &text);
            match opened.and_then(|row| Pending::of_row(&row).ok_or(Flaw::Malformed)) {
                Ok(pending) => {
                    self.pending.insert(key, pending);
                    found.push(key.to_string());
                }
                Err(flaw) => {
                    self.report(Tier::LocalStorage, key, flaw, host);
                    if flaw != Flaw::Unknown
                        && host.local_set(&local(&["bad ", &self.name, " ", key].concat()), &text)
                    {
                        host.local_remove(&name);
                    }
                }
            }
        }
        self.pending.retain(|key, pending| !pending.local || found.iter().any(|name| name == key));
    }

    /// Answers a request without the database.
    pub(super) fn answer_away(&mut self, asked: Asked, cause: Option<Cause>, host: &mut impl Host) {
        if cause.is_some() {
            self.cause = cause;
        }
        let answer = match &asked.request {
            Request::Close => return,
            Request::Read(keys) => Answer::Rows(keys.iter().map(|key| self.best(key)).collect()),
            Request::List { prefix, after, limit } => {
                let mut seen = self.seen.clone();
                seen.retain(|key, _| key.starts_with(prefix.as_str()));
                Answer::Listed(self.overlaid(seen, prefix, after, *limit))
            }
            Request::Write(Batch { least: Some(_), .. }) => {
                Answer::Refused(self.cause.unwrap_or(Cause::Lost))
            }
            Request::Write(batch) => self.write_away(batch, host),
        };
        host.command(Command::Answer(asked.op, answer));
    }

    /// Reads that the lesser places can answer need not wait for the database.
    pub(super) fn answer_early(&mut self, host: &mut impl Host) {
        let mut still = Vec::new();
        for asked in core::mem::take(&mut self.waiting) {
            let known = match &asked.request {
                Request::Read(keys) => keys.iter().all(|key| self.pending.get(key).is_some()),
                _ => false,
            };
            if known {
                self.answer_away(asked, None, host);
            } else {
                still.push(asked);
            }
        }
        self.waiting = still;
    }

    /// The newest row that is known without the database.
    fn best(&self, key: &str) -> Option<Row> {
        match self.pending.get(key) {
            Some(pending) => pending.row(),
            None => self.seen.get(key).cloned(),
        }
    }

    /// Rows of the database with those that wait on top.
    pub(super) fn overlaid(
        &self,
        mut rows: Table<Row>,
        prefix: &str,
        after: &str,
        limit: u32,
    ) -> Vec<(String, Row)> {
        for (key, pending) in self.pending.iter() {
            match pending.row() {
                Some(row) if key.starts_with(prefix) => rows.insert(key, row),
                _ => drop(rows.remove(key)),
            }
        }
        rows.into_entries()
            .into_iter()
            .filter(|(key, _)| key.as_str() > after)
            .take(limit as usize)
            .collect()
    }

    fn write_away(&mut self, batch: &Batch, host: &mut impl Host) -> Answer {
        let mut conflicts = Vec::new();
        for (key, expected) in &batch.expect {
            let current = match self.pending.get(key) {
                Some(pending) => pending.expected(),
                None => self.seen.get(key).map_or(0, |row| row.revision),
            };
            if current != *expected {
                conflicts.push((key.clone(), current));
            }
        }
        if !conflicts.is_empty() {
            return Answer::Conflicts(conflicts);
        }
        let mut durability = Durability::BestEffort;
        for (key, value) in &batch.change {
            let base = batch.expected(key);
            let drawn = u64::from_be_bytes(self.draws.draw());
            let mut pending = Pending::after(self.pending.get(key), value.clone(), base, drawn);
            pending.local = self.write_local(key, &pending, host);
            if !pending.local {
                durability = Durability::Volatile;
            }
            self.pending.insert(key, pending);
        }
        Answer::Done(durability)
    }

    fn write_local(&mut self, key: &str, pending: &Pending, host: &mut impl Host) -> bool {
        let name = self.local_name(key);
        let small = pending.value.as_ref().is_none_or(|value| value.len() <= LARGEST_LOCAL);
        let iv = self.draws.draw();
        let kept =
            small && host.local_set(&name, &self.plain.seal(&slot(key), &pending.to_row(), iv));
        if !kept {
            // What lies there is older than what is known.
            host.local_remove(&name);
        }
        kept
    }

    pub(super) fn forget_local(&mut self, key: &str, revision: u64, host: &mut impl Host) {
        let name = self.local_name(key);
        if let Local::Text(text) = host.local_get(&name)
            && let Ok(row) = self.plain.open(&slot(key), &text)
            && row.revision == revision
        {
            host.local_remove(&name);
        }
    }

    pub(super) fn twin(&mut self, host: &mut impl Host) -> Twin {
        match host.local_get(&local(&self.canary_name())) {
            Local::Unavailable => Twin::Unavailable,
            Local::Absent => Twin::Absent,
            Local::Text(text) => {
                let row = self.plain.open(TWIN, &text).ok();
                row.and_then(|row| Canary::of_row(&row)).map_or(Twin::Absent, Twin::Present)
            }
        }
    }

    /// Whether the twin that was there came from another store: this one began anew while nothing could be compared.
    pub(super) fn write_twin(&mut self, canary: &Canary, host: &mut impl Host) -> bool {
        let known = match self.twin(host) {
            Twin::Unavailable => return false,
            Twin::Absent => None,
            Twin::Present(twin) => Some(twin),
        };
        let is_other = known.as_ref().is_some_and(|twin| twin.install != canary.install);
        let is_news = known
            .is_none_or(|twin| is_other || (twin.epoch, twin.high) < (canary.epoch, canary.high));
        if is_news {
            let iv = self.draws.draw();
            let text = self.plain.seal(TWIN, &canary.to_twin(), iv);
            host.local_set(&local(&self.canary_name()), &text);
        }
        is_other
    }
}

/// Rows of `localStorage` are of another kind than those of the database.
fn slot(key: &str) -> String {
    ["\nlocal ", key].concat()
}
