//! What the fuzz targets share: an example of each kind of text, and edits of it that libFuzzer controls. So every target
//! starts from a good text instead of having to find one, and needs no stored seeds.

pub mod vault;

use lingpai_core::access_token::{self, AccessToken};
use lingpai_core::exchange::{PendingExchange, seal_visit};
use lingpai_core::jose::{PrivateJwk, jws};
use lingpai_core::terms::VisitTerms;
use lingpai_core::{base64url, visit_token};
use lingpai_tests::{Curve, access_token_claims, entropy, signing_key};

/// The example with the edits that `data` describes: place (two bytes), length taken out, length put in, what is put in.
/// No edits leave it as it is; data that starts with 255 is a text of its own.
pub fn edited(example: &[u8], data: &[u8]) -> Vec<u8> {
    if let [0xff, text @ ..] = data {
        return text.to_vec();
    }
    let mut text = example.to_vec();
    let mut rest = data;
    while let [high, low, taken, put, more @ ..] = rest {
        let start = usize::from(u16::from_be_bytes([*high, *low])) % (text.len() + 1);
        let end = text.len().min(start + usize::from(taken % 32));
        let (put, more) = more.split_at(more.len().min(usize::from(put % 32)));
        text.splice(start..end, put.iter().copied());
        rest = more;
    }
    text
}

/// As [`edited`], as a string with replacement characters where it is none.
pub fn edited_text(example: &str, data: &[u8]) -> String {
    String::from_utf8_lossy(&edited(example.as_bytes(), data)).into_owned()
}

/// Genuinely signed, whatever the header and the payload are: fuzzing stops at no signature.
pub fn signed(header: &str, payload: &[u8], key: &PrivateJwk) -> String {
    let input = jws::signing_input(header, payload);
    let signature = jws::sign_input(key, input.as_bytes()).expect("a key for signatures");
    jws::attach_signature(&input, &signature)
}

/// A token of the issuer with any claims.
pub fn issued(typ: &str, claims: &[u8]) -> String {
    let header = format!(r#"{{"alg":"EdDSA","kid":"sign-ed","typ":"{typ}"}}"#);
    signed(&header, claims, &signing_key(Curve::Edwards))
}

/// The payload of a JWS.
pub fn payload(text: &str) -> String {
    let part = text.split('.').nth(1).expect("three parts");
    String::from_utf8(base64url::decode(part).expect("base64url")).expect("JSON")
}

/// The claims of a good AT.
pub fn access_token_json() -> String {
    let claims = access_token_claims(Curve::Edwards, Some(&"A".repeat(43)));
    payload(&AccessToken::issue(&claims, &signing_key(Curve::Edwards)).expect("a signing key"))
}

/// A good AT.
pub fn access_token_text() -> String {
    issued(access_token::TYP, access_token_json().as_bytes())
}

/// What a visit token has to agree with.
pub fn terms() -> VisitTerms {
    VisitTerms::of(&access_token_claims(Curve::Edwards, None), None)
}

/// The claims of a good VT.
pub fn visit_token_json() -> String {
    let values = lingpai_core::visit_token::TokenValues {
        jti: "vt-1".into(),
        issued_at: lingpai_tests::NOW,
        expires_at: lingpai_tests::NOW.plus(900),
    };
    let key = signing_key(Curve::Edwards);
    payload(
        &visit_token::VisitToken::issue(&values, "family", &terms(), &key).expect("a signing key"),
    )
}

/// A request that was sent, with what waits for its answer.
pub fn pending() -> (String, PendingExchange) {
    let claims = access_token_claims(Curve::Edwards, None);
    let token = lingpai_tests::access_token(&claims, Curve::Edwards);
    seal_visit(&token, None, entropy(7)).expect("an AT with an AppKey")
}
