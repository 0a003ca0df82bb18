//! The edge's policy: what it accepts, and the code of each refusal.

use lingpai_core::ErrorCode;
use lingpai_core::jose::{AlgorithmSet, PrivateJwk, SymmetricJwk, jws};
use lingpai_core::scope::Scope;
use lingpai_core::time::Tolerance;
use lingpai_core::verify::{Keys, Policy};
use lingpai_tests::{Curve, ISSUER, NOW, SERVICE, issuer_keys, seed, signing_key};

const SHARED: &str = r#"{"kty":"oct","alg":"HS256","kid":"sign-ed","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#;

fn policy() -> Policy {
    Policy {
        issuer: ISSUER.into(),
        audiences: vec![SERVICE.into(), "https://other.example".into()],
        typ: Some("vt+jwt".into()),
        keys: Keys::Set(issuer_keys()),
        algorithms: None,
        host: AlgorithmSet::EMPTY,
        tolerance: Tolerance::seconds(5),
        max_age_seconds: None,
        required_claims: vec![],
        required_scope: Scope::parse("orders:read").expect("a scope"),
    }
}

fn claims(change: &[(&str, &str)]) -> String {
    let now = NOW.as_i64();
    let mut members = vec![
        ("iss", format!(r#""{ISSUER}""#)),
        ("aud", format!(r#""{SERVICE}""#)),
        ("sub", r#""opaque-user""#.into()),
        ("scope", r#""profile orders:read""#.into()),
        ("iat", now.to_string()),
        ("exp", (now + 900).to_string()),
    ];
    for (name, value) in change {
        members.retain(|(known, _)| known != name);
        if !value.is_empty() {
            members.push((name, (*value).to_owned()));
        }
    }
    let members: Vec<String> = members.iter().map(|(n, v)| format!(r#""{n}":{v}"#)).collect();
    format!("{{{}}}", members.join(","))
}

fn signed(claims: &str) -> String {
    jws::sign("vt+jwt", claims.as_bytes(), &signing_key(Curve::Edwards)).expect("signed")
}

fn code(token: &str) -> ErrorCode {
    policy().verify(token, NOW).err().expect("refused").code()
}

#[test]
fn good_tokens_are_accepted_with_their_claims() {
    for curve in [Curve::Edwards, Curve::P256] {
        let token =
            jws::sign("vt+jwt", claims(&[]).as_bytes(), &signing_key(curve)).expect("signed");
        let verified = policy().verify(&token, NOW).expect("accepted");
        assert_eq!(verified.claims_json, claims(&[]));
        assert_eq!(verified.facts.expires_at, NOW.plus(900));
    }
    let listed = format!(r#"["https://x.example","{SERVICE}"]"#);
    policy().verify(&signed(&claims(&[("aud", &listed)])), NOW).expect("one of several audiences");
}

#[test]
fn claims_are_refused_with_their_own_code() {
    let now = NOW.as_i64();
    let at = |offset: i64| (now + offset).to_string();
    type Change = Vec<(&'static str, String)>;
    let cases: Vec<(&str, Change, ErrorCode)> = vec![
        ("expired", vec![("exp", at(-5)), ("iat", at(-900))], ErrorCode::TokenExpired),
        ("issued in the future", vec![("iat", at(6))], ErrorCode::TokenNotYetValid),
        ("not before", vec![("nbf", at(6))], ErrorCode::TokenNotYetValid),
        ("issuer", vec![("iss", r#""https://auth.example/""#.into())], ErrorCode::IssuerMismatch),
        ("audience", vec![("aud", r#""https://x.example""#.into())], ErrorCode::AudienceMismatch),
        ("no audience", vec![("aud", String::new())], ErrorCode::ClaimInvalid),
        ("no expiry", vec![("exp", String::new())], ErrorCode::ClaimInvalid),
        ("expiry as text", vec![("exp", r#""1""#.into())], ErrorCode::ClaimInvalid),
        ("expiry beyond integers", vec![("exp", "1e400".into())], ErrorCode::Malformed),
        ("scope", vec![("scope", r#""orders:reader""#.into())], ErrorCode::InsufficientScope),
        ("no scope", vec![("scope", String::new())], ErrorCode::InsufficientScope),
        (
            "a confirmation we do not know",
            vec![("cnf", r#"{"x5t#S256":"x"}"#.into())],
            ErrorCode::ClaimInvalid,
        ),
        ("duplicate name", vec![("x", r#"1,"x":2"#.into())], ErrorCode::DuplicateMember),
        (
            "duplicate name inside",
            vec![("x", r#"{"a":1,"\u0061":2}"#.into())],
            ErrorCode::DuplicateMember,
        ),
    ];
    for (what, change, expected) in cases {
        let change: Vec<(&str, &str)> = change.iter().map(|(n, v)| (*n, v.as_str())).collect();
        assert_eq!(code(&signed(&claims(&change))), expected, "{what}");
    }
    for edge in [[("exp", at(-4)), ("iat", at(-5))], [("exp", at(6)), ("iat", at(5))]] {
        let edge: Vec<(&str, &str)> = edge.iter().map(|(n, v)| (*n, v.as_str())).collect();
        policy().verify(&signed(&claims(&edge)), NOW).expect("within the tolerance");
    }
}

#[test]
fn headers_and_keys_are_refused_with_their_own_code() {
    let key = signing_key(Curve::Edwards);
    let with_header = |header: &str| {
        let input = jws::signing_input(header, claims(&[]).as_bytes());
        jws::attach_signature(&input, &jws::sign_input(&key, input.as_bytes()).expect("signed"))
    };
    let stranger = PrivateJwk::generate_ed25519("stranger", seed(0x66));
    let impostor = PrivateJwk::generate_ed25519("sign-ed", seed(0x66));
    let by = |key: &PrivateJwk| jws::sign("vt+jwt", claims(&[]).as_bytes(), key).expect("signed");
    let public = SymmetricJwk::parse(SHARED).expect("a shared key");
    let cases = [
        (
            "type",
            with_header(r#"{"alg":"EdDSA","kid":"sign-ed","typ":"JWT"}"#),
            ErrorCode::TypeMismatch,
        ),
        (
            "none",
            with_header(r#"{"alg":"none","kid":"sign-ed","typ":"vt+jwt"}"#),
            ErrorCode::AlgorithmNotAllowed,
        ),
        (
            "none, in capitals",
            with_header(r#"{"alg":"NONE","kid":"sign-ed","typ":"vt+jwt"}"#),
            ErrorCode::AlgorithmNotAllowed,
        ),
        (
            "RS256",
            with_header(r#"{"alg":"RS256","kid":"sign-ed","typ":"vt+jwt"}"#),
            ErrorCode::AlgorithmNotAllowed,
        ),
        (
            "a key of another type",
            with_header(r#"{"alg":"ES256","kid":"sign-ed","typ":"vt+jwt"}"#),
            ErrorCode::AlgorithmNotAllowed,
        ),
        (
            "crit",
            with_header(r#"{"alg":"EdDSA","kid":"sign-ed","typ":"vt+jwt","crit":["x"],"x":1}"#),
            ErrorCode::CriticalHeader,
        ),
        (
            "duplicate header",
            with_header(r#"{"alg":"EdDSA","alg":"none","kid":"sign-ed","typ":"vt+jwt"}"#),
            ErrorCode::DuplicateMember,
        ),
        ("unknown kid", by(&stranger), ErrorCode::KeyNotFound),
        ("no kid", with_header(r#"{"alg":"EdDSA","typ":"vt+jwt"}"#), ErrorCode::Malformed),
        (
            "more header than a visit token has",
            with_header(r#"{"alg":"EdDSA","kid":"sign-ed","typ":"vt+jwt","x":1}"#),
            ErrorCode::Malformed,
        ),
        ("another key under a known kid", by(&impostor), ErrorCode::SignatureInvalid),
        (
            "HS256 against a public key",
            jws::sign_hs256("vt+jwt", claims(&[]).as_bytes(), &public).expect("signed"),
            ErrorCode::AlgorithmNotAllowed,
        ),
    ];
    for (what, token, expected) in cases {
        assert_eq!(code(&token), expected, "{what}");
    }
}

#[test]
fn hostile_sizes_are_refused_before_any_work() {
    assert_eq!(code(&"A".repeat(1 << 20)), ErrorCode::LimitExceeded);
    let deep = format!("{}1{}", r#"{"a":"#.repeat(60), "}".repeat(60));
    assert_eq!(code(&signed(&claims(&[("x", &deep)]))), ErrorCode::LimitExceeded);
}

#[test]
fn a_shared_key_serves_who_configures_it() {
    let shared = SymmetricJwk::parse(SHARED).expect("a shared key");
    let policy =
        Policy { keys: Keys::Shared(SymmetricJwk::parse(SHARED).expect("a key")), ..policy() };
    let token = jws::sign_hs256("vt+jwt", claims(&[]).as_bytes(), &shared).expect("signed");
    policy.verify(&token, NOW).expect("accepted");
    let error = policy.verify(&signed(&claims(&[])), NOW).err().expect("refused");
    assert_eq!(error.code(), ErrorCode::AlgorithmNotAllowed);
}

mod status_lists {
    use super::*;

    const LIST: &str = r#""status_list":{"bits":1,"lst":"eNrbuRgAAhcBXQ"}"#;

    fn policy() -> Policy {
        Policy {
            audiences: vec![],
            typ: Some("statuslist+jwt".into()),
            required_scope: Scope::parse("").expect("a scope"),
            ..super::policy()
        }
    }

    fn verify(claims: &str) -> Result<i64, ErrorCode> {
        let key = signing_key(Curve::Edwards);
        let token = jws::sign("statuslist+jwt", claims.as_bytes(), &key).expect("signed");
        let verified = policy().verify(&token, NOW).map_err(|error| error.code())?;
        Ok(verified.facts.expires_at.as_i64())
    }

    #[test]
    fn need_neither_issuer_nor_audience_nor_end() {
        let now = NOW.as_i64();
        assert_eq!(verify(&format!(r#"{{"iat":{now},{LIST}}}"#)), Ok(i64::MAX));
        let exp = now + 1;
        assert_eq!(verify(&format!(r#"{{"iss":"{ISSUER}","exp":{exp},{LIST}}}"#)), Ok(exp));
    }

    #[test]
    fn are_held_to_those_that_they_have() {
        let now = NOW.as_i64();
        for (claims, code) in [
            (r#"{"iss":"https://other.example"}"#.to_owned(), ErrorCode::IssuerMismatch),
            (r#"{"iss":1}"#.to_owned(), ErrorCode::ClaimInvalid),
            (r#"{"exp":"soon"}"#.to_owned(), ErrorCode::ClaimInvalid),
            (format!(r#"{{"exp":{}}}"#, now - 6), ErrorCode::TokenExpired),
            (format!(r#"{{"iat":{}}}"#, now + 6), ErrorCode::TokenNotYetValid),
        ] {
            assert_eq!(verify(&claims), Err(code), "{claims}");
        }
    }

    #[test]
    fn may_be_longer_than_tokens_up_to_a_limit() {
        // Signing has the limit of tokens, so that the parts are put together here.
        let key = signing_key(Curve::Edwards);
        let signed = |length: usize| {
            let claims = format!(r#"{{"lst":"{}"}}"#, "A".repeat(length));
            let header = r#"{"alg":"EdDSA","kid":"sign-ed","typ":"statuslist+jwt"}"#;
            let input = jws::signing_input(header, claims.as_bytes());
            let signature = jws::sign_input(&key, input.as_bytes()).expect("signed");
            jws::attach_signature(&input, &signature)
        };
        assert!(policy().verify(&signed(200_000), NOW).is_ok());
        let error = policy().verify(&signed(2 * 1024 * 1024), NOW).err().expect("refused");
        assert_eq!(error.code(), ErrorCode::LimitExceeded);
        let error = super::policy().verify(&signed(200_000), NOW).err().expect("refused");
        assert_eq!(error.code(), ErrorCode::LimitExceeded);
    }
}
