//! JOSE primitives for services that speak the protocol in a stack of their own. Bytes cross as bytes here.

use alloc::string::String;
use alloc::string::ToString as _;
use alloc::vec::Vec;

use lingpai_core::ErrorCode;
use lingpai_core::jose::{
    AlgorithmSet, Judgement, Jwe, Jwk, Jws, PrivateJwk, SymmetricJwk, VerifyingKey, jwe, jws,
};
use lingpai_core::sealed_token::{self, SealEntropy};
use lingpai_core::secret::ContentKey;
use wasm_bindgen::prelude::*;

use crate::entropy;
use crate::error::Crossing;
use crate::host;

/// Makes a private JWK: `"Ed25519"`, `"P-256"` (signatures), `"X25519"` or `"ECDH-P-256"` (encryption).
///
/// Errors: `algorithm_not_allowed`.
#[wasm_bindgen(js_name = generateKey)]
pub fn generate_key(kind: &str, kid: &str) -> Crossing<String> {
    let seed = entropy::seed()?;
    let key = match kind {
        "Ed25519" => PrivateJwk::generate_ed25519(kid, seed),
        "P-256" => PrivateJwk::generate_p256_signing(kid, seed)?,
        "X25519" => PrivateJwk::generate_x25519(kid, seed),
        "ECDH-P-256" => PrivateJwk::generate_p256_encryption(kid, seed)?,
        _ => return Err(ErrorCode::AlgorithmNotAllowed.into()),
    };
    Ok(key.to_json_secret().to_string())
}

/// The public half of a private JWK.
///
/// Errors: those of keys.
#[wasm_bindgen(js_name = publicKey)]
pub fn public_key(private_key: &str) -> Crossing<String> {
    Ok(PrivateJwk::parse(private_key)?.public().to_json())
}

/// The thumbprint of a public JWK (RFC 7638, SHA-256).
///
/// Errors: those of keys.
#[wasm_bindgen]
pub fn thumbprint(key: &str) -> Crossing<String> {
    Ok(Jwk::parse(key)?.thumbprint())
}

/// Signs with a private JWK, or with HS256 where the JWK is an `oct` one.
///
/// Errors: those of keys.
#[wasm_bindgen(js_name = signJws)]
pub fn sign_jws(typ: &str, payload: &[u8], key: &str, symmetric: bool) -> Crossing<String> {
    Ok(if symmetric {
        jws::sign_hs256(typ, payload, &SymmetricJwk::parse(key)?)?
    } else {
        jws::sign(typ, payload, &PrivateJwk::parse(key)?)?
    })
}

/// Verifies a JWS and gives its payload.
///
/// Errors: those of `Jws::parse` and `Jws::verify`.
#[wasm_bindgen(js_name = verifyJws)]
pub fn verify_jws(text: &str, key: &str, symmetric: bool) -> Crossing<Vec<u8>> {
    let jws = Jws::parse(text)?;
    Ok(if symmetric {
        jws.into_verified(&VerifyingKey::Symmetric(&SymmetricJwk::parse(key)?))?
    } else {
        jws.into_verified(&VerifyingKey::Jwk(&Jwk::parse(key)?))?
    })
}

/// As [`verify_jws`] under a public JWK, where the host may be asked: gives `{"host": {"alg", "kid"?, "key": {…}}}` if it has
/// to verify the signature, and nothing if that has been done.
///
/// Errors: those of `Jws::parse` and `Jws::judge`.
#[wasm_bindgen(js_name = judgeJws)]
pub fn judge_jws(text: &str, key: &str) -> Crossing<Option<String>> {
    let key = Jwk::parse(key)?;
    Ok(match Jws::parse(text)?.judge(VerifyingKey::Jwk(&key), AlgorithmSet::default())? {
        Judgement::Verified(_) => None,
        Judgement::AskHost(check) => Some(host::question(check.algorithm(), check.key())),
    })
}

/// Encrypts to a public JWK (ECDH-ES+A256KW, A256GCM), under a given content key or a fresh one.
///
/// Errors: those of keys; `key_unusable` for a content key that has not 32 bytes.
#[wasm_bindgen(js_name = sealJwe)]
pub fn seal_jwe(
    to: &str,
    typ: &str,
    cty: &str,
    plaintext: &[u8],
    content_key: Option<Vec<u8>>,
) -> Crossing<String> {
    let content_key = match content_key {
        Some(bytes) => content_key_of(&bytes)?,
        None => ContentKey::from_seed(entropy::seed()?),
    };
    let (ephemeral, iv) = (entropy::seed()?, entropy::bytes()?);
    Ok(jwe::seal(&Jwk::parse(to)?, typ, cty, &content_key, ephemeral, iv, plaintext)?)
}

/// Seals a visit token to a public key of the edge.
///
/// Errors: those of keys; `limit_exceeded`.
#[wasm_bindgen(js_name = sealToken)]
pub fn seal_token(token: &str, to: &str) -> Crossing<String> {
    let entropy = SealEntropy {
        content_key: entropy::seed()?,
        ephemeral: entropy::seed()?,
        iv: entropy::bytes()?,
    };
    Ok(sealed_token::seal(token, &Jwk::parse(to)?, entropy)?)
}

/// Decrypts with a private JWK; gives the 32 bytes of the content key and the plaintext behind them.
///
/// Errors: those of `Jwe::parse` and `Jwe::open`.
#[wasm_bindgen(js_name = openJwe)]
pub fn open_jwe(text: &str, private_key: &str) -> Crossing<Vec<u8>> {
    let opened = Jwe::parse(text)?.open(&PrivateJwk::parse(private_key)?)?;
    let key = opened.content_key.secret_bytes();
    let mut bytes = Vec::with_capacity(key.len() + opened.plaintext.len());
    bytes.extend_from_slice(key);
    bytes.extend_from_slice(&opened.plaintext);
    Ok(bytes)
}

/// Encrypts under a shared key (dir, A256GCM) with a random IV.
///
/// Errors: `key_unusable`.
#[wasm_bindgen(js_name = sealDirect)]
pub fn seal_direct(
    kid: &str,
    typ: &str,
    cty: &str,
    key: &[u8],
    plaintext: &[u8],
) -> Crossing<String> {
    Ok(jwe::seal_dir(kid, typ, cty, &content_key_of(key)?, entropy::bytes()?, plaintext)?)
}

/// Decrypts under a shared key.
///
/// Errors: those of `Jwe::parse` and `Jwe::open_dir`; `key_unusable`.
#[wasm_bindgen(js_name = openDirect)]
pub fn open_direct(text: &str, key: &[u8]) -> Crossing<Vec<u8>> {
    Ok(Jwe::parse(text)?.open_dir(&content_key_of(key)?)?.to_vec())
}

fn content_key_of(bytes: &[u8]) -> Crossing<ContentKey> {
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| ErrorCode::KeyUnusable)?;
    Ok(ContentKey::from_bytes(bytes))
}
