//! Rows move up: copied, read again in the same transaction, committed strictly, and only then removed from the lesser place. The
//! first one after each opening also finds out whether something was lost.

use alloc::string::String;
use alloc::vec::Vec;

use super::moved::Moved;
use super::transactions::Work;
use super::{Begin, CANARY, Command, Event, GRACE_MS, Host, MOVED, Stage, Store};
use crate::base64url;
use crate::cache::canary::{Canary, Judgement, Twin, judge};
use crate::cache::pending::Pending;
use crate::cache::row::{Flaw, Row};
use crate::cache::table::Table;
use crate::cache::{Cause, Tier};

/// Rows on their way.
pub(super) struct Moving {
    pub(super) deadline: u64,
    pub(super) overdue: bool,
    keys: Vec<String>,
    copied: Option<Copied>,
}

struct Copied {
    canary: Canary,
    lost: Option<Tier>,
    decided: Vec<(String, Pending, Decision)>,
    /// What has to be found when it is read again.
    texts: Vec<String>,
}

/// What becomes of a row that waited.
#[derive(Clone, Copy, PartialEq)]
enum Decision {
    /// It goes on top.
    Taken,
    /// What lies above is newer.
    Superseded,
    /// It was moved before.
    Stale,
}

impl Store {
    pub(super) fn is_moving(&self) -> bool {
        self.running.iter().any(|(_, work)| matches!(work, Work::Moving(_)))
    }

    pub(super) fn begin_moving(&mut self, now: u64, host: &mut impl Host) {
        self.read_local(host);
        let keys: Vec<_> = self.pending.iter().map(|(key, _)| key.clone()).collect();
        let names = keys.iter().map(|key| self.row_name(key));
        let get = [self.canary_name(), self.moved_name()].into_iter().chain(names).collect();
        // What begins anew has to be known to the next start, too.
        let strict = !keys.is_empty() || matches!(self.twin(host), Twin::Absent);
        let deadline = now.saturating_add(self.patience_ms.saturating_sub(GRACE_MS));
        let moving = Moving { deadline, overdue: false, keys, copied: None };
        self.begin(
            Work::Moving(moving),
            Begin { tx: 0, write: true, strict, only_strict: false, get, list: None },
            host,
        );
    }

    /// Compares what the database says of itself with what else is known.
    pub(super) fn compared(&mut self, found: Option<Canary>, host: &mut impl Host) -> Judgement {
        let twin = match (self.twin(host), &self.canary) {
            (twin @ Twin::Present(_), _) => twin,
            // This page knows as much as a twin.
            (_, Some(known)) if found.as_ref().is_none_or(|found| found.high < known.high) => {
                Twin::Present(known.clone())
            }
            (twin, _) => twin,
        };
        judge(found, twin, base64url::encode(&self.draws.draw::<16>()))
    }

