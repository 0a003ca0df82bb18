//! The figures of the standards, where their algorithms are ours: RFC 7515 A.1 A.3 A.5, RFC 7516 A.1, RFC 7517 A.1,
//! RFC 7518 C, RFC 7520 §4.4 §5.2 §5.6, RFC 7638, RFC 8037 A, RFC 3394 §4.6, RFC 6979 A.2.5. A figure whose header the strict
//! reader refuses is refused here, and its parts are put through the primitive below.

use lingpai_core::ErrorCode::{AlgorithmNotAllowed, KeyUnusable};
use lingpai_core::base64url::{decode, decode_array};
use lingpai_core::crypto::{
    P256PrivateKey, P256PublicKey, X25519PrivateKey, X25519PublicKey, concat_kdf, open_in_place,
    unwrap_key, wrap_key,
};
use lingpai_core::jose::{Jwe, Jwk, JwkSet, Jws, PrivateJwk, SymmetricJwk, VerifyingKey, jws};
use lingpai_core::secret::{ContentKey, Seed};

const JOE: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

const RFC7515_A3_KEY: &str = r#"{"kty":"EC","crv":"P-256",
    "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    "d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;

const RFC8037_KEY: &str = r#"{"kty":"OKP","crv":"Ed25519",
    "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

#[test]
fn rfc7515_a1_hs256() {
    let key = SymmetricJwk::parse(
        r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#,
    )
    .unwrap();
    let text = format!(
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{JOE}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    );
    let jws = Jws::parse(&text).unwrap();
    assert_eq!(jws.header().typ(), Some("JWT"));
    let payload = jws.verify(&VerifyingKey::Symmetric(&key)).unwrap();
    assert_eq!(
        payload,
        b"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"
    );
}

