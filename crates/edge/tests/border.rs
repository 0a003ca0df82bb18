//! The border: what crosses it and in which shape. The rules behind it are tested in core.

use js_sys::{Error, JSON, Object, Reflect};
use lingpai_edge as edge;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

const NOW: f64 = 1_800_000_000.0;
const ISSUER: &str = "https://gate.example";
const AUDIENCE: &str = "https://api.example";

fn member(json: &str, name: &str) -> JsValue {
    let object = JSON::parse(json).expect("JSON crosses");
    Reflect::get(&object, &name.into()).expect("an object")
}

fn text(json: &str, name: &str) -> String {
    member(json, name).as_string().unwrap_or_else(|| panic!("{name} is a string"))
}

fn number(json: &str, name: &str) -> f64 {
    member(json, name).as_f64().unwrap_or_else(|| panic!("{name} is a number"))
}

fn stringify(value: &JsValue) -> String {
    JSON::stringify(value).expect("a value of JSON").into()
}

/// A refusal as JavaScript gets it: always an `Error` of that name.
fn code<T>(result: Result<T, impl Into<JsValue>>) -> String {
    let error: Error = result.err().expect("a refusal").into().unchecked_into();
    assert_eq!(String::from(error.name()), "LingpaiError");
    Reflect::get(&error, &"code".into()).expect("an object").as_string().expect("a code")
}

fn key(kind: &str, kid: &str) -> String {
    edge::generate_key(kind, kid).expect("a key")
}

fn public(key: &str) -> String {
    edge::public_key(key).expect("a public key")
}

