//! DPoP proofs: what a good one looks like, and each way in which one is not for this request.

use lingpai_core::ErrorCode;
use lingpai_core::dpop::{self, Proof, ProofClaims, ProofDraft, ProofExpectation, UnverifiedProof};
use lingpai_core::jose::{HostVerdict, Jwk, PrivateJwk, jws};
use lingpai_core::time::Tolerance;
use lingpai_tests::{Curve, NOW, VISITS, seed, signing_key};

fn claims() -> ProofClaims<'static> {
    ProofClaims {
        method: "POST",
        url: VISITS,
        issued_at: NOW,
        jti: "proof-1",
        token: None,
        nonce: None,
    }
}

fn expectation() -> ProofExpectation<'static> {
    ProofExpectation {
        method: "POST",
        url: VISITS,
        token: None,
        jkt: None,
        now: NOW,
        window: Tolerance::seconds(60),
    }
}

fn proof(key: &PrivateJwk, claims: ProofClaims<'_>) -> String {
    ProofDraft::new(key.public(), claims).and_then(|draft| draft.sign(key)).expect("a proof")
}

fn refused(proof: &str, expected: ProofExpectation<'_>) -> ErrorCode {
    dpop::verify(proof, &expected).expect_err("refused").code()
}

#[test]
fn a_proof_holds_for_its_request_on_either_curve() {
    for curve in [Curve::Edwards, Curve::P256] {
        let key = signing_key(curve);
        let thumbprint = key.public().thumbprint();
        let given = proof(&key, ProofClaims { token: Some("vt"), nonce: Some("n-1"), ..claims() });
        let expected =
            ProofExpectation { token: Some("vt"), jkt: Some(&thumbprint), ..expectation() };
        let Proof { jkt, jti, issued_at, nonce } = dpop::verify(&given, &expected).expect("holds");
        assert_eq!((jkt, jti.as_str(), issued_at), (thumbprint.clone(), "proof-1", NOW));
        assert_eq!(nonce.as_deref(), Some("n-1"));
    }
}

#[test]
fn a_proof_for_something_else_is_refused_with_its_own_code() {
    let key = signing_key(Curve::Edwards);
    let plain = proof(&key, claims());
    let with_token = proof(&key, ProofClaims { token: Some("vt"), ..claims() });
    let other = signing_key(Curve::P256).public().thumbprint();
    let base = expectation();
    let cases: [(&str, &str, ProofExpectation<'_>, ErrorCode); 9] = [
        (
            "method",
            &plain,
            ProofExpectation { method: "GET", ..base },
            ErrorCode::ProofMethodMismatch,
        ),
        (
            "case of the method",
            &plain,
            ProofExpectation { method: "post", ..base },
            ErrorCode::ProofMethodMismatch,
        ),
        (
            "path",
            &plain,
            ProofExpectation { url: "https://auth.example/v1/visit", ..base },
            ErrorCode::ProofUrlMismatch,
        ),
        (
            "host",
            &plain,
            ProofExpectation { url: "https://evil.example/v1/visits", ..base },
            ErrorCode::ProofUrlMismatch,
        ),
        (
            "key",
            &plain,
            ProofExpectation { jkt: Some(&other), ..base },
            ErrorCode::ProofKeyMismatch,
        ),
        (
            "no ath",
            &plain,
            ProofExpectation { token: Some("vt"), ..base },
            ErrorCode::ProofTokenMismatch,
        ),
        (
            "ath of another token",
            &with_token,
            ProofExpectation { token: Some("vt2"), ..base },
            ErrorCode::ProofTokenMismatch,
        ),
        ("old", &plain, ProofExpectation { now: NOW.plus(61), ..base }, ErrorCode::ProofExpired),
        (
            "from the future",
            &plain,
            ProofExpectation { now: NOW.plus(-61), ..base },
            ErrorCode::ProofExpired,
        ),
    ];
    for (what, proof, expected, code) in cases {
        assert_eq!(refused(proof, expected), code, "{what}");
    }
}

#[test]
fn an_address_is_compared_in_its_normal_form() {
    let key = signing_key(Curve::Edwards);
    let url = "HTTPS://Auth.Example:443/v1/./x/../%76isits?q=1#f";
    let given = proof(&key, ProofClaims { url, ..claims() });
    dpop::verify(&given, &expectation()).expect("the same address");
}

#[test]
fn a_malformed_proof_is_invalid() {
    let key = PrivateJwk::generate_ed25519("k", seed(3));
    let good = proof(&key, claims());
    let header = |json: &str| {
        let input = jws::signing_input(
            json,
            br#"{"htm":"POST","htu":"https://auth.example/v1/visits","iat":1790000000,"jti":"x"}"#,
        );
        let signature = jws::sign_input(&key, input.as_bytes()).expect("signed");
        jws::attach_signature(&input, &signature)
    };
    let jwk = key.public().required_members_json();
    let with_secret = key.to_json_secret();
    let cases = [
        String::new(),
        format!("{good}."),
        format!("{good}A"),
        header(&format!(r#"{{"alg":"EdDSA","jwk":{jwk},"typ":"jwt"}}"#)),
        header(&format!(r#"{{"alg":"none","jwk":{jwk},"typ":"dpop+jwt"}}"#)),
        header(&format!(r#"{{"alg":"ES256","jwk":{jwk},"typ":"dpop+jwt"}}"#)),
        header(&format!(r#"{{"alg":"EdDSA","jwk":{},"typ":"dpop+jwt"}}"#, with_secret.as_str())),
        header(r#"{"alg":"EdDSA","typ":"dpop+jwt"}"#),
        header(&format!(r#"{{"alg":"EdDSA","jwk":{jwk},"typ":"dpop+jwt","crit":["x"],"x":1}}"#)),
        header(r#"{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"},"typ":"dpop+jwt"}"#),
    ];
    for case in &cases {
        assert_eq!(refused(case, expectation()), ErrorCode::InvalidDpopProof, "{case}");
    }
    assert!(
        dpop::verify(
            &header(&format!(r#"{{"alg":"EdDSA","jwk":{jwk},"typ":"dpop+jwt"}}"#)),
            &expectation()
        )
        .is_ok()
    );
}

/// The host verifies in core's place, and everything else is checked as without it.
#[test]
fn a_proof_holds_by_the_hosts_word_and_only_then() {
    for curve in [Curve::Edwards, Curve::P256] {
        let key = signing_key(curve);
        let text = proof(&key, claims());
        let by = |verdict, expected: &ProofExpectation<'_>| {
            let given = UnverifiedProof::parse(&text).expect("a proof");
            assert_eq!(given.key(), &bare(&key));
            given.resolve(verdict, expected).map_err(|error| error.code())
        };
        let here = dpop::verify(&text, &expectation()).expect("holds");
        assert_eq!(by(HostVerdict::Right, &expectation()), Ok(here));
        assert_eq!(by(HostVerdict::Wrong, &expectation()), Err(ErrorCode::InvalidDpopProof));
        let other = ProofExpectation { method: "GET", ..expectation() };
        assert_eq!(by(HostVerdict::Right, &other), Err(ErrorCode::ProofMethodMismatch));
    }
}

/// The key as a proof carries it.
fn bare(key: &PrivateJwk) -> Jwk {
    Jwk::parse(&key.public().required_members_json()).expect("a key")
}
