//! Schedules of faults: tabs that read and write while storage fails around them, tabs die, and the power goes. What was
//! acknowledged is there in the end, as surely as it was acknowledged; what was to be in the database or nowhere is there whole or not
//! at all; nobody waits for longer than the patience; and a database that was emptied is noticed.

mod end;

use std::collections::{BTreeMap, BTreeSet};

use lingpai_core::cache::store::{Answer, Batch, Event, Input, Request};
use lingpai_core::cache::{Cause, Durability, Tier};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::disk::Disk;
use super::tab::{Call, PATIENCE_MS, Tab};

const TABS: usize = 3;

/// What was acknowledged, and what its acknowledgement still covers.
struct Acknowledged {
    value: String,
    durability: Durability,
    tab: u32,
}

/// A write that nobody has answered.
struct Sent {
    key: String,
    value: String,
    least: Option<Durability>,
}

struct World {
    disk: Disk,
    tabs: Vec<Option<(u32, Tab)>>,
    born: u32,
    now: u64,
    random: u64,
    writes: u32,
    sent: BTreeMap<(u32, u32), Sent>,
    added: BTreeMap<(u32, u32), u64>,
    acknowledged: BTreeMap<String, Acknowledged>,
    /// Keys of rows that are to be deleted, by who asked for it.
    deleting: BTreeMap<(u32, u32), String>,
    /// Rows that were, as surely as that was acknowledged.
    deleted: BTreeMap<String, Acknowledged>,
    /// Rows that were written with another one beside them, both in the database or neither anywhere.
    whole: BTreeSet<String>,
    /// Those of them that were refused, for a reason that leaves no doubt.
    refused: BTreeSet<String>,
    /// What those who added to the counter made of it, in the database.
    counted: BTreeSet<u64>,
    /// Clearings of the database that have to be noticed.
    cleared: bool,
    noticed: bool,
    verbose: bool,
}

impl World {
    fn new(seed: u64, verbose: bool) -> Self {
        let mut world = Self {
            disk: Disk::default(),
            tabs: Vec::new(),
            born: 0,
            now: 1_000,
            random: seed | 1,
            writes: 0,
            sent: BTreeMap::new(),
            added: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            deleting: BTreeMap::new(),
            deleted: BTreeMap::new(),
            whole: BTreeSet::new(),
            refused: BTreeSet::new(),
            counted: BTreeSet::new(),
            cleared: false,
            noticed: false,
            verbose,
        };
        for _ in 0..TABS {
            world.tabs.push(None);
        }
        world
    }

    /// A number below `bound` (xorshift64*).
    fn below(&mut self, bound: u64) -> u64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        (self.random.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound
    }

    fn say(&self, what: &str) {
        if self.verbose {
            println!("{:>7} ms  {what}", self.now);
        }
    }

    fn step(&mut self) {
        let at = self.below(TABS as u64) as usize;
        match self.below(100) {
            0..=39 => self.let_browser_answer(at),
            40..=54 => self.write(at),
            55..=58 => self.read(at),
            59..=60 => self.list(at),
            61..=62 => self.delete(at),
            63..=66 => self.add(at),
            67..=74 => self.pass(),
            75..=78 => self.born_or_dies(at),
            79..=80 => self.lose(at),
            81..=83 => {
                self.disk.hanging = !self.disk.hanging;
                self.say(if self.disk.hanging { "open hangs" } else { "open answers" });
            }
            84 => {
                self.disk.denied = !self.disk.denied;
                self.say("permission changes");
            }
            85..=86 => {
                self.disk.full = !self.disk.full;
                self.say(if self.disk.full { "the database is full" } else { "there is room" });
            }
            87 => {
                self.disk.local_denied = !self.disk.local_denied;
                self.forget(|row| row.durability == Durability::BestEffort);
                self.say("localStorage comes or goes");
            }
            88 => {
                self.disk.local_full = !self.disk.local_full;
                self.say("localStorage is full, or not any more");
            }
            89..=90 => self.clear_database(),
            91 => {
                self.say("localStorage is cleared");
                self.disk.local.clear();
                self.disk.local_safe.clear();
                self.forget(|row| row.durability == Durability::BestEffort);
                // Nothing is left to compare with but what tabs remember.
                self.cleared = false;
            }
            92..=93 => self.power_fails(),
            94..=95 => self.disk.settle(),
            96..=97 => self.freeze_or_thaw(at),
            98 => self.tell(at, Input::Sleep),
            _ => self.tell(at, Input::Wake),
        }
        self.collect();
    }

