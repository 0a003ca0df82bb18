//! Keys that only the host can use: which are read, which are refused, and what is written of them.

use lingpai_core::ErrorCode::{self, AlgorithmNotAllowed, ClaimInvalid, KeyUnusable, NotCanonical};
use lingpai_core::base64url::encode;
use lingpai_core::jose::{AlgorithmSet, Jwk, JwkSet, SignatureAlgorithm};

/// An odd number of that many bits, all of them ones.
fn ones(bits: usize) -> String {
    let mut bytes = vec![0xff; bits.div_ceil(8)];
    bytes[0] >>= bytes.len() * 8 - bits;
    encode(&bytes)
}

fn rsa(n: &str, e: &str) -> String {
    format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#)
}

fn ec(crv: &str, x: &[u8], y: &[u8]) -> String {
    format!(r#"{{"crv":"{crv}","kty":"EC","x":"{}","y":"{}"}}"#, encode(x), encode(y))
}

fn code(text: &str) -> Option<ErrorCode> {
    Jwk::parse(text).err().map(|error| error.code())
}

#[test]
fn rsa_has_2048_to_8192_bits() {
    for (bits, expected) in [
        (1024, Some(KeyUnusable)),
        (2047, Some(KeyUnusable)),
        (2048, None),
        (2049, None),
        (4096, None),
        (8192, None),
        (8193, Some(KeyUnusable)),
        (16_384, Some(KeyUnusable)),
    ] {
        assert_eq!(code(&rsa(&ones(bits), "AQAB")), expected, "{bits} bits");
    }
}

#[test]
fn rsa_numbers_are_canonical_and_odd() {
    let n = ones(2048);
    let even = [vec![0xff; 255], vec![0xfe]].concat();
    let zero_in_front = [vec![0], vec![0xff; 256]].concat();
    for (text, expected) in [
        (rsa(&n, "Aw"), None),
        (rsa(&n, "AQAB"), None),
        (rsa(&n, &encode(&[0xff; 4])), None),
        (rsa(&n, "AQ"), Some(KeyUnusable)),
        (rsa(&n, "Ag"), Some(KeyUnusable)),
        (rsa(&n, "AAEAAQ"), Some(KeyUnusable)),
        (rsa(&n, &encode(&[1, 0, 0, 0, 1])), Some(KeyUnusable)),
        (rsa(&n, ""), Some(KeyUnusable)),
        (rsa("", "AQAB"), Some(KeyUnusable)),
        (rsa(&encode(&even), "AQAB"), Some(KeyUnusable)),
        (rsa(&encode(&zero_in_front), "AQAB"), Some(KeyUnusable)),
        (rsa(&format!("{n}="), "AQAB"), Some(NotCanonical)),
        (rsa(&n, "AQAB").replace(r#""e":"AQAB","#, ""), Some(ClaimInvalid)),
        (rsa(&n, "AQAB").replace(r#""AQAB""#, "65537"), Some(ClaimInvalid)),
    ] {
        assert_eq!(code(&text), expected, "{text}");
    }
}

#[test]
fn curves_have_coordinates_of_their_own_length() {
    let (p384, p521) = ([1; 48], [vec![1], vec![2; 65]].concat());
    for (text, expected) in [
        (ec("P-384", &p384, &p384), None),
        (ec("P-521", &p521, &p521), None),
        (ec("P-384", &p384[1..], &p384), Some(KeyUnusable)),
        (ec("P-384", &p521, &p384), Some(KeyUnusable)),
        (ec("P-521", &p384, &p521), Some(KeyUnusable)),
        (ec("P-521", &p521, &[2; 66]), Some(KeyUnusable)),
        (ec("P-521", &p521[..65], &p521), Some(KeyUnusable)),
        (ec("secp256k1", &[1; 32], &[1; 32]), Some(KeyUnusable)),
    ] {
        assert_eq!(code(&text), expected, "{text}");
    }
}

#[test]
fn private_halves_are_refused() {
    let public = rsa(&ones(2048), "AQAB");
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        let text = public.replace('{', &format!(r#"{{"{name}":"AQAB","#));
        assert_eq!(code(&text), Some(KeyUnusable), "{name}");
    }
}

#[test]
fn a_key_serves_the_algorithms_of_its_type_and_of_its_alg() {
    use SignatureAlgorithm as A;
    let by = |text: &str| -> Vec<A> {
        let key = Jwk::parse(text).expect("a key");
        assert!(!key.is_encryption());
        A::ALL.into_iter().filter(|algorithm| key.verifies(*algorithm)).collect()
    };
    let with = |key: &str, more: &str| key.replacen('{', &format!("{{{more},"), 1);
    let rsa = rsa(&ones(2048), "AQAB");
    let p384 = ec("P-384", &[1; 48], &[1; 48]);
    assert_eq!(by(&rsa), [A::Ps256, A::Ps384, A::Ps512, A::Rs256, A::Rs384, A::Rs512]);
    assert_eq!(by(&with(&rsa, r#""alg":"PS256""#)), [A::Ps256]);
    assert_eq!(by(&p384), [A::Es384]);
    assert_eq!(by(&ec("P-521", &[1; 66], &[1; 66])), [A::Es512]);
    for (key, more, expected) in [
        (&p384, r#""alg":"ES256""#, AlgorithmNotAllowed),
        (&p384, r#""alg":"ECDH-ES+A256KW""#, AlgorithmNotAllowed),
        (&p384, r#""use":"enc""#, KeyUnusable),
        (&rsa, r#""alg":"RSA-OAEP""#, AlgorithmNotAllowed),
        (&rsa, r#""alg":"HS256""#, AlgorithmNotAllowed),
    ] {
        assert_eq!(code(&with(key, more)), Some(expected), "{more}");
    }
}

/// RFC 7638 §3.1.
#[test]
fn the_thumbprint_is_that_of_the_standard() {
    let key = Jwk::parse(r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#).expect("a key");
    assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

#[test]
fn what_is_written_is_read_as_the_same_key() {
    let n = ones(3072);
    for text in [
        rsa(&n, "AQAB"),
        ec("P-384", &[7; 48], &[9; 48]),
        rsa(&n, "AQAB").replace('}', r#","kid":"k","use":"sig","alg":"RS512"}"#),
    ] {
        let key = Jwk::parse(&text).expect("a key");
        assert_eq!(key.to_json(), text);
        assert_eq!(
            Jwk::parse(&key.required_members_json()).unwrap().thumbprint(),
            key.thumbprint()
        );
    }
}

#[test]
fn sets_of_our_own_keep_them_where_they_are_complete() {
    let full = r#","kid":"a","use":"sig","alg":"RS256"}"#;
    let key = |n: &str, more: &str| rsa(n, "AQAB").replace('}', more);
    let good = key(&ones(2048), full);
    let set = |keys: &[String]| JwkSet::parse(&format!(r#"{{"keys":[{}]}}"#, keys.join(",")));
    assert_eq!(set(std::slice::from_ref(&good)).unwrap().len(), 1);
    let weak = key(&ones(1024), full);
    let nameless = key(&ones(2048), r#","use":"sig","alg":"RS256"}"#);
    let silent = key(&ones(2048), r#","kid":"a"}"#);
    let encrypting = key(&ones(2048), r#","kid":"b","use":"enc","alg":"RSA-OAEP-256"}"#);
    assert_eq!(set(&[weak, nameless, silent, encrypting, good.clone()]).unwrap().len(), 1);
    assert_eq!(set(&[good.clone(), good]).unwrap_err().code(), KeyUnusable);
}

#[test]
fn sets_of_others_may_say_less_and_hold_odd_ones() {
    use SignatureAlgorithm as A;
    let good = rsa(&ones(2048), "AQAB");
    let named = good.replace('}', r#","kid":"a"}"#);
    let odd = [
        rsa(&ones(1024), "AQAB"),
        ec("P-384", &[1; 48], &[1; 48]),
        ec("P-256", &[1; 32], &[1; 32]),
        r#"{"kty":"EC","crv":"secp256k1"}"#.into(),
        r#"{"kty":"AKP","alg":"ML-DSA-44","pub":"AA"}"#.into(),
        "{}".into(),
        good.replace('}', r#","kid":7}"#),
        good.replace('}', r#","use":"enc"}"#),
        good.replace('}', r#","alg":"PS256"}"#),
        good.replace('}', r#","key_ops":["encrypt"]}"#),
    ];
    let text = format!(r#"{{"keys":[{good},{},{named}]}}"#, odd.join(","));
    let set = JwkSet::parse_foreign(&text, AlgorithmSet::EMPTY.with(A::Rs256)).expect("a set");
    assert_eq!(set.iter().map(Jwk::kid).collect::<Vec<_>>(), [None, Some("a")]);
    for secret in [r#"{"kty":"oct","k":"AAAA"}"#, r#"{"kty":"oct"}"#, r#"{"kty":"RSA","d":"AA"}"#] {
        let text = format!(r#"{{"keys":[{good},{secret}]}}"#);
        let refused = JwkSet::parse_foreign(&text, AlgorithmSet::EMPTY.with(A::Rs256));
        assert_eq!(refused.unwrap_err().code(), KeyUnusable, "{secret}");
    }
}

#[test]
fn a_key_is_selected_only_where_no_choice_is_left() {
    use SignatureAlgorithm as A;
    let algorithms = AlgorithmSet::EMPTY.with(A::Rs256).with(A::Es384);
    let rsa = rsa(&ones(2048), "AQAB");
    let p384 = ec("P-384", &[1; 48], &[1; 48]);
    let named = |key: &str, kid: &str| key.replace('}', &format!(r#","kid":"{kid}"}}"#));
    let select = |keys: &[&str], kid: Option<&str>, algorithm| {
        let text = format!(r#"{{"keys":[{}]}}"#, keys.join(","));
        let set = JwkSet::parse_foreign(&text, algorithms).expect("a set");
        set.select(kid, algorithm).map(|_| ()).map_err(|error| error.code())
    };
    let (a, b, c) = (named(&rsa, "a"), named(&p384, "b"), named(&rsa, "c"));
    assert_eq!(select(&[&rsa], None, A::Rs256), Ok(()));
    assert_eq!(select(&[&a, &b], None, A::Rs256), Ok(()));
    assert_eq!(select(&[&a, &b], None, A::Es384), Ok(()));
    assert_eq!(select(&[&a, &c], None, A::Rs256), Err(ErrorCode::KeyNotFound));
    assert_eq!(select(&[&a, &c], Some("c"), A::Rs256), Ok(()));
    assert_eq!(select(&[&a, &b], Some("x"), A::Rs256), Err(ErrorCode::KeyNotFound));
    assert_eq!(select(&[&rsa], Some("x"), A::Rs256), Err(ErrorCode::KeyNotFound));
    assert_eq!(select(&[&a, &b], Some("b"), A::Rs256), Err(AlgorithmNotAllowed));
    let twin = named(&p384, "a");
    assert_eq!(select(&[&a, &twin], Some("a"), A::Es384), Ok(()), "one name, two types");
    assert_eq!(select(&[&a, &a], Some("a"), A::Rs256), Err(ErrorCode::KeyNotFound));
}
