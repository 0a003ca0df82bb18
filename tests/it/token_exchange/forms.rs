//! Forms of logins and refreshes, and the families that follow from them.

use lingpai_core::ErrorCode;
use lingpai_core::token_exchange::form::{Form, wants_errors_as_ok};
use lingpai_core::token_exchange::platform::{CodeKind, Platform};
use lingpai_core::token_exchange::request::TokenRequest;
use proptest::prelude::*;

use super::{NONCE, form, login, parsed};

fn refused(body: &str) -> Option<ErrorCode> {
    parsed(body).err()
}

#[test]
fn a_login_is_read() {
    let request = login(&[("scope", "profile+orders:read"), ("lp_request", NONCE)]);
    assert_eq!(request.client_id, "shop");
    assert_eq!(request.code(), "0a1B2c-_");
    assert_eq!(request.kind, CodeKind { platform: Platform::Wechat, anonymous: false });
    assert_eq!(request.scope.as_ref().map(|scope| scope.as_str()), Some("profile orders:read"));
    assert!(request.request.is_some());
    assert_eq!(login(&[]).request, None);
}

#[test]
fn what_is_missing_or_wrong_in_a_form_is_malformed() {
    for name in [
        "grant_type",
        "subject_token",
        "subject_token_type",
        "requested_token_type",
        "client_id",
        "audience",
    ] {
        assert_eq!(refused(&form(&[(name, "")])), Some(ErrorCode::Malformed), "{name}");
    }
    let wrong: &[(&str, &str)] = &[
        ("grant_type", "authorization_code"),
        ("subject_token_type", "urn:x-lingpai:token-type:jd-code"),
        ("subject_token_type", "urn:x-lingpai:token-type:wechat"),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
        ("subject_token_type", "urn:x-lingpai:token-type:wechat-anonymous-code"),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:jwt"),
        ("lp_request", "AAAA"),
        ("lp_request", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB"),
        ("lp_error_status", "400"),
        ("actor_token", "x"),
        // A plus that the client did not escape.
        ("subject_token", "abc+def"),
        ("subject_token", "%E4%BB%A4"),
        ("client_id", "%zz"),
        ("client_id", "%E4%BB"),
        ("client_id", "%"),
    ];
    for (name, value) in wrong {
        assert_eq!(refused(&form(&[(name, value)])), Some(ErrorCode::Malformed), "{name}={value}");
    }
    assert_eq!(
        refused(&(form(&[]) + "&client_id=shop")),
        Some(ErrorCode::Malformed),
        "given twice"
    );
    assert_eq!(refused(&(form(&[]) + "&x=1&%78=2")), Some(ErrorCode::Malformed), "the same name");
    assert_eq!(refused(&(form(&[]) + " ")), Some(ErrorCode::Malformed));
    let long = form(&[("subject_token", &"c".repeat(1025))]);
    assert_eq!(refused(&long), Some(ErrorCode::Malformed));
    assert_eq!(refused(&(form(&[]) + "&x=" + &"y".repeat(16_384))), Some(ErrorCode::Malformed));
    assert_eq!(refused(""), Some(ErrorCode::Malformed));
}

#[test]
fn parameters_that_are_not_known_and_those_without_a_value_are_ignored() {
    assert!(parsed(&(form(&[]) + "&vendor_x=1&scope=&actor_token=&")).is_ok());
}

#[test]
fn what_cannot_be_granted_has_codes_of_its_own() {
    let resource = form(&[("resource", "https://api.example")]);
    assert_eq!(refused(&resource), Some(ErrorCode::InvalidTarget));
    assert_eq!(refused(&form(&[("scope", "a%22b")])), Some(ErrorCode::InvalidScope));
}

#[test]
fn the_status_of_refusals_is_known_even_if_nothing_else_can_be_read() {
    assert!(wants_errors_as_ok("%%%&lp_error_status=200"));
    assert!(!wants_errors_as_ok("lp_error_status=2000"));
    assert!(!wants_errors_as_ok("x=lp_error_status=200"));
}

#[test]
fn a_refresh_is_read_and_told_from_another_by_its_token_and_its_mark() {
    let refresh = |token: &str, mark: &str| {
        let body = format!("grant_type=refresh_token&refresh_token={token}&client_id=shop&{mark}");
        match parsed(&body).expect("a refresh") {
            TokenRequest::Refresh(request) => request.request,
            TokenRequest::Exchange(_) => panic!("a login"),
        }
    };
    let mark = format!("lp_request={NONCE}");
    assert_eq!(refresh("one", ""), None);
    assert_eq!(refresh("one", &mark), refresh("one", &mark));
    assert_ne!(refresh("one", &mark), refresh("two", &mark));
    assert_eq!(refused("grant_type=refresh_token&client_id=shop"), Some(ErrorCode::Malformed));
}

#[test]
fn families_follow_from_client_kind_and_code() {
    let family = |change: &[(&str, &str)]| login(change).family();
    let first = family(&[]);
    assert_eq!(first, family(&[("scope", "profile"), ("lp_request", NONCE)]));
    let others = [
        family(&[("subject_token", "0a1B2c-")]),
        family(&[("client_id", "sho")]),
        family(&[("client_id", "shopw")]),
        family(&[("subject_token_type", "urn:x-lingpai:token-type:qq-code")]),
    ];
    for other in others {
        assert_ne!(first, other);
    }
}

proptest! {
    #[test]
    fn no_form_makes_it_panic(body in "[ -~%&=+]{0,200}") {
        let _ = parsed(&body);
        let _ = wants_errors_as_ok(&body);
    }

    #[test]
    fn what_is_escaped_comes_back(name in "[a-z_]{1,12}", value in "\\PC{1,20}") {
        let escaped: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let form = Form::parse(&format!("{name}={escaped}")).expect("a form");
        prop_assert_eq!(form.get(&name), Some(value.as_str()));
    }
}
