//! What crosses the border and in which shape. The rules behind it are tested in core.

#[allow(dead_code, reason = "each suite uses its own part")]
mod support;

use js_sys::{JSON, Uint8Array};
use lingpai_core::exchange::ExchangeKind;
use lingpai_core::{ErrorCode, base64url};
use lingpai_h5::{
    AccessToken, Exchange, Issuer, PageKeys, fingerprint, is_error_code, refresh_again_after_ms,
    refresh_at_seconds, resend_after_ms, verify_visit_token,
};
use support::{Authority, ISSUER, NOW, VISITS, code_of, member, refusal};
use wasm_bindgen::JsValue;
use wasm_bindgen::convert::TryFromJsValue as _;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

const JKT: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn issuer(authority: &Authority) -> Issuer {
    Issuer::new(ISSUER, &authority.keys()).expect("an issuer")
}

fn sealed(authority: &Authority, issuer: &Issuer) -> Exchange {
    let text = authority.access_token(Some(JKT));
    let token = AccessToken::verify(&text, issuer, Some(VISITS.into()), None).expect("a token");
    Exchange::seal_visit(&token, Some(JKT.into()), None, None).expect("a request")
}

async fn page_keys(keep: bool) -> PageKeys {
    let keys = JsFuture::from(PageKeys::open("slot".into(), keep)).await.expect("keys");
    PageKeys::try_from_js_value(keys).expect("keys")
}

#[wasm_bindgen_test]
fn an_access_token_shows_its_facts_and_not_itself() {
    let authority = Authority::new();
    let text = authority.access_token(Some(JKT));
    let token = AccessToken::verify(&text, &issuer(&authority), None, None).expect("a token");
    let facts = token.facts();
    assert_eq!(member(&facts, "clientId"), "partner");
    let app_key = String::from(JSON::stringify(&member(&facts, "appKey")).expect("a JWK"));
    assert_eq!(member(&app_key, "kid"), "ak-1");
    assert_eq!(member(&facts, "jkt"), JKT);
    assert_eq!(member(&facts, "expiresAtSeconds"), (NOW + 60) as f64);
    assert!(!facts.contains(&text));
}

#[wasm_bindgen_test]
fn a_granted_answer_gives_what_the_next_request_needs() {
    let authority = Authority::new();
    let issuer = issuer(&authority);
    let exchange = sealed(&authority, &issuer);
    let answer = authority.grant(ExchangeKind::Visit, &exchange.request(), Some(JKT));
    let opened = exchange.open(&answer, &issuer, None).expect("a grant");
    assert_eq!(member(&opened, "nowSeconds"), NOW as f64);
    assert_eq!(member(&opened, "expiresAtSeconds"), (NOW + 900) as f64);
    let text = |name| member(&opened, name).as_string().expect("a string");
    assert_eq!(member(&text("claims"), "sub"), "user");

    let checked = verify_visit_token(&text("token"), &issuer, &text("terms"), NOW as f64, None);
    assert_eq!(member(&checked.expect("it holds"), "issuedAtSeconds"), NOW as f64);
    let late =
        verify_visit_token(&text("token"), &issuer, &text("terms"), (NOW + 1000) as f64, None);
    assert_eq!(refusal(late), "token_expired");

    let (token, key, terms) = (text("refreshToken"), text("appKey"), text("terms"));
    let next = Exchange::seal_refresh(&token, &key, &terms, None, None).expect("a request");
    let answer = authority.grant(ExchangeKind::Refresh, &next.request(), Some(JKT));
    assert!(next.open(&answer, &issuer, None).is_ok());
}

#[wasm_bindgen_test]
fn a_sealed_refusal_is_an_answer_and_not_an_error() {
    let authority = Authority::new();
    let issuer = issuer(&authority);
    let exchange = sealed(&authority, &issuer);
    let answer = authority.refuse(&exchange.request(), ErrorCode::TokenExpired);
    let opened = exchange.open(&answer, &issuer, None).expect("a refusal");
    assert_eq!(member(&opened, "code"), "token_expired");
    assert_eq!(member(&opened, "error"), "invalid_grant");
    assert_eq!(member(&opened, "token"), JsValue::UNDEFINED);
}

#[wasm_bindgen_test]
fn an_answer_opens_again_but_only_for_its_own_request() {
    let authority = Authority::new();
    let issuer = issuer(&authority);
    let (first, second) = (sealed(&authority, &issuer), sealed(&authority, &issuer));
    assert_ne!(first.request(), second.request());
    assert_ne!(first.request_hash(), second.request_hash());
    let answer = authority.grant(ExchangeKind::Visit, &first.request(), Some(JKT));
    assert_eq!(refusal(second.open(&answer, &issuer, None)), "answer_mismatch");
    assert!(first.open(&answer, &issuer, None).is_ok());
    assert!(first.open(&answer, &issuer, None).is_ok());
}

