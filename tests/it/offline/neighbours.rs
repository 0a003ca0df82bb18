//! Two tabs beside each other: what one of them does to the store that the other one has open.

use lingpai_core::cache::store::{Answer, Batch, Event, Request};
use lingpai_core::cache::{Durability, Tier};

use super::disk::Disk;
use super::tab::{PATIENCE_MS, Tab};

/// A tab with a seed of its own, once its browser has answered everything.
fn tab(seed: u8, now: u64, disk: &mut Disk) -> Tab {
    let mut tab = Tab::new([seed; 32], now, disk);
    quiet(&mut tab, now, disk);
    tab
}

fn quiet(tab: &mut Tab, now: u64, disk: &mut Disk) {
    while !tab.calls.is_empty() {
        tab.answer(0, None, now, disk);
    }
}

fn put(tab: &mut Tab, key: &str, value: &str, now: u64, disk: &mut Disk) -> Answer {
    let change = vec![(key.to_string(), Some(value.to_string()))];
    let op = tab.ask(Request::Write(Batch { change, strict: true, ..Batch::default() }), now, disk);
    quiet(tab, now, disk);
    answer(tab, op)
}

fn get(tab: &mut Tab, key: &str, now: u64, disk: &mut Disk) -> Option<(String, u64)> {
    let op = tab.ask(Request::Read(vec![key.to_string()]), now, disk);
    quiet(tab, now, disk);
    let Answer::Rows(rows) = answer(tab, op) else { panic!("no rows") };
    rows.into_iter().next().flatten().map(|row| (row.value, row.revision))
}

fn answer(tab: &mut Tab, op: u32) -> Answer {
    let at = tab.answers.iter().position(|(of, _)| *of == op).expect("an answer");
    tab.answers.remove(at).1
}

/// Losses of the database that a tab was told of since the last look.
fn losses(tab: &mut Tab) -> usize {
    let lost = |event: &Event| matches!(event, Event::Lost(Tier::IndexedDb, _));
    std::mem::take(&mut tab.events).iter().filter(|event| lost(event)).count()
}

#[test]
fn every_open_tab_is_told_of_a_loss_whoever_notices_it_first() {
    let (mut disk, now) = (Disk::default(), 1_000);
    let mut one = tab(1, now, &mut disk);
    let mut other = tab(2, now, &mut disk);
    assert_eq!(put(&mut one, "a", "1", now, &mut disk), Answer::Done(Durability::Strict));
    assert_eq!(get(&mut other, "a", now, &mut disk).map(|(value, _)| value), Some("1".into()));

    disk.clear_database();
    other.lose_connection(now, &mut disk);
    quiet(&mut other, now, &mut disk);
    assert_eq!(losses(&mut other), 1);
    // Another store by now, in which the first tab has nothing to compare.
    put(&mut other, "b", "2", now, &mut disk);

    one.lose_connection(now, &mut disk);
    quiet(&mut one, now, &mut disk);
    assert_eq!(get(&mut one, "a", now, &mut disk), None);
    assert_eq!(losses(&mut one), 1, "its row is gone, and it has to hear so");
    get(&mut one, "a", now, &mut disk);
    assert_eq!((losses(&mut one), losses(&mut other)), (0, 0), "once");
}

#[test]
fn no_revision_comes_again_after_a_loss() {
    let (mut disk, now) = (Disk::default(), 1_000);
    let mut one = tab(1, now, &mut disk);
    put(&mut one, "a", "1", now, &mut disk);
    // What is committed from here on, the twin has not heard of.
    let twin = disk.local.clone();
    for value in ["2", "3", "4", "5"] {
        put(&mut one, "a", value, now, &mut disk);
    }
    let (_, before) = get(&mut one, "a", now, &mut disk).expect("a row");
    disk.local = twin;
    disk.clear_database();

    let mut other = tab(2, now, &mut disk);
    put(&mut other, "a", "another", now, &mut disk);
    let (_, after) = get(&mut other, "a", now, &mut disk).expect("a row");
    assert!(after > before, "{after} after {before}");
}

#[test]
fn a_row_that_moved_up_does_not_come_back_from_a_tab_that_saw_it_late() {
    let (mut disk, mut now) = (Disk { hanging: true, ..Disk::default() }, 1_000);
    // Nobody's open comes back: the row waits in localStorage.
    let mut one = Tab::new([1; 32], now, &mut disk);
    now += PATIENCE_MS + 200;
    one.tell(lingpai_core::cache::store::Input::Tick, now, &mut disk);
    let change = vec![("a".to_string(), Some("old".to_string()))];
    let op =
        one.ask(Request::Write(Batch { change, strict: true, ..Batch::default() }), now, &mut disk);
    assert_eq!(answer(&mut one, op), Answer::Done(Durability::BestEffort));

    // A second tab has seen it there; its process hears of nothing that comes after.
    let mut late = Tab::new([2; 32], now, &mut disk);
    late.stale_local = Some(disk.local.clone());
    disk.hanging = false;
    quiet(&mut one, now, &mut disk);
    assert_eq!(get(&mut one, "a", now, &mut disk).map(|(value, _)| value), Some("old".into()));

    // A third one overwrites it, whatever was there.
    let mut third = tab(3, now, &mut disk);
    put(&mut third, "a", "new", now, &mut disk);

    quiet(&mut late, now, &mut disk);
    late.stale_local = None;
    assert_eq!(get(&mut third, "a", now, &mut disk).map(|(value, _)| value), Some("new".into()));
    assert_eq!(get(&mut late, "a", now, &mut disk).map(|(value, _)| value), Some("new".into()));
}

#[test]
fn a_store_that_two_tabs_begin_at_once_has_lost_nothing() {
    let (mut disk, now) = (Disk::default(), 1_000);
    // The second tab has looked at localStorage before the first one wrote there, and hears of that late.
    let mut late = Tab::new([2; 32], now, &mut disk);
    late.stale_local = Some(disk.local.clone());
    let mut one = tab(1, now, &mut disk);
    quiet(&mut late, now, &mut disk);
    late.stale_local = None;
    put(&mut one, "a", "1", now, &mut disk);
    put(&mut late, "b", "2", now, &mut disk);
    let lost = |event: &Event| matches!(event, Event::Lost(..));
    assert!(!one.events.iter().chain(&late.events).any(lost));

    disk.local.clear();
    let mut next = tab(3, now, &mut disk);
    put(&mut next, "c", "3", now, &mut disk);
    let told = |event: &Event| matches!(event, Event::Lost(Tier::LocalStorage, _));
    assert_eq!(next.events.iter().filter(|event| told(event)).count(), 1, "and is missed later");
}
