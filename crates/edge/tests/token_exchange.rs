//! The border of an exchange: what crosses it at each step, and what of a platform's answer never does.

use js_sys::{Error, JSON, Reflect};
use lingpai_edge as edge;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

const NOW: f64 = 1_800_000_000.0;
const ISSUER: &str = "https://gate.example";
const REGISTRATION: &str = r#"{"clientId":"mini","platform":"wechat","appId":"wx1","audiences":["https://api.example"],"scopes":["read"],"bearerScopes":["read"]}"#;
const FORM: &str = "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token=the-code&subject_token_type=urn:x-lingpai:token-type:wechat-code&requested_token_type=urn:ietf:params:oauth:token-type:access_token&client_id=mini&audience=https://api.example&lp_request=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const SESSION_KEY: &str = "tiihtNczf5v6AKRyjwEUhQ==";
const OPENID: &str = "the-openid";

fn value(json: &str, name: &str) -> JsValue {
    let object = JSON::parse(json).expect("JSON crosses");
    Reflect::get(&object, &name.into()).expect("an object")
}

fn text(json: &str, name: &str) -> String {
    value(json, name).as_string().unwrap_or_else(|| panic!("{name} is a string"))
}

fn object(json: &str, name: &str) -> String {
    JSON::stringify(&value(json, name)).expect("a value of JSON").into()
}

fn code<T>(result: Result<T, impl Into<JsValue>>) -> String {
    let error: Error = result.err().expect("a refusal").into().unchecked_into();
    Reflect::get(&error, &"code".into()).expect("an object").as_string().expect("a code")
}

fn shared() -> String {
    format!(r#"{{"kty":"oct","kid":"k","k":"{}"}}"#, "A".repeat(43))
}

fn authority() -> u32 {
    let [signing, app] = [("Ed25519", "s1"), ("X25519", "a1")]
        .map(|(kind, kid)| edge::generate_key(kind, kid).expect("a key"));
    let secret = shared();
    edge::authority_new(&format!(
        r#"{{"issuer":"{ISSUER}","gateway":"{ISSUER}","signingKeys":[{{"key":{signing}}}],
            "appKeys":[{{"key":{app}}}],"refreshKeys":[{{"key":{secret}}}],"subjectKey":{secret},
            "toleranceSeconds":5,"proofWindowSeconds":60,"accessTokenLifetimeSeconds":120,
            "visitLifetimeSeconds":900,"refreshLifetimeSeconds":3600}}"#
    ))
    .expect("an authority")
}

fn session_keys() -> u32 {
    edge::session_keys_new(&format!(r#"[{{"key":{}}}]"#, shared())).expect("a ring")
}

#[wasm_bindgen_test]
fn a_login_lives_from_its_opening_to_its_grant_and_shows_opaque_ids_alone() {
    let (authority, keys) = (authority(), session_keys());
    let opened = edge::token_exchange_open(authority, FORM, REGISTRATION, None, NOW).expect("read");
    assert_eq!(text(&opened, "code"), "the-code");
    let waiting = value(&opened, "exchange").as_f64().expect("a number") as u32;

    let claim = object(&opened, "claim");
    let decided = edge::claim_decide(None, None, &claim).expect("decided");
    assert_eq!(text(&decided, "standing"), "first");
    let record = object(&decided, "record");
    let again = edge::claim_decide(Some(record.clone()), None, &claim).expect("decided");
    assert_eq!(text(&again, "standing"), "repeated");
    let other = format!(r#"{{"now":{NOW}}}"#);
    let other = edge::claim_decide(Some(record.clone()), None, &other).expect("decided");
    assert_eq!(text(&other, "standing"), "used");

    let early = edge::token_exchange_command(authority, waiting, keys, "sub", NOW);
    assert_eq!(code(early), "internal", "nobody has said yet who it is");
    let answer = format!(r#"{{"openid":"{OPENID}","session_key":"{SESSION_KEY}"}}"#);
    let who = edge::token_exchange_identify(authority, waiting, 200, &answer).expect("read");
    let account = text(&who, "account");
    let command =
        edge::token_exchange_command(authority, waiting, keys, &account, NOW).expect("a command");
    let session = text(&command, "session");
    let decision = edge::ledger_decide(None, &object(&command, "command")).expect("decided");
    let outcome = object(&decision, "outcome");
    let granted = edge::token_exchange_grant(authority, waiting, &outcome, NOW).expect("granted");
    assert_eq!(text(&text(&granted, "body"), "token_type"), "Bearer");
    assert_eq!(code(edge::token_exchange_grant(authority, waiting, &outcome, NOW)), "closed");

    for crossed in [&opened, &decided, &who, &command, &decision, &granted] {
        assert!(!crossed.contains(SESSION_KEY) && !crossed.contains(OPENID));
    }
    // Granted before, it is granted again without anybody being asked.
    let family = object(&decision, "record");
    let repeated = edge::claim_decide(Some(record), Some(family), &claim).expect("decided");
    assert_eq!(object(&repeated, "outcome"), outcome);

    // The session serves its owner, and comes out as a signature alone.
    let owner = text(&command, "owner");
    let state = edge::platform_user_state(keys, &owner, &session, "", NOW).expect("opened");
    assert_eq!(text(&state, "openid"), OPENID);
    assert!(!state.contains(SESSION_KEY));
    let stranger = edge::platform_user_state(keys, "mini/somebody", &session, "", NOW);
    assert_eq!(code(stranger), "session_stale");
}

#[wasm_bindgen_test]
fn a_refusal_crosses_with_the_platforms_word_and_the_request_can_be_dropped() {
    let authority = authority();
    let opened = edge::token_exchange_open(authority, FORM, REGISTRATION, None, NOW).expect("read");
    let waiting = value(&opened, "exchange").as_f64().expect("a number") as u32;
    let refused = edge::token_exchange_identify(authority, waiting, 200, r#"{"errcode":40163}"#);
    let refused = refused.expect("an answer");
    assert_eq!(text(&refused, "refused"), "code_used");
    assert_eq!(text(&refused, "providerCode"), "40163");
    let written = edge::token_exchange_refusal("code_used", Some("40163".into()));
    assert_eq!(value(&written, "status").as_f64(), Some(400.0));
    assert_eq!(text(&text(&written, "body"), "provider_code"), "40163");
    edge::token_exchange_close(waiting);
    assert_eq!(code(edge::token_exchange_grant(authority, waiting, "{}", NOW)), "closed");
}

#[wasm_bindgen_test]
fn a_refresh_without_a_proof_and_an_empty_ring_are_refused() {
    let form = "grant_type=refresh_token&refresh_token=rt&client_id=mini";
    let opened = edge::token_exchange_open(authority(), form, REGISTRATION, None, NOW);
    assert_eq!(code(opened), "proof_required");
    assert_eq!(code(edge::session_keys_new("[]")), "key_not_found");
}
