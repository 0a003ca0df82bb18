//! A partner's assertion: accepted once it is exactly right, refused with its own code otherwise.

use lingpai_core::ErrorCode;
use lingpai_core::client_assertion::{self, ClientAssertion, TYP};
use lingpai_core::jose::{JwkSet, PrivateJwk, jws};
use lingpai_core::time::Tolerance;
use lingpai_tests::{CLIENT, ISSUER, NOW, seed};

fn key() -> PrivateJwk {
    PrivateJwk::generate_ed25519("partner-1", seed(0x77))
}

fn verify(text: &str) -> lingpai_core::Result<ClientAssertion> {
    let keys = JwkSet::from_keys(vec![key().public().clone()]);
    client_assertion::verify(text, CLIENT, &keys, ISSUER, NOW, Tolerance::seconds(5))
}

#[test]
fn an_assertion_holds_and_has_to_be_remembered_until_it_expires() {
    let text = client_assertion::sign(CLIENT, ISSUER, "a-1", NOW, &key()).expect("signed");
    assert_eq!(client_assertion::claimed_client(&text).expect("named"), CLIENT);
    let assertion = verify(&text).expect("holds");
    assert_eq!((assertion.jti.as_str(), assertion.expires_at), ("a-1", NOW.plus(65)));
}

#[test]
fn every_other_assertion_is_refused() {
    let iat = NOW.as_i64();
    let claims = |iss: &str, sub: &str, aud: &str, iat: i64, exp: i64| {
        format!(
            r#"{{"iss":"{iss}","sub":"{sub}","aud":{aud},"jti":"a-1","iat":{iat},"exp":{exp}}}"#
        )
    };
    let here = format!(r#""{ISSUER}""#);
    let cases = [
        (
            "other client",
            TYP,
            claims("evil", "evil", &here, iat, iat + 60),
            ErrorCode::IssuerMismatch,
        ),
        (
            "other subject",
            TYP,
            claims(CLIENT, "evil", &here, iat, iat + 60),
            ErrorCode::SubjectMismatch,
        ),
        (
            "other issuer",
            TYP,
            claims(CLIENT, CLIENT, r#""https://x.example""#, iat, iat + 60),
            ErrorCode::AudienceMismatch,
        ),
        (
            "a list of audiences",
            TYP,
            claims(CLIENT, CLIENT, &format!("[{here}]"), iat, iat + 60),
            ErrorCode::AudienceMismatch,
        ),
        (
            "too long",
            TYP,
            claims(CLIENT, CLIENT, &here, iat, iat + 61),
            ErrorCode::LifetimeExceeded,
        ),
        ("expired", TYP, claims(CLIENT, CLIENT, &here, iat - 66, iat - 6), ErrorCode::TokenExpired),
        (
            "of the future",
            TYP,
            claims(CLIENT, CLIENT, &here, iat + 6, iat + 60),
            ErrorCode::TokenNotYetValid,
        ),
        (
            "another type",
            "JWT",
            claims(CLIENT, CLIENT, &here, iat, iat + 60),
            ErrorCode::TypeMismatch,
        ),
    ];
    for (what, typ, claims, code) in cases {
        let text = jws::sign(typ, claims.as_bytes(), &key()).expect("signed");
        assert_eq!(verify(&text).expect_err(what).code(), code, "{what}");
    }
}

#[test]
fn an_assertion_by_another_key_is_refused() {
    let thief = PrivateJwk::generate_ed25519("partner-1", seed(0x78));
    let text = client_assertion::sign(CLIENT, ISSUER, "a-1", NOW, &thief).expect("signed");
    assert_eq!(verify(&text).expect_err("refused").code(), ErrorCode::SignatureInvalid);
    let unknown = PrivateJwk::generate_ed25519("partner-2", seed(0x78));
    let text = client_assertion::sign(CLIENT, ISSUER, "a-1", NOW, &unknown).expect("signed");
    assert_eq!(verify(&text).expect_err("refused").code(), ErrorCode::KeyNotFound);
}