#[test]
fn rfc7515_a3_es256() {
    let key = PrivateJwk::parse(RFC7515_A3_KEY).unwrap();
    let text = format!(
        "eyJhbGciOiJFUzI1NiJ9.{JOE}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    );
    let jws = Jws::parse(&text).unwrap();
    assert_eq!(jws.verify(&VerifyingKey::Jwk(key.public())), Ok(&*decode(JOE).unwrap()));
    // Ours differs from the figure's, whose nonce was random, and holds as well.
    let signature = jws::sign_input(&key, jws.signing_input().as_bytes()).unwrap();
    let again = jws::attach_signature(jws.signing_input(), &signature);
    assert!(Jws::parse(&again).unwrap().verify(&VerifyingKey::Jwk(key.public())).is_ok());
}

/// Unsecured: well formed, and nothing we would ever verify.
#[test]
fn rfc7515_a5_none() {
    let text = format!("eyJhbGciOiJub25lIn0.{JOE}.");
    let key = PrivateJwk::parse(RFC7515_A3_KEY).unwrap();
    let jws = Jws::parse(&text).unwrap();
    assert_eq!(jws.algorithm().unwrap_err().code(), AlgorithmNotAllowed);
    let refused = jws.verify(&VerifyingKey::Jwk(key.public())).unwrap_err();
    assert_eq!(refused.code(), AlgorithmNotAllowed);
}

#[test]
fn rfc7516_a1_content() {
    let header = "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ";
    let ciphertext =
        "5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A";
    let (iv, tag) = ("48V1_ALb6US04U3b", "XFBoMYUZodetZdvTiFvSkQ");
    let key = ContentKey::from_bytes([
        177, 161, 244, 128, 84, 143, 225, 115, 63, 180, 3, 255, 107, 154, 212, 246, 138, 7, 110,
        91, 112, 46, 34, 105, 47, 130, 203, 46, 122, 234, 64, 252,
    ]);
    let plaintext = open_content(&key, header, iv, ciphertext, tag);
    assert_eq!(plaintext, b"The true sign of intelligence is not knowledge but imagination.");
    refuse_jwe(&format!("{header}.AAAA.{iv}.{ciphertext}.{tag}"));
}

#[test]
fn rfc7517_a1_keys() {
    let ec = r#"{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"enc","kid":"1"}"#;
    let rsa = r#"{"kty":"RSA","n":"0vx7agoebGcQ","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#;
    let key = Jwk::parse(ec).unwrap();
    assert!(key.is_encryption() && !key.is_signature());
    assert_eq!(key.kid(), Some("1"));
    // In a set, a key has to say its algorithm; and what is not supported is left out.
    let set = format!(r#"{{"keys":[{ec},{rsa}]}}"#);
    let refused = JwkSet::parse(&set).unwrap_err();
    assert_eq!((refused.code(), refused.detail()), (KeyUnusable, Some("alg")));
    let complete = set.replace(r#""kid":"1""#, r#""kid":"1","alg":"ECDH-ES+A256KW""#);
    let set = JwkSet::parse(&complete).unwrap();
    assert_eq!(set.len(), 1);
    assert_eq!(set.find("1").unwrap().public_key(), key.public_key());
    assert!(set.find("2011-04-29").is_none());
}

#[test]
fn rfc7518_c_concat_kdf() {
    let alice =
        P256PrivateKey::from_scalar(&b64("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo")).unwrap();
    let bob =
        P256PrivateKey::from_scalar(&b64("VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw")).unwrap();
    let alice_public = P256PublicKey::from_coordinates(
        &b64("gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0"),
        &b64("SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps"),
    )
    .unwrap();
    let bob_public = P256PublicKey::from_coordinates(
        &b64("weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ"),
        &b64("e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck"),
    )
    .unwrap();
    assert!(alice.public() == alice_public && bob.public() == bob_public);
    let shared = alice.diffie_hellman(&bob_public);
    assert_eq!(*shared, *bob.diffie_hellman(&alice_public));
    assert_eq!(
        *shared,
        [
            158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49,
            110, 163, 218, 128, 106, 72, 246, 218, 167, 121, 140, 254, 144, 196
        ]
    );
    let key = concat_kdf(shared.as_slice(), "A128GCM", b"Alice", b"Bob", 128);
    assert_eq!(key.secret_bytes()[..16], *decode("VqqN6vgjbSBcIijNcacQGg").unwrap());
}

#[test]
fn rfc7520_4_4_hs256() {
    let key = SymmetricJwk::parse(
        r#"{"kty":"oct","kid":"018c0ae5-4d9b-471b-bfd6-eef314bc7037","use":"sig","alg":"HS256","k":"hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"}"#,
    )
    .unwrap();
    let text = "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0";
    let jws = Jws::parse(text).unwrap();
    assert_eq!(jws.header().kid(), key.kid());
    assert!(
        jws.verify(&VerifyingKey::Symmetric(&key))
            .unwrap()
            .starts_with("It’s a dangerous".as_bytes())
    );
}

#[test]
fn rfc7520_5_2_content() {
    let header = "eyJhbGciOiJSU0EtT0FFUCIsImtpZCI6InNhbXdpc2UuZ2FtZ2VlQGhvYmJpdG9uLmV4YW1wbGUiLCJlbmMiOiJBMjU2R0NNIn0";
    let ciphertext = "o4k2cnGN8rSSw3IDo1YuySkqeS_t2m1GXklSgqBdpACm6UJuJowOHC5ytjqYgRL-I-soPlwqMUf4UgRWWeaOGNw6vGW-xyM01lTYxrXfVzIIaRdhYtEMRBvBWbEwP7ua1DRfvaOjgZv6Ifa3brcAM64d8p5lhhNcizPersuhw5f-pGYzseva-TUaL8iWnctc-sSwy7SQmRkfhDjwbz0fz6kFovEgj64X1I5s7E6GLp5fnbYGLa1QUiML7Cc2GxgvI7zqWo0YIEc7aCflLG1-8BboVWFdZKLK9vNoycrYHumwzKluLWEbSVmaPpOslY2n525DxDfWaVFUfKQxMF56vn4B9QMpWAbnypNimbM8zVOw";
    let (iv, tag) = ("-nBoKLH0YkLZPSI9", "UCGiqJxhBI3IFVdPalHHvA");
    let key = ContentKey::from_bytes(b64("mYMfsggkTAm0TbvtlFh2hyoXnbEzJQjMxmgLN3d8xXA"));
    let plaintext = open_content(&key, header, iv, ciphertext, tag);
    assert!(plaintext.starts_with("You can trust us to stick with you".as_bytes()));
    refuse_jwe(&format!("{header}.AAAA.{iv}.{ciphertext}.{tag}"));
}

/// `dir` with A128GCM, which is no content encryption of ours.
#[test]
fn rfc7520_5_6_is_an_encryption_we_do_not_have() {
    let header = "eyJhbGciOiJkaXIiLCJraWQiOiI3N2M3ZTJiOC02ZTEzLTQ1Y2YtODY3Mi02MTdiNWI0NTI0M2EiLCJlbmMiOiJBMTI4R0NNIn0";
    assert_eq!(
        decode(header).unwrap(),
        br#"{"alg":"dir","kid":"77c7e2b8-6e13-45cf-8672-617b5b45243a","enc":"A128GCM"}"#
    );
    refuse_jwe(&format!("{header}..refa467QzzKx6QAB.AAAA.vbb32Xvllea2OtmHAdccRQ"));
}

#[test]
fn rfc8037_a_ed25519() {
    let key = PrivateJwk::parse(RFC8037_KEY).unwrap();
    assert_eq!(
        key.public().to_json(),
        r#"{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
    );
    assert_eq!(key.public().thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let input = jws::signing_input(r#"{"alg":"EdDSA"}"#, b"Example of Ed25519 signing");
    assert_eq!(input, "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc");
    let signature = jws::sign_input(&key, input.as_bytes()).unwrap();
    let text = jws::attach_signature(&input, &signature);
    assert_eq!(
        text,
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    );
    let jws = Jws::parse(&text).unwrap();
    let payload = jws.verify(&VerifyingKey::Jwk(key.public()));
    assert_eq!(payload, Ok(&b"Example of Ed25519 signing"[..]));
}

#[test]
fn rfc8037_a6_x25519() {
    let bob = X25519PublicKey::from_bytes(&b64("3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"));
    let ephemeral = X25519PrivateKey::from_seed(&Seed::new(hex(
        "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
    )));
    assert_eq!(ephemeral.public().to_bytes(), b64("hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo"));
    assert_eq!(
        *ephemeral.diffie_hellman(&bob).unwrap(),
        hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742")
    );
}

#[test]
fn rfc3394_4_6_key_wrap() {
    let kek = ContentKey::from_bytes(hex(
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    ));
    let key = hex("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f");
    let wrapped =
        hex("28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21");
    assert_eq!(wrap_key(&kek, &ContentKey::from_bytes(key)), wrapped);
    assert_eq!(unwrap_key(&kek, &wrapped).unwrap().secret_bytes(), &key);
}

#[test]
fn rfc6979_a_2_5_deterministic_es256() {
    let key = P256PrivateKey::from_scalar(&hex(
        "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
    ))
    .unwrap();
    assert_eq!(
        key.sign(b"sample"),
        hex("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716\
             f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8")
    );
}

/// Not of any RFC: worked out apart from this crate, by SHA-256 over the canonical members of the key of RFC 7515 A.3.
#[test]
fn rfc7638_thumbprint_of_an_ec_key() {
    let key = PrivateJwk::parse(RFC7515_A3_KEY).unwrap();
    assert_eq!(key.public().thumbprint(), "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
}

fn open_content(key: &ContentKey, header: &str, iv: &str, ciphertext: &str, tag: &str) -> Vec<u8> {
    let mut buffer = decode(ciphertext).unwrap();
    let (iv, tag) = (decode_array(iv).unwrap(), decode_array(tag).unwrap());
    open_in_place(key, &iv, header.as_bytes(), &mut buffer, &tag).unwrap();
    buffer
}

fn refuse_jwe(text: &str) {
    match Jwe::parse(text) {
        Ok(_) => panic!("accepted {text}"),
        Err(error) => assert_eq!(error.code(), AlgorithmNotAllowed),
    }
}

fn b64(text: &str) -> [u8; 32] {
    decode_array(text).unwrap()
}

fn hex<const N: usize>(text: &str) -> [u8; N] {
    let digits: Vec<u8> = text.chars().map(|c| c.to_digit(16).unwrap() as u8).collect();
    let bytes: Vec<u8> = digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    bytes.try_into().unwrap()
}
