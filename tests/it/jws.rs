//! JWS against hostile hands: each attack and each deviation has its own refusal.

use lingpai_core::ErrorCode::{
    self, AlgorithmNotAllowed, CriticalHeader, DuplicateMember, KeyUnusable, LimitExceeded,
    Malformed, NotCanonical, SignatureInvalid,
};
use lingpai_core::base64url;
use lingpai_core::crypto::{MacKey, hmac_sha256};
use lingpai_core::jose::{
    Jwk, JwkSet, Jws, PrivateJwk, SignatureAlgorithm, SymmetricJwk, VerifyingKey, jws,
};
use lingpai_core::limits::MAX_COMPACT_BYTES;
use lingpai_core::secret::Seed;
use lingpai_tests::seed;
use proptest::prelude::*;

const PAYLOAD: &[u8] = br#"{"sub":"x"}"#;

#[test]
fn signs_and_verifies_with_each_algorithm() {
    for key in [ed25519(), p256()] {
        let text = jws::sign("t+jwt", PAYLOAD, &key).unwrap();
        let jws = Jws::parse(&text).unwrap();
        assert_eq!(jws.header().kid(), key.public().kid());
        assert_eq!(jws.header().typ(), Some("t+jwt"));
        assert!(jws.header().has_exactly(&["alg", "kid", "typ"]));
        assert_eq!(jws.verify(&VerifyingKey::Jwk(key.public())), Ok(PAYLOAD));
        // Deterministic, both of them.
        assert_eq!(jws::sign("t+jwt", PAYLOAD, &key).unwrap(), text);
    }
    let text = jws::sign_hs256("t+jwt", PAYLOAD, &shared()).unwrap();
    let jws = Jws::parse(&text).unwrap();
    assert_eq!(jws.algorithm(), Ok(SignatureAlgorithm::Hs256));
    assert_eq!(jws.into_verified(&VerifyingKey::Symmetric(&shared())), Ok(PAYLOAD.to_vec()));
}

