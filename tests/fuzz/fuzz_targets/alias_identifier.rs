//! Identifiers of accounts: an alias of one has its length, and at each place a character of the same class; what is kept is kept.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::alias::identifier::{AccountIdentifier, CharacterClass};
use lingpai_core::alias::limits::Limits;
use lingpai_core::alias::method::{Method, Multiplier, Tweak};
use lingpai_core::alias::portion::PortionRule;
use lingpai_core::crypto::Ff1Key;
use lingpai_core::secret::ContentKey;
use lingpai_fuzz::edited_text;

fuzz_target!(|data: &[u8]| {
    if let Ok(limits) =
        Limits::parse(&edited_text(r#"{"amount":10,"to":"x","in":["a","b"]}"#, data))
    {
        assert_eq!(Limits::parse(&limits.to_json()).as_ref(), Ok(&limits));
    }
    let [first, last, which, data @ ..] = data else { return };
    let text = edited_text("XM-6222021234567890", data);
    let Ok(identifier) = AccountIdentifier::parse(&text) else { return };
    let rule = PortionRule { keep_first: first % 32, keep_last: last % 32 };
    let key = Ff1Key::new(ContentKey::from_bytes([1; 32]));
    let multiplier = u64::from(*which) * 1_000_003 + 3;
    let method = match Multiplier::new(multiplier) {
        Ok(multiplier) if which & 1 == 0 => Method::Multiply(multiplier),
        _ => Method::Ff1,
    };
    let modifications = which % 20;
    let sequence = method.sequence(&identifier, rule, &key, &Tweak([*which; 16]), modifications);
    let Ok(Some(sequence)) = sequence else { return };
    assert_ne!(sequence, text);
    assert_eq!(sequence.len(), text.len());
    for (place, (own, other)) in text.bytes().zip(sequence.bytes()).enumerate() {
        assert_eq!(CharacterClass::of(own), CharacterClass::of(other));
        let kept = place < usize::from(rule.keep_first)
            || place + usize::from(rule.keep_last) >= text.len();
        assert!(own == other || !kept, "{text} {sequence}");
    }
});
