//! Tokens sealed to the edge: who opens them, with keys that rotate, with the host's help and without.

use lingpai_core::ErrorCode::{
    self, AlgorithmNotAllowed, DecryptionFailed, KeyUnusable, Malformed, TypeMismatch, UnknownKey,
};
use lingpai_core::base64url::{decode, encode};
use lingpai_core::crypto::{P256PrivateKey, P256PublicKey};
use lingpai_core::jose::{Jwk, PrivateJwk, jwe};
use lingpai_core::json;
use lingpai_core::sealed_token::{CTY, SealEntropy, TYP, UnsealKeys, Unsealing, seal};
use lingpai_core::secret::{ContentKey, Seed};
use lingpai_core::time::UnixSeconds;
use lingpai_tests::{Curve, NOW, app_key, seed, signing_key};
use proptest::prelude::*;

const TOKEN: &str = "header.claims.signature";

fn sealed(token: &str, to: &Jwk) -> String {
    let entropy = SealEntropy { content_key: seed(1), ephemeral: seed(2), iv: [3; 12] };
    seal(token, to, entropy).expect("sealed")
}

fn ring(entries: &[(&PrivateJwk, &str)]) -> UnsealKeys {
    let entries: Vec<String> = entries
        .iter()
        .map(|(key, times)| format!(r#"{{"key":{}{times}}}"#, key.to_json_secret().as_str()))
        .collect();
    UnsealKeys::parse(&format!("[{}]", entries.join(","))).expect("a ring")
}

/// Unseals, with the host's half done by a library where it is asked for.
fn unsealed(
    keys: &UnsealKeys,
    host: &PrivateJwk,
    text: &str,
    now: UnixSeconds,
) -> Result<String, ErrorCode> {
    let opened = match keys.begin(text, now).map_err(|error| error.code())? {
        Unsealing::Agreed(envelope) => envelope.open(),
        Unsealing::AskHost(pending) => {
            assert_eq!(host.public().kid(), Some(pending.kid()));
            let agreed = agree(host, pending.ephemeral_json());
            pending.resolve(&agreed).and_then(|envelope| envelope.open())
        }
    };
    opened.map_err(|error| error.code())
}

fn agree(own: &PrivateJwk, ephemeral: &str) -> [u8; 32] {
    let own = json::parse_object(own.to_json_secret().as_bytes()).expect("a key");
    let other = json::parse_object(ephemeral.as_bytes()).expect("a key");
    let number = |key: &json::Object, name| -> [u8; 32] {
        decode(key.string(name).expect("a member"))
            .expect("base64url")
            .try_into()
            .expect("32 bytes")
    };
    let point = P256PublicKey::from_coordinates(&number(&other, "x"), &number(&other, "y"));
    let own = P256PrivateKey::from_scalar(&number(&own, "d")).expect("a scalar");
    *own.diffie_hellman(&point.expect("a point"))
}

#[test]
fn a_token_comes_out_as_it_went_in() {
    for curve in [Curve::Edwards, Curve::P256] {
        let key = app_key(curve);
        let text = sealed(TOKEN, key.public());
        assert_eq!(unsealed(&ring(&[(&key, "")]), &key, &text, NOW).as_deref(), Ok(TOKEN));
    }
}

#[test]
fn keys_rotate_with_overlap() {
    let (old, new) = (app_key(Curve::Edwards), PrivateJwk::generate_x25519("new", seed(9)));
    let t = NOW.as_i64();
    let keys = ring(&[
        (&old, &format!(r#","retireAtSeconds":{}"#, t + 10)),
        (&new, &format!(r#","activeFromSeconds":{}"#, t + 5)),
    ]);
    let by = |key: &PrivateJwk, now| unsealed(&keys, key, &sealed(TOKEN, key.public()), now);
    assert!(by(&old, NOW).is_ok());
    assert!(by(&new, NOW).is_ok(), "another machine's clock may be ahead");
    assert!(by(&old, NOW.plus(9)).is_ok());
    assert_eq!(by(&old, NOW.plus(10)), Err(UnknownKey));
}

#[test]
fn what_is_not_for_this_edge_is_refused_with_its_own_code() {
    for curve in [Curve::Edwards, Curve::P256] {
        let key = app_key(curve);
        let keys = ring(&[(&key, "")]);
        let by = |typ: &str, cty: &str, to: &PrivateJwk| {
            let content_key = ContentKey::from_bytes([1; 32]);
            jwe::seal(to.public(), typ, cty, &content_key, seed(2), [3; 12], TOKEN.as_bytes())
                .expect("sealed")
        };
        let kid = key.public().kid().expect("a name");
        let direct = jwe::seal_dir(kid, TYP, CTY, &ContentKey::from_bytes([1; 32]), [3; 12], b"x")
            .expect("sealed");
        let binary = {
            let content_key = ContentKey::from_bytes([1; 32]);
            jwe::seal(key.public(), TYP, CTY, &content_key, seed(2), [3; 12], &[0xff])
                .expect("sealed")
        };
        let other = match curve {
            Curve::Edwards => PrivateJwk::generate_p256_encryption(kid, seed(8)).expect("a key"),
            Curve::P256 => PrivateJwk::generate_x25519(kid, seed(8)),
        };
        let stranger = PrivateJwk::generate_x25519("stranger", seed(8));
        for (what, text, expected) in [
            ("type", by("lp-at+jwe", CTY, &key), TypeMismatch),
            ("content type", by(TYP, "json", &key), TypeMismatch),
            ("name", by(TYP, CTY, &stranger), UnknownKey),
            ("curve", by(TYP, CTY, &other), KeyUnusable),
            ("shared key", direct, AlgorithmNotAllowed),
            ("no text", binary, Malformed),
            ("a token in the clear", TOKEN.into(), Malformed),
        ] {
            assert_eq!(unsealed(&keys, &key, &text, NOW), Err(expected), "{what}, {curve:?}");
        }
    }
}

#[test]
fn a_wrong_secret_of_the_host_opens_nothing() {
    let key = app_key(Curve::P256);
    let keys = ring(&[(&key, "")]);
    let text = sealed(TOKEN, key.public());
    for agreed in [&[0; 32][..], &[1; 31], &[]] {
        let Ok(Unsealing::AskHost(pending)) = keys.begin(&text, NOW) else { panic!("not asked") };
        let opened = pending.resolve(agreed).and_then(|envelope| envelope.open());
        assert_eq!(opened.err().map(|error| error.code()), Some(DecryptionFailed));
    }
}

#[test]
fn a_ring_that_would_be_ambiguous_or_misused_is_refused() {
    let text = |key: &PrivateJwk| key.to_json_secret().as_str().to_owned();
    let (x, p) = (text(&app_key(Curve::Edwards)), text(&app_key(Curve::P256)));
    let signing = text(&signing_key(Curve::Edwards));
    let public = app_key(Curve::Edwards).public().to_json();
    let mismatched = x.replace(&x[x.find(r#""x":""#).unwrap() + 5..][..6], "AAAAAA");
    let entry = |key: &str| format!(r#"{{"key":{key}}}"#);
    for ring in [
        format!("[{},{}]", entry(&x), entry(&x)),
        format!("[{}]", entry(&signing)),
        format!("[{}]", entry(&public)),
        format!("[{}]", entry(&mismatched)),
        format!("[{}]", entry(&x.replace(r#""kid":"ak-x","#, ""))),
        format!("[{}]", entry(&p.replace(r#","alg":"ECDH-ES+A256KW""#, ""))),
        format!("[{x}]"),
        "{}".into(),
    ] {
        assert!(UnsealKeys::parse(&ring).is_err(), "{ring}");
    }
    assert!(UnsealKeys::parse(&format!("[{},{}]", entry(&x), entry(&p))).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_comes_out_as_it_went_in(token in "\\PC{0,300}", draw in any::<[u8; 32]>(), p256: bool) {
        let key = app_key(if p256 { Curve::P256 } else { Curve::Edwards });
        let entropy =
            SealEntropy { content_key: Seed::new(draw), ephemeral: Seed::new(draw), iv: [7; 12] };
        let text = seal(&token, key.public(), entropy).expect("sealed");
        prop_assert_eq!(unsealed(&ring(&[(&key, "")]), &key, &text, NOW), Ok(token));
    }

    #[test]
    fn no_byte_can_be_changed(part in 0..5_usize, at in any::<prop::sample::Index>(), flip in 1..=255_u8) {
        let key = app_key(Curve::Edwards);
        let good = sealed(TOKEN, key.public());
        let mut parts: Vec<Vec<u8>> =
            good.split('.').map(|part| decode(part).expect("base64url")).collect();
        let at = at.index(parts[part].len());
        parts[part][at] ^= flip;
        let text = parts.iter().map(|part| encode(part)).collect::<Vec<_>>().join(".");
        prop_assert!(unsealed(&ring(&[(&key, "")]), &key, &text, NOW).is_err());
    }
}
