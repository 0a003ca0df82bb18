//! The page's side of a visit and of its refresh: a request sealed under a random key R, and the one answer that opens
//! under a key derived from R and from that very request. The authority's side is `answer`.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;

use crate::access_token::AccessToken;
use crate::base64url;
use crate::crypto;
use crate::error::{Error, ErrorCode, Result};
use crate::jose::{Ephemeral, Jwe, Jwk, jwe};
use crate::json::{self, Object, ObjectWriter};
use crate::problem::Problem;
use crate::secret::{ContentKey, Seed};
use crate::signed::{self, Trust};
use crate::terms::VisitTerms;
use crate::time::{Tolerance, UnixSeconds};
use crate::visit_token::VisitToken;

/// The JOSE type of an answer.
pub const ANSWER_TYP: &str = "lp-answer+jwe";
/// The `cty` of everything that is exchanged here.
pub const JSON_CTY: &str = "json";
/// The media type of requests and answers.
pub const MEDIA_TYPE: &str = "application/jose";

const ANSWER_KEY_INFO: &[u8] = b"lingpai-v1 visit-response";

/// The two requests that a page makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExchangeKind {
    /// Redeems an AT.
    Visit,
    /// Spends a refresh token.
    Refresh,
}

impl ExchangeKind {
    /// The JOSE type of the request.
    pub const fn typ(self) -> &'static str {
        match self {
            Self::Visit => "lp-visit+jwe",
            Self::Refresh => "lp-refresh+jwe",
        }
    }

    /// Where the request goes, below the gateway's address.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Visit => "/v1/visits",
            Self::Refresh => "/v1/visits/refresh",
        }
    }
}

/// The randomness of one request, drawn by the host for it alone.
pub struct ExchangeEntropy {
    /// Becomes R.
    pub random_key: Seed,
    /// The ephemeral key of ECDH-ES.
    pub ephemeral: Ephemeral,
    /// The IV of the request.
    pub iv: [u8; 12],
}

/// A request that was sealed and whose answer is awaited. Holds R, which dies with it. The same request may be sent again
/// as long as no answer came; each answer to it opens here.
pub struct PendingExchange {
    random_key: ContentKey,
    request_hash: [u8; 32],
    terms: VisitTerms,
}

/// What the authority said.
pub enum Answer {
    /// It gave a visit token.
    Granted(Box<Grant>),
    /// It refused, and meant this very request.
    Refused(Problem, UnixSeconds),
}

/// A granted visit.
pub struct Grant {
    /// The visit token, checked against the AT.
    pub token: VisitToken,
    /// What the visit may do from now on.
    pub terms: VisitTerms,
    /// The token for the next refresh and the end of its family.
    pub refresh: Option<RefreshGrant>,
    /// The key to which the next request is sealed.
    pub app_key: Jwk,
    /// The authority's time when it answered.
    pub now: UnixSeconds,
}

/// A refresh token and its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshGrant {
    /// The opaque token.
    pub token: String,
    /// When its family ends.
    pub expires_at: UnixSeconds,
}

/// Seals the request that redeems an AT for the holder of the proof key with thumbprint `jkt`.
///
/// Errors: `key_binding_mismatch` where the AT is bound to another key, `key_unusable`, `limit_exceeded`.
pub fn seal_visit(
    access_token: &AccessToken,
    jkt: Option<&str>,
    entropy: ExchangeEntropy,
) -> Result<(String, PendingExchange)> {
    let claims = access_token.claims();
    if claims.jkt.is_some() && claims.jkt.as_deref() != jkt {
        return Err(ErrorCode::KeyBindingMismatch.into());
    }
    let plaintext =
        ObjectWriter::new().string("at", access_token.text()).optional_string("jkt", jkt).finish();
    let terms = VisitTerms::of(claims, jkt);
    seal(ExchangeKind::Visit, &plaintext, &claims.app_key, terms, entropy)
}