    fn tell(&mut self, at: usize, input: Input) {
        if let Some((_, tab)) = &mut self.tabs[at]
            && !tab.frozen
        {
            tab.tell(input, self.now, &mut self.disk);
        }
    }

    /// One call of one tab comes to its end. Transactions of a tab come in their order, and one that writes keeps others out.
    fn let_browser_answer(&mut self, at: usize) {
        let pick = self.below(8) as usize;
        let faulty = self.below(25) == 0;
        self.answer(at, pick, faulty.then_some(Cause::Lost));
    }

    fn answer(&mut self, at: usize, pick: usize, fault: Option<Cause>) {
        let is_active =
            |call: &Call| matches!(call, Call::Transaction(transaction) if transaction.active);
        let is_transaction = |call: &Call| matches!(call, Call::Transaction(_));
        let writer = self.tabs.iter().flatten().find_map(|(id, tab)| {
            let writes = tab.calls.iter().any(|call| {
                matches!(call, Call::Transaction(transaction) if transaction.active && transaction.begin.write)
            });
            writes.then_some(*id)
        });
        let hanging = self.disk.hanging;
        let Some((id, tab)) = &mut self.tabs[at] else { return };
        if tab.frozen || tab.calls.is_empty() {
            return;
        }
        let nth = pick % tab.calls.len();
        let nth = match &tab.calls[nth] {
            Call::Open(_) if hanging => return,
            Call::Transaction(_) if writer.is_some_and(|writer| writer != *id) => return,
            // The one that has begun, or else the first.
            Call::Transaction(_) => {
                let active = tab.calls.iter().position(is_active);
                active.or_else(|| tab.calls.iter().position(is_transaction)).unwrap_or(nth)
            }
            _ => nth,
        };
        tab.answer(nth, fault, self.now, &mut self.disk);
    }

    fn write(&mut self, at: usize) {
        self.writes += 1;
        let strict = self.below(2) == 0;
        let best = if strict { Durability::Strict } else { Durability::Relaxed };
        let least = (self.below(3) == 0).then_some(best);
        // Each row is written once: whatever is missing in the end was lost.
        let (key, value) = (format!("row {:04}", self.writes), format!("value {}", self.writes));
        let Some((id, tab)) = &mut self.tabs[at] else { return };
        if tab.frozen {
            return;
        }
        let mut change = vec![(key.clone(), Some(value.clone()))];
        if least.is_some() {
            change.push((beside(&key), Some(value.clone())));
            self.whole.insert(key.clone());
        }
        let batch = Batch { change, strict, least, ..Batch::default() };
        let op = tab.ask(Request::Write(batch), self.now, &mut self.disk);
        self.sent.insert((*id, op), Sent { key, value, least });
    }

    fn read(&mut self, at: usize) {
        let Some((_, tab)) = &mut self.tabs[at] else { return };
        if !tab.frozen {
            let keys = self.acknowledged.keys().take(3).cloned().collect();
            tab.ask(Request::Read(keys), self.now, &mut self.disk);
        }
    }

    fn list(&mut self, at: usize) {
        let bound = u64::from(self.writes) + 1;
        let (after, limit) = (format!("row {:04}", self.below(bound)), 1 + self.below(4) as u32);
        let Some((_, tab)) = &mut self.tabs[at] else { return };
        if !tab.frozen {
            tab.ask(
                Request::List { prefix: "row ".into(), after, limit },
                self.now,
                &mut self.disk,
            );
        }
    }

    /// Deletes a row that was acknowledged to be in the database. Until that is acknowledged as well, it may be there or not.
    fn delete(&mut self, at: usize) {
        let is_kept =
            |row: &Acknowledged| matches!(row.durability, Durability::Strict | Durability::Relaxed);
        let all = self.acknowledged.iter();
        let alone: Vec<String> = all
            .filter(|(key, row)| is_kept(row) && !self.whole.contains(*key))
            .map(|(key, _)| key.clone())
            .collect();
        let (pick, strict) = (self.below(alone.len().max(1) as u64), self.below(2) == 0);
        let Some(key) = alone.into_iter().nth(pick as usize) else { return };
        let Some((id, tab)) = &mut self.tabs[at] else { return };
        if tab.frozen {
            return;
        }
        self.acknowledged.remove(&key);
        let batch = Batch { change: vec![(key.clone(), None)], strict, ..Batch::default() };
        let op = tab.ask(Request::Write(batch), self.now, &mut self.disk);
        self.deleting.insert((*id, op), key);
    }

