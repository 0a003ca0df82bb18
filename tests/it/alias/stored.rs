//! What a store gets to see of accounts and aliases.

use lingpai_core::ErrorCode;
use lingpai_core::alias::keys::{AliasKeys, secret_hash, stored_name};
use lingpai_core::alias::limits::Limits;
use lingpai_core::json;

use super::keys;

const ACCOUNT: &str = "user-13800138000";

#[test]
fn an_account_is_sealed_for_its_place() {
    let sealed = keys().seal("account a", ACCOUNT, [7; 12]).expect("short");
    assert!(!sealed.contains("13800138000"));
    assert_eq!(keys().open("account a", &sealed).expect("the same place").as_str(), ACCOUNT);
    for (context, text) in
        [("account b", sealed.as_str()), ("account a", "AAAA"), ("account a", "")]
    {
        let refused = keys().open(context, text).expect_err("another place or text");
        assert_eq!(refused.code(), ErrorCode::DecryptionFailed);
    }
    let others = AliasKeys::derive(&[1; 32]).expect("32 bytes");
    assert!(others.open("account a", &sealed).is_err());
}

#[test]
fn names_of_aliases_need_the_key_and_names_of_visits_do_not() {
    let others = AliasKeys::derive(&[1; 32]).expect("32 bytes");
    assert_eq!(keys().name(ACCOUNT), keys().name(ACCOUNT));
    assert_ne!(keys().name(ACCOUNT), others.name(ACCOUNT));
    assert_ne!(stored_name("visit", "x"), stored_name("operation", "x"));
    assert_eq!(keys().name(ACCOUNT).len(), 22);
    assert_eq!(secret_hash("x").len(), 43);
}

#[test]
fn short_secrets_make_no_keys() {
    let refused = AliasKeys::derive(&[1; 31]).err().expect("too short");
    assert_eq!(refused.code(), ErrorCode::KeyUnusable);
}

fn allowed(limits: &str, details: &str) -> bool {
    let details = json::parse_object(details.as_bytes()).expect("an object");
    Limits::parse(limits).expect("limits").allow(&details)
}

#[test]
fn limits_bound_what_is_executed() {
    let limits = r#"{"amount":5000,"currency":"CNY","purpose":["rent","food"]}"#;
    let details = |amount: &str| {
        format!(r#"{{"amount":{amount},"currency":"CNY","purpose":"food","note":"x"}}"#)
    };
    for good in ["0", "1", "5000"] {
        assert!(allowed(limits, &details(good)), "{good}");
    }
    for bad in ["5001", "-1", "4999.5", "5e3", "\"100\"", "null", "[1]"] {
        assert!(!allowed(limits, &details(bad)), "{bad}");
    }
    assert!(!allowed(r#"{"currency":"CNY"}"#, r#"{"currency":"USD"}"#));
    assert!(!allowed(r#"{"currency":"CNY"}"#, "{}"), "what is limited has to be there");
    assert!(!allowed(r#"{"purpose":["rent"]}"#, r#"{"purpose":"food"}"#));
    assert!(allowed("{}", "{}"));
}

#[test]
fn limits_that_bound_nothing_are_refused() {
    for bad in [
        r#"{"a":null}"#,
        r#"{"a":{}}"#,
        r#"{"a":-1}"#,
        r#"{"a":1.5}"#,
        r#"{"a":[1]}"#,
        r#"{"a":true}"#,
    ] {
        let refused = Limits::parse(bad).expect_err(bad);
        assert_eq!(refused.code(), ErrorCode::ClaimInvalid, "{bad}");
    }
}