    pub(super) fn move_on(
        &mut self,
        tx: u32,
        mut moving: Moving,
        values: Vec<Option<String>>,
        now: u64,
        host: &mut impl Host,
    ) {
        if let Some(copied) = &moving.copied {
            let found = values.into_iter().flatten();
            if found.eq(copied.texts.iter().cloned()) {
                self.running.push((tx, Work::Moving(moving)));
                host.command(Command::Burst {
                    tx,
                    change: Vec::new(),
                    get: Vec::new(),
                    list: None,
                });
            } else {
                host.command(Command::Abort(tx));
                self.cause = Some(Cause::Lost);
                self.drop_connection(now, host);
            }
            return;
        }
        // Another tab may have moved them meanwhile.
        self.read_local(host);
        let mut values = values.into_iter();
        let found = self.read_canary(values.next().flatten(), host);
        let mut moved = self.read_moved(values.next().flatten());
        let Judgement { mut canary, lost, changed } = self.compared(found.clone(), host);
        if lost == Some(Tier::IndexedDb) {
            self.seen = Table::new();
        } else if lost.is_none() {
            self.hear_of_loss(found.as_ref(), host);
        }
        if moving.keys.is_empty() && !changed {
            self.committed(canary, lost, host);
            return self.go_online(0, host);
        }
        canary.high += 1;
        let (mut change, mut decided) = (Vec::new(), Vec::new());
        for (key, text) in core::mem::take(&mut moving.keys).into_iter().zip(values) {
            let Some(pending) = self.pending.get(&key).cloned() else { continue };
            let current = match self.opened_row(&key, text.as_deref(), found.as_ref(), host) {
                // It is not ours to replace, and what waits keeps waiting.
                Err(Flaw::Unknown) => continue,
                Ok(Some(row)) => row.revision,
                _ => 0,
            };
            let decision = if pending.local && moved.has(&key, &pending) {
                Decision::Stale
            } else if pending.follows(current) || lost == Some(Tier::IndexedDb) {
                Decision::Taken
            } else {
                Decision::Superseded
            };
            if decision == Decision::Taken {
                let text = pending.value.clone().map(|value| {
                    let row = Row { value, revision: canary.high };
                    self.seal(&key, &row)
                });
                canary.note(&key, text.as_ref().map(|_| canary.high));
                change.push((self.row_name(&key), text));
                if pending.local {
                    moved.note(&key, pending.revision);
                }
            }
            decided.push((key, pending, decision));
        }
        change.push((self.moved_name(), Some(self.seal(MOVED, &moved.to_row()))));
        change.push((self.canary_name(), Some(self.seal(CANARY, &canary.to_row()))));
        let (mut get, mut texts) = (Vec::new(), Vec::new());
        for (name, text) in &change {
            if let Some(text) = text {
                get.push(name.clone());
                texts.push(text.clone());
            }
        }
        moving.copied = Some(Copied { canary, lost, decided, texts });
        self.running.push((tx, Work::Moving(moving)));
        host.command(Command::Burst { tx, change, get, list: None });
    }

    /// What cannot be read says nothing, and rows move up again at worst.
    fn read_moved(&self, text: Option<String>) -> Moved {
        let row = text.zip(self.key.as_ref()).and_then(|(text, key)| key.open(MOVED, &text).ok());
        row.map_or_else(Moved::default, |row| Moved::of_row(&row))
    }

    pub(super) fn moved(&mut self, moving: Moving, now: u64, host: &mut impl Host) {
        let Some(copied) = moving.copied else { return };
        let Copied { canary, lost, decided, .. } = copied;
        let revision = canary.high;
        self.committed(canary, lost, host);
        let (mut count, mut superseded) = (0, 0);
        for (key, pending, decision) in decided {
            self.settle_pending(&key, &pending, host);
            match decision {
                Decision::Taken => {
                    count += 1;
                    self.remember(&key, pending.value, revision);
                }
                Decision::Superseded => superseded += 1,
                Decision::Stale => {}
            }
        }
        if superseded > 0 {
            host.command(Command::Emit(Event::Superseded(superseded)));
        }
        if self.has_pending() {
            self.promote_at = now.saturating_add(self.patience_ms);
        }
        self.go_online(count, host);
    }

    pub(super) fn go_online(&mut self, moved: usize, host: &mut impl Host) {
        self.connection.proved();
        self.stage = Stage::Online;
        self.announce(moved, host);
    }

    /// What waited is up, or overtaken: the lesser place lets go of it, unless it has something newer by now.
    fn settle_pending(&mut self, key: &str, settled: &Pending, host: &mut impl Host) {
        if self.pending.get(key).is_some_and(|now| now.revision == settled.revision) {
            self.pending.remove(key);
        }
        if settled.local {
            self.forget_local(key, settled.revision, host);
        }
    }

    /// A newer row of the database hides what waited.
    pub(super) fn supersede(&mut self, key: &str, host: &mut impl Host) {
        if let Some(pending) = self.pending.remove(key)
            && pending.local
        {
            self.forget_local(key, pending.revision, host);
        }
    }
}