fn shared(byte: char) -> String {
    format!(r#"{{"kty":"oct","k":"{}"}}"#, byte.to_string().repeat(43).replace('B', "A"))
}

fn token(key: &str, claims: &str) -> String {
    edge::sign_jws("vt+jwt", claims.as_bytes(), key, false).expect("a token")
}

fn claims(more: &str) -> String {
    format!(r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","iat":1800000000,"exp":1800000900{more}}}"#)
}

fn verifier(keys: &str) -> u32 {
    let config = format!(
        r#"{{"issuer":"{ISSUER}","audiences":["{AUDIENCE}"],"type":"vt+jwt","toleranceSeconds":5}}"#
    );
    edge::verifier_new(&config, keys, false).expect("a verifier")
}

#[wasm_bindgen_test]
fn a_verified_token_crosses_as_its_claims_and_the_time_for_which_they_hold() {
    for kind in ["Ed25519", "P-256"] {
        let key = key(kind, "k1");
        let verifier = verifier(&format!(r#"{{"keys":[{}]}}"#, public(&key)));
        let token = token(&key, &claims(r#","sub":"u","note":"令牌""#));
        let verified = edge::verifier_verify(verifier, &token, NOW, 0).expect("verified");
        assert_eq!(text(&stringify(&member(&verified, "claims")), "note"), "令牌");
        assert_eq!(number(&verified, "from"), NOW - 5.0);
        assert_eq!(number(&verified, "until"), NOW + 905.0);
        assert!(member(&verified, "jkt").is_undefined());
    }
}

#[wasm_bindgen_test]
fn a_refusal_crosses_as_an_error_with_a_code_and_nothing_of_the_token() {
    let (mine, other) = (key("Ed25519", "k1"), key("Ed25519", "k1"));
    let verifier = verifier(&format!(r#"{{"keys":[{}]}}"#, public(&mine)));
    let forged = token(&other, &claims(""));
    let error: JsValue =
        edge::verifier_verify(verifier, &forged, NOW, 0).expect_err("refused").into();
    let error: Error = error.unchecked_into();
    assert_eq!(String::from(error.message()), "signature_invalid");
    let late = token(&mine, &claims(""));
    assert_eq!(code(edge::verifier_verify(verifier, &late, NOW + 905.0, 0)), "token_expired");
    assert_eq!(code(edge::verifier_verify(verifier, "no token", NOW, 0)), "malformed");
    assert_eq!(code(edge::verifier_verify(verifier, &late, f64::NAN, 0)), "token_not_yet_valid");
}

#[wasm_bindgen_test]
fn what_was_freed_is_found_no_more() {
    let first = verifier(r#"{"keys":[]}"#);
    edge::verifier_free(first);
    edge::verifier_free(first);
    let second = verifier(r#"{"keys":[]}"#);
    assert_ne!(first, second);
    assert_eq!(code(edge::verifier_verify(first, "", NOW, 0)), "closed");
}

#[wasm_bindgen_test]
fn a_key_set_never_makes_a_shared_key() {
    let set = format!(r#"{{"keys":[{}]}}"#, shared('A'));
    assert_eq!(code(edge::verifier_new("{}", &set, false)), "key_unusable");
    assert_eq!(code(edge::verifier_new("{}", &shared('A'), false)), "claim_invalid");
}

#[wasm_bindgen_test]
fn bytes_cross_as_bytes_and_randomness_is_fresh() {
    for kind in ["X25519", "ECDH-P-256"] {
        let key = key(kind, "e1");
        let seal =
            || edge::seal_jwe(&public(&key), "t", "json", b"\x00\xff", None).expect("sealed");
        let (one, two) = (seal(), seal());
        assert_ne!(one, two);
        let opened = edge::open_jwe(&one, &key).expect("opened");
        assert_eq!(&opened[32..], b"\x00\xff");
        assert_ne!(opened[..32], edge::open_jwe(&two, &key).expect("opened")[..32]);
    }
}

#[wasm_bindgen_test]
fn an_exchange_lives_from_its_opening_to_its_answer() {
    let (signing, app) = (key("Ed25519", "s1"), key("X25519", "a1"));
    let (partner_signing, partner_encryption) = (key("P-256", "p1"), key("X25519", "p2"));
    let secret = shared('A');
    let authority = edge::authority_new(&format!(
        r#"{{"issuer":"{ISSUER}","gateway":"{ISSUER}","signingKeys":[{{"key":{signing}}}],
            "appKeys":[{{"key":{app}}}],"refreshKeys":[{{"key":{secret}}}],"subjectKey":{secret},
            "toleranceSeconds":5,"proofWindowSeconds":60,"accessTokenLifetimeSeconds":120,
            "visitLifetimeSeconds":900,"refreshLifetimeSeconds":3600}}"#
    ))
    .expect("an authority");
    let assertion = edge::client_assertion("app", ISSUER, &partner_signing, NOW).expect("signed");
    let form = format!(
        r#"{{"client_assertion":"{assertion}","subject":"u","audience":"{AUDIENCE}","scope":"read",
            "page":"https://h5.example"}}"#
    );
    let client = format!(
        r#"{{"clientId":"app","keys":{{"keys":[{}]}},"encryptionKey":{},"scopes":["read"],
            "audiences":["{AUDIENCE}"],"pages":["https://h5.example"]}}"#,
        public(&partner_signing),
        public(&partner_encryption),
    );
    let issued = edge::issue_access_token(authority, &form, &client, NOW).expect("issued");
    let keys = edge::authority_jwks(authority, NOW).expect("published");
    let opened =
        edge::open_access_token(&text(&issued, "body"), &partner_encryption, ISSUER, &keys, NOW, 5)
            .expect("for this partner");

    let visit = format!(r#"{{"at":"{}"}}"#, text(&opened, "accessToken"));
    let request = edge::seal_jwe(&public(&app), "lp-visit+jwe", "json", visit.as_bytes(), None)
        .expect("sealed");
    let open = |origin| {
        edge::exchange_open(authority, "visit", &request, origin, None, NOW).expect("opened")
    };
    let stranger = open("https://evil.example");
    assert_eq!(text(&stranger, "refused"), "origin_mismatch");
    let waiting = number(&stranger, "exchange") as u32;
    let refusal = edge::exchange_refuse(waiting, "origin_mismatch", NOW).expect("sealed");
    assert_eq!(number(&refusal, "status"), 400.0);

    let page = open("https://h5.example");
    let decision = edge::ledger_decide(None, &text(&page, "command")).expect("decided");
    let outcome = stringify(&member(&decision, "outcome"));
    let waiting = number(&page, "exchange") as u32;
    let answer = edge::exchange_answer(authority, waiting, &outcome, NOW).expect("answered");
    assert_eq!(number(&answer, "status"), 200.0);
    assert_eq!(code(edge::exchange_answer(authority, waiting, &outcome, NOW)), "closed");
    assert!(Object::keys(&JSON::parse(&decision).expect("JSON").into()).length() == 3);
}
