//! From an account to an alias of the same shape.

use std::collections::HashSet;

use lingpai_core::ErrorCode;
use lingpai_core::alias::MAX_MODIFICATIONS;
use lingpai_core::alias::identifier::{AccountIdentifier, CharacterClass};
use lingpai_core::alias::method::{Method, Multiplier};
use lingpai_core::alias::portion::PortionRule;
use proptest::prelude::*;

use super::{account, keys, multiply, sequence, tweak};

fn refusal(text: &str) -> (ErrorCode, Option<&'static str>) {
    let Err(error) = AccountIdentifier::parse(text) else { panic!("an identifier") };
    (error.code(), error.detail())
}

fn shape(text: &str) -> Vec<(CharacterClass, Option<u8>)> {
    let class = |byte| CharacterClass::of(byte).expect("printable");
    text.bytes()
        .map(|byte| (class(byte), Some(byte).filter(|_| class(byte) == CharacterClass::Symbol)))
        .collect()
}

#[test]
fn an_identifier_has_two_kinds_of_characters() {
    for good in ["user-13800138000", "a1b2c3d4", "zhang.wei", "6222-0212", "AB12345678"] {
        assert!(AccountIdentifier::parse(good).is_ok(), "{good}");
    }
    for one in ["13800138000", "zhangwei", "ZhangWei", "-.-.-."] {
        assert_eq!(refusal(one), (ErrorCode::IdentifierUnsuitable, Some("kinds")), "{one}");
    }
    for strange in ["user 1380", "张三1380", "user\u{0}1", "user1\n", "ú1234567"] {
        let expected = (ErrorCode::IdentifierUnsuitable, Some("characters"));
        assert_eq!(refusal(strange), expected, "{strange}");
    }
    for length in ["", &"a1".repeat(33)] {
        assert_eq!(refusal(length), (ErrorCode::IdentifierUnsuitable, Some("length")));
    }
}

#[test]
fn a_portion_that_cannot_vary_enough_is_refused() {
    let refused = |method: Method, text: &str, keep_first| {
        let rule = PortionRule { keep_first, keep_last: 0 };
        let error = method
            .sequence(&account(text), rule, &keys().ff1, &tweak(1), 0)
            .expect_err("too little to vary");
        (error.code(), error.detail())
    };
    let expected = (ErrorCode::IdentifierUnsuitable, Some("portion"));
    // 10⁵ · 1 and 26⁴ are fewer than 10⁶; of 12 characters, 5 digits are left.
    assert_eq!(refused(Method::Ff1, "x-12345", 1), expected);
    assert_eq!(refused(Method::Ff1, "a.b.c.d", 0), expected);
    assert_eq!(refused(Method::Ff1, "user-1234567", 7), expected);
    assert_eq!(refused(multiply(7), "user.name-12345", 0), expected);
    assert_eq!(refused(multiply(7), "zhang.wei", 0), expected);
}

#[test]
fn exactly_a_million_portions_are_enough() {
    assert!(sequence(Method::Ff1, "-123456", 1).is_some());
}

#[test]
fn multiply_is_the_product_modulo_a_power_of_ten() {
    let product = |text: &str, by| sequence(multiply(by), text, 0).expect("another number");
    assert_eq!(product("user-00000002", 123_457), "user-00246914");
    assert_eq!(product("user-99999999", 3), "user-99999997");
    // Letters stay, digits around them are one number.
    assert_eq!(product("12a345b6", 7), "86a419b2");
    // The last 18 digits of 20.
    assert_eq!(product("a12000000000000000003", 3), "a12000000000000000009");
}

#[test]
fn multipliers_share_no_factor_with_ten() {
    for bad in [0, 1, 2, 10, 15, 100, 5] {
        assert!(Multiplier::new(bad).is_err(), "{bad}");
    }
    for good in [3, 7, 123_457, u64::MAX - 6] {
        assert!(Multiplier::new(good).is_ok(), "{good}");
    }
}

#[test]
fn multiply_is_modified_until_it_is_unique_and_no_further() {
    let try_nth = |nth| {
        multiply(7).sequence(
            &account("user-0000010"),
            PortionRule::default(),
            &keys().ff1,
            &tweak(0),
            nth,
        )
    };
    let sequences: Vec<_> = (0..=MAX_MODIFICATIONS).map(|nth| try_nth(nth).unwrap()).collect();
    assert_eq!(sequences[0].as_deref(), Some("user-0000070"));
    assert_eq!(sequences[16].as_deref(), Some("user-0000086"));
    assert_eq!(sequences.iter().collect::<HashSet<_>>().len(), 17);
    let refused = try_nth(MAX_MODIFICATIONS + 1).expect_err("beyond the bound");
    assert_eq!(refused.code(), ErrorCode::TemporarilyUnavailable);
}

#[test]
fn the_account_itself_is_no_alias() {
    assert_eq!(sequence(multiply(7), "user-000000", 0), None);
}

#[test]
fn a_tweak_of_its_own_gives_an_alias_of_its_own() {
    let aliases: HashSet<_> =
        (0..200).map(|nth| sequence(Method::Ff1, "user-13800138000", nth)).collect();
    assert_eq!(aliases.len(), 200);
    let again = |_| sequence(Method::Ff1, "user-13800138000", 7);
    assert_eq!(again(0), again(1), "pure");
}

/// Identifiers of which at least 10 digits and letters vary.
fn identifiers() -> impl Strategy<Value = String> {
    "[a-z][0-9]{7}[A-Za-z0-9@._-]{2,54}"
}

proptest! {
    #[test]
    fn an_alias_has_the_shape_of_its_account(
        text in identifiers(),
        keep_first in 0..4_u8,
        keep_last in 0..3_u8,
        number: u32,
        by in (1..1_000_u64).prop_map(|n| n * 10 + 3),
        nth in 0..=MAX_MODIFICATIONS,
    ) {
        let rule = PortionRule { keep_first, keep_last };
        for method in [Method::Ff1, multiply(by)] {
            let made = method.sequence(&account(&text), rule, &keys().ff1, &tweak(number), nth);
            let alias = match made {
                Ok(Some(alias)) => alias,
                Ok(None) => continue,
                Err(error) => {
                    prop_assert_eq!(error.code(), ErrorCode::IdentifierUnsuitable);
                    continue;
                }
            };
            prop_assert_eq!(shape(&alias), shape(&text));
            let (first, last) = (usize::from(keep_first), text.len() - usize::from(keep_last));
            prop_assert_eq!(&alias[..first], &text[..first]);
            prop_assert_eq!(&alias[last..], &text[last..]);
            prop_assert_ne!(alias, text.clone());
        }
    }

    #[test]
    fn different_accounts_have_different_aliases_under_one_tweak(
        one in 0..100_000_000_u32,
        other in 0..100_000_000_u32,
        by in (1..1_000_u64).prop_map(|n| n * 10 + 7),
    ) {
        prop_assume!(one != other);
        for method in [Method::Ff1, multiply(by)] {
            let of = |number| sequence(method, &format!("id-{number:08}"), 1);
            prop_assert!(of(one) != of(other) || of(one).is_none());
        }
    }
}
