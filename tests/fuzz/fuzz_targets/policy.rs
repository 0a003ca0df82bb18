//! The edge's policy: a token that it accepts is genuine, from the issuer, in its time; a host that says yes changes nothing
//! but the signature, and one that says no is final.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::jose::{AlgorithmSet, HostVerdict, JwkSet, SignatureAlgorithm};
use lingpai_core::scope::Scope;
use lingpai_core::time::Tolerance;
use lingpai_core::verify::{Keys, Policy, Verification, claimed_issuer};
use lingpai_core::{ErrorCode, json};
use lingpai_fuzz::{edited_text, signed};
use lingpai_tests::{Curve, ISSUER, NOW, SERVICE, issuer_keys, signing_key};

fuzz_target!(|data: &[u8]| {
    let Some((which, data)) = data.split_first() else { return };
    let eddsa = AlgorithmSet::EMPTY.with(SignatureAlgorithm::EdDsa);
    let foreign = which & 1 == 1;
    let keys = match foreign {
        false => issuer_keys(),
        true => JwkSet::parse_foreign(&issuer_keys().to_json(), eddsa).expect("a set"),
    };
    let typ = if which >> 1 & 1 == 0 { "vt+jwt" } else { "JWT" };
    let policy = Policy {
        issuer: ISSUER.into(),
        audiences: vec![SERVICE.into()],
        typ: Some(typ.into()),
        keys: Keys::Set(keys),
        algorithms: foreign.then_some(eddsa),
        host: eddsa,
        tolerance: Tolerance::seconds(5),
        max_age_seconds: Some(600),
        required_claims: vec!["sub".into()],
        required_scope: Scope::parse("").expect("a scope"),
    };
    let now = NOW.as_i64();
    let header = format!(r#"{{"alg":"EdDSA","kid":"sign-ed","typ":"{typ}"}}"#);
    let claims = format!(
        r#"{{"iss":"{ISSUER}","aud":"{SERVICE}","sub":"u","iat":{now},"exp":{}}}"#,
        now + 900
    );
    let (header, claims) = match which >> 2 & 1 {
        0 => (edited_text(&header, data), claims),
        _ => (header, edited_text(&claims, data)),
    };
    let token = signed(&header, claims.as_bytes(), &signing_key(Curve::Edwards));
    let here = policy.verify(&token, NOW);
    if let Ok(verified) = &here {
        let claims = json::parse_object(verified.claims_json.as_bytes()).expect("strict JSON");
        assert_eq!(claims.string("iss"), Ok(ISSUER));
        assert_eq!(claimed_issuer(&token).as_deref(), Ok(ISSUER));
        assert!(claims.get("sub").is_some());
        assert!(verified.facts.check(NOW, policy.tolerance).is_ok());
    }
    let begun = || match policy.begin(&token, NOW) {
        Ok(Verification::AskHost(pending)) => Some(pending),
        Ok(Verification::Done(_)) => panic!("the policy wants the host"),
        Err(error) => {
            assert_eq!(here.as_ref().err(), Some(&error));
            None
        }
    };
    if let (Some(right), Some(wrong)) = (begun(), begun()) {
        let by_host = right.resolve(HostVerdict::Right, NOW);
        assert_eq!(by_host.as_ref().err(), here.as_ref().err());
        let refused = wrong.resolve(HostVerdict::Wrong, NOW).err().expect("refused");
        assert_eq!(refused.code(), ErrorCode::SignatureInvalid);
    }
});
