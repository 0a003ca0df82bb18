//! Fences under any sequence of commands: epochs never fall, nothing comes back, and no text of a store makes it panic.

use lingpai_core::residency::Epoch;
use lingpai_core::residency::fence::{
    Command, Deletion, Entry, Kind, Presence, REMEMBERED_WRITES, Verdict, WriteId, decide,
};
use lingpai_tests::NOW;
use proptest::prelude::*;

use super::hosts::{named_write, write_id};

fn epoch(number: i64) -> Epoch {
    Epoch::from_i64(number).expect("small")
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        Just(Command::Read),
        (0_u64..30).prop_map(|number| Command::Write(write_id(number))),
        Just(Command::Claim),
        Just(Command::Freeze),
        Just(Command::Export),
        Just(Command::Stage),
        Just(Command::Activate),
        (0_u32..9).prop_map(|items| Command::Delete(Deletion { items, at: NOW })),
    ]
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Identity), Just(Kind::Data)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn fences_never_fall_and_refusals_change_nothing(kind in kind(), commands in prop::collection::vec((command(), 0_i64..9), 0..40)) {
        let mut entry: Option<Entry> = None;
        for (command, number) in commands {
            let (verdict, after) = decide(kind, entry.clone(), command, epoch(number));
            if verdict != Verdict::Granted {
                prop_assert_eq!(&after, &entry);
            }
            if let (Some(before), Some(after)) = (&entry, &after) {
                prop_assert!(after.fence() >= before.fence());
            }
            // Whoever comes late gets nothing, and changes nothing.
            if entry.as_ref().is_some_and(|entry| entry.fence() > epoch(number)) {
                prop_assert!(!matches!(verdict, Verdict::Granted | Verdict::Repeated));
                prop_assert_eq!(&after, &entry);
            }
            // An entry that was there stays, deleted or not.
            prop_assert!(entry.is_none() || after.is_some());
            let deleted = entry.as_ref().and_then(Entry::deletion);
            if deleted.is_some() && !matches!(command, Command::Stage | Command::Delete(_)) {
                prop_assert_eq!(&after, &entry, "only a copy with a later epoch comes after a deletion");
            }
            if let Some(entry) = &after {
                prop_assert_eq!(&Entry::parse(&entry.to_json()).unwrap(), entry);
            }
            entry = after;
        }
    }

    #[test]
    fn every_step_may_be_repeated(kind in kind(), commands in prop::collection::vec((command(), 0_i64..9), 0..20), last in command(), number in 0_i64..9) {
        let mut entry: Option<Entry> = None;
        for (command, number) in commands {
            entry = decide(kind, entry, command, epoch(number)).1;
        }
        let (first, once) = decide(kind, entry, last, epoch(number));
        let (second, twice) = decide(kind, once.clone(), last, epoch(number));
        prop_assert_eq!(once, twice);
        if first == Verdict::Granted {
            let again = if matches!(last, Command::Write(_)) { Verdict::Repeated } else { Verdict::Granted };
            prop_assert_eq!(second, again);
        }
    }

    #[test]
    fn no_text_panics(text in ".*") {
        let _ = Entry::parse(&text);
        let _ = WriteId::parse(&text, &text);
    }
}

#[test]
fn of_the_last_writes_none_is_done_twice() {
    let mut entry = None;
    let write = |entry: &mut Option<Entry>, number| {
        let command = Command::Write(write_id(number));
        let (verdict, after) = decide(Kind::Data, entry.take(), command, epoch(1));
        *entry = after;
        verdict
    };
    let count = REMEMBERED_WRITES as u64;
    for number in 0..count {
        assert_eq!(write(&mut entry, number), Verdict::Granted);
    }
    for number in 0..count {
        assert_eq!(write(&mut entry, number), Verdict::Repeated);
    }
    assert_eq!(write(&mut entry, count), Verdict::Granted);
    assert_eq!(write(&mut entry, 1), Verdict::Repeated);
    assert_eq!(write(&mut entry, 0), Verdict::Granted, "the oldest has been forgotten");
}

#[test]
fn another_write_under_the_name_of_one_that_was_done_is_neither_done_nor_said_to_be() {
    let write = |entry, name, content| {
        decide(Kind::Data, entry, Command::Write(named_write(name, content)), epoch(1))
    };
    let (_, entry) = write(None, 1, 10);
    let (verdict, after) = write(entry.clone(), 1, 11);
    assert_eq!((verdict, &after), (Verdict::Conflict, &entry));
    assert_eq!(write(after, 1, 10).0, Verdict::Repeated, "the first one still is what it was");
    assert_eq!(write(entry, 2, 10).0, Verdict::Granted, "what is written is no name");
}

#[test]
fn what_was_deleted_leaves_nothing_of_its_writes() {
    let tombstone = r#"{"fence":2,"presence":"deleted","items":3,"at":1790000000}"#;
    for kind in [Kind::Identity, Kind::Data] {
        let entry = decide(kind, None, Command::Claim, epoch(1)).1;
        let entry = decide(kind, entry, Command::Write(write_id(1)), epoch(1)).1;
        let delete = Command::Delete(Deletion { items: 3, at: NOW });
        let (_, entry) = decide(kind, entry, delete, epoch(2));
        assert_eq!(entry.expect("a tombstone").to_json(), tombstone);
    }
    let name = "A".repeat(22);
    let old = tombstone.replace(r#""items""#, &format!(r#""recent":["{name}.{name}"],"items""#));
    assert_eq!(Entry::parse(&old).unwrap().to_json(), tombstone);
}

#[test]
fn a_write_that_was_done_in_another_area_is_known_by_its_name_alone() {
    let write = |entry, name, content, number| {
        decide(Kind::Data, entry, Command::Write(named_write(name, content)), epoch(number))
    };
    let left = write(None, 1, 10, 1).1.expect("an entry");
    let names: Vec<String> = left.recent_names().collect();
    let staged = decide(Kind::Data, None, Command::Stage, epoch(2)).1.expect("a copy");
    let staged = staged.carrying(names.iter().map(String::as_str)).unwrap();
    assert!(staged.clone().carrying(["no name"].into_iter()).is_err());
    let staged = Entry::parse(&staged.to_json()).unwrap();
    let there = decide(Kind::Data, Some(staged), Command::Activate, epoch(3)).1;
    assert_eq!(write(there.clone(), 1, 10, 3).0, Verdict::Repeated);
    // The digest stayed behind.
    assert_eq!(write(there.clone(), 1, 11, 3).0, Verdict::Repeated);
    assert_eq!(write(there, 2, 10, 3).0, Verdict::Granted);
}

#[test]
fn what_was_deleted_is_told_again_to_whoever_lost_the_answer() {
    let delete = |items| Command::Delete(Deletion { items, at: NOW });
    let entry = decide(Kind::Data, None, Command::Write(write_id(1)), epoch(1)).1;
    let (_, entry) = decide(Kind::Data, entry, delete(3), epoch(2));
    let (verdict, entry) = decide(Kind::Data, entry, delete(0), epoch(2));
    assert_eq!(verdict, Verdict::Granted);
    let entry = entry.expect("a tombstone");
    assert_eq!(entry.presence(), Presence::Deleted(Deletion { items: 3, at: NOW }));
}

#[test]
fn an_identity_host_makes_no_entry_for_who_was_never_registered() {
    for command in [
        Command::Read,
        Command::Write(write_id(1)),
        Command::Freeze,
        Command::Export,
        Command::Activate,
    ] {
        assert_eq!(decide(Kind::Identity, None, command, epoch(5)), (Verdict::Absent, None));
    }
}
