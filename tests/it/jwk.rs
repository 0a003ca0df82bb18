//! Keys as JWK: what is read, what is written, and what each key may be used for.

use lingpai_core::ErrorCode::{
    self, AlgorithmNotAllowed, ClaimInvalid, DuplicateMember, KeyUnusable, LimitExceeded,
    Malformed, NotCanonical,
};
use lingpai_core::base64url;
use lingpai_core::jose::{Jwk, JwkSet, KeyAlgorithm, KeyUse, PrivateJwk, PublicKey, SymmetricJwk};
use lingpai_core::secret::Seed;
use lingpai_tests::seed;
use proptest::prelude::*;

const ED: &str = r#""crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;
const ED_D: &str = r#""d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A""#;
const EC: &str = r#""crv":"P-256","kty":"EC","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#;
const EC_D: &str = r#""d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI""#;
const X: &str = r#""crv":"X25519","kty":"OKP","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08""#;
const SIG: &str = r#""use":"sig""#;
const ENC: &str = r#""use":"enc""#;

#[test]
fn what_a_key_says_of_itself_is_kept() {
    let text = format!(r#"{{{EC},"kid":"a","use":"enc","alg":"ECDH-ES+A256KW"}}"#);
    let key = Jwk::parse(&text).unwrap();
    assert_eq!(key.kid(), Some("a"));
    assert_eq!(key.key_use(), Some(KeyUse::Encryption));
    assert_eq!(key.algorithm(), Some(KeyAlgorithm::EcdhEsA256Kw));
    assert!(matches!(key.public_key(), PublicKey::P256(_)));
    assert_eq!(key.to_json(), text);
    let shuffled = r#"{"use":"sig","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","ext":true,"key_ops":["verify"],"crv":"Ed25519","kid":"b","kty":"OKP","alg":"Ed25519"}"#;
    assert_eq!(
        Jwk::parse(shuffled).unwrap().to_json(),
        format!(r#"{{{ED},"kid":"b","use":"sig","alg":"EdDSA"}}"#)
    );
}

#[test]
fn a_key_is_for_one_thing() {
    for (members, signature, encryption) in [
        (ED.into(), true, false),
        (format!("{ED},{SIG}"), true, false),
        (format!(r#"{ED},"alg":"EdDSA""#), true, false),
        (X.into(), false, true),
        (format!("{X},{ENC}"), false, true),
        (format!(r#"{X},"alg":"ECDH-ES+A256KW""#), false, true),
        (EC.into(), true, true),
        (format!("{EC},{SIG}"), true, false),
        (format!("{EC},{ENC}"), false, true),
        (format!(r#"{EC},"alg":"ES256""#), true, false),
        (format!(r#"{EC},"alg":"ECDH-ES+A256KW""#), false, true),
        (format!(r#"{EC},"key_ops":["verify"]"#), true, false),
        (format!(r#"{EC},"key_ops":["deriveBits"]"#), false, true),
        (format!(r#"{EC},"key_ops":[]"#), false, true),
    ] {
        let key = Jwk::parse(&format!("{{{members}}}")).unwrap();
        assert_eq!((key.is_signature(), key.is_encryption()), (signature, encryption), "{members}");
        assert_eq!(key.signature_algorithm().is_ok(), signature, "{members}");
    }
}

#[test]
fn keys_that_contradict_themselves_are_refused() {
    for (members, code) in [
        (format!("{ED},{ENC}"), KeyUnusable),
        (format!("{X},{SIG}"), KeyUnusable),
        (format!(r#"{EC},"use":"enc","alg":"ES256""#), KeyUnusable),
        (format!(r#"{EC},"use":"sig","alg":"ECDH-ES+A256KW""#), KeyUnusable),
        (format!(r#"{EC},"use":"both""#), KeyUnusable),
        (format!(r#"{EC},{SIG},"key_ops":["deriveBits"]"#), KeyUnusable),
        (format!(r#"{EC},{ENC},"key_ops":["verify"]"#), KeyUnusable),
        (format!(r#"{EC},"alg":"ES256","key_ops":["encrypt","decrypt"]"#), KeyUnusable),
        (format!(r#"{ED},"key_ops":[]"#), KeyUnusable),
        (format!(r#"{ED},"key_ops":"verify""#), KeyUnusable),
        (format!(r#"{ED},"alg":"ES256""#), AlgorithmNotAllowed),
        (format!(r#"{ED},"alg":"HS256""#), AlgorithmNotAllowed),
        (format!(r#"{EC},"alg":"EdDSA""#), AlgorithmNotAllowed),
        (format!(r#"{EC},"alg":"HS256""#), AlgorithmNotAllowed),
        (format!(r#"{EC},"alg":"none""#), AlgorithmNotAllowed),
        (format!(r#"{X},"alg":"EdDSA""#), AlgorithmNotAllowed),
        (format!(r#"{X},"alg":"ECDH-ES""#), AlgorithmNotAllowed),
    ] {
        assert_eq!(public(&members), Err(code), "{members}");
    }
}

#[test]
fn keys_that_are_none_are_refused() {
    for (members, code) in [
        (String::new(), ClaimInvalid),
        (ED.replace(r#""kty":"OKP","#, ""), ClaimInvalid),
        (ED.replace(r#""crv":"Ed25519","#, ""), ClaimInvalid),
        (r#""kty":"OKP","crv":"Ed25519""#.into(), ClaimInvalid),
        (r#""kty":"OKP","crv":"Ed25519","x":7"#.into(), ClaimInvalid),
        (format!(r#"{ED},"kid":7"#), ClaimInvalid),
        (format!(r#"{ED},"kid":"""#), ClaimInvalid),
        (format!(r#"{ED},"kid":"{}""#, "k".repeat(257)), ClaimInvalid),
        (format!(r#"{ED},"use":null"#), ClaimInvalid),
        (format!(r#"{ED},"kty":"OKP""#), DuplicateMember),
        (ED.replace("Ed25519", "Ed448"), KeyUnusable),
        (ED.replace("OKP", "RSA"), ClaimInvalid),
        (EC.replace("P-256", "P-384"), KeyUnusable),
        (EC.replace("x_FE", "y_FE"), KeyUnusable),
        (format!(r#"{ED},"y":"AAAA""#), KeyUnusable),
        (format!("{ED},{ED_D}"), KeyUnusable),
        (r#""kty":"oct","k":"AAAA""#.into(), KeyUnusable),
        (ED.replace("HURo", "HURp"), NotCanonical),
        (ED.replace("HURo", "HURo="), NotCanonical),
        (ED.replace("HURo", "HU"), Malformed),
        (ED.replace("HURo", "HU!o"), Malformed),
        (EC.replace(r#""x":"f83O"#, r#""x":"AAAAf83O"#), Malformed),
    ] {
        assert_eq!(public(&members), Err(code), "{members}");
    }
    assert_eq!(Jwk::parse("[]").unwrap_err().code(), Malformed);
}

/// The eight points of small order, in every encoding that some library reads, and encodings that are not reduced.
#[test]
fn weak_ed25519_keys_are_refused() {
    for x in [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        // y = 3 + p: a point, and not small.
        "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        // No point.
        "0200000000000000000000000000000000000000000000000000000000000000",
    ] {
        let bytes: Vec<u8> =
            (0..32).map(|i| u8::from_str_radix(&x[2 * i..2 * i + 2], 16).unwrap()).collect();
        let members = format!(r#""kty":"OKP","crv":"Ed25519","x":"{}""#, base64url::encode(&bytes));
        assert_eq!(public(&members), Err(KeyUnusable), "{x}");
    }
}

#[test]
fn private_keys_belong_to_their_public_half() {
    for (members, code) in [
        (format!("{ED},{ED_D}"), None),
        (format!("{EC},{EC_D}"), None),
        (format!("{ED},{EC_D}"), Some(KeyUnusable)),
        (format!("{EC},{ED_D}"), Some(KeyUnusable)),
        (format!("{X},{ED_D}"), Some(KeyUnusable)),
        (ED.into(), Some(ClaimInvalid)),
        (format!(r#"{ED},"d":"AAAA""#), Some(KeyUnusable)),
        (format!(r#"{EC},"d":"{}""#, base64url::encode(&[0; 32])), Some(KeyUnusable)),
        (format!(r#"{EC},"d":"{}""#, base64url::encode(&[0xff; 32])), Some(KeyUnusable)),
        (format!("{ED},{ED_D}").replace("uf2A", "uf2B"), Some(KeyUnusable)),
        (format!("{ED},{ED_D},{ENC}"), Some(KeyUnusable)),
    ] {
        let parsed = PrivateJwk::parse(&format!("{{{members}}}"));
        assert_eq!(parsed.err().map(|error| error.code()), code, "{members}");
    }
}

#[test]
fn shared_keys_are_for_hs256_alone() {
    let k = |bytes: usize| base64url::encode(&vec![1; bytes]);
    for (members, code) in [
        (format!(r#""kty":"oct","k":"{}""#, k(32)), None),
        (format!(r#""kty":"oct","k":"{}","alg":"HS256","use":"sig","kid":"s""#, k(64)), None),
        (format!(r#""kty":"oct","k":"{}""#, k(31)), Some(KeyUnusable)),
        (r#""kty":"oct","k":"""#.into(), Some(KeyUnusable)),
        (format!(r#""kty":"oct","k":"{}=""#, k(32)), Some(KeyUnusable)),
        (r#""kty":"oct""#.into(), Some(ClaimInvalid)),
        (format!(r#""kty":"oct","k":"{}","use":"enc""#, k(32)), Some(KeyUnusable)),
        (format!(r#""kty":"oct","k":"{}","alg":"ES256""#, k(32)), Some(AlgorithmNotAllowed)),
        (format!(r#""kty":"oct","k":"{}","alg":"HS512""#, k(64)), Some(AlgorithmNotAllowed)),
        (format!(r#""kty":"oct","k":"{}""#, k(13_000)), Some(LimitExceeded)),
        (format!("{ED},{ED_D}"), Some(KeyUnusable)),
    ] {
        let parsed = SymmetricJwk::parse(&format!("{{{members}}}"));
        assert_eq!(parsed.err().map(|error| error.code()), code, "{members}");
    }
}

#[test]
fn sets_hold_public_keys_with_names_of_their_own() {
    let full = |members: &str, kid: &str| {
        let (key_use, alg) = match members {
            ED => ("sig", "EdDSA"),
            EC => ("sig", "ES256"),
            _ => ("enc", "ECDH-ES+A256KW"),
        };
        format!(r#"{{{members},"kid":"{kid}","use":"{key_use}","alg":"{alg}"}}"#)
    };
    let (ed, ec, x) = (full(ED, "a"), full(EC, "b"), full(X, "c"));
    let rsa = r#"{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"a","use":"sig","alg":"RS256"}"#;
    let p384 = r#"{"kty":"EC","crv":"P-384","x":"AA","y":"AA"}"#;
    let other_alg = x.replace("A256KW", "A128KW").replace(r#""c""#, r#""d""#);
    let set =
        JwkSet::parse(&format!(r#"{{"keys":[{ed},{rsa},{p384},{ec},{other_alg},{x}],"note":1}}"#))
            .unwrap();
    assert_eq!(set.iter().filter_map(Jwk::kid).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(set.to_json(), format!(r#"{{"keys":[{ed},{ec},{x}]}}"#));
    assert!(set.find("b").is_some() && set.find("d").is_none() && set.find("").is_none());
    assert!(JwkSet::parse(r#"{"keys":[]}"#).unwrap().is_empty());
    for (text, code) in [
        (format!(r#"{{"keys":[{ed},{}]}}"#, full(EC, "a")), KeyUnusable),
        (format!(r#"{{"keys":[{}]}}"#, ed.replace(r#","kid":"a""#, "")), KeyUnusable),
        (format!(r#"{{"keys":[{}]}}"#, ed.replace(r#","use":"sig""#, "")), KeyUnusable),
        (format!(r#"{{"keys":[{}]}}"#, ed.replace(r#","alg":"EdDSA""#, "")), KeyUnusable),
        (format!(r#"{{"keys":[{}]}}"#, ed.replace(ED, &format!("{ED},{ED_D}"))), KeyUnusable),
        (format!(r#"{{"keys":[{{"kty":"RSA","d":"AQAB"}},{ed}]}}"#), KeyUnusable),
        (format!(r#"{{"keys":[{ed},{{"kty":"oct","k":"AA","kid":"s"}}]}}"#), KeyUnusable),
        (format!(r#"{{"keys":[{ed},{{"kty":"oct","kid":"s"}}]}}"#), KeyUnusable),
        (format!(r#"{{"keys":[{{{ED},"kid":"a","use":"enc","alg":"EdDSA"}}]}}"#), KeyUnusable),
        (format!(r#"{{"keys":[{}]}}"#, ed.replace("HURo", "HURp")), NotCanonical),
        (format!(r#"{{"keys":{{"a":{ed}}}}}"#), ClaimInvalid),
        (r#"{"keys":[1]}"#.into(), ClaimInvalid),
        (r#"{"keys":[{}]}"#.into(), ClaimInvalid),
        ("{}".into(), ClaimInvalid),
        (format!("[{ed}]"), Malformed),
        (format!(r#"{{"keys":[{ed}],"keys":[]}}"#), DuplicateMember),
        (format!(r#"{{"keys":[{}]}}"#, vec![p384; 257].join(",")), LimitExceeded),
    ] {
        assert_eq!(JwkSet::parse(&text).unwrap_err().code(), code, "{text}");
    }
}

/// The thumbprint names the key, whatever else its JWK says.
#[test]
fn thumbprints_are_of_the_key_alone() {
    let bare = Jwk::parse(&format!("{{{EC}}}")).unwrap();
    let full =
        Jwk::parse(&format!(r#"{{"kid":"x",{EC},"use":"sig","alg":"ES256","ext":true}}"#)).unwrap();
    assert_eq!(bare.thumbprint(), full.thumbprint());
    assert_eq!(bare.required_members_json(), full.required_members_json());
    assert_ne!(bare.thumbprint(), Jwk::parse(&format!("{{{ED}}}")).unwrap().thumbprint());
    assert_eq!(bare.thumbprint().len(), 43);
}

#[test]
fn generated_keys_say_what_they_are_for() {
    for (key, members) in [
        (PrivateJwk::generate_ed25519("k", seed(1)), r#""use":"sig","alg":"EdDSA""#),
        (PrivateJwk::generate_p256_signing("k", seed(1)).unwrap(), r#""use":"sig","alg":"ES256""#),
        (PrivateJwk::generate_x25519("k", seed(1)), r#""use":"enc","alg":"ECDH-ES+A256KW""#),
        (
            PrivateJwk::generate_p256_encryption("k", seed(1)).unwrap(),
            r#""use":"enc","alg":"ECDH-ES+A256KW""#,
        ),
    ] {
        let public = key.public().to_json();
        assert!(public.ends_with(&format!(r#","kid":"k",{members}}}"#)), "{public}");
        assert!(!public.contains(r#""d""#));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn round_trip(secret: [u8; 32], kid in "[ -~\u{e9}\u{1}]{1,30}") {
        for key in [
            PrivateJwk::generate_ed25519(&kid, Seed::new(secret)),
            PrivateJwk::generate_p256_signing(&kid, Seed::new(secret)).unwrap(),
            PrivateJwk::generate_x25519(&kid, Seed::new(secret)),
            PrivateJwk::generate_p256_encryption(&kid, Seed::new(secret)).unwrap(),
        ] {
            let text = key.to_json_secret();
            let again = PrivateJwk::parse(&text).unwrap();
            prop_assert_eq!(again.public(), key.public());
            prop_assert_eq!(&*again.to_json_secret(), &*text);
            let public = key.public().to_json();
            prop_assert_eq!(&Jwk::parse(&public).unwrap(), key.public());
            // A private key is not taken for a public one by mistake.
            prop_assert_eq!(Jwk::parse(&text).unwrap_err().code(), KeyUnusable);
            let set = JwkSet::from_keys(vec![key.public().clone()]).to_json();
            let set = JwkSet::parse(&set).unwrap();
            prop_assert_eq!(set.find(&kid), Some(key.public()));
        }
    }

    #[test]
    fn never_panics(text in "[{}\":,a-zA-Z0-9_\\[\\] -]{0,80}", x in "[A-Za-z0-9_-]{40,44}", crv in "P-256|X25519|Ed25519") {
        let _ = Jwk::parse(&text);
        let _ = JwkSet::parse(&text);
        let _ = PrivateJwk::parse(&format!(r#"{{"kty":"OKP","crv":"{crv}","x":"{x}","d":"{x}"}}"#));
        let _ = PrivateJwk::parse(&format!(r#"{{"kty":"EC","crv":"{crv}","x":"{x}","y":"{x}","d":"{x}"}}"#));
    }
}

fn public(members: &str) -> Result<(), ErrorCode> {
    Jwk::parse(&format!("{{{members}}}")).map(|_| ()).map_err(|error| error.code())
}
