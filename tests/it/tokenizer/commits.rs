//! A tokenizer on the page's store as it is, whose database refuses commits: what is decided together is there together or not at all.

use lingpai_core::cache::Cause;
use lingpai_core::cache::Durability;
use lingpai_core::cache::store::{self as cache, Answer, Input, Request};
use lingpai_core::tokenization::pools::Lease;
use lingpai_core::tokenization::{FieldPolicy, Policy};
use lingpai_core::tokenizer::ladder::{self, Placed, Rung};
use lingpai_core::tokenizer::{Batch, Row, Rows, upkeep};
use lingpai_tests::NOW;

use super::world::{after, claims, field, install, life, policy, standing, wanted};
use crate::offline::disk::Disk;
use crate::offline::tab::Tab;

/// Tabs of one origin.
struct Origin {
    disk: Disk,
    tabs: Vec<Tab>,
    now: u64,
}

impl Origin {
    fn open(tabs: u8) -> Self {
        let mut disk = Disk::default();
        let open = (0..tabs).map(|tab| Tab::new([tab + 1; 32], 1_000, &mut disk)).collect();
        let mut origin = Self { disk, tabs: open, now: 1_000 };
        origin.pass(0);
        origin
    }

    /// Time passes, and the browser answers whatever it owes.
    fn pass(&mut self, ms: u64) {
        self.now += ms;
        for tab in &mut self.tabs {
            tab.tell(Input::Tick, self.now, &mut self.disk);
        }
        while self.tabs.iter().any(|tab| !tab.calls.is_empty()) {
            for tab in self.tabs.iter_mut().filter(|tab| !tab.calls.is_empty()) {
                tab.answer(0, None, self.now, &mut self.disk);
            }
        }
    }

    fn ask(&mut self, tab: usize, request: Request) -> Answer {
        let op = self.tabs[tab].ask(request, self.now, &mut self.disk);
        self.pass(0);
        let answers = &mut self.tabs[tab].answers;
        let at = answers.iter().position(|(of, _)| *of == op).expect("an answer");
        answers.remove(at).1
    }

    fn read(&mut self, tab: usize, keys: &[String]) -> Rows {
        let Answer::Rows(found) = self.ask(tab, Request::Read(keys.to_vec())) else {
            panic!("no rows")
        };
        let mut rows = Rows::new();
        for (key, row) in keys.iter().zip(found) {
            rows.insert(key, row.map(|row| Row { value: row.value, revision: row.revision }));
        }
        rows
    }

    /// As the host does: what has to be strict has to be strict, or nothing.
    fn write(&mut self, tab: usize, batch: Batch) -> Answer {
        let put = batch.put.into_iter().map(|(key, value)| (key, Some(value)));
        let delete = batch.delete.into_iter().map(|key| (key, None));
        let least = batch.strict.then_some(Durability::Strict);
        let change = put.chain(delete).collect();
        let batch = cache::Batch { expect: batch.expect, change, strict: batch.strict, least };
        self.ask(tab, Request::Write(batch))
    }

    fn tokenize(&mut self, tab: usize, policy: &Policy, value: &str) -> Result<Placed, Answer> {
        let wanted = wanted("phone", value, value.parse().expect("a number"));
        let keys = ladder::keys(["phone"].into_iter(), wanted.lookup.iter());
        let rows = self.read(tab, &keys);
        let (batch, mut placed) =
            ladder::degrade(&rows, policy, vec![wanted], standing(NOW)).expect("placed");
        let placed = placed.remove(0);
        if placed.rung == Rung::Known {
            return Ok(placed);
        }
        match self.write(tab, batch) {
            Answer::Done(Durability::Strict) => Ok(placed),
            refused => Err(refused),
        }
    }
}

/// Two tabs that have a policy, and one token of the vault in their pool.
fn two_tabs() -> (Origin, Policy) {
    let policy = policy(&claims("p1", vec![FieldPolicy { pool: 1, ..field("phone") }]));
    let mut origin = Origin::open(2);
    let rows = origin.read(0, &["account".to_owned()]);
    let batch = upkeep::adopt(&rows, &policy, true, life(0, 1)).expect("adopted").expect("new");
    assert_eq!(origin.write(0, batch), Answer::Done(Durability::Strict));
    let rows = origin.read(0, &["pool/phone".to_owned()]);
    let tokens = vec!["pool-1".to_owned()];
    let lease = Lease { lease: "l1".to_owned(), expires_at: after(3600), tokens };
    let batch = upkeep::stock(&rows, &install(), "phone", lease, NOW).expect("stocked");
    assert_eq!(origin.write(0, batch), Answer::Done(Durability::Strict));
    (origin, policy)
}

#[test]
fn a_commit_that_found_no_room_leaves_no_token_behind() {
    let (mut origin, policy) = two_tabs();
    origin.disk.full = true;
    let refused = origin.tokenize(0, &policy, "1");
    assert_eq!(refused, Err(Answer::Refused(Cause::Quota)));
    origin.disk.full = false;
    let other = origin.tokenize(1, &policy, "2").expect("there is room");
    assert_eq!(other.token, "pool-1");
    // Beyond the time after which rows that wait for room are tried again.
    origin.pass(60_000);
    let again = origin.tokenize(0, &policy, "1").expect("there is room");
    assert_ne!(again.token, other.token, "one token for two values");
    assert_eq!(again.rung, Rung::Provisional);
}

#[test]
fn a_database_that_keeps_silent_leaves_no_token_behind() {
    let (mut origin, policy) = two_tabs();
    let wanted = wanted("phone", "1", 1);
    let keys = ladder::keys(["phone"].into_iter(), wanted.lookup.iter());
    let rows = origin.read(0, &keys);
    let (batch, _) = ladder::degrade(&rows, &policy, vec![wanted], standing(NOW)).expect("placed");
    let change = batch.put.into_iter().map(|(key, value)| (key, Some(value))).collect();
    let least = Some(Durability::Strict);
    let batch = cache::Batch { expect: batch.expect, change, strict: true, least };
    let Origin { disk, tabs, now } = &mut origin;
    let op = tabs[0].ask(Request::Write(batch), *now, disk);
    for _ in 0..40 {
        *now += 100;
        tabs[0].tell(Input::Tick, *now, disk);
    }
    let answer = tabs[0].answers.iter().find(|(of, _)| *of == op).map(|(_, answer)| answer);
    assert_eq!(answer, Some(&Answer::Refused(Cause::Silent)));
    assert!(disk.local.keys().all(|name| !name.contains("row rows")), "nothing waits");
    let other = origin.tokenize(1, &policy, "2").expect("placed");
    assert_eq!(other.token, "pool-1");
    origin.pass(60_000);
    let again = origin.tokenize(0, &policy, "1").expect("placed");
    assert_ne!(again.token, other.token, "one token for two values");
}

#[test]
fn a_page_without_a_database_takes_a_policy_over_and_gives_nothing_out() {
    let policy = policy(&claims("p1", vec![field("phone")]));
    let mut disk = Disk { denied: true, ..Disk::default() };
    let tabs = vec![Tab::new([1; 32], 1_000, &mut disk)];
    let mut origin = Origin { disk, tabs, now: 1_000 };
    origin.pass(0);
    let rows = origin.read(0, &["account".to_owned()]);
    let batch = upkeep::adopt(&rows, &policy, false, life(0, 1)).expect("adopted").expect("new");
    assert_eq!(origin.write(0, batch), Answer::Done(Durability::BestEffort));
    assert_eq!(origin.tokenize(0, &policy, "1"), Err(Answer::Refused(Cause::Denied)));
}
