//! The figures of the standards whose algorithms the host has: RFC 7515 A.2 A.3 A.4, RFC 7520 §4.1 §4.2 §4.3. Core reads
//! key and token and asks; a host of the tests' own answers.

use lingpai_core::ErrorCode::{self, AlgorithmNotAllowed, SignatureInvalid};
use lingpai_core::jose::{AlgorithmSet, Judgement, Jwk, Jws, SignatureAlgorithm, VerifyingKey};

use crate::host::verdict;

const JOE: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const FRODO: &str = "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4";

const A2_KEY: &str = r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#;
const A2_SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
const A3_KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
const A3_SIGNATURE: &str =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
const A4_KEY: &str = r#"{"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk","y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"}"#;
const A4_SIGNATURE: &str = "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";
const BILBO_RSA: &str = r#"{"kty":"RSA","kid":"bilbo.baggins@hobbiton.example","use":"sig","n":"n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw","e":"AQAB"}"#;
const RS256_SIGNATURE: &str = "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg";
const PS384_SIGNATURE: &str = "cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw";
const BILBO_EC: &str = r#"{"kty":"EC","kid":"bilbo.baggins@hobbiton.example","use":"sig","crv":"P-521","x":"AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt","y":"AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1"}"#;
const ES512_SIGNATURE: &str = "AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2";

struct Figure {
    key: &'static str,
    header: &'static str,
    payload: &'static str,
    signature: &'static str,
}

const FIGURES: [Figure; 6] = [
    Figure { key: A2_KEY, header: "eyJhbGciOiJSUzI1NiJ9", payload: JOE, signature: A2_SIGNATURE },
    Figure { key: A3_KEY, header: "eyJhbGciOiJFUzI1NiJ9", payload: JOE, signature: A3_SIGNATURE },
    Figure {
        key: A4_KEY,
        header: "eyJhbGciOiJFUzUxMiJ9",
        payload: "UGF5bG9hZA",
        signature: A4_SIGNATURE,
    },
    Figure {
        key: BILBO_RSA,
        header: "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
        payload: FRODO,
        signature: RS256_SIGNATURE,
    },
    Figure {
        key: BILBO_RSA,
        header: "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
        payload: FRODO,
        signature: PS384_SIGNATURE,
    },
    Figure {
        key: BILBO_EC,
        header: "eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
        payload: FRODO,
        signature: ES512_SIGNATURE,
    },
];

impl Figure {
    fn text(&self) -> String {
        [self.header, self.payload, self.signature].join(".")
    }
}

/// The payload, if the host says that it may come out.
fn judged(text: &str, key: &str) -> Result<Vec<u8>, ErrorCode> {
    let key = Jwk::parse(key).expect("a public key");
    let host = AlgorithmSet::EMPTY.with(SignatureAlgorithm::Es256);
    let jws = Jws::parse(text).map_err(|error| error.code())?;
    match jws.judge(VerifyingKey::Jwk(&key), host).map_err(|error| error.code())? {
        Judgement::Verified(_) => panic!("the host has to be asked"),
        Judgement::AskHost(check) => {
            let (algorithm, input) = (check.algorithm(), check.signing_input().to_owned());
            let verdict = verdict(check.key(), algorithm, &input, check.signature());
            check.resolve(verdict).map_err(|error| error.code())
        }
    }
}

#[test]
fn each_holds_by_the_host() {
    for figure in &FIGURES {
        let payload = lingpai_core::base64url::decode(figure.payload).expect("base64url");
        assert_eq!(judged(&figure.text(), figure.key), Ok(payload), "{}", figure.header);
    }
}

#[test]
fn none_holds_without_the_host_but_es256() {
    for figure in &FIGURES {
        let (text, key) = (figure.text(), Jwk::parse(figure.key).expect("a public key"));
        let verified = Jws::parse(&text).expect("a JWS").into_verified(&VerifyingKey::Jwk(&key));
        let code = verified.err().map(|error| error.code());
        let here = figure.key == A3_KEY;
        assert_eq!(code, (!here).then_some(AlgorithmNotAllowed), "{}", figure.header);
    }
}

#[test]
fn none_holds_for_another_payload_or_signature() {
    for figure in &FIGURES {
        let other = Figure { payload: "e30", ..*figure };
        assert_eq!(judged(&other.text(), figure.key), Err(SignatureInvalid));
        let longer = format!("{}AAAA", figure.text());
        assert!(judged(&longer, figure.key).is_err());
        let shorter = &figure.text()[..figure.text().len() - 4];
        assert!(judged(shorter, figure.key).is_err());
    }
}

/// Each key under each header: only the algorithms of the key's own type even reach the host.
#[test]
fn no_key_serves_an_algorithm_of_another_type() {
    for by in &FIGURES {
        for figure in &FIGURES {
            let kind = |key: &str| (key.contains("RSA"), key.contains("P-521"));
            let judged = judged(&figure.text(), by.key);
            match kind(by.key) == kind(figure.key) {
                true if by.key == figure.key => assert!(judged.is_ok()),
                true => assert_eq!(judged, Err(SignatureInvalid)),
                false => assert_eq!(judged, Err(AlgorithmNotAllowed)),
            }
        }
    }
}

/// A signature whose length is not the algorithm's is refused before the host is asked.
#[test]
fn lengths_are_checked_before_the_host_is_asked() {
    for figure in &FIGURES {
        let key = Jwk::parse(figure.key).expect("a public key");
        let full = lingpai_core::base64url::decode(figure.signature).expect("base64url");
        for length in [0, 1, full.len() - 1, full.len() + 1, 2 * full.len()] {
            let mut bytes = full.clone();
            bytes.resize(length, 1);
            let signature = lingpai_core::base64url::encode(&bytes);
            let text = [figure.header, figure.payload, &signature].join(".");
            let host = AlgorithmSet::EMPTY.with(SignatureAlgorithm::Es256);
            let judged = Jws::parse(&text).unwrap().judge(VerifyingKey::Jwk(&key), host);
            assert_eq!(judged.err().map(|error| error.code()), Some(SignatureInvalid), "{length}");
        }
    }
}
