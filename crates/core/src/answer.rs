//! The authority's side of an exchange: opens a page's request, and seals the answer so that only this page can open it,
//! as the answer to this request. Deciding what to answer is the work of `ledger` and of the authority's policy.

use alloc::borrow::ToOwned;
use alloc::string::String;

use crate::base64url;
use crate::crypto;
use crate::error::{Error, ErrorCode, Result};
use crate::exchange::{ANSWER_TYP, ExchangeKind, JSON_CTY, RefreshGrant, answer_key, proof_key_of};
use crate::jose::{Jwe, Jwk, jwe};
use crate::json::{self, Object, ObjectWriter};
use crate::keyring::KeyRing;
use crate::problem::Problem;
use crate::secret::ContentKey;
use crate::time::UnixSeconds;

/// A page's request that could be decrypted. Holds R, which dies with it.
pub struct OpenedRequest {
    random_key: ContentKey,
    request_hash: [u8; 32],
    credential: String,
    jkt: Option<String>,
}

/// What a grant tells the page.
pub struct GrantedAnswer<'a> {
    /// The signed visit token.
    pub token: &'a str,
    /// The token for the next refresh.
    pub refresh: Option<&'a RefreshGrant>,
    /// The encryption key for the next request.
    pub app_key: &'a Jwk,
    /// The authority's time.
    pub now: UnixSeconds,
}

/// Decrypts the body of a visit or refresh request with the key that it names.
///
/// Errors: `unknown_key` for a well-formed request to a key that the ring does not hold; `invalid_request` for
/// everything else, without a difference that an attacker could learn from.
pub fn open_request(
    body: &str,
    kind: ExchangeKind,
    ring: &KeyRing,
    now: UnixSeconds,
) -> Result<OpenedRequest> {
    let unreadable = |_| Error::from(ErrorCode::InvalidRequest);
    let jwe = Jwe::parse(body).map_err(unreadable)?;
    if jwe.typ() != kind.typ() || jwe.cty() != JSON_CTY || jwe.is_direct() {
        return Err(ErrorCode::InvalidRequest.into());
    }
    let key = ring.find(jwe.kid(), now).ok_or(ErrorCode::UnknownKey)?;
    let opened = jwe.open(key).map_err(unreadable)?;
    let (credential, jkt) = json::parse_object(&opened.plaintext)
        .and_then(|body| read_body(&body, kind))
        .map_err(unreadable)?;
    let request_hash = crypto::sha256(body.as_bytes());
    Ok(OpenedRequest { random_key: opened.content_key, request_hash, credential, jkt })
}

fn read_body(body: &Object, kind: ExchangeKind) -> Result<(String, Option<String>)> {
    let name = match kind {
        ExchangeKind::Visit => "at",
        ExchangeKind::Refresh => "rt",
    };
    if !body.has_exactly(&[name], &["jkt"]) {
        return Err(ErrorCode::Malformed.into());
    }
    Ok((body.string(name)?.to_owned(), proof_key_of(body)?.map(ToOwned::to_owned)))
}

impl OpenedRequest {
    /// The AT or the refresh token.
    pub fn credential(&self) -> &str {
        &self.credential
    }

    /// Thumbprint of the proof key that the page claims to hold; its DPoP proof has to show it.
    pub fn jkt(&self) -> Option<&str> {
        self.jkt.as_deref()
    }

    /// SHA-256 of the request, by which the ledger tells a repetition from another request.
    pub fn request_hash(&self) -> String {
        base64url::encode(&self.request_hash)
    }

    /// Seals a grant.
    ///
    /// Errors: `limit_exceeded`.
    pub fn grant(&self, answer: &GrantedAnswer<'_>, iv: [u8; 12]) -> Result<String> {
        let plaintext = ObjectWriter::new()
            .string("vt", answer.token)
            .optional_string("rt", answer.refresh.map(|refresh| refresh.token.as_str()))
            .optional_integer("rt_exp", answer.refresh.map(|refresh| refresh.expires_at.as_i64()))
            .raw("ak", &answer.app_key.to_json())
            .integer("now", answer.now.as_i64())
            .finish();
        self.seal(&plaintext, iv)
    }

    /// Seals a refusal, which the page can then trust.
    ///
    /// Errors: `limit_exceeded`.
    pub fn refuse(&self, problem: Problem, now: UnixSeconds, iv: [u8; 12]) -> Result<String> {
        self.seal(&problem.to_json(Some(now)), iv)
    }

    fn seal(&self, plaintext: &str, iv: [u8; 12]) -> Result<String> {
        let key = answer_key(&self.random_key, &self.request_hash);
        jwe::seal_dir(&self.request_hash(), ANSWER_TYP, JSON_CTY, &key, iv, plaintext.as_bytes())
    }
}
