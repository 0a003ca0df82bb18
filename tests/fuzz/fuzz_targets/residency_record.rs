//! The directory's record and its tasks: what is read is written and read again as the same, and every command leaves a record that
//! can be read, with a plan that comes to its end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::residency::Area;
use lingpai_core::residency::directory::{self, Cause, Outcome, Record};
use lingpai_core::residency::fence::Deletion;
use lingpai_core::residency::plan::{self, Task};
use lingpai_fuzz::edited_text;
use lingpai_tests::NOW;

const EXAMPLES: [&str; 5] = [
    r#"{"area":"cn","epoch":1,"state":"registering","attempts":0,"wake":1790000010}"#,
    r#"{"area":"cn","epoch":4,"state":"moving","to":"eu","done":2,"attempts":3,"wake":1790000003}"#,
    r#"{"area":"cn","epoch":4,"state":"copied","to":"eu","attempts":0,"wake":1790000003}"#,
    r#"{"area":"eu","epoch":5,"state":"settling","left":"cn","done":1,"attempts":0,"undone":"already_registered"}"#,
    r#"{"area":"eu","epoch":6,"state":"removing","removal":{"cause":"person","areas":["cn","eu"],"facts":[{"area":"cn","kind":"data","items":2,"at":1790000001}],"since":1790000000,"revoked":1790000000,"vault":{"items":1,"at":1790000001}},"done":3,"attempts":0}"#,
];

fuzz_target!(|data: &[u8]| {
    let Some((which, data)) = data.split_first() else { return };
    let example = EXAMPLES[usize::from(which % 5)];
    let Ok(record) = Record::parse(&edited_text(example, data)) else {
        assert!(!data.is_empty(), "the example is a record");
        return;
    };
    let again = |record: &Record| Record::parse(&record.to_json());
    assert_eq!(again(&record).as_ref(), Ok(&record));
    let area = Area::parse("us").expect("a name");
    let kept = || Some(record.clone());
    let changes = [
        directory::register(kept(), area.clone(), NOW),
        directory::confirm(kept()),
        directory::abandon(kept(), NOW),
        directory::begin_move(kept(), area.clone(), NOW),
        directory::begin_removal(kept(), Cause::Person, &[area], NOW),
        directory::wake(kept(), NOW),
    ];
    for changed in changes.into_iter().flatten().flatten() {
        assert_eq!(again(&changed).as_ref(), Ok(&changed));
        assert!(changed.epoch() >= record.epoch());
    }
    // Everything that is left to do, done: after a few hundred steps at most nothing is left.
    let mut current = record;
    for _ in 0..1000 {
        let Some(task) = plan::next(&current) else { return };
        assert_eq!(Task::parse(&task.to_json()).as_ref(), Ok(&task));
        let outcome = Outcome::Done(Some(Deletion { items: 1, at: NOW }));
        match directory::report(Some(current), &task, outcome, NOW) {
            Ok(Some(after)) => current = after,
            Ok(None) | Err(_) => return,
        }
    }
    panic!("a plan without an end");
});
