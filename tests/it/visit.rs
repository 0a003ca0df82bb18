//! The visit between a page and an authority that both run on core, for either curve; and each way in which one side has
//! to refuse the other.

use lingpai_core::ErrorCode;
use lingpai_core::access_token::{AccessToken, AccessTokenClaims};
use lingpai_core::answer::{GrantedAnswer, OpenedRequest, open_request};
use lingpai_core::exchange::{
    Answer, ExchangeKind, Grant, PendingExchange, RefreshGrant, seal_refresh, seal_visit,
};
use lingpai_core::problem::Problem;
use lingpai_core::scope::Scope;
use lingpai_core::terms::{VisitTerms, family_of};
use lingpai_core::time::Validity;
use lingpai_core::uri::Origin;
use lingpai_core::visit_token::{TokenValues, VisitToken};
use lingpai_tests::{
    Curve, NOW, VISITS, access_token, access_token_claims, app_key, entropy, issuer_keys, ring,
    signing_key, trust,
};

const JKT: &str = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
const OTHER_JKT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

fn values() -> TokenValues {
    TokenValues { jti: "vt-1".into(), issued_at: NOW, expires_at: NOW.plus(900) }
}

fn request(curve: Curve, number: u8) -> (String, PendingExchange) {
    let token = access_token(&access_token_claims(curve, Some(JKT)), curve);
    seal_visit(&token, Some(JKT), entropy(number)).expect("a request")
}

fn open(curve: Curve, request: &str) -> OpenedRequest {
    open_request(request, ExchangeKind::Visit, &ring(&app_key(curve), "enc"), NOW)
        .expect("a request of our own")
}

/// What the authority grants, with one thing changed.
fn answer_with(
    opened: &OpenedRequest,
    curve: Curve,
    change: impl FnOnce(&mut VisitTerms, &mut TokenValues),
) -> String {
    let mut terms = VisitTerms::of(&access_token_claims(curve, Some(JKT)), Some(JKT));
    let mut values = values();
    change(&mut terms, &mut values);
    let token =
        VisitToken::issue(&values, &family_of("at-1"), &terms, &signing_key(curve)).expect("a VT");
    let refresh = RefreshGrant { token: "rt-1".into(), expires_at: NOW.plus(3600) };
    let app_key = app_key(curve);
    let answer = GrantedAnswer {
        token: &token,
        refresh: Some(&refresh),
        app_key: app_key.public(),
        now: NOW,
    };
    opened.grant(&answer, [9; 12]).expect("an answer")
}

fn granted(pending: &PendingExchange, answer: &str) -> Grant {
    match pending.open(answer, trust(&issuer_keys())).expect("an answer of our own") {
        Answer::Granted(grant) => *grant,
        Answer::Refused(problem, _) => panic!("refused: {}", problem.code().as_str()),
    }
}

fn refused(pending: &PendingExchange, answer: &str) -> ErrorCode {
    match pending.open(answer, trust(&issuer_keys())) {
        Ok(_) => panic!("the page accepted it"),
        Err(error) => error.code(),
    }
}

