//! Tokens of issuers that were not made for this protocol, and signatures that the host verifies.

use lingpai_core::ErrorCode::{self, AlgorithmNotAllowed, ClaimInvalid, KeyNotFound, TokenExpired};
use lingpai_core::base64url::encode;
use lingpai_core::jose::{AlgorithmSet, HostVerdict, JwkSet, SignatureAlgorithm, jws};
use lingpai_core::scope::Scope;
use lingpai_core::time::{Tolerance, UnixSeconds};
use lingpai_core::verify::{Keys, Policy, Verification, VerifiedToken, claimed_issuer};
use lingpai_tests::{Curve, ISSUER, NOW, SERVICE, issuer_keys, signing_key};
use p384::ecdsa::{Signature, SigningKey, signature::Signer as _};

use crate::host::verdict;

const ES384: AlgorithmSet = AlgorithmSet::EMPTY.with(SignatureAlgorithm::Es384);

fn key() -> SigningKey {
    SigningKey::from_slice(&[7; 48]).expect("a scalar in range")
}

fn jwk(more: &str) -> String {
    let point = key().verifying_key().to_sec1_point(false);
    let (x, y) = point.as_bytes()[1..].split_at(48);
    format!(r#"{{"kty":"EC","crv":"P-384","x":"{}","y":"{}"{more}}}"#, encode(x), encode(y))
}

fn policy(keys: &[String]) -> Policy {
    let set = format!(r#"{{"keys":[{}]}}"#, keys.join(","));
    Policy {
        issuer: ISSUER.into(),
        audiences: vec![SERVICE.into()],
        typ: Some("JWT".into()),
        keys: Keys::Set(JwkSet::parse_foreign(&set, ES384).expect("a set")),
        algorithms: Some(ES384),
        host: AlgorithmSet::EMPTY,
        tolerance: Tolerance::seconds(5),
        max_age_seconds: None,
        required_claims: vec![],
        required_scope: Scope::parse("").expect("a scope"),
    }
}

fn token(header: &str, more: &str) -> String {
    let now = NOW.as_i64();
    let claims = format!(
        r#"{{"iss":"{ISSUER}","aud":"{SERVICE}","iat":{now},"exp":{}{more}}}"#,
        now + 36_000
    );
    let input = jws::signing_input(header, claims.as_bytes());
    let signature: Signature = key().sign(input.as_bytes());
    jws::attach_signature(&input, &signature.to_bytes())
}

const HEADER: &str = r#"{"alg":"ES384","typ":"JWT"}"#;

/// What the policy says with a host at its side.
fn verify(policy: &Policy, token: &str, now: UnixSeconds) -> Result<VerifiedToken, ErrorCode> {
    let verified = match policy.begin(token, now).map_err(|error| error.code())? {
        Verification::Done(verified) => Ok(verified),
        Verification::AskHost(pending) => {
            let (input, signature) = pending.signed();
            let verdict = verdict(pending.key(), pending.algorithm(), input, signature);
            pending.resolve(verdict, now)
        }
    };
    verified.map_err(|error| error.code())
}

fn code(policy: &Policy, token: &str, now: UnixSeconds) -> Option<ErrorCode> {
    verify(policy, token, now).err()
}

#[test]
fn a_token_is_accepted_with_the_hosts_word() {
    for (keys, header, kid) in [
        (vec![jwk("")], HEADER, None),
        (vec![jwk(r#","kid":"a""#)], HEADER, None),
        (vec![jwk(r#","kid":"a""#)], r#"{"alg":"ES384","kid":"a","typ":"JWT","x":1}"#, Some("a")),
    ] {
        let text = token(header, "");
        let verified = verify(&policy(&keys), &text, NOW).expect("accepted");
        assert_eq!(verified.algorithm, SignatureAlgorithm::Es384);
        assert_eq!(verified.kid.as_deref(), kid);
    }
}

#[test]
fn the_hosts_no_is_final_and_claims_are_not_looked_at_before() {
    let policy = policy(&[jwk("")]);
    let text = token(HEADER, "");
    let late = NOW.plus(1_000_000);
    let Ok(Verification::AskHost(pending)) = policy.begin(&text, late) else {
        panic!("the host has to be asked")
    };
    let refused = pending.resolve(HostVerdict::Wrong, late).err().expect("refused");
    assert_eq!(refused.code(), ErrorCode::SignatureInvalid);
    assert_eq!(code(&policy, &text, late), Some(TokenExpired));
}

#[test]
fn without_a_host_the_refusal_says_so() {
    let error = policy(&[jwk("")]).verify(&token(HEADER, ""), NOW).err().expect("refused");
    assert_eq!((error.code(), error.detail()), (AlgorithmNotAllowed, Some("host")));
}

#[test]
fn only_the_algorithms_named_are_accepted() {
    let ours = Policy { algorithms: Some(ES384), keys: Keys::Set(issuer_keys()), ..policy(&[]) };
    let by_us = jws::sign("JWT", b"{}", &signing_key(Curve::Edwards)).expect("signed");
    assert_eq!(code(&ours, &by_us, NOW), Some(AlgorithmNotAllowed));
    assert_eq!(code(&policy(&[]), &token(HEADER, ""), NOW), Some(KeyNotFound));
}

#[test]
fn a_token_without_kid_needs_a_policy_that_names_algorithms() {
    let [one, two] = [jwk(r#","kid":"a""#), jwk(r#","kid":"b""#)];
    let set = |keys: &str| JwkSet::parse(&format!(r#"{{"keys":[{keys}]}}"#)).expect("a set");
    let full = |key: &str| key.replace('}', r#","use":"sig","alg":"ES384"}"#);
    let policy_of = |keys: String, algorithms| Policy {
        keys: Keys::Set(set(&keys)),
        algorithms,
        ..policy(&[])
    };
    let text = token(HEADER, "");
    let ed = signing_key(Curve::Edwards).public().to_json();
    let with_another_type = format!("{},{ed}", full(&one));
    assert_eq!(code(&policy_of(full(&one), None), &text, NOW), None, "a set of one key");
    assert_eq!(code(&policy_of(with_another_type.clone(), None), &text, NOW), Some(KeyNotFound));
    assert_eq!(code(&policy_of(with_another_type, Some(ES384)), &text, NOW), None);
    let twins = format!("{},{}", full(&one), full(&two));
    assert_eq!(code(&policy_of(twins, Some(ES384)), &text, NOW), Some(KeyNotFound));
}

#[test]
fn age_is_bounded_by_iat_whatever_exp_says() {
    let policy = Policy { max_age_seconds: Some(60), ..policy(&[jwk("")]) };
    let text = token(HEADER, "");
    let facts = verify(&policy, &text, NOW).expect("accepted").facts;
    assert_eq!(facts.window(policy.tolerance).1, NOW.plus(66), "and so for caches");
    assert_eq!(code(&policy, &text, NOW.plus(65)), None);
    assert_eq!(code(&policy, &text, NOW.plus(66)), Some(TokenExpired));
    let now = NOW.as_i64();
    let claims = format!(r#"{{"iss":"{ISSUER}","aud":"{SERVICE}","exp":{}}}"#, now + 60);
    let input = jws::signing_input(HEADER, claims.as_bytes());
    let signature: Signature = key().sign(input.as_bytes());
    let undated = jws::attach_signature(&input, &signature.to_bytes());
    assert_eq!(code(&policy, &undated, NOW), Some(ClaimInvalid));
}

#[test]
fn required_claims_have_to_be_there() {
    let policy = Policy { required_claims: vec!["sub".into(), "org".into()], ..policy(&[jwk("")]) };
    for (more, expected) in [
        (r#","sub":"u","org":{"id":7}"#, None),
        (r#","sub":"u","org":false"#, None),
        (r#","sub":"u""#, Some(ClaimInvalid)),
        (r#","sub":"u","org":null"#, Some(ClaimInvalid)),
        ("", Some(ClaimInvalid)),
    ] {
        assert_eq!(code(&policy, &token(HEADER, more), NOW), expected, "{more}");
    }
}

#[test]
fn visit_tokens_live_900_seconds_at_most() {
    let policy = Policy {
        typ: Some("vt+jwt".into()),
        keys: Keys::Set(issuer_keys()),
        algorithms: None,
        ..policy(&[])
    };
    let now = NOW.as_i64();
    let code = |times: &str| {
        let claims = format!(r#"{{"iss":"{ISSUER}","aud":"{SERVICE}"{times}}}"#);
        let key = signing_key(Curve::Edwards);
        code(&policy, &jws::sign("vt+jwt", claims.as_bytes(), &key).expect("signed"), NOW)
    };
    assert_eq!(code(&format!(r#","iat":{now},"exp":{}"#, now + 900)), None);
    let long = format!(r#","iat":{now},"exp":{}"#, now + 901);
    assert_eq!(code(&long), Some(ErrorCode::LifetimeExceeded));
    assert_eq!(code(&format!(r#","exp":{}"#, now + 60)), Some(ClaimInvalid));
    assert_eq!(code(&format!(r#","iat":{now},"exp":{now}"#)), Some(ClaimInvalid));
}

/// The host is as strict about Ed25519 as core, since core looks first.
#[test]
fn eddsa_by_the_host_agrees_with_core() {
    let host = AlgorithmSet::EMPTY.with(SignatureAlgorithm::EdDsa);
    let ours = Policy {
        typ: Some("JWT".into()),
        keys: Keys::Set(issuer_keys()),
        algorithms: None,
        host,
        ..policy(&[])
    };
    let key = signing_key(Curve::Edwards);
    let claims = format!(r#"{{"iss":"{ISSUER}","aud":"{SERVICE}","exp":{}}}"#, NOW.as_i64() + 60);
    let good = jws::sign("JWT", claims.as_bytes(), &key).expect("signed");
    assert!(matches!(ours.begin(&good, NOW), Ok(Verification::AskHost(_))));
    let (input, _) = good.rsplit_once('.').expect("three parts");
    let signature = jws::sign_input(&key, input.as_bytes()).expect("signed");
    for bit in 0..512 {
        let mut signature = signature.clone();
        signature[bit / 8] ^= 1 << (bit % 8);
        let text = jws::attach_signature(input, &signature);
        let here = ours.verify(&text, NOW).err().map(|error| error.code());
        assert_eq!(here, Some(ErrorCode::SignatureInvalid));
        assert_eq!(code(&ours, &text, NOW), here, "bit {bit}");
    }
    assert_eq!(code(&ours, &good, NOW), None);
}

#[test]
fn the_issuer_that_a_token_claims_is_read_within_limits() {
    assert_eq!(claimed_issuer(&token(HEADER, "")).as_deref(), Ok(ISSUER));
    let signed =
        |claims: &str| jws::attach_signature(&jws::signing_input(HEADER, claims.as_bytes()), b"x");
    for (text, expected) in [
        (signed("{}"), ClaimInvalid),
        (signed(r#"{"iss":7}"#), ClaimInvalid),
        (signed(r#"{"iss":"a","iss":"b"}"#), ErrorCode::DuplicateMember),
        (signed("[]"), ErrorCode::Malformed),
        ("e30.e30".into(), ErrorCode::Malformed),
        ("A".repeat(20_000), ErrorCode::LimitExceeded),
    ] {
        assert_eq!(
            claimed_issuer(&text).map_err(|error| error.code()),
            Err(expected),
            "{text:.80}"
        );
    }
}
