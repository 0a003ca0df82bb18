//! Error documents: every code has its place on the wire, and comes back as itself.

use lingpai_core::ErrorCode;
use lingpai_core::json;
use lingpai_core::problem::Problem;
use lingpai_tests::NOW;

const ON_THE_WIRE: [&str; 21] = [
    "access_denied",
    "alias_invalid",
    "already_registered",
    "idempotency_conflict",
    "identifier_unsuitable",
    "identity_erased",
    "identity_unknown",
    "insufficient_scope",
    "invalid_client",
    "invalid_dpop_proof",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "invalid_target",
    "moving",
    "rate_limited",
    "replayed",
    "server_error",
    "temporarily_unavailable",
    "unknown_key",
    "use_dpop_nonce",
];

#[test]
fn every_code_travels_under_a_code_of_the_protocol_and_comes_back() {
    for code in ErrorCode::ALL {
        let problem = Problem::because(*code);
        assert!(ON_THE_WIRE.contains(&problem.error().as_str()), "{}", problem.error().as_str());
        let document =
            json::parse_object(problem.to_json(Some(NOW)).as_bytes()).expect("strict JSON");
        assert_eq!(document.integer("status").expect("a status"), i64::from(problem.status()));
        assert_eq!(document.integer("now").expect("the time"), NOW.as_i64());
        let back = Problem::from_json(&document).expect("a problem");
        assert_eq!((back.error(), back.code()), (problem.error(), *code));
    }
}

#[test]
fn unreadable_requests_get_one_document() {
    let document = Problem::unreadable().to_json(None);
    assert!(document.starts_with(r#"{"error":"invalid_request","type":"#), "{document}");
    assert!(!document.contains("error_description") && !document.contains("now"));
}

#[test]
fn a_code_of_a_later_version_is_no_reason_to_make_one_up() {
    let document = json::parse_object(br#"{"error":"quantum_tax_due"}"#).expect("JSON");
    assert_eq!(Problem::from_json(&document).expect("a problem").code(), ErrorCode::ServerError);
}