    /// Adds one to a counter, on top of what was read before.
    fn add(&mut self, at: usize) {
        let Some((id, tab)) = &mut self.tabs[at] else { return };
        if tab.frozen || tab.store.tier() != Some(Tier::IndexedDb) {
            return;
        }
        let op = tab.ask(Request::Read(vec!["counter".into()]), self.now, &mut self.disk);
        self.added.insert((*id, op), 0);
    }

    fn pass(&mut self) {
        self.now += 1 + self.below(400);
        self.tick();
    }

    /// Timers run out.
    fn tick(&mut self) {
        for (_, tab) in self.tabs.iter_mut().flatten() {
            while !tab.frozen && tab.wake_at.is_some_and(|at| at <= self.now) {
                tab.wake_at = None;
                tab.tell(Input::Tick, self.now, &mut self.disk);
            }
        }
    }

    fn born_or_dies(&mut self, at: usize) {
        if let Some((id, _)) = self.tabs[at].take() {
            self.say(&format!("tab {id} dies"));
            self.forget(|row| row.durability == Durability::Volatile && row.tab == id);
            self.sent.retain(|(tab, _), _| *tab != id);
            self.deleting.retain(|(tab, _), _| *tab != id);
            self.added.retain(|(tab, _), _| *tab != id);
        } else {
            self.born += 1;
            let seed = [self.born as u8; 32];
            self.say(&format!("tab {} opens", self.born));
            let tab = Tab::new(seed, self.now, &mut self.disk);
            self.tabs[at] = Some((self.born, tab));
        }
    }

    fn lose(&mut self, at: usize) {
        if let Some((id, tab)) = &mut self.tabs[at] {
            let id = *id;
            tab.lose_connection(self.now, &mut self.disk);
            self.say(&format!("tab {id} loses its connection"));
        }
    }

    fn clear_database(&mut self) {
        self.say("the database is cleared");
        let kept = self.disk.local.keys().any(|name| name.starts_with("lingpai:canary"));
        let rows = self.disk.committed.keys().any(|name| name.starts_with("canary"));
        // What waited elsewhere may have moved up before.
        let there: Vec<_> = self.disk.committed.keys().cloned().collect();
        self.acknowledged.retain(|key, _| !there.contains(&format!("row rows {key}")));
        self.disk.clear_database();
        self.forget(|row| matches!(row.durability, Durability::Strict | Durability::Relaxed));
        self.counted.clear();
        self.added.clear();
        if rows && kept && !self.disk.local_denied {
            (self.cleared, self.noticed) = (true, false);
        }
        for at in 0..TABS {
            self.lose(at);
        }
    }

    fn power_fails(&mut self) {
        self.say("the power fails");
        for tab in &mut self.tabs {
            *tab = None;
        }
        self.disk.power_fails();
        self.sent.clear();
        self.deleting.clear();
        self.added.clear();
        self.forget(|row| row.durability != Durability::Strict);
        // How much of the counter was relaxed is not known any more, nor what the twin has heard.
        self.counted.clear();
        self.cleared = false;
    }

    fn freeze_or_thaw(&mut self, at: usize) {
        let now = self.now;
        // Some hear of it before; what they were opening may never be told of.
        let (warned, forgotten) = (self.below(2) == 0, self.below(2) == 0);
        if warned {
            self.tell(at, Input::Sleep);
        }
        if let Some((_, tab)) = &mut self.tabs[at] {
            tab.frozen = !tab.frozen;
            if tab.frozen && warned && forgotten {
                tab.calls.retain(|call| !matches!(call, Call::Open(_)));
            }
            if !tab.frozen {
                tab.thaw(now, &mut self.disk);
            } else if tab.calls.iter().any(|call| matches!(call, Call::Transaction(_))) {
                // Browsers let transactions of a page end before they freeze it, so that it keeps nobody out.
                tab.frozen = false;
            }
        }
    }

    fn forget(&mut self, is_void: impl Fn(&Acknowledged) -> bool) {
        self.acknowledged.retain(|_, row| !is_void(row));
        self.deleted.retain(|_, row| !is_void(row));
    }

