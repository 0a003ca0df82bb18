//! JWE against hostile hands: each attack and each deviation has its own refusal.

use lingpai_core::ErrorCode::{
    self, AlgorithmNotAllowed, CriticalHeader, DecryptionFailed, DuplicateMember, KeyUnusable,
    LimitExceeded, Malformed, NotCanonical,
};
use lingpai_core::base64url;
use lingpai_core::crypto::{
    X25519PrivateKey, X25519PublicKey, concat_kdf, seal_in_place, wrap_key,
};
use lingpai_core::jose::{Ephemeral, Jwe, Jwk, PrivateJwk, jwe};
use lingpai_core::json;
use lingpai_core::limits::MAX_COMPACT_BYTES;
use lingpai_core::secret::{ContentKey, Seed};
use lingpai_tests::seed;
use proptest::prelude::*;

use crate::jws::edit;

const PLAINTEXT: &[u8] = br#"{"at":"x"}"#;
const IV: [u8; 12] = [9; 12];
const P256_X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const P256_Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

/// All u coordinates of small order on the curve and on its twist, reduced or not (RFC 7748 §6.1 has a result of zero for
/// each). The top bit is not part of the coordinate.
const SMALL_ORDER: [&str; 7] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

#[test]
fn seals_and_opens_on_both_curves() {
    for key in [x25519(), p256()] {
        let text = sealed_to(&key);
        let jwe = Jwe::parse(&text).unwrap();
        assert_eq!(
            (jwe.kid(), jwe.typ(), jwe.cty(), jwe.is_direct()),
            ("k", "t+jwe", "json", false)
        );
        let opened = jwe.open(&key).unwrap();
        assert_eq!(*opened.plaintext, PLAINTEXT);
        // The content key is the sender's choice, and the receiver learns it.
        assert_eq!(opened.content_key.secret_bytes(), content_key().secret_bytes());
        let header = json::parse_object(&base64url::decode(parts(&text)[0]).unwrap()).unwrap();
        assert_eq!(header.names().collect::<Vec<_>>(), ["alg", "enc", "kid", "epk", "typ", "cty"]);
        assert_eq!(jwe.open_dir(&content_key()).unwrap_err().code(), AlgorithmNotAllowed);
    }
}

#[test]
fn seals_and_opens_under_a_shared_key() {
    let text = sealed_direct();
    assert_eq!(parts(&text)[1], "");
    assert_eq!(
        base64url::decode(parts(&text)[0]).unwrap(),
        br#"{"alg":"dir","enc":"A256GCM","kid":"k","typ":"t+jwe","cty":"json"}"#
    );
    let jwe = Jwe::parse(&text).unwrap();
    assert!(jwe.is_direct());
    assert_eq!(*jwe.open_dir(&content_key()).unwrap(), PLAINTEXT);
    assert_eq!(open(&text, &x25519()), Err(AlgorithmNotAllowed));
    assert_eq!(
        jwe.open_dir(&ContentKey::from_bytes([0; 32])).unwrap_err().code(),
        DecryptionFailed
    );
}

#[test]
fn a_key_of_another_type_curve_or_use_opens_nothing() {
    let signing = PrivateJwk::generate_p256_signing("k", seed(5)).unwrap();
    let (to_x, to_p) = (sealed_to(&x25519()), sealed_to(&p256()));
    assert_eq!(signing.public().public_key(), p256().public().public_key());
    assert_eq!(open(&to_p, &signing), Err(KeyUnusable));
    assert_eq!(open(&to_p, &x25519()), Err(KeyUnusable));
    assert_eq!(open(&to_x, &p256()), Err(KeyUnusable));
    assert_eq!(open(&to_x, &PrivateJwk::generate_ed25519("k", seed(4))), Err(KeyUnusable));
    assert_eq!(open(&to_x, &PrivateJwk::generate_x25519("k", seed(99))), Err(DecryptionFailed));
    let other = PrivateJwk::generate_p256_encryption("k", seed(99)).unwrap();
    assert_eq!(open(&to_p, &other), Err(DecryptionFailed));
    for key in [signing.public(), PrivateJwk::generate_ed25519("k", seed(4)).public()] {
        assert_eq!(seal(key, PLAINTEXT), Err(KeyUnusable));
    }
    let nameless = Jwk::parse(&x25519().public().required_members_json()).unwrap();
    assert_eq!(seal(&nameless, PLAINTEXT), Err(KeyUnusable));
}