/// Seals the request that spends a refresh token.
///
/// Errors: `key_unusable`, `limit_exceeded`.
pub fn seal_refresh(
    refresh_token: &str,
    app_key: &Jwk,
    terms: VisitTerms,
    entropy: ExchangeEntropy,
) -> Result<(String, PendingExchange)> {
    let plaintext = ObjectWriter::new()
        .string("rt", refresh_token)
        .optional_string("jkt", terms.jkt.as_deref())
        .finish();
    seal(ExchangeKind::Refresh, &plaintext, app_key, terms, entropy)
}

fn seal(
    kind: ExchangeKind,
    plaintext: &str,
    app_key: &Jwk,
    terms: VisitTerms,
    entropy: ExchangeEntropy,
) -> Result<(String, PendingExchange)> {
    let ExchangeEntropy { random_key, ephemeral, iv } = entropy;
    let random_key = ContentKey::from_seed(random_key);
    let request =
        jwe::seal(app_key, kind.typ(), JSON_CTY, &random_key, ephemeral, iv, plaintext.as_bytes())?;
    let request_hash = crypto::sha256(request.as_bytes());
    Ok((request, PendingExchange { random_key, request_hash, terms }))
}

impl PendingExchange {
    /// SHA-256 of the request, which the answer has to name.
    pub fn request_hash(&self) -> String {
        base64url::encode(&self.request_hash)
    }

    /// Opens the answer and checks all of it. Times are checked at the authority's own clock.
    ///
    /// Errors: `answer_mismatch` for the answer to another request, `decryption_failed`, `type_mismatch`, `malformed`,
    /// `claim_invalid`, and those of a visit token.
    pub fn open(&self, answer: &str, trust: Trust<'_>) -> Result<Answer> {
        let document = self.decrypt(answer)?;
        let now = UnixSeconds::new(document.integer("now")?);
        if document.get("error").is_some() {
            return Ok(Answer::Refused(Problem::from_json(&document)?, now));
        }
        let token =
            VisitToken::verify(document.string("vt")?, trust, &self.terms, now, Tolerance::NONE)?;
        let app_key = Jwk::from_value(document.object("ak")?)?;
        if !app_key.is_encryption() || app_key.kid().is_none() {
            return Err(Error::with_detail(ErrorCode::ClaimInvalid, "ak"));
        }
        let refresh = match document.optional_string("rt")? {
            Some(token) => Some(RefreshGrant {
                token: token.to_owned(),
                expires_at: UnixSeconds::new(document.integer("rt_exp")?),
            }),
            None => None,
        };
        // A later token may narrow the scope, never widen it again.
        let terms = VisitTerms { scope: token.scope().clone(), ..self.terms.clone() };
        Ok(Answer::Granted(Box::new(Grant { token, terms, refresh, app_key, now })))
    }

    /// The visit token in an answer, if it is a grant, for a host that has to verify its signature first. Nothing but that may
    /// be done with it.
    ///
    /// Errors: those of [`Self::open`] about the answer itself.
    pub fn unverified_token(&self, answer: &str) -> Result<Option<String>> {
        Ok(self.decrypt(answer)?.optional_string("vt")?.map(ToOwned::to_owned))
    }

    fn decrypt(&self, answer: &str) -> Result<Object> {
        let jwe = Jwe::parse(answer)?;
        if jwe.typ() != ANSWER_TYP || jwe.cty() != JSON_CTY {
            return Err(ErrorCode::TypeMismatch.into());
        }
        if jwe.kid() != self.request_hash() {
            return Err(ErrorCode::AnswerMismatch.into());
        }
        let key = answer_key(&self.random_key, &self.request_hash);
        json::parse_object(&jwe.open_dir(&key)?)
    }
}

/// The key of the answer to a request: only who knows R and saw the request has it.
pub(crate) fn answer_key(random_key: &ContentKey, request_hash: &[u8; 32]) -> ContentKey {
    crypto::hkdf_sha256(random_key.secret_bytes(), request_hash, ANSWER_KEY_INFO)
}

/// The `jkt` of a request body.
pub(crate) fn proof_key_of(body: &Object) -> Result<Option<&str>> {
    body.optional_string("jkt")?.map(signed::thumbprint).transpose()
}
