//! The answer to a token exchange as its client reads it: what was asked for is what is taken, and each deviation has its own
//! code.

use lingpai_core::exchange_answer::{Asked, ExchangeGrant, read, read_verified};
use lingpai_core::json::ObjectWriter;
use lingpai_core::terms::VisitTerms;
use lingpai_core::visit_token::{TokenValues, VisitToken};
use lingpai_core::{ErrorCode, Result};
use lingpai_tests::{
    CLIENT, Curve, NOW, SERVICE, access_token_claims, issuer_keys, signing_key, trust,
};

const JKT: &str = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
const OTHER_JKT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

fn asked(jkt: Option<&str>) -> Asked<'_> {
    Asked { client_id: CLIENT, audience: SERVICE, scope: None, jkt, subject: None }
}

fn token(jkt: Option<&str>, life: i64) -> String {
    let terms = VisitTerms::of(&access_token_claims(Curve::Edwards, jkt), jkt);
    let values = TokenValues { jti: "vt-1".into(), issued_at: NOW, expires_at: NOW.plus(life) };
    VisitToken::issue(&values, "family", &terms, &signing_key(Curve::Edwards)).expect("a VT")
}

fn body(token: &str, scheme: &str, expires_in: i64) -> String {
    ObjectWriter::new()
        .string("access_token", token)
        .string("issued_token_type", "urn:ietf:params:oauth:token-type:access_token")
        .string("token_type", scheme)
        .integer("expires_in", expires_in)
        .string("refresh_token", "next")
        .finish()
}

fn code(result: Result<ExchangeGrant>) -> ErrorCode {
    result.err().map(|error| error.code()).expect("a refusal")
}

#[test]
fn a_bound_token_comes_with_its_refresh_token_and_the_gateways_time() {
    let answer = body(&token(Some(JKT), 900), "DPoP", 850);
    let grant = read(&answer, &asked(Some(JKT))).expect("a grant");
    assert_eq!(grant.now, NOW.plus(50), "the answer was repeated after 50 s");
    assert_eq!(grant.refresh_token.as_deref(), Some("next"));
    let keys = issuer_keys();
    assert_eq!(read_verified(&answer, &asked(Some(JKT)), trust(&keys)).expect("a grant"), grant);
}

#[test]
fn a_bearer_token_is_short_lived_and_brings_no_refresh_token() {
    let grant = read(&body(&token(None, 300), "bearer", 300), &asked(None)).expect("a grant");
    assert_eq!(grant.refresh_token, None);
    let long = body(&token(None, 301), "Bearer", 301);
    assert_eq!(code(read(&long, &asked(None))), ErrorCode::LifetimeExceeded);
}

#[test]
fn a_token_of_another_kind_key_client_audience_scope_or_user_is_refused() {
    let bound = body(&token(Some(JKT), 900), "DPoP", 900);
    let bearer = body(&token(None, 300), "Bearer", 300);
    let with = |change: fn(&mut Asked<'_>)| {
        let mut asked = asked(Some(JKT));
        change(&mut asked);
        code(read(&bound, &asked))
    };
    assert_eq!(code(read(&bound, &asked(None))), ErrorCode::SchemeMismatch);
    assert_eq!(code(read(&bearer, &asked(Some(JKT)))), ErrorCode::SchemeMismatch);
    // A Bearer token in the clothes of a bound one, and the other way round
    let disguised = body(&token(None, 300), "DPoP", 300);
    assert_eq!(code(read(&disguised, &asked(Some(JKT)))), ErrorCode::KeyBindingMismatch);
    let stripped = body(&token(Some(JKT), 300), "Bearer", 300);
    assert_eq!(code(read(&stripped, &asked(None))), ErrorCode::KeyBindingMismatch);
    assert_eq!(with(|asked| asked.jkt = Some(OTHER_JKT)), ErrorCode::KeyBindingMismatch);
    assert_eq!(with(|asked| asked.client_id = "other"), ErrorCode::ClientMismatch);
    assert_eq!(with(|asked| asked.audience = "https://other.example"), ErrorCode::AudienceMismatch);
    assert_eq!(with(|asked| asked.scope = Some("nothing")), ErrorCode::ScopeExceeded);
    assert_eq!(with(|asked| asked.subject = Some("somebody")), ErrorCode::SubjectMismatch);
}

#[test]
fn times_that_cannot_be_are_refused() {
    let expires_in =
        |seconds| code(read(&body(&token(Some(JKT), 900), "DPoP", seconds), &asked(Some(JKT))));
    assert_eq!(expires_in(901), ErrorCode::ClaimInvalid);
    assert_eq!(expires_in(0), ErrorCode::TokenExpired);
    assert_eq!(expires_in(-5), ErrorCode::TokenExpired);
}

#[test]
fn a_forged_token_passes_nobody_who_verifies() {
    let token = token(Some(JKT), 900);
    let (signed, _) = token.rsplit_once('.').expect("three parts");
    let forged = format!("{signed}.{}", "A".repeat(86));
    let keys = issuer_keys();
    let verified = read_verified(&body(&forged, "DPoP", 900), &asked(Some(JKT)), trust(&keys));
    assert_eq!(code(verified), ErrorCode::SignatureInvalid);
}

#[test]
fn what_is_no_answer_is_refused_whatever_it_is() {
    for text in
        ["", "[]", "{}", "{\"access_token\":1}", "<html>", "{\"error\":\"invalid_request\"}"]
    {
        assert!(read(text, &asked(None)).is_err(), "{text}");
    }
    let twice = body(&token(None, 300), "Bearer", 300).replacen('{', "{\"expires_in\":1,", 1);
    assert_eq!(code(read(&twice, &asked(None))), ErrorCode::DuplicateMember);
}
