//! What all tokens signed by an issuer have in common: the exact header, the key by `kid`, strict claims, `iss`.

use alloc::string::String;

use crate::error::{Error, ErrorCode, Result};
use crate::jose::{
    AlgorithmSet, HostVerdict, Judgement, Jwk, JwkSet, Jws, PrivateJwk, VerifyingKey, jws,
};
use crate::json::{self, Object};

/// Whom a party believes: an issuer and its signing keys. Both are configuration, never read from a token, a URL or an
/// answer.
#[derive(Clone, Copy)]
pub struct Trust<'a> {
    /// The issuer, compared letter by letter with `iss`.
    pub issuer: &'a str,
    /// The issuer's keys.
    pub keys: &'a JwkSet,
    vouched: Option<&'a str>,
}

impl<'a> Trust<'a> {
    /// Whom to believe.
    pub const fn new(issuer: &'a str, keys: &'a JwkSet) -> Self {
        Self { issuer, keys, vouched: None }
    }

    /// The same after the host has found the signature of `token` right under [`Self::key_of`]. It counts for this very text
    /// alone, and only where its algorithm is not implemented here.
    pub const fn vouching(self, token: &'a str) -> Self {
        Self { vouched: Some(token), ..self }
    }

    /// The key by which a token says that it is signed.
    ///
    /// Errors: those of [`Jws::parse`]; `key_not_found`.
    pub fn key_of(&self, token: &str) -> Result<&'a Jwk> {
        let jws = Jws::parse(token)?;
        let key = jws.header().kid().and_then(|kid| self.keys.find(kid));
        key.ok_or(ErrorCode::KeyNotFound.into())
    }
}

/// Verifies a token of the given type: header exactly `alg kid typ`, key by `kid`, signature, strict JSON, `iss`.
/// Says nothing about times or any other claim.
///
/// Errors: `limit_exceeded`, `malformed`, `not_canonical`, `duplicate_member`, `critical_header`, `type_mismatch`,
/// `algorithm_not_allowed` (with the detail `host` where the host's word would do), `key_not_found`, `key_unusable`,
/// `signature_invalid`, `claim_invalid`, `issuer_mismatch`.
pub(crate) fn verify(text: &str, typ: &str, trust: Trust<'_>) -> Result<Object> {
    let jws = Jws::parse(text)?;
    let kid = exact_header(&jws, typ)?;
    let key = trust.keys.find(kid).ok_or(ErrorCode::KeyNotFound)?;
    let payload = match jws.judge(VerifyingKey::Jwk(key), AlgorithmSet::EMPTY)? {
        Judgement::Verified(payload) => payload,
        Judgement::AskHost(check) if trust.vouched == Some(text) => {
            check.resolve(HostVerdict::Right)?
        }
        Judgement::AskHost(_) => return Err(HOST),
    };
    let claims = json::parse_object(&payload)?;
    if claims.string("iss")? != trust.issuer {
        return Err(ErrorCode::IssuerMismatch.into());
    }
    Ok(claims)
}

const HOST: Error = Error::with_detail(ErrorCode::AlgorithmNotAllowed, "host");

/// Checks type and algorithm, then that the header is exactly `alg kid typ`; returns the `kid`.
pub(crate) fn exact_header<'a>(jws: &'a Jws<'_>, typ: &str) -> Result<&'a str> {
    let header = jws.header();
    if header.typ() != Some(typ) {
        return Err(ErrorCode::TypeMismatch.into());
    }
    jws.algorithm()?;
    let exact = header.has_exactly(&["alg", "kid", "typ"]);
    header.kid().filter(|_| exact).ok_or(Error::with_detail(ErrorCode::Malformed, "header"))
}

/// Signs claims as a token of the given type.
///
/// Errors: `key_unusable` where the key is none for signatures.
pub(crate) fn sign(typ: &str, claims: &str, key: &PrivateJwk) -> Result<String> {
    jws::sign(typ, claims.as_bytes(), key)
}

/// The thumbprint in `cnf.jkt` (RFC 9449 §6.1), if the token is bound to a key.
///
/// Errors: `claim_invalid` for a confirmation of any other kind; to overlook one would unbind the token.
pub(crate) fn confirmation(claims: &Object) -> Result<Option<&str>> {
    confirmed_key(claims.optional_object("cnf")?)
}

/// The same of the value of `cnf`.
pub(crate) fn confirmed_key(cnf: Option<&Object>) -> Result<Option<&str>> {
    match cnf {
        Some(cnf) if cnf.has_exactly(&["jkt"], &[]) => Ok(Some(thumbprint(cnf.string("jkt")?)?)),
        Some(_) => Err(Error::with_detail(ErrorCode::ClaimInvalid, "cnf")),
        None => Ok(None),
    }
}

/// A SHA-256 thumbprint in its one text form (RFC 7638).
///
/// Errors: `claim_invalid`.
pub fn thumbprint(text: &str) -> Result<&str> {
    crate::base64url::decode_array::<32>(text)
        .map(|_| text)
        .map_err(|_| Error::with_detail(ErrorCode::ClaimInvalid, "jkt"))
}
