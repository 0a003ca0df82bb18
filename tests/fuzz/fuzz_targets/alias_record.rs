//! Aliases and operations as a registry keeps them: what is read is written and read again as the same, and every decision about it
//! leaves something that can be read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::alias::registry::{
    AliasRecord, Begin, Holder, OperationRecord, State, Verdict, begin, close, forget, settle,
};
use lingpai_core::json;
use lingpai_fuzz::edited_text;
use lingpai_tests::NOW;

const HOLDER: &str = r#"{"sub":"u","sid":"s","jkt":"k"}"#;

fuzz_target!(|data: &[u8]| {
    let Some((which, data)) = data.split_first() else { return };
    let now = NOW.as_i64();
    let alias = format!(
        r#"{{"holder":{HOLDER},"operation":"transfer","limits":{{"amount":10,"to":["x","y"]}},"account":"sealed","closers":"a,b","claim":"c","exp":{},"released":{{"to":"v","holder":{HOLDER}}}}}"#,
        now + 300
    );
    let operation = format!(r#"{{"hash":"h","lease":{now},"until":{}}}"#, now + 900);
    let (alias, operation) = match which & 1 {
        0 => (edited_text(&alias, data), operation),
        _ => (alias, edited_text(&operation, data)),
    };
    let (Ok(alias), Ok(operation)) =
        (AliasRecord::parse(&alias), OperationRecord::parse(&operation))
    else {
        assert!(!data.is_empty(), "both examples are read");
        return;
    };
    assert_eq!(AliasRecord::parse(&alias.to_json()).as_ref(), Ok(&alias));
    assert_eq!(OperationRecord::parse(&operation.to_json()).as_ref(), Ok(&operation));
    let holder = json::parse_object(HOLDER.as_bytes()).expect("JSON");
    let attempt = Begin {
        holder: Holder::from_json(&holder).expect("a holder"),
        operation: "transfer".into(),
        hash: "h".into(),
        details: json::parse_object(br#"{"amount":9,"to":"x"}"#).expect("JSON"),
        lease_seconds: 30,
        now: NOW,
    };
    let known = which & 2 == 0;
    let begun = begin(Some(alias.clone()), known.then(|| operation.clone()), attempt);
    if let Verdict::Execute { account } = &begun.verdict {
        assert_eq!(*account, alias.account);
        assert!(begun.alias.is_none() && alias.released.is_none());
    }
    let left = begun.operation.iter().map(|it| OperationRecord::parse(&it.to_json()));
    assert!(left.into_iter().all(|it| it.is_ok()));
    let settled = settle(Some(operation.clone()), "h", State::InDoubt, NOW).expect("known");
    if let State::Done { .. } = operation.state {
        assert_eq!(settled, operation, "an outcome stays");
    }
    let _ = close(Some(&alias), "secret");
    assert_eq!(
        forget(alias.clone()).account.is_empty(),
        alias.released.is_some() || alias.account.is_empty()
    );
});
