//! Residency rules, and identifiers under them: whoever has an identifier has one home, which is one of the areas.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::residency::rules::{Place, Rules};
use lingpai_fuzz::edited_text;

const EXAMPLE: &str = r#"{"areas":["cn","eu"],"default":"eu","identifiers":[{"type":"phone","form":"e164","prefixes":{"+86":"cn"}},{"type":"mail","form":"email"},{"type":"login","form":"exact","prefixes":{"staff:":"eu"}}],"regions":{"CN":"cn","DE":"eu"},"data":[{"type":"profile"},{"type":"payments","area":"cn"}]}"#;

fuzz_target!(|data: &[u8]| {
    let Some((which, data)) = data.split_first() else { return };
    let rules = if which & 1 == 0 { edited_text(EXAMPLE, data) } else { EXAMPLE.to_owned() };
    let rules = match Rules::parse(&rules) {
        Ok(rules) => rules,
        Err(problem) => {
            assert!(which & 1 == 0 && !data.is_empty(), "{problem}");
            return;
        }
    };
    for (kind, example) in
        [("phone", "+86 138 0013 8000"), ("mail", "A@b.cn"), ("login", "staff:7")]
    {
        let Ok(identifier) = rules.identifier(kind, &edited_text(example, data)) else { continue };
        let one = identifier.expose();
        let again = rules.identifier(kind, one).expect("its one form is one");
        assert_eq!(again.expose(), one);
        for region in [None, Some("DE"), Some("ZZ")] {
            let Ok(home) = rules.home(&identifier, region) else { continue };
            assert!(rules.areas().contains(&home.area));
        }
    }
    if let Ok(Place::Pinned(area)) = rules.place("payments") {
        assert!(rules.areas().contains(&area));
    }
});
