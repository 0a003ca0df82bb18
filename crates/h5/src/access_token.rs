//! The access token that a launch brought, once its signature holds.

use lingpai_core::json::ObjectWriter;
use lingpai_core::{access_token, base64url, crypto};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::issuer::Issuer;
use crate::refusal::{JsResult, to_js};

/// By what an AT is recognised when it comes again: SHA-256 of its text (base64url). It can be kept where the AT must not.
#[wasm_bindgen]
pub fn fingerprint(text: &str) -> String {
    base64url::encode(&crypto::sha256(text.as_bytes()))
}

/// A verified AT.
#[wasm_bindgen]
pub struct AccessToken(access_token::AccessToken);

#[wasm_bindgen]
impl AccessToken {
    /// Verifies a token of this issuer; where `visits_url` is given, it has to be redeemable there. Times are left to the
    /// authority: the raw clock of a page decides nothing.
    ///
    /// `vouched`: the token, once the browser has found its signature right.
    ///
    /// Errors: those of a signed token, `audience_mismatch`, `claim_invalid`, `lifetime_exceeded`, `key_unusable`.
    pub fn verify(
        text: &str,
        issuer: &Issuer,
        visits_url: Option<String>,
        vouched: Option<String>,
    ) -> JsResult<Self> {
        let trust = issuer.trust(vouched.as_deref());
        let token = match visits_url {
            Some(url) => access_token::AccessToken::verify(text, trust, &url),
            None => access_token::AccessToken::verify_anywhere(text, trust),
        };
        token.map(Self).map_err(to_js)
    }

    /// What the page may know and show about it, as JSON: client, subject, scope, times (seconds), the AppKey (a JWK), and the
    /// thumbprint that it is bound to, if any. The token itself stays inside.
    pub fn facts(&self) -> String {
        let claims = self.0.claims();
        ObjectWriter::new()
            .string("clientId", &claims.client_id)
            .string("subject", &claims.subject)
            .string("scope", claims.scope.as_str())
            .raw("appKey", &claims.app_key.to_json())
            .integer("issuedAtSeconds", claims.validity.issued_at.as_i64())
            .integer("expiresAtSeconds", claims.validity.expires_at.as_i64())
            .optional_string("jkt", claims.jkt.as_deref())
            .finish()
    }
}

impl AccessToken {
    pub(crate) fn inner(&self) -> &access_token::AccessToken {
        &self.0
    }
}