#[test]
fn x25519_points_of_small_order_are_refused() {
    for point in SMALL_ORDER {
        for top_bit in [0, 0x80] {
            let mut point: [u8; 32] = hex(point);
            point[31] |= top_bit;
            let x = base64url::encode(&point);
            let epk = format!(r#"{{"kty":"OKP","crv":"X25519","x":"{x}"}}"#);
            assert_eq!(
                open(&with_epk(&sealed_to(&x25519()), &epk), &x25519()),
                Err(KeyUnusable),
                "{x}"
            );
            let to = format!(r#"{{"kty":"OKP","crv":"X25519","x":"{x}","kid":"k","use":"enc"}}"#);
            assert_eq!(seal(&Jwk::parse(&to).unwrap(), PLAINTEXT), Err(KeyUnusable), "{x}");
        }
    }
    // Whoever forces the result to zero could work out the wrapped key without any private key: the very text that this
    // refusal is about.
    let epk = format!(r#"{{"kty":"OKP","crv":"X25519","x":"{}"}}"#, base64url::encode(&[0; 32]));
    let forged =
        sealed_by_hand(&header_with(&epk), &concat_kdf(&[0; 32], "ECDH-ES+A256KW", b"", b"", 256));
    assert_eq!(open(&forged, &x25519()), Err(KeyUnusable));
}

#[test]
fn ephemeral_keys_are_points_of_the_curve() {
    let flipped = P256_Y.replace("x_FE", "y_FE");
    let zero = base64url::encode(&[0; 32]);
    let high = base64url::encode(&[0xff; 32]);
    let prime = base64url::encode(&hex::<32>(
        "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
    ));
    for (x, y) in [
        (P256_X, &*flipped),
        (&zero, &zero),
        (P256_X, &zero),
        (&zero, P256_Y),
        (P256_X, P256_X),
        (&high, P256_Y),
        (P256_X, &high),
        (&prime, P256_Y),
        (&prime, &zero),
    ] {
        let epk = format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}"#);
        assert_eq!(open(&with_epk(&sealed_to(&p256()), &epk), &p256()), Err(KeyUnusable), "{epk}");
    }
}

#[test]
fn ephemeral_keys_have_exactly_their_members() {
    let x25519_x = base64url::encode(&[9; 32]);
    let short = base64url::encode(&[9; 31]);
    let long = base64url::encode(&[9; 33]);
    for (epk, code) in [
        (
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
                .into(),
            KeyUnusable,
        ),
        (format!(r#"{{"kty":"OKP","crv":"X448","x":"{x25519_x}"}}"#), KeyUnusable),
        (format!(r#"{{"kty":"OKP","crv":"P-256","x":"{P256_X}"}}"#), KeyUnusable),
        (format!(r#"{{"kty":"EC","crv":"X25519","x":"{x25519_x}"}}"#), KeyUnusable),
        (format!(r#"{{"kty":"EC","crv":"P-384","x":"{P256_X}","y":"{P256_Y}"}}"#), KeyUnusable),
        (format!(r#"{{"kty":"EC","crv":"secp256k1","x":"{P256_X}","y":"{P256_Y}"}}"#), KeyUnusable),
        (format!(r#"{{"kty":"oct","crv":"X25519","x":"{x25519_x}"}}"#), KeyUnusable),
        (format!(r#"{{"kty":"okp","crv":"X25519","x":"{x25519_x}"}}"#), KeyUnusable),
        (format!(r#"{{"kty":"OKP","crv":"X25519","x":"{x25519_x}","y":"{P256_Y}"}}"#), KeyUnusable),
        (format!(r#"{{"kty":"OKP","crv":"X25519","x":"{x25519_x}","d":"{x25519_x}"}}"#), Malformed),
        (format!(r#"{{"kty":"OKP","crv":"X25519","x":"{x25519_x}","kid":"e"}}"#), Malformed),
        (
            format!(r#"{{"kty":"OKP","crv":"X25519","x":"{x25519_x}","alg":"ECDH-ES+A256KW"}}"#),
            Malformed,
        ),
        (r#"{"kty":"OKP","crv":"X25519"}"#.into(), Malformed),
        (format!(r#"{{"crv":"X25519","x":"{x25519_x}"}}"#), Malformed),
        (format!(r#"{{"kty":"OKP","x":"{x25519_x}"}}"#), Malformed),
        (format!(r#"{{"kty":"EC","crv":"P-256","x":"{P256_X}"}}"#), Malformed),
        (format!(r#"{{"kty":"OKP","crv":"X25519","x":"{short}"}}"#), Malformed),
        (format!(r#"{{"kty":"OKP","crv":"X25519","x":"{long}"}}"#), Malformed),
        (r#"{"kty":"OKP","crv":"X25519","x":""}"#.into(), Malformed),
        (r#"{"kty":"OKP","crv":"X25519","x":9}"#.into(), Malformed),
        (format!(r#"{{"kty":"OKP","crv":"X25519","x":"{x25519_x}="}}"#), NotCanonical),
        (format!(r#"{{"kty":"OKP","crv":"X25519","x":"{}l"}}"#, &x25519_x[..42]), NotCanonical),
        (
            format!(r#"{{"kty":"OKP","crv":"X25519","x":"{x25519_x}","x":"{x25519_x}"}}"#),
            DuplicateMember,
        ),
        ("{}".into(), Malformed),
        ("[]".into(), Malformed),
        ("null".into(), Malformed),
        ("\"x\"".into(), Malformed),
    ] {
        assert_eq!(open(&with_epk(&sealed_to(&x25519()), &epk), &x25519()), Err(code), "{epk}");
    }
}

#[test]
fn headers_have_exactly_their_members() {
    let epk = epk_of(&sealed_to(&x25519()));
    let agreed = |alg: &str, enc: &str, rest: &str| {
        format!(
            r#"{{"alg":"{alg}","enc":"{enc}","kid":"k","epk":{epk},"typ":"t","cty":"c"{rest}}}"#
        )
    };
    let direct = |rest: &str| {
        format!(r#"{{"alg":"dir","enc":"A256GCM","kid":"k","typ":"t","cty":"c"{rest}}}"#)
    };
    let ours = |rest: &str| agreed("ECDH-ES+A256KW", "A256GCM", rest);
    let deep = format!(r#","x":{}{}"#, "[".repeat(8), "]".repeat(8));
    let mut cases = vec![
        (ours(""), None),
        (ours(r#","crit":["exp"]"#), Some(CriticalHeader)),
        (ours(r#","crit":[]"#), Some(CriticalHeader)),
        (ours(r#","apu":"QWxpY2U""#), Some(Malformed)),
        (ours(r#","apv":"Qm9i""#), Some(Malformed)),
        (ours(r#","zip":"DEF""#), Some(Malformed)),
        (ours(r#","b64":false"#), Some(Malformed)),
        (ours(r#","x":1"#), Some(Malformed)),
        (ours(r#","kid":"k""#), Some(DuplicateMember)),
        (ours(r#","\u0061lg":"dir""#), Some(DuplicateMember)),
        (ours(r#","epk":{}"#), Some(DuplicateMember)),
        (ours(r#","x":{"a":1,"a":1}"#), Some(DuplicateMember)),
        (ours(r#","x":1,"x":1"#), Some(DuplicateMember)),
        (ours(&deep), Some(LimitExceeded)),
        (ours(" x"), Some(Malformed)),
        (format!("{}x", ours("")), Some(Malformed)),
        (ours("").replace(r#","typ":"t""#, ""), Some(Malformed)),
        (ours("").replace(r#","cty":"c""#, ""), Some(Malformed)),
        (ours("").replace(r#""kid":"k","#, ""), Some(Malformed)),
        (ours("").replace(r#""kid":"k""#, r#""kid":7"#), Some(Malformed)),
        (ours("").replace(r#""alg":"ECDH-ES+A256KW","#, ""), Some(AlgorithmNotAllowed)),
        (ours("").replace(r#""enc":"A256GCM","#, ""), Some(AlgorithmNotAllowed)),
        (ours("").replace(&format!(r#","epk":{epk}"#), ""), Some(Malformed)),
        (direct(&format!(r#","epk":{epk}"#)), Some(Malformed)),
        (direct(r#","x":1"#), Some(Malformed)),
        (direct(r#","crit":["x"],"x":1"#), Some(CriticalHeader)),
        ("[]".into(), Some(Malformed)),
        ("".into(), Some(Malformed)),
    ];
    for alg in [
        "none",
        "",
        "RSA-OAEP",
        "RSA1_5",
        "ECDH-ES",
        "ECDH-ES+A128KW",
        "A256KW",
        "A256GCMKW",
        "PBES2-HS256+A128KW",
        "Dir",
        "ecdh-es+a256kw",
    ] {
        cases.push((agreed(alg, "A256GCM", ""), Some(AlgorithmNotAllowed)));
    }
    for enc in
        ["none", "", "A128GCM", "A192GCM", "A256CBC-HS512", "A128CBC-HS256", "a256gcm", "C20P"]
    {
        cases.push((agreed("ECDH-ES+A256KW", enc, ""), Some(AlgorithmNotAllowed)));
    }
    for (header, expected) in cases {
        assert_eq!(parse(&with_header(&sealed_to(&x25519()), &header)).err(), expected, "{header}");
    }
    assert_eq!(parse(&with_header(&sealed_direct(), &direct(""))), Ok(()));
}

#[test]
fn parts_have_their_lengths() {
    let (agreed, direct) = (sealed_to(&x25519()), sealed_direct());
    let of = |bytes: usize| base64url::encode(&vec![0; bytes]);
    for (text, code) in [
        (with_part(&agreed, 1, ""), Malformed),
        (with_part(&agreed, 1, &of(32)), Malformed),
        (with_part(&agreed, 1, &of(39)), Malformed),
        (with_part(&agreed, 1, &of(48)), Malformed),
        (with_part(&direct, 1, &of(40)), Malformed),
        (with_part(&direct, 1, "A"), Malformed),
        (with_part(&direct, 2, ""), Malformed),
        (with_part(&direct, 2, &of(11)), Malformed),
        (with_part(&direct, 2, &of(16)), Malformed),
        (with_part(&direct, 4, ""), Malformed),
        (with_part(&direct, 4, &of(12)), Malformed),
        (with_part(&direct, 4, &of(15)), Malformed),
        (with_part(&direct, 4, &of(17)), Malformed),
        (with_part(&direct, 0, ""), Malformed),
        (format!("{direct}."), Malformed),
        (format!("{direct}.AAAA"), Malformed),
        (format!(".{direct}"), Malformed),
        (direct.rsplit_once('.').unwrap().0.into(), Malformed),
        ("....".into(), Malformed),
        (String::new(), Malformed),
        (format!("{direct}="), NotCanonical),
        (format!("{direct}\n"), NotCanonical),
        (format!(" {direct}"), NotCanonical),
        ("A".repeat(1 << 20), LimitExceeded),
        (".".repeat(1 << 20), LimitExceeded),
        (format!("{}{direct}", "A".repeat(1 << 20)), LimitExceeded),
    ] {
        assert_eq!(parse(&text), Err(code), "{}", &text[..text.len().min(300)]);
    }
    // An empty content is one.
    let empty = jwe::seal_dir("k", "t", "c", &content_key(), IV, b"").unwrap();
    assert!(Jwe::parse(&empty).unwrap().open_dir(&content_key()).unwrap().is_empty());
}

#[test]
fn whatever_does_not_decrypt_looks_alike() {
    for key in [x25519(), p256()] {
        let good = sealed_to(&key);
        for part in 1..5 {
            let mut bytes = base64url::decode(parts(&good)[part]).unwrap();
            for at in 0..bytes.len() {
                bytes[at] ^= 1;
                let altered = with_part(&good, part, &base64url::encode(&bytes));
                assert_eq!(open(&altered, &key), Err(DecryptionFailed), "part {part}, byte {at}");
                bytes[at] ^= 1;
            }
        }
        let header = base64url::decode(parts(&good)[0]).unwrap();
        let spaced = format!("{} ", String::from_utf8(header).unwrap());
        assert_eq!(open(&with_header(&good, &spaced), &key), Err(DecryptionFailed));
        assert_eq!(open(&with_part(&good, 3, ""), &key), Err(DecryptionFailed));
    }
    // The key part and the content of two good texts do not go together.
    let one = sealed_to(&x25519());
    let cek = ContentKey::from_bytes([7; 32]);
    let other =
        jwe::seal(x25519().public(), "t+jwe", "json", &cek, seed(8), IV, PLAINTEXT).unwrap();
    assert_eq!(parts(&one)[0], parts(&other)[0]);
    let mixed = with_part(&with_part(&one, 3, parts(&other)[3]), 4, parts(&other)[4]);
    assert_eq!(open(&mixed, &x25519()), Err(DecryptionFailed));
}

#[test]
fn every_other_character_in_a_text_breaks_it() {
    let good = sealed_direct();
    for at in 0..good.len() {
        for other in (0..=0x7f).map(char::from).filter(|other| !good[at..].starts_with(*other)) {
            let altered = format!("{}{other}{}", &good[..at], &good[at + 1..]);
            let opened = Jwe::parse(&altered).and_then(|jwe| jwe.open_dir(&content_key()));
            assert!(opened.is_err(), "{altered}");
        }
    }
}

#[test]
fn nothing_too_long_is_sealed() {
    let longest = (11_000..).find(|len| {
        let sealed = jwe::seal_dir("k", "t", "c", &content_key(), IV, &vec![b'x'; len + 1]);
        sealed.is_err_and(|error| error.code() == LimitExceeded)
    });
    let longest = vec![b'x'; longest.unwrap()];
    let text = jwe::seal_dir("k", "t", "c", &content_key(), IV, &longest).unwrap();
    assert!(MAX_COMPACT_BYTES - text.len() < 2);
    assert_eq!(*Jwe::parse(&text).unwrap().open_dir(&content_key()).unwrap(), longest);
    assert_eq!(seal(x25519().public(), &vec![0; 1 << 20]), Err(LimitExceeded));
}

/// A seed that is no scalar of the curve (all ones) is hashed until it is; and zero is none either.
#[test]
fn what_the_host_agreed_on_counts_on_its_own_curve_and_unless_it_was_forced() {
    let ephemeral = X25519PrivateKey::from_seed(&seed(11));
    let own = PrivateJwk::generate_x25519("e", seed(11));
    let members = json::parse_object(x25519().public().to_json().as_bytes()).unwrap();
    let receiver = base64url::decode_array(members.string("x").unwrap()).unwrap();
    let shared = *ephemeral.diffie_hellman(&X25519PublicKey::from_bytes(&receiver)).unwrap();
    let sealed = |to: &PrivateJwk, by: &PrivateJwk, shared| {
        let ephemeral = Ephemeral::agreed(by.public(), shared);
        jwe::seal(to.public(), "t", "c", &content_key(), ephemeral, IV, PLAINTEXT)
            .map_err(|error| error.code())
    };
    let text = sealed(&x25519(), &own, shared).unwrap();
    assert_eq!(open(&text, &x25519()), Ok(PLAINTEXT.to_vec()));
    assert_eq!(sealed(&x25519(), &own, [0; 32]), Err(KeyUnusable));
    assert_eq!(sealed(&p256(), &own, shared), Err(KeyUnusable));
    assert_eq!(sealed(&x25519(), &p256(), shared), Err(KeyUnusable));
}

#[test]
fn p256_keys_come_of_any_seed() {
    for byte in [0, 0xff] {
        let key = PrivateJwk::generate_p256_encryption("k", seed(byte)).unwrap();
        let text =
            jwe::seal(key.public(), "t", "c", &content_key(), seed(byte), IV, PLAINTEXT).unwrap();
        assert_eq!(open(&text, &key), Ok(PLAINTEXT.to_vec()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn round_trip(
        plaintext in proptest::collection::vec(any::<u8>(), 0..600), secret: [u8; 32], cek: [u8; 32], ephemeral: [u8; 32],
        iv: [u8; 12], kid in "[ -~\u{e9}]{1,20}",
    ) {
        for key in [
            PrivateJwk::generate_x25519(&kid, Seed::new(secret)),
            PrivateJwk::generate_p256_encryption(&kid, Seed::new(secret)).unwrap(),
        ] {
            let cek = ContentKey::from_bytes(cek);
            let text = jwe::seal(key.public(), "t", "c", &cek, Seed::new(ephemeral), iv, &plaintext).unwrap();
            let jwe = Jwe::parse(&text).unwrap();
            prop_assert_eq!(jwe.kid(), &kid);
            let opened = jwe.open(&key).unwrap();
            prop_assert_eq!(&*opened.plaintext, &plaintext);
            prop_assert_eq!(opened.content_key.secret_bytes(), cek.secret_bytes());
            let text = jwe::seal_dir(&kid, "t", "c", &cek, iv, &plaintext).unwrap();
            prop_assert_eq!(&*Jwe::parse(&text).unwrap().open_dir(&cek).unwrap(), &plaintext);
        }
    }

    #[test]
    fn any_edit_is_refused(edit in edit(), which in 0..2_usize) {
        let key = [x25519(), p256()].into_iter().nth(which).unwrap();
        let good = sealed_to(&key);
        let altered = edit.apply(&good);
        prop_assert_eq!(open(&altered, &key).is_ok(), altered == good);
    }

    #[test]
    fn never_panics(text in "([A-Za-z0-9_=-]|[.]|[ -~]|é){0,120}", header in "[{}\":,a-z\\[\\]0-9 ]{0,40}") {
        let _ = parse(&text);
        let _ = parse(&with_header(&text.replace('.', ""), &header));
        let _ = parse(&with_header(&sealed_direct(), &header));
    }
}

fn x25519() -> PrivateJwk {
    PrivateJwk::generate_x25519("k", seed(4))
}

fn p256() -> PrivateJwk {
    PrivateJwk::generate_p256_encryption("k", seed(5)).unwrap()
}

fn content_key() -> ContentKey {
    ContentKey::from_bytes([6; 32])
}

fn sealed_to(key: &PrivateJwk) -> String {
    seal(key.public(), PLAINTEXT).unwrap()
}

fn seal(to: &Jwk, plaintext: &[u8]) -> Result<String, ErrorCode> {
    jwe::seal(to, "t+jwe", "json", &content_key(), seed(8), IV, plaintext)
        .map_err(|error| error.code())
}

fn sealed_direct() -> String {
    jwe::seal_dir("k", "t+jwe", "json", &content_key(), IV, PLAINTEXT).unwrap()
}

/// What somebody seals who does not use this crate, under any header and key encryption key.
fn sealed_by_hand(header: &str, kek: &ContentKey) -> String {
    let header = base64url::encode(header.as_bytes());
    let mut buffer = PLAINTEXT.to_vec();
    let tag = seal_in_place(&content_key(), &IV, header.as_bytes(), &mut buffer).unwrap();
    let wrapped = wrap_key(kek, &content_key());
    let [wrapped, iv, content, tag] = [&wrapped[..], &IV, &buffer, &tag].map(base64url::encode);
    format!("{header}.{wrapped}.{iv}.{content}.{tag}")
}

/// The forger of the tests makes texts that open, as long as the key is honest.
#[test]
fn what_is_sealed_by_hand_opens() {
    let ephemeral = X25519PrivateKey::from_seed(&seed(11));
    let x = base64url::encode(&ephemeral.public().to_bytes());
    let to = base64url::decode_array(
        json::parse_object(x25519().public().to_json().as_bytes()).unwrap().string("x").unwrap(),
    );
    let shared = ephemeral.diffie_hellman(&X25519PublicKey::from_bytes(&to.unwrap())).unwrap();
    let kek = concat_kdf(shared.as_slice(), "ECDH-ES+A256KW", b"", b"", 256);
    let header = header_with(&format!(r#"{{"kty":"OKP","crv":"X25519","x":"{x}"}}"#));
    assert_eq!(open(&sealed_by_hand(&header, &kek), &x25519()), Ok(PLAINTEXT.to_vec()));
}

fn header_with(epk: &str) -> String {
    format!(
        r#"{{"alg":"ECDH-ES+A256KW","enc":"A256GCM","kid":"k","epk":{epk},"typ":"t","cty":"c"}}"#
    )
}

fn with_epk(text: &str, epk: &str) -> String {
    with_header(text, &header_with(epk))
}

fn epk_of(text: &str) -> String {
    let header = json::parse_object(&base64url::decode(parts(text)[0]).unwrap()).unwrap();
    header.object("epk").unwrap().to_json()
}

fn with_header(text: &str, header: &str) -> String {
    with_part(text, 0, &base64url::encode(header.as_bytes()))
}

fn with_part(text: &str, index: usize, part: &str) -> String {
    let mut parts: Vec<_> = text.split('.').collect();
    parts[index] = part;
    parts.join(".")
}

fn parts(text: &str) -> [&str; 5] {
    text.split('.').collect::<Vec<_>>().try_into().unwrap()
}

fn parse(text: &str) -> Result<(), ErrorCode> {
    Jwe::parse(text).map(|_| ()).map_err(|error| error.code())
}

fn open(text: &str, key: &PrivateJwk) -> Result<Vec<u8>, ErrorCode> {
    Jwe::parse(text)
        .and_then(|jwe| jwe.open(key))
        .map(|opened| opened.plaintext.to_vec())
        .map_err(|error| error.code())
}

fn hex<const N: usize>(text: &str) -> [u8; N] {
    let digits: Vec<u8> = text.chars().map(|c| c.to_digit(16).unwrap() as u8).collect();
    let bytes: Vec<u8> = digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    bytes.try_into().unwrap()
}
