//! What a host keeps of an identity: what is read is written and read again as the same, and no command gets behind a fence.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::residency::Epoch;
use lingpai_core::residency::fence::{Command, Deletion, Entry, Kind, Verdict, WriteId, decide};
use lingpai_fuzz::edited_text;
use lingpai_tests::NOW;

fuzz_target!(|data: &[u8]| {
    let [which, epoch, data @ ..] = data else { return };
    let (name, content) = ("A".repeat(22), "Q".to_owned() + &"A".repeat(21));
    let presence = ["active", "frozen", "staged", "deleted"][usize::from(which % 4)];
    let example = format!(
        r#"{{"fence":3,"presence":"{presence}","recent":["{name}.{content}","{name}."],"items":2,"at":1790000000}}"#
    );
    let Ok(entry) = Entry::parse(&edited_text(&example, data)) else {
        assert!(!data.is_empty(), "the example is an entry");
        return;
    };
    assert_eq!(Entry::parse(&entry.to_json()).as_ref(), Ok(&entry));
    let text = edited_text(&name, data);
    let write = WriteId::parse(&text, &content);
    let epoch = Epoch::from_i64(i64::from(*epoch)).expect("small");
    let deletion = Deletion { items: 1, at: NOW };
    let commands = [
        Command::Read,
        Command::Write(write.unwrap_or(WriteId::from_bytes([0; 16], [0; 16]))),
        Command::Claim,
        Command::Freeze,
        Command::Export,
        Command::Stage,
        Command::Activate,
        Command::Delete(deletion),
    ];
    for kind in [Kind::Identity, Kind::Data] {
        for command in commands {
            let (verdict, after) = decide(kind, Some(entry.clone()), command, epoch);
            let after = after.expect("an entry stays");
            assert_eq!(Entry::parse(&after.to_json()).as_ref(), Ok(&after));
            assert!(verdict == Verdict::Granted || after == entry);
            assert!(verdict != Verdict::Granted || epoch >= entry.fence());
            assert!(after.fence() >= entry.fence());
        }
    }
});
