//! Tokens of the vault: none is a live value of any field, check digits are right, and none is handed out twice, however
//! small its space is.

use std::collections::HashSet;

use lingpai_core::jose::SymmetricJwk;
use lingpai_core::vault::index::Home;
use lingpai_core::vault::shape::is_any_token;
use lingpai_core::vault::{IndexKey, Kind};
use proptest::prelude::*;

const SHARDS: u16 = 16;

fn index(shards: u16) -> IndexKey {
    let key = SymmetricJwk::parse(&format!(r#"{{"kty":"oct","k":"{}"}}"#, "A".repeat(43)));
    IndexKey::new(&key.expect("32 bytes"), shards).expect("a number of shards")
}

fn kind() -> impl Strategy<Value = Kind> {
    proptest::sample::select(&Kind::ALL[..])
}

/// The most tokens that any shard can give out of this kind.
fn per_shard(kind: Kind) -> u64 {
    kind.capacity() / u64::from(SHARDS) - 1
}

#[test]
fn a_million_draws_from_the_smallest_space_are_a_million_tokens() {
    let per_shard = 1_000_000 / u64::from(SHARDS);
    let index = index(SHARDS);
    let draw = |shard, count| -> u64 {
        let token = index.token("bank", "phone", Kind::Phone, shard, count).expect("room is left");
        token.parse().expect("11 digits")
    };
    let draw_all = |shard| (0..per_shard).map(|count| draw(shard, count)).collect::<Vec<_>>();
    // A thread for each shard, as shards are: none of them asks another.
    let drawn: Vec<u64> = std::thread::scope(|scope| {
        let threads = (0..SHARDS).map(|shard| scope.spawn(move || draw_all(shard)));
        let threads: Vec<_> = threads.collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("it ends")).collect()
    });
    assert_eq!(drawn.len(), 1_000_000);
    assert_eq!(drawn.iter().collect::<HashSet<_>>().len(), drawn.len());
}

#[test]
fn a_space_that_is_used_up_refuses_instead_of_repeating() {
    let index = index(SHARDS);
    let last = Kind::Phone.capacity() / u64::from(SHARDS) - 1;
    assert!(index.token("bank", "phone", Kind::Phone, 15, last).is_ok());
    let error = index.token("bank", "phone", Kind::Phone, 15, last + 1).expect_err("no room");
    assert_eq!(error.code().as_str(), "limit_exceeded");
    assert!(index.token("bank", "phone", Kind::Phone, 0, u64::MAX).is_err());
}

#[test]
fn tokens_look_as_they_should() {
    let index = index(SHARDS);
    let token = |kind| index.token("bank", "field", kind, 3, 12_345).expect("room is left");
    let card = token(Kind::Card);
    assert!(card.len() == 16 && card.starts_with("01") && luhn(&card), "{card}");
    let identity = token(Kind::Identity);
    assert!(identity.len() == 18 && identity.starts_with('0'), "{identity}");
    assert!(mod_11_2(&identity), "{identity}");
    let phone = token(Kind::Phone);
    assert!(phone.len() == 11 && phone.starts_with("11"), "{phone}");
    assert!(token(Kind::Email).ends_with("@token.invalid"));
    assert!(token(Kind::Text).starts_with("lpt1_"));
}

#[test]
fn published_numbers_are_live_values() {
    let live = |kind: Kind, value: &str| kind.canonical(value).expect(value).as_str().to_owned();
    // Test numbers of the card schemes, and GB 11643's own example.
    assert_eq!(live(Kind::Card, "4111 1111 1111 1111"), "4111111111111111");
    assert_eq!(live(Kind::Card, "6200-0000-0000-0005"), "6200000000000005");
    assert_eq!(live(Kind::Identity, "11010519491231002x"), "11010519491231002X");
    assert_eq!(live(Kind::Email, " Lin.Qiao@Example.COM "), "lin.qiao@example.com");
    assert_eq!(live(Kind::Text, "  林  巧 "), "林 巧");
    for spelling in [
        "13800138000",
        "+86 138-0013-8000",
        "0086 13800138000",
        "8613800138000",
        "１３８００１３８０００",
    ] {
        assert_eq!(live(Kind::Phone, spelling), "+8613800138000");
    }
    assert_eq!(live(Kind::Phone, "010-6552 9988"), "+861065529988");
    assert_eq!(live(Kind::Phone, "+86 10 6552 9988"), "+861065529988");
    assert_eq!(live(Kind::Phone, "+1 (202) 555-0123"), "+12025550123");
}

#[test]
fn what_is_none_is_refused() {
    let refused = |kind: Kind, value: &str| {
        assert!(kind.canonical(value).is_err(), "{} takes {value:?}", kind.as_str());
    };
    for value in ["4111111111111112", "0000000000000000", "411", "", "4111a11111111111"] {
        refused(Kind::Card, value);
    }
    for value in ["110105194912310021", "011010519491231000", "1", ""] {
        refused(Kind::Identity, value);
    }
    for value in ["12345678901", "+1101234567", "11012345678", "138", "", "+0123456789", "１"] {
        refused(Kind::Phone, value);
    }
    for value in ["@x.cn", "a@b", "a@b..c", "a b@x.cn", "a@x.invalid", "a@@x.cn", ""] {
        refused(Kind::Email, value);
    }
    for value in ["", "   ", "a\0b", &"長".repeat(2000)] {
        refused(Kind::Text, value);
    }
    let provisional = format!("lpp1_{}", "A".repeat(43));
    refused(Kind::Text, &provisional);
}

proptest! {
    #[test]
    fn no_token_is_a_live_value_of_any_field(
        kind in kind(), shard in 0..SHARDS, count: u64, tenant in "[a-z]{1,8}",
    ) {
        let count = count % per_shard(kind);
        let token = index(SHARDS).token(&tenant, "field", kind, shard, count).unwrap();
        prop_assert!(is_any_token(&token));
        for other in Kind::ALL {
            prop_assert!(other.canonical(&token).is_err(), "{} of {}", token, other.as_str());
            let spelled = format!(" {} ", token.to_uppercase());
            prop_assert!(other.canonical(&spelled).is_err(), "{} of {}", spelled, other.as_str());
        }
        if kind == Kind::Phone {
            let international = format!("+{token}");
            prop_assert!(Kind::Phone.canonical(&international).is_err());
        }
    }

    #[test]
    fn a_token_leads_back_to_the_shard_that_made_it(
        kind in kind(), shard in 0..SHARDS, count: u64,
    ) {
        let index = index(SHARDS);
        let count = count % per_shard(kind);
        let token = index.token("bank", "field", kind, shard, count).unwrap();
        let home = index.home_of_token("bank", "field", kind, &token).unwrap();
        prop_assert_eq!(home, Some(Home { shard, count: Some(count) }));
    }

    #[test]
    fn two_numbers_are_two_tokens(
        kind in kind(), left in (0..SHARDS, any::<u64>()), right in (0..SHARDS, any::<u64>()),
    ) {
        let index = index(SHARDS);
        let place = |(shard, count): (u16, u64)| (shard, count % per_shard(kind));
        let token = |(shard, count)| index.token("bank", "field", kind, shard, count).unwrap();
        let (left, right) = (place(left), place(right));
        prop_assert_eq!(left == right, token(left) == token(right));
    }

    #[test]
    fn one_spelling_is_its_own(kind in kind(), value in "\\PC{0,24}") {
        if let Ok(canonical) = kind.canonical(&value) {
            prop_assert_eq!(kind.canonical(&canonical).unwrap(), canonical);
        }
    }

    #[test]
    fn fingerprints_differ_by_tenant_field_and_value(
        a in ("[a-c]{1,2}", "[a-c]{1,2}", "[a-c]{1,2}"), b in ("[a-c]{1,2}", "[a-c]{1,2}", "[a-c]{1,2}"),
    ) {
        let index = index(SHARDS);
        let of = |it: &(String, String, String)| index.fingerprint(&it.0, &it.1, Kind::Text, &it.2);
        prop_assert_eq!(a == b, of(&a) == of(&b));
    }

    #[test]
    fn an_install_belongs_to_its_holder(subject in "\\PC{1,12}", jkt in "[A-Za-z0-9]{43}", random: [u8; 16]) {
        let index = index(SHARDS);
        let install = index.install("bank", &subject, Some(&jkt), random);
        prop_assert_eq!(IndexKey::holder_of(&install), index.holder("bank", &subject));
        prop_assert_eq!(&install, &index.install("bank", &subject, Some(&jkt), [0; 16]));
        prop_assert_ne!(&install, &index.install("bank", &subject, None, random));
        prop_assert_ne!(index.holder("bank", &subject), index.holder("other", &subject));
    }
}

fn luhn(number: &str) -> bool {
    let sum: u32 = number
        .chars()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = digit.to_digit(10).expect("a digit") * (1 + place as u32 % 2);
            if digit > 9 { digit - 9 } else { digit }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The weights of GB 11643, written out.
fn mod_11_2(number: &str) -> bool {
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2, 1];
    let value = |it: char| if it == 'X' { 10 } else { it.to_digit(10).expect("a digit") };
    number.chars().zip(weights).map(|(it, weight)| value(it) * weight).sum::<u32>() % 11 == 1
}
