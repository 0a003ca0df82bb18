//! Lists past rows that cannot be read: a script in the page has changed them, or a later version has written them. They are no row and
//! not the end either.

use std::collections::BTreeMap;

use lingpai_core::cache::Row;
use lingpai_core::cache::store::{Answer, Batch, Request};
use proptest::prelude::*;

use super::disk::Disk;
use super::tab::{Call, STORE, Tab};

const NOW: u64 = 1_000;

/// Answers everything; how often the browser had to, for transactions.
fn quiet(tab: &mut Tab, disk: &mut Disk) -> usize {
    let mut calls = 0;
    while !tab.calls.is_empty() {
        calls += usize::from(matches!(tab.calls.first(), Some(Call::Transaction(_))));
        tab.answer(0, None, NOW, disk);
    }
    calls
}

fn write(tab: &mut Tab, change: Vec<(String, Option<String>)>, disk: &mut Disk) {
    tab.ask(Request::Write(Batch { change, ..Batch::default() }), NOW, disk);
    quiet(tab, disk);
    let answered = tab.answers.pop();
    assert!(matches!(answered, Some((_, Answer::Done(_)))), "{answered:?}");
}

fn list(tab: &mut Tab, after: &str, limit: u32, disk: &mut Disk) -> (Vec<(String, Row)>, usize) {
    let request = Request::List { prefix: "op/".into(), after: after.into(), limit };
    let op = tab.ask(request, NOW, disk);
    let calls = quiet(tab, disk);
    let Some((of, Answer::Listed(rows))) = tab.answers.pop() else { panic!("no list") };
    assert_eq!(of, op);
    (rows, calls)
}

/// All rows, page by page, until there is none.
fn pages(tab: &mut Tab, limit: u32, disk: &mut Disk) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    loop {
        let after = all.last().map_or(String::new(), |(key, _)| key.clone());
        let (page, _) = list(tab, &after, limit, disk);
        if page.is_empty() {
            return all;
        }
        assert!(page.len() <= limit as usize);
        all.extend(page.into_iter().map(|(key, row)| (key, row.value)));
    }
}

fn name(key: &str) -> String {
    format!("row {STORE} {key}")
}

fn key(nth: usize) -> String {
    format!("op/{nth:03}")
}

/// A store with that many rows, and neighbours on both sides of them.
fn filled(count: usize) -> (Disk, Tab) {
    let mut disk = Disk::default();
    let mut tab = Tab::new([1; 32], NOW, &mut disk);
    quiet(&mut tab, &mut disk);
    let all = (0..count).map(key).chain(["known/1".into(), "policy/1".into()]);
    let change = all.map(|key| (key.clone(), Some(key))).collect();
    write(&mut tab, change, &mut disk);
    (disk, tab)
}

/// One character is another, or the whole is of a later version.
fn spoil(disk: &mut Disk, key: &str, later: bool) {
    let text = disk.committed.get_mut(&name(key)).expect("a row");
    *text =
        if later { text.replacen("1.", "9.", 1) } else { format!("{}!", &text[..text.len() - 1]) };
}

#[test]
fn a_row_that_cannot_be_read_is_not_the_end() {
    for later in [false, true] {
        let (mut disk, mut tab) = filled(2);
        spoil(&mut disk, &key(0), later);
        let (listed, _) = list(&mut tab, "", 1, &mut disk);
        assert_eq!(listed.first().map(|(key, _)| key.clone()), Some(key(1)), "later: {later}");
        assert!(list(&mut tab, &key(1), 1, &mut disk).0.is_empty(), "and that is the end");
    }
}

#[test]
fn many_rows_that_cannot_be_read_cost_few_rounds() {
    let (mut disk, mut tab) = filled(200);
    (0..199).for_each(|nth| spoil(&mut disk, &key(nth), nth % 2 == 0));
    let (listed, calls) = list(&mut tab, "", 1, &mut disk);
    assert_eq!(listed.first().map(|(key, _)| key.clone()), Some(key(199)));
    assert!(calls <= 7, "{calls} calls");
    (0..200).for_each(|nth| drop(disk.committed.remove(&name(&key(nth)))));
    assert!(list(&mut tab, "", 1, &mut disk).0.is_empty());
}

proptest! {
    #[test]
    fn pages_leave_nothing_out(
        rows in prop::collection::vec(0..3_u8, 1..12),
        waiting in prop::collection::vec((0..14_usize, any::<bool>()), 0..6),
        limit in 1..6_u32,
    ) {
        let (mut disk, mut tab) = filled(rows.len());
        let mut expected = BTreeMap::new();
        for (nth, state) in rows.iter().enumerate() {
            match state {
                0 => drop(expected.insert(key(nth), key(nth))),
                state => spoil(&mut disk, &key(nth), *state == 1),
            }
        }
        // What the database has no room for waits in a lesser place, and hides what is below it.
        disk.full = true;
        for (nth, put) in waiting {
            if rows.get(nth) == Some(&1) {
                continue;
            }
            let value = put.then(|| format!("{nth} waits"));
            write(&mut tab, vec![(key(nth), value.clone())], &mut disk);
            match value {
                Some(value) => drop(expected.insert(key(nth), value)),
                None => drop(expected.remove(&key(nth))),
            }
        }
        let found = pages(&mut tab, limit, &mut disk);
        prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
    }
}