    /// Takes in answers and events, and looks at how long they took.
    fn collect(&mut self) {
        let mut again = Vec::new();
        for (at, slot) in self.tabs.iter_mut().enumerate() {
            let Some((id, tab)) = slot else { continue };
            for event in std::mem::take(&mut tab.events) {
                if self.verbose {
                    println!("{:>7} ms  tab {id}: {event:?}", self.now);
                }
                if matches!(event, Event::Lost(Tier::IndexedDb, _)) {
                    self.noticed = true;
                }
            }
            for (op, answer) in std::mem::take(&mut tab.answers) {
                if self.verbose {
                    println!("{:>7} ms  tab {id}: {op} is {answer:?}", self.now);
                }
                if let Some(Sent { key, value, least }) = self.sent.remove(&(*id, op)) {
                    if let Answer::Done(durability) = answer {
                        let enough = least.is_none_or(|least| durability == least);
                        assert!(enough, "{durability:?} is less than {least:?}");
                        let row = Acknowledged { value, durability, tab: *id };
                        self.acknowledged.insert(key, row);
                    } else if let Answer::Refused(cause) = answer {
                        assert!(least.is_some(), "it would have done with less");
                        if cause == Cause::Quota {
                            self.refused.insert(key);
                        }
                    }
                } else if let Some(key) = self.deleting.remove(&(*id, op)) {
                    if let Answer::Done(durability) = answer {
                        let row = Acknowledged { value: String::new(), durability, tab: *id };
                        self.deleted.insert(key, row);
                    }
                } else if let Some(seen) = self.added.remove(&(*id, op)) {
                    match answer {
                        Answer::Rows(rows) => {
                            let row = rows.into_iter().next().flatten();
                            let count =
                                row.as_ref().map_or(0, |row| row.value.parse().expect("a count"));
                            again.push((at, *id, count, row.map_or(0, |row| row.revision)));
                        }
                        Answer::Done(Durability::Strict | Durability::Relaxed) => {
                            assert!(self.counted.insert(seen), "two tabs made the counter {seen}");
                        }
                        _ => {}
                    }
                } else if let Answer::Listed(rows) = answer {
                    assert!(rows.is_sorted_by(|(one, _), (other, _)| one < other), "{rows:?}");
                    assert!(rows.iter().all(|(key, row)| is_of(key, &row.value)), "{rows:?}");
                } else if let Answer::Rows(rows) = answer {
                    for row in rows.into_iter().flatten() {
                        let is_ours = row.value.starts_with("value ");
                        assert!(is_ours || row.value.parse::<u64>().is_ok(), "nobody wrote this");
                    }
                }
            }
            if !tab.frozen {
                for (op, since) in &tab.asked {
                    let waited = self.now - since;
                    // A timer may be as late as one step of the clock.
                    assert!(waited <= PATIENCE_MS + 900, "tab {id} waits for {op} {waited} ms");
                }
            }
        }
        for (at, id, count, revision) in again {
            let Some((now, tab)) = &mut self.tabs[at] else { continue };
            if *now != id {
                continue;
            }
            let batch = Batch {
                expect: vec![("counter".into(), revision)],
                change: vec![("counter".into(), Some((count + 1).to_string()))],
                ..Batch::default()
            };
            let op = tab.ask(Request::Write(batch), self.now, &mut self.disk);
            self.added.insert((id, op), count + 1);
        }
    }
}

/// The key of the row that is written together with that of `key`.
fn beside(key: &str) -> String {
    format!("{key}, too")
}

/// Whether that is what was written under a key.
fn is_of(key: &str, value: &str) -> bool {
    let number = |text: &str, before| text.strip_prefix(before)?.parse::<u32>().ok();
    let key = key.strip_suffix(", too").unwrap_or(key);
    number(key, "row ").is_some_and(|it| Some(it) == number(value, "value "))
}

/// Runs one schedule to its end.
fn run(seed: u64, steps: usize, verbose: bool) {
    let mut world = World::new(seed, verbose);
    world.born_or_dies(0);
    for _ in 0..steps {
        world.step();
    }
    world.check();
}

#[test]
fn nothing_acknowledged_is_lost_and_nobody_waits_for_ever() {
    let cases = std::env::var("LINGPAI_SCHEDULES").ok().and_then(|count| count.parse().ok());
    let config =
        Config { cases: cases.unwrap_or(10_000), failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&(any::<u64>(), 1..160_usize), |(seed, steps)| {
        let failed = std::panic::catch_unwind(|| run(seed, steps, false)).err();
        let reason = failed.map(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            text.or_else(|| panic.downcast_ref::<&str>().map(|text| text.to_string()))
        });
        match reason {
            None => Ok(()),
            Some(why) => Err(TestCaseError::fail(format!(
                "LINGPAI_SCHEDULE={seed}:{steps}: {}",
                why.unwrap_or_default()
            ))),
        }
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn replay() {
    let Ok(schedule) = std::env::var("LINGPAI_SCHEDULE") else { return };
    let (seed, steps) = schedule.split_once(':').expect("LINGPAI_SCHEDULE is <seed>:<steps>");
    run(seed.parse().expect("a seed"), steps.parse().expect("a number of steps"), true);
}