#[wasm_bindgen_test]
fn a_token_is_recognised_by_its_hash() {
    assert_eq!(fingerprint(""), "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
}

#[wasm_bindgen_test]
fn signatures_on_p256_are_for_the_browser_to_verify() {
    let coordinate = base64url::encode(&[7; 32]);
    let key = format!(r#"{{"kty":"EC","crv":"P-256","x":"{coordinate}","y":"{coordinate}""#);
    let set = format!(r#"{{"keys":[{key},"kid":"p","use":"sig","alg":"ES256"}}]}}"#);
    let issuer = Issuer::new(ISSUER, &set).expect("an issuer");
    let token = [&br#"{"alg":"ES256","kid":"p","typ":"lp-at+jwt"}"#[..], b"{}", &[0; 64]];
    let token = token.map(base64url::encode).join(".");
    assert_eq!(refusal(AccessToken::verify(&token, &issuer, None, None)), "algorithm_not_allowed");
    assert_eq!(member(&issuer.key_of(&token).expect("a key"), "x"), coordinate.as_str());
    // Its word counts for this text alone.
    let verify = |vouched: &str| AccessToken::verify(&token, &issuer, None, Some(vouched.into()));
    assert_eq!(refusal(verify("another")), "algorithm_not_allowed");
    assert_eq!(refusal(verify(&token)), "claim_invalid");
}

#[wasm_bindgen_test]
fn a_secret_that_the_browser_agreed_on_has_32_bytes() {
    let authority = Authority::new();
    let text = authority.access_token(None);
    let token = AccessToken::verify(&text, &issuer(&authority), None, None).expect("a token");
    let short = Some(Uint8Array::new_with_length(31));
    let refused = refusal(Exchange::seal_visit(&token, None, Some("{}".into()), short));
    assert_eq!(refused, "key_unusable");
}

#[wasm_bindgen_test]
fn refusals_are_errors_with_a_code() {
    let authority = Authority::new();
    let issuer = issuer(&authority);
    assert_eq!(refusal(Issuer::new(ISSUER, "[]")), "malformed");
    assert_eq!(refusal(Issuer::new("http://gate.example", "{}")), "malformed");
    assert_eq!(refusal(AccessToken::verify("a.b.c", &issuer, None, None)), "malformed");
    let text = authority.access_token(None);
    let elsewhere = Some("https://other.example/v1/visits".into());
    assert_eq!(refusal(AccessToken::verify(&text, &issuer, elsewhere, None)), "audience_mismatch");
    let stranger = Issuer::new("https://other.example", &authority.keys()).expect("keys");
    assert_eq!(refusal(AccessToken::verify(&text, &stranger, None, None)), "issuer_mismatch");
    let bound = authority.access_token(Some(JKT));
    let bound = AccessToken::verify(&bound, &issuer, None, None).expect("a token");
    let other = JKT.replace('A', "B").replace("BB", "AA");
    for jkt in [Some(other), None] {
        let refused = refusal(Exchange::seal_visit(&bound, jkt, None, None));
        assert_eq!(refused, "key_binding_mismatch");
    }
    assert!(is_error_code("key_binding_mismatch") && !is_error_code("something_else"));
}

#[wasm_bindgen_test]
async fn a_proof_is_made_for_one_request() {
    let keys = page_keys(false).await;
    let facts = keys.facts();
    let thumbprint = member(&facts, "thumbprint").as_string().expect("a string");
    assert_eq!(thumbprint.len(), 43);
    assert_eq!([member(&facts, "kept"), member(&facts, "sealsRecords")], [JsValue::FALSE; 2]);
    let prove = |url: &str| {
        keys.prove(
            "GET".into(),
            url.into(),
            Some("token".into()),
            Some("n".into()),
            NOW as f64,
            None,
        )
    };
    let proof = JsFuture::from(prove("https://api.example/me?x=1#y")).await.expect("a proof");
    let again = JsFuture::from(prove("https://api.example/me")).await.expect("a proof");
    assert_ne!(proof, again);
    let expected = lingpai_core::dpop::ProofExpectation {
        method: "GET",
        url: "https://api.example/me",
        token: Some("token"),
        jkt: Some(&thumbprint),
        now: lingpai_core::time::UnixSeconds::new(NOW),
        window: lingpai_core::time::Tolerance::NONE,
    };
    let checked = lingpai_core::dpop::verify(&proof.as_string().expect("a string"), &expected);
    assert_eq!(checked.expect("it holds").nonce.as_deref(), Some("n"));
    let refused = JsFuture::from(prove("api.example")).await.expect_err("no address");
    assert_eq!(code_of(refused), "malformed");
}

#[wasm_bindgen_test]
async fn keys_may_be_closed_while_a_proof_is_pending() {
    let keys = page_keys(false).await;
    let url = "https://api.example/".into();
    let pending = keys.prove("GET".into(), url, None, None, NOW as f64, None);
    drop(keys);
    assert!(JsFuture::from(pending).await.expect("a proof").is_string());
}

#[wasm_bindgen_test]
async fn a_record_needs_a_place_for_its_key() {
    let keys = page_keys(false).await;
    let refused = JsFuture::from(keys.seal("{}".into())).await.expect_err("no place");
    assert_eq!(code_of(refused), "storage_unavailable");
}

#[wasm_bindgen_test]
fn pacing_crosses_as_numbers() {
    assert_eq!(resend_after_ms(1, 0.0, 0.0, None), Some(400.0));
    assert_eq!(resend_after_ms(1, 0.0, 0.0, Some(2500.0)), Some(2500.0));
    assert_eq!(resend_after_ms(9, 0.0, 0.0, None), None);
    assert_eq!(refresh_again_after_ms(0.0, 0.0, 60_000.0, None), 5_000.0);
    assert_eq!(refresh_again_after_ms(0.0, 0.0, 60_000.0, Some(30_000.0)), 30_000.0);
    assert_eq!(refresh_at_seconds(NOW as f64, (NOW + 300) as f64), (NOW + 240) as f64);
}