#[test]
fn ed25519_is_another_name_of_eddsa() {
    let text = signed_by(&ed25519(), r#"{"alg":"Ed25519"}"#);
    assert!(verify(&text, ed25519().public()).is_ok());
}

/// The type of the key decides; a token cannot talk a verifier into another algorithm.
#[test]
fn the_algorithm_has_to_be_the_keys() {
    let names = [
        "none",
        "None",
        "NONE",
        "nOnE",
        "",
        "HS256",
        "hs256",
        "HS384",
        "RS256",
        "PS256",
        "ES256",
        "es256",
        "ES256K",
        "ES384",
        "EdDSA",
        "eddsa",
        "EDDSA",
        "Ed25519",
        "Ed448",
        "ECDH-ES+A256KW",
        "dir",
    ];
    let allowed = |key: &Jwk, name| match key.signature_algorithm() {
        Ok(SignatureAlgorithm::EdDsa) => matches!(name, "EdDSA" | "Ed25519"),
        Ok(SignatureAlgorithm::Es256) => name == "ES256",
        _ => false,
    };
    for key in [ed25519(), p256()] {
        for name in names {
            // The signature is genuine each time, so that only the name can be the reason.
            let text = signed_by(&key, &format!(r#"{{"alg":"{name}"}}"#));
            let expected =
                if allowed(key.public(), name) { Ok(()) } else { Err(AlgorithmNotAllowed) };
            assert_eq!(verify(&text, key.public()), expected, "{name}");
            let jws = Jws::parse(&text).unwrap();
            let refused = jws.verify(&VerifyingKey::Symmetric(&shared())).unwrap_err().code();
            let expected = if name == "HS256" { SignatureInvalid } else { AlgorithmNotAllowed };
            assert_eq!(refused, expected, "{name}");
        }
    }
    for header in ["{}", r#"{"typ":"JWT"}"#] {
        assert_eq!(
            verify(&signed_by(&ed25519(), header), ed25519().public()),
            Err(AlgorithmNotAllowed)
        );
    }
}

#[test]
fn a_public_key_is_no_shared_secret() {
    let input = jws::signing_input(r#"{"alg":"HS256","kid":"k"}"#, PAYLOAD);
    for key in [ed25519(), p256()] {
        let (json, members) = (key.public().to_json(), key.public().required_members_json());
        let x = json.split(r#""x":""#).nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let x_bytes = base64url::decode(x).unwrap();
        for secret in [json.as_bytes(), members.as_bytes(), x.as_bytes(), &x_bytes] {
            let tag = hmac_sha256(&MacKey::new(secret), &[input.as_bytes()]);
            let text = jws::attach_signature(&input, &tag);
            assert_eq!(verify(&text, key.public()), Err(AlgorithmNotAllowed));
        }
    }
}

#[test]
fn a_key_of_another_type_or_use_verifies_nothing() {
    let (ed, ec) = (ed25519(), p256());
    let x = PrivateJwk::generate_x25519("k", seed(3));
    let agreement = PrivateJwk::generate_p256_encryption("k", seed(2)).unwrap();
    let by_ed = signed_by(&ed, r#"{"alg":"EdDSA"}"#);
    let by_ec = signed_by(&ec, r#"{"alg":"ES256"}"#);
    assert_eq!(verify(&by_ed, ec.public()), Err(AlgorithmNotAllowed));
    assert_eq!(verify(&by_ec, ed.public()), Err(AlgorithmNotAllowed));
    assert_eq!(verify(&by_ed, x.public()), Err(AlgorithmNotAllowed));
    // The same point, and the key says that it is for encryption.
    assert_eq!(agreement.public().public_key(), ec.public().public_key());
    assert_eq!(verify(&by_ec, agreement.public()), Err(KeyUnusable));
    for key in [&x, &agreement] {
        assert_eq!(jws::sign("t", PAYLOAD, key).unwrap_err().code(), KeyUnusable);
        assert_eq!(jws::sign_input(key, b"x").unwrap_err().code(), KeyUnusable);
    }
    // Another key of the right type.
    assert_eq!(
        verify(&by_ed, PrivateJwk::generate_ed25519("k", seed(9)).public()),
        Err(SignatureInvalid)
    );
}

#[test]
fn critical_extensions_are_refused() {
    for extra in [
        r#""crit":["exp"],"exp":1"#,
        r#""crit":["b64"],"b64":false"#,
        r#""b64":false"#,
        r#""b64":true"#,
        r#""crit":[]"#,
        r#""crit":null"#,
        r#""crit":"exp""#,
        r#""\u0063rit":["x"],"x":1"#,
    ] {
        let text = signed_by(&ed25519(), &format!(r#"{{"alg":"EdDSA",{extra}}}"#));
        assert_eq!(parse(&text), Err(CriticalHeader), "{extra}");
    }
}

#[test]
fn other_members_of_the_header_are_nobodys_business() {
    for extra in [
        r#""jku":"https://evil.example/jwks.json""#,
        r#""x5u":"https://evil.example""#,
        r#""cty":"JWT""#,
        r#""jwk":{"kty":"oct","k":"AA"}"#,
        r#""x":{"y":[1,2,{"z":null}]}"#,
    ] {
        let text = signed_by(&ed25519(), &format!(r#"{{"alg":"EdDSA",{extra}}}"#));
        assert_eq!(verify(&text, ed25519().public()), Ok(()), "{extra}");
    }
}

#[test]
fn headers_are_strict_json_objects() {
    let deep = format!(r#"{{"alg":"EdDSA","x":{}{}}}"#, "[".repeat(8), "]".repeat(8));
    let many: Vec<_> = (0..64).map(|i| format!(r#","m{i}":0"#)).collect();
    for (header, code) in [
        (r#"{"alg":"EdDSA","alg":"EdDSA"}"#, DuplicateMember),
        (r#"{"alg":"none","alg":"EdDSA"}"#, DuplicateMember),
        (r#"{"alg":"EdDSA","\u0061lg":"none"}"#, DuplicateMember),
        (r#"{"alg":"EdDSA","x":{"a":1,"a":2}}"#, DuplicateMember),
        (&deep, LimitExceeded),
        (&format!(r#"{{"alg":"EdDSA"{}}}"#, many.concat()), LimitExceeded),
        (r#"{"alg":"EdDSA"}x"#, Malformed),
        (r#"{"alg":"EdDSA"}{}"#, Malformed),
        (r#"{"alg":"EdDSA",}"#, Malformed),
        (r#"["alg","EdDSA"]"#, Malformed),
        (r#""EdDSA""#, Malformed),
        ("", Malformed),
        ("null", Malformed),
        (r#"{"alg":1}"#, Malformed),
        (r#"{"alg":["EdDSA"]}"#, Malformed),
        (r#"{"alg":null}"#, Malformed),
        (r#"{"alg":"EdDSA","kid":1}"#, Malformed),
        (r#"{"alg":"EdDSA","typ":null}"#, Malformed),
        (r#"{"alg":"EdDSA","kid":"\ud800"}"#, Malformed),
        ("{\"alg\":\"EdDSA\",\"kid\":\"\u{1}\"}", Malformed),
    ] {
        assert_eq!(parse(&signed_by(&ed25519(), header)), Err(code), "{header}");
    }
}

#[test]
fn texts_have_one_spelling() {
    let good = jws::sign_hs256("t", PAYLOAD, &shared()).unwrap();
    let [header, payload, signature] = parts(&good);
    // 43 characters stand for 32 bytes, and the last one has two bits to spare.
    let last = signature.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let next = alphabet.chars().nth(alphabet.find(last).unwrap() + 1).unwrap();
    let respelled = format!("{}{next}", &signature[..42]);
    for (text, code) in [
        (format!("{header}.{payload}.{respelled}"), NotCanonical),
        (format!("{header}.{payload}.{signature}="), NotCanonical),
        (format!("{header}=.{payload}.{signature}"), NotCanonical),
        (format!("{header}==.{payload}.{signature}"), NotCanonical),
        (format!("{header}.{payload}.{signature}\n"), NotCanonical),
        (format!(" {header}.{payload}.{signature}"), NotCanonical),
        (format!("{header}.{payload}+.{signature}"), NotCanonical),
        (format!("{header}.{payload}%3D.{signature}"), Malformed),
        (format!("{header}.{payload}"), Malformed),
        (format!("{header}.{payload}.{signature}."), Malformed),
        (format!("{header}.{payload}.{signature}.{signature}"), Malformed),
        (format!("{header}.{payload}.{signature}.."), Malformed),
        (format!(".{payload}.{signature}"), Malformed),
        (format!("..{signature}"), Malformed),
        ("..".into(), Malformed),
        (".".into(), Malformed),
        (String::new(), Malformed),
        (
            format!(
                r#"{{"protected":"{header}","payload":"{payload}","signature":"{signature}"}}"#
            ),
            Malformed,
        ),
    ] {
        assert_eq!(parse(&text), Err(code), "{text}");
    }
    for (text, code) in [
        (format!("{header}.{payload}."), SignatureInvalid),
        (format!("{header}..{signature}"), SignatureInvalid),
        (format!("{header}.{payload}.{payload}"), SignatureInvalid),
        (format!("{header}.{payload}.{}", &signature[..42]), NotCanonical),
        (format!("{header}.{payload}.{}", &signature[..40]), SignatureInvalid),
    ] {
        assert_eq!(verify_shared(&text), Err(code), "{text}");
    }
}

#[test]
fn big_texts_are_refused_before_anything_is_read() {
    for text in ["A".repeat(1 << 20), "!".repeat(1 << 20), ".".repeat(1 << 20), "é".repeat(1 << 20)]
    {
        assert_eq!(parse(&text), Err(LimitExceeded));
    }
    let longest = (0..).map(|extra| vec![b'x'; 12_000 + extra]).find_map(|payload| {
        jws::sign_hs256("t", &payload, &shared())
            .err()
            .map(|error| (error.code(), payload.len() - 1))
    });
    let (code, longest) = longest.unwrap();
    assert_eq!(code, LimitExceeded);
    let text = jws::sign_hs256("t", &vec![b'x'; longest], &shared()).unwrap();
    assert!(MAX_COMPACT_BYTES - text.len() < 2);
    assert_eq!(verify_shared(&text), Ok(()));
}

#[test]
fn ecdsa_signatures_are_two_numbers_in_range() {
    const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order: Vec<u8> =
        (0..32).map(|i| u8::from_str_radix(&ORDER[2 * i..2 * i + 2], 16).unwrap()).collect();
    let key = p256();
    let input = jws::signing_input(r#"{"alg":"ES256"}"#, PAYLOAD);
    let good = jws::sign_input(&key, input.as_bytes()).unwrap();
    let (r, s) = good.split_at(32);
    let zero = [0; 32];
    let der_like = [&[0x30, 0x44, 0x02, 0x20], r, &[0x02, 0x20], s].concat();
    let long = [r, s, &[0]].concat();
    for signature in [
        [&zero, s].concat(),
        [r, &zero].concat(),
        [zero, zero].concat(),
        [&order, s].concat(),
        [r, &order].concat(),
        [&[0xff; 32], s].concat(),
        [s, r].concat(),
        r.to_vec(),
        vec![],
        der_like,
        long,
    ] {
        let text = jws::attach_signature(&input, &signature);
        assert_eq!(verify(&text, key.public()), Err(SignatureInvalid), "{signature:x?}");
    }
    // JOSE does not ask for the lower of s and n - s: both verify.
    let mut other = [0; 32];
    let mut borrow = 0;
    for i in (0..32).rev() {
        let difference = i16::from(order[i]) - i16::from(s[i]) - borrow;
        borrow = i16::from(difference < 0);
        other[i] = difference as u8;
    }
    let text = jws::attach_signature(&input, &[r, &other].concat());
    assert_eq!(verify(&text, key.public()), Ok(()));
}

#[test]
fn eddsa_signatures_have_one_encoding() {
    // The order of the group, little-endian; s + L verifies where nobody checks the range.
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let key = ed25519();
    let input = jws::signing_input(r#"{"alg":"EdDSA"}"#, PAYLOAD);
    let good = jws::sign_input(&key, input.as_bytes()).unwrap();
    let mut carry = 0;
    let mut shifted = good.clone();
    for (byte, order) in shifted[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    assert_ne!(shifted, good);
    let mut prepared = JwkSet::from_keys(vec![key.public().clone()]);
    prepared.prepare();
    // The holder of this key (its seed is 32 ones) can make R the neutral element, and the equation holds.
    let forged = base64url::decode(
        "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACuY0yoYY0CUbLz6oaHqhiiYvxR5Cp4upjwrj78xEU5Dw",
    );
    let mut neutral = vec![0; 64];
    neutral[0] = 1;
    for signature in [
        shifted,
        forged.unwrap(),
        neutral,
        vec![0; 64],
        vec![0xff; 64],
        good[..63].to_vec(),
        vec![],
    ] {
        let text = jws::attach_signature(&input, &signature);
        assert_eq!(verify(&text, key.public()), Err(SignatureInvalid), "{signature:x?}");
        assert_eq!(
            verify(&text, prepared.find("k").unwrap()),
            Err(SignatureInvalid),
            "{signature:x?}"
        );
    }
}

#[test]
fn every_other_character_in_a_text_breaks_it() {
    let good = jws::sign_hs256("t", PAYLOAD, &shared()).unwrap();
    for at in 0..good.len() {
        for other in (0..=0x7f).map(char::from).filter(|other| !good[at..].starts_with(*other)) {
            let altered = format!("{}{other}{}", &good[..at], &good[at + 1..]);
            assert!(verify_shared(&altered).is_err(), "{altered}");
        }
    }
    // The last character of each part of tokens of the other kinds, where bits are left over.
    for key in [ed25519(), p256()] {
        let good = jws::sign("t", PAYLOAD, &key).unwrap();
        for end in good.match_indices('.').map(|(at, _)| at).chain([good.len()]) {
            for other in
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.".chars()
            {
                let altered = format!("{}{other}{}", &good[..end - 1], &good[end..]);
                assert_eq!(verify(&altered, key.public()).is_ok(), altered == good, "{altered}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn round_trip(payload in proptest::collection::vec(any::<u8>(), 0..300), typ in "[a-z+\u{e9}\"]{0,20}") {
        for key in [ed25519(), p256()] {
            let text = jws::sign(&typ, &payload, &key).unwrap();
            let jws = Jws::parse(&text).unwrap();
            prop_assert_eq!(jws.header().typ(), Some(&*typ));
            prop_assert_eq!(jws.verify(&VerifyingKey::Jwk(key.public())), Ok(&*payload));
        }
    }

    #[test]
    fn prepared_keys_verify_the_same(secret: [u8; 32], payload in "[a-z]{0,40}", edit in edit()) {
        let key = PrivateJwk::generate_ed25519("k", Seed::new(secret));
        let mut set = JwkSet::from_keys(vec![key.public().clone()]);
        set.prepare();
        let prepared = set.find("k").unwrap();
        prop_assert_eq!(prepared, key.public());
        let text = jws::sign("t", payload.as_bytes(), &key).unwrap();
        prop_assert_eq!(verify(&text, prepared), Ok(()));
        let altered = edit.apply(&text);
        prop_assert_eq!(verify(&altered, prepared), verify(&altered, key.public()));
    }

    #[test]
    fn any_edit_is_refused(edit in edit(), which in 0..2_usize) {
        let key = [ed25519(), p256()].into_iter().nth(which).unwrap();
        let good = jws::sign("t", PAYLOAD, &key).unwrap();
        let altered = edit.apply(&good);
        prop_assert_eq!(verify(&altered, key.public()).is_ok(), altered == good);
    }

    #[test]
    fn never_panics(text in "([A-Za-z0-9_=-]|[.]|[ -~]|é){0,80}", header in "[{}\":,a-z\\[\\]0-9 ]{0,40}") {
        let _ = parse(&text);
        let _ = parse(&jws::signing_input(&header, text.as_bytes()));
        let _ = verify_shared(&jws::attach_signature(&jws::signing_input(&header, b"x"), text.as_bytes()));
    }
}

/// One character replaced, put in or taken out.
#[derive(Debug)]
pub(crate) enum Edit {
    Replace(prop::sample::Index, char),
    Insert(prop::sample::Index, char),
    Remove(prop::sample::Index),
}

impl Edit {
    pub(crate) fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        match self {
            Self::Replace(at, c) => {
                let at = at.index(text.len());
                text.replace_range(at..=at, c.encode_utf8(&mut [0; 4]));
            }
            Self::Insert(at, c) => text.insert(at.index(text.len() + 1), *c),
            Self::Remove(at) => {
                text.remove(at.index(text.len()));
            }
        }
        text
    }
}

pub(crate) fn edit() -> impl Strategy<Value = Edit> {
    let character = || prop_oneof![4 => prop::char::ranges(vec!['A'..='Z', 'a'..='z', '0'..='9', '-'..='.', '_'..='_'].into()), 1 => any::<char>()];
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), character()).prop_map(|(at, c)| Edit::Replace(at, c)),
        (at(), character()).prop_map(|(at, c)| Edit::Insert(at, c)),
        at().prop_map(Edit::Remove),
    ]
}

fn ed25519() -> PrivateJwk {
    PrivateJwk::generate_ed25519("k", seed(1))
}

fn p256() -> PrivateJwk {
    PrivateJwk::generate_p256_signing("k", seed(2)).unwrap()
}

fn shared() -> SymmetricJwk {
    let k = base64url::encode(&[7; 32]);
    SymmetricJwk::parse(&format!(r#"{{"kty":"oct","k":"{k}","kid":"k"}}"#)).unwrap()
}

/// A JWS with a genuine signature under any header.
fn signed_by(key: &PrivateJwk, header: &str) -> String {
    let input = jws::signing_input(header, PAYLOAD);
    let signature = jws::sign_input(key, input.as_bytes()).unwrap();
    jws::attach_signature(&input, &signature)
}

fn parts(text: &str) -> [&str; 3] {
    text.split('.').collect::<Vec<_>>().try_into().unwrap()
}

fn parse(text: &str) -> Result<(), ErrorCode> {
    Jws::parse(text).map(|_| ()).map_err(|error| error.code())
}

fn verify(text: &str, key: &Jwk) -> Result<(), ErrorCode> {
    Jws::parse(text)
        .and_then(|jws| jws.into_verified(&VerifyingKey::Jwk(key)))
        .map(|_| ())
        .map_err(|error| error.code())
}

fn verify_shared(text: &str) -> Result<(), ErrorCode> {
    Jws::parse(text)
        .and_then(|jws| jws.into_verified(&VerifyingKey::Symmetric(&shared())))
        .map(|_| ())
        .map_err(|error| error.code())
}