#[test]
fn a_page_redeems_its_access_token_on_either_curve() {
    for curve in [Curve::Edwards, Curve::P256] {
        let (request, pending) = request(curve, 1);
        let opened = open(curve, &request);
        assert_eq!(opened.jkt(), Some(JKT));
        assert_eq!(opened.request_hash(), pending.request_hash());
        AccessToken::verify(opened.credential(), trust(&issuer_keys()), VISITS).expect("the AT");

        let grant = granted(&pending, &answer_with(&opened, curve, |_, _| ()));
        assert_eq!(grant.now, NOW);
        assert_eq!(grant.token.family(), family_of("at-1"));
        assert_eq!(grant.refresh.map(|refresh| refresh.token).as_deref(), Some("rt-1"));
        assert!(grant.token.claims_json().contains(r#""jti":"vt-1""#));
    }
}

#[test]
fn a_refresh_goes_the_same_way_with_a_new_random_key() {
    let (first, pending) = request(Curve::Edwards, 1);
    let grant =
        granted(&pending, &answer_with(&open(Curve::Edwards, &first), Curve::Edwards, |_, _| ()));
    let (request, pending) =
        seal_refresh("rt-1", &grant.app_key, grant.terms, entropy(2)).expect("a request");
    let keys = ring(&app_key(Curve::Edwards), "enc");
    let opened = open_request(&request, ExchangeKind::Refresh, &keys, NOW).expect("opened");
    assert_eq!(opened.credential(), "rt-1");
    granted(&pending, &answer_with(&opened, Curve::Edwards, |_, _| ()));

    let crossed = open_request(&request, ExchangeKind::Visit, &keys, NOW).err().expect("refused");
    assert_eq!(crossed.code(), ErrorCode::InvalidRequest, "a refresh is no visit");
}

#[test]
fn a_sealed_refusal_reaches_the_page_with_its_reason() {
    let (request, pending) = request(Curve::Edwards, 1);
    let opened = open(Curve::Edwards, &request);
    let body =
        opened.refuse(Problem::because(ErrorCode::TokenExpired), NOW, [1; 12]).expect("sealed");
    let Ok(Answer::Refused(problem, now)) = pending.open(&body, trust(&issuer_keys())) else {
        panic!("not a refusal")
    };
    assert_eq!(
        (problem.error(), problem.code()),
        (ErrorCode::InvalidGrant, ErrorCode::TokenExpired)
    );
    assert_eq!(now, NOW);
}

#[test]
fn an_answer_opens_only_against_its_own_request() {
    let (first, _) = request(Curve::Edwards, 1);
    let (_, second) = request(Curve::Edwards, 2);
    let answer = answer_with(&open(Curve::Edwards, &first), Curve::Edwards, |_, _| ());
    assert_eq!(refused(&second, &answer), ErrorCode::AnswerMismatch);

    // Somebody relabels the answer: the key derivation still knows better.
    let (_, rest) = answer.split_once('.').expect("five parts");
    let header = format!(
        r#"{{"alg":"dir","enc":"A256GCM","kid":"{}","typ":"lp-answer+jwe","cty":"json"}}"#,
        second.request_hash()
    );
    let forged = format!("{}.{rest}", lingpai_core::base64url::encode(header.as_bytes()));
    assert_eq!(refused(&second, &forged), ErrorCode::DecryptionFailed);
}

#[test]
fn the_page_refuses_a_visit_token_that_is_not_what_the_access_token_promised() {
    type Change = fn(&mut VisitTerms, &mut TokenValues);
    let cases: [(&str, Change, ErrorCode); 9] = [
        ("issuer", |t, _| t.issuer = "https://evil.example".into(), ErrorCode::IssuerMismatch),
        (
            "audience",
            |t, _| t.visit_audience = "https://x.example".into(),
            ErrorCode::AudienceMismatch,
        ),
        ("subject", |t, _| t.subject = "somebody".into(), ErrorCode::SubjectMismatch),
        ("client", |t, _| t.client_id = "other".into(), ErrorCode::ClientMismatch),
        (
            "scope",
            |t, _| t.scope = Scope::parse("orders:read pay").unwrap(),
            ErrorCode::ScopeExceeded,
        ),
        ("key", |t, _| t.jkt = Some(OTHER_JKT.into()), ErrorCode::KeyBindingMismatch),
        ("no key", |t, _| t.jkt = None, ErrorCode::KeyBindingMismatch),
        (
            "expired",
            |_, v| (v.issued_at, v.expires_at) = (NOW.plus(-900), NOW),
            ErrorCode::TokenExpired,
        ),
        ("too long", |_, v| v.expires_at = NOW.plus(901), ErrorCode::LifetimeExceeded),
    ];
    let (request, pending) = request(Curve::Edwards, 1);
    let opened = open(Curve::Edwards, &request);
    for (what, change, code) in cases {
        let answer = answer_with(&opened, Curve::Edwards, change);
        assert_eq!(refused(&pending, &answer), code, "{what}");
    }
}

#[test]
fn an_altered_answer_is_refused_in_every_part() {
    let (request, pending) = request(Curve::Edwards, 1);
    let answer = answer_with(&open(Curve::Edwards, &request), Curve::Edwards, |_, _| ());
    for part in 0..5 {
        let mut parts: Vec<String> = answer.split('.').map(str::to_owned).collect();
        if parts[part].is_empty() {
            parts[part].push_str("AAAA");
        } else {
            let flipped = if parts[part].starts_with('A') { "B" } else { "A" };
            parts[part].replace_range(0..1, flipped);
        }
        refused(&pending, &parts.join("."));
    }
}

#[test]
fn every_unreadable_request_looks_alike() {
    let curve = Curve::Edwards;
    let keys = ring(&app_key(curve), "enc");
    let (good, _) = request(curve, 1);
    let parts: Vec<&str> = good.split('.').collect();
    let altered = |at: usize| {
        let mut parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
        let flipped = if parts[at].starts_with('A') { "B" } else { "A" };
        parts[at].replace_range(0..1, flipped);
        parts.join(".")
    };
    let cases = [
        String::new(),
        "not a token".into(),
        format!("{good}="),
        format!(" {good}"),
        altered(0),
        altered(1),
        altered(2),
        altered(3),
        altered(4),
        "A".repeat(1 << 20),
    ];
    for case in cases {
        let error = open_request(&case, ExchangeKind::Visit, &keys, NOW).err().expect("refused");
        assert_eq!(error.code(), ErrorCode::InvalidRequest);
        assert_eq!(error.detail(), None);
    }
    let other = ring(&app_key(Curve::P256), "enc");
    let error = open_request(&good, ExchangeKind::Visit, &other, NOW).err().expect("refused");
    assert_eq!(error.code(), ErrorCode::UnknownKey);
}

#[test]
fn the_page_refuses_an_access_token_that_is_not_for_it() {
    let keys = issuer_keys();
    type Change = fn(&mut AccessTokenClaims);
    let cases: [(&str, Change, ErrorCode); 3] = [
        ("issuer", |c| c.issuer = "https://evil.example".into(), ErrorCode::IssuerMismatch),
        (
            "audience",
            |c| c.audience = "https://x.example/v1/visits".into(),
            ErrorCode::AudienceMismatch,
        ),
        (
            "a life of more than two minutes",
            |c| c.validity = Validity { expires_at: NOW.plus(121), ..c.validity },
            ErrorCode::LifetimeExceeded,
        ),
    ];
    for (what, change, code) in cases {
        let mut claims = access_token_claims(Curve::Edwards, None);
        change(&mut claims);
        let text = AccessToken::issue(&claims, &signing_key(Curve::Edwards)).expect("signed");
        let error = AccessToken::verify(&text, trust(&keys), VISITS).err().expect("refused");
        assert_eq!(error.code(), code, "{what}");
    }
}

#[test]
fn a_page_can_read_an_access_token_whatever_its_clock_says() {
    let mut claims = access_token_claims(Curve::Edwards, None);
    claims.validity = Validity {
        issued_at: NOW.plus(-9_000),
        expires_at: NOW.plus(-8_900),
        not_before: NOW.plus(-9_000),
    };
    let text = AccessToken::issue(&claims, &signing_key(Curve::Edwards)).expect("signed");
    AccessToken::verify(&text, trust(&issuer_keys()), VISITS)
        .expect("times are the authority's matter");
}

#[test]
fn a_token_of_one_kind_is_none_of_another() {
    let vt = VisitToken::issue(
        &values(),
        &family_of("at-1"),
        &VisitTerms::of(&access_token_claims(Curve::Edwards, None), None),
        &signing_key(Curve::Edwards),
    )
    .expect("signed");
    let error = AccessToken::verify(&vt, trust(&issuer_keys()), VISITS).err().expect("refused");
    assert_eq!(error.code(), ErrorCode::TypeMismatch);
}

#[test]
fn a_bound_access_token_can_only_be_sealed_by_its_own_key() {
    let token = access_token(&access_token_claims(Curve::Edwards, Some(JKT)), Curve::Edwards);
    for jkt in [None, Some(OTHER_JKT)] {
        let error = seal_visit(&token, jkt, entropy(1)).err().expect("refused");
        assert_eq!(error.code(), ErrorCode::KeyBindingMismatch);
    }
}

#[test]
fn an_origin_is_what_a_browser_sends() {
    for good in
        ["https://h5.example", "https://h5.example:8443", "http://localhost:8787", "http://[::1]:1"]
    {
        assert_eq!(Origin::parse(good).expect(good).as_str(), good);
    }
    for bad in [
        "",
        "null",
        "h5.example",
        "https://h5.example/",
        "https://H5.example",
        "https://h5.example:443",
        "file://x",
        "https://a@b",
    ] {
        assert!(Origin::parse(bad).is_err(), "{bad}");
    }
}
