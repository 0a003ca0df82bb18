//! One request to the authority and the answer to it. R stays in here and is wiped with the object.

use js_sys::Uint8Array;
use lingpai_core::exchange::{self, Answer, ExchangeEntropy, Grant, PendingExchange};
use lingpai_core::jose::{Ephemeral, Jwk};
use lingpai_core::json::{self, ObjectWriter};
use lingpai_core::terms::VisitTerms;
use lingpai_core::{ErrorCode, Result};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::access_token::AccessToken;
use crate::entropy;
use crate::issuer::Issuer;
use crate::refusal::{JsResult, to_js};

/// Whether this module computes on Curve25519 itself. If not, the browser is asked about EdDSA, and agrees with AppKeys for X25519.
#[wasm_bindgen(js_name = hasCurve25519)]
pub fn has_curve25519() -> bool {
    cfg!(feature = "curve25519")
}

/// A sealed request whose answer is awaited.
#[wasm_bindgen]
pub struct Exchange {
    request: String,
    pending: PendingExchange,
}

#[wasm_bindgen]
impl Exchange {
    /// Seals the request that redeems an AT for the holder of the proof key with this thumbprint. For an AppKey on a curve
    /// that is not here ([`has_curve25519`]) the browser makes an ephemeral key: `ephemeral` is its public half (a JWK),
    /// `agreed` the secret that both keys share, which is wiped.
    ///
    /// Errors: `key_binding_mismatch` where the AT is bound to another key, `key_unusable`, `limit_exceeded`.
    #[wasm_bindgen(js_name = sealVisit)]
    pub fn seal_visit(
        access_token: &AccessToken,
        thumbprint: Option<String>,
        ephemeral: Option<String>,
        agreed: Option<Uint8Array>,
    ) -> JsResult<Self> {
        let access_token = access_token.inner();
        let sealed = draw(ephemeral, agreed)
            .and_then(|entropy| exchange::seal_visit(access_token, thumbprint.as_deref(), entropy));
        Self::awaiting(sealed)
    }

    /// Seals the request that spends a refresh token: `app_key` (a JWK) and `terms` come from the answer before.
    ///
    /// Errors: `malformed`, `claim_invalid`, `key_unusable`, `limit_exceeded`.
    #[wasm_bindgen(js_name = sealRefresh)]
    pub fn seal_refresh(
        refresh_token: &str,
        app_key: &str,
        terms: &str,
        ephemeral: Option<String>,
        agreed: Option<Uint8Array>,
    ) -> JsResult<Self> {
        let app_key = Jwk::parse(app_key).map_err(to_js)?;
        let sealed = read_terms(terms).and_then(|terms| {
            exchange::seal_refresh(refresh_token, &app_key, terms, draw(ephemeral, agreed)?)
        });
        Self::awaiting(sealed)
    }

    /// The request body, `application/jose`. It may be sent again as it is while no answer came.
    #[wasm_bindgen(getter)]
    pub fn request(&self) -> String {
        self.request.clone()
    }

    /// SHA-256 of the request (base64url), which its answer names.
    #[wasm_bindgen(getter, js_name = requestHash)]
    pub fn request_hash(&self) -> String {
        self.pending.request_hash()
    }

    /// The visit token in an answer, whose signature the browser has to verify.
    ///
    /// Errors: as [`Self::open`].
    #[wasm_bindgen(js_name = unverifiedToken)]
    pub fn unverified_token(&self, answer: &str) -> JsResult<Option<String>> {
        self.pending.unverified_token(answer).map_err(to_js)
    }

    /// Opens the answer and checks all of it. Returns what it said, as JSON. `vouched`: the visit token in it, once the
    /// browser has found its signature right.
    ///
    /// Errors: `answer_mismatch` for the answer to another request, `decryption_failed`, `type_mismatch`, `malformed`,
    /// `claim_invalid`, and those of a visit token.
    pub fn open(&self, answer: &str, issuer: &Issuer, vouched: Option<String>) -> JsResult<String> {
        let trust = issuer.trust(vouched.as_deref());
        self.pending.open(answer, trust).map(describe).map_err(to_js)
    }

    fn awaiting(sealed: Result<(String, PendingExchange)>) -> JsResult<Self> {
        let (request, pending) = sealed.map_err(to_js)?;
        Ok(Self { request, pending })
    }
}

/// What an answer said, as `npm/h5` reads it: `token` is there if it was granted, `code` if it was refused.
fn describe(answer: Answer) -> String {
    match answer {
        Answer::Refused(problem, now) => ObjectWriter::new()
            .integer("nowSeconds", now.as_i64())
            .string("code", problem.code().as_str())
            .string("error", problem.error().as_str())
            .finish(),
        Answer::Granted(grant) => {
            let Grant { token, terms, refresh, app_key, now } = *grant;
            let refresh_token = refresh.as_ref().map(|refresh| refresh.token.as_str());
            let refresh_end = refresh.as_ref().map_or(0, |refresh| refresh.expires_at.as_i64());
            let validity = token.validity();
            ObjectWriter::new()
                .integer("nowSeconds", now.as_i64())
                .string("token", token.text())
                .string("claims", token.claims_json())
                .integer("issuedAtSeconds", validity.issued_at.as_i64())
                .integer("expiresAtSeconds", validity.expires_at.as_i64())
                .optional_string("refreshToken", refresh_token)
                .integer("refreshExpiresAtSeconds", refresh_end)
                .string("appKey", &app_key.to_json())
                .string("appKeyId", app_key.kid().unwrap_or_default())
                .string("terms", &terms.to_json())
                .finish()
        }
    }
}

/// Terms as [`VisitTerms::to_json`] wrote them.
pub(crate) fn read_terms(terms: &str) -> Result<VisitTerms> {
    VisitTerms::from_json(&json::parse_object(terms.as_bytes())?)
}

fn draw(ephemeral: Option<String>, agreed: Option<Uint8Array>) -> Result<ExchangeEntropy> {
    let ephemeral = match (ephemeral, agreed) {
        (Some(public), Some(agreed)) => {
            if agreed.length() != 32 {
                return Err(ErrorCode::KeyUnusable.into());
            }
            let mut secret = [0; 32];
            agreed.copy_to(&mut secret);
            agreed.fill(0, 0, 32);
            Ephemeral::agreed(&Jwk::parse(&public)?, secret)
        }
        _ => Ephemeral::Seed(entropy::seed()?),
    };
    Ok(ExchangeEntropy { random_key: entropy::seed()?, ephemeral, iv: entropy::iv()? })
}
