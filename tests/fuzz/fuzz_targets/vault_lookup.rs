//! Questions about tokens, and values: a token is where its shard says or nowhere, a value has one spelling, and no token is a
//! value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::vault::Kind;
use lingpai_core::vault::lookup;
use lingpai_core::vault::shape::is_any_token;
use lingpai_fuzz::edited_text;
use lingpai_fuzz::vault::{SHARDS, TENANT, field_of, fields, index};

fuzz_target!(|data: &[u8]| {
    let Some((which, data)) = data.split_first() else { return };
    let (index, fields) = (index(), fields());
    let kind = Kind::ALL[usize::from(which % 5)];
    let field = field_of(&fields, kind);
    let example = index.token(TENANT, &field.name, kind, 1, u64::from(*which)).expect("a token");
    let request = format!(r#"{{"items":[{{"field":"{}","token":"{example}"}}]}}"#, field.name);
    for question in lookup::parse_request(&edited_text(&request, data)).unwrap_or_default() {
        let Some(field) = fields.find(&question.field) else { continue };
        let token = &question.token;
        let home = index.home_of_token(TENANT, &field.name, field.kind, token).expect("no error");
        let Some(home) = home else { continue };
        assert!(home.shard < SHARDS && is_any_token(token));
        let Some(count) = home.count else { continue };
        let same = index.token(TENANT, &field.name, field.kind, home.shard, count);
        assert_eq!(same.as_ref(), Ok(token), "a number has one token");
    }
    for example in
        ["+86 138-0013-8000", "4111 1111 1111 1111", "11010519491231002x", "A@b.cn", &example]
    {
        let value = edited_text(example, data);
        for kind in Kind::ALL {
            let Ok(canonical) = kind.canonical(&value) else { continue };
            assert!(!is_any_token(&canonical) || kind == Kind::Phone, "{canonical:?}");
            assert_eq!(kind.canonical(&canonical).as_ref(), Ok(&canonical), "one spelling");
        }
    }
});
