//! Requests for policies and what is remembered of them: whatever a store gives back, no more is granted than the share.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::json;
use lingpai_core::vault::grant::{Granted, Wanted, grant};
use lingpai_fuzz::edited_text;
use lingpai_fuzz::vault::{fields, policy_claims};
use lingpai_tests::NOW;

fuzz_target!(|data: &[u8]| {
    let Some((which, data)) = data.split_first() else { return };
    let wanted = Wanted {
        id: "policy-2".into(),
        install: policy_claims().install,
        jkt: Some("A".repeat(43)),
        fields: fields().iter().cloned().collect(),
        seal_kid: "seal-1".into(),
        lifetime_seconds: 86_400,
        reconcile_until: NOW.plus(7 * 86_400),
        now: NOW.plus(i64::from(which >> 1) * 600),
    };
    let remembered = grant(&[], wanted.clone()).0.to_json();
    let (wanted, remembered) = match which & 1 {
        0 => (edited_text(&wanted.to_json(), data), remembered),
        _ => (wanted.to_json(), edited_text(&remembered, data)),
    };
    let read = |text: &str| json::parse_object(text.as_bytes());
    let wanted = read(&wanted).and_then(|it| Wanted::from_value(&it));
    let remembered = read(&remembered).and_then(|it| Granted::from_value(&it));
    let (Ok(wanted), Ok(remembered)) = (wanted, remembered) else {
        assert!(!data.is_empty(), "both examples are read");
        return;
    };
    let (now, asked) = (wanted.now, wanted.fields.clone());
    let all = [remembered];
    let (granted, fresh) = grant(&all, wanted);
    let written = granted.to_json();
    assert_eq!(Granted::from_value(&read(&written).expect("JSON")).as_ref(), Ok(&granted));
    if !fresh {
        assert_eq!(all[0], granted);
        return;
    }
    for (field, asked) in granted.fields.iter().zip(&asked) {
        let before = all.iter().filter(|it| it.expires_at > now).flat_map(|it| &it.fields);
        let before = before.filter(|it| it.name == field.name).map(|it| u64::from(it.max));
        let given = before.sum::<u64>();
        let left = u64::from(asked.max_per_subject).saturating_sub(given);
        assert!(u64::from(field.max) <= left && field.max <= asked.max);
    }
});
