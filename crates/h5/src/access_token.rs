//! The access token that a launch brought, once its signature holds.

use lingpai_core::access_token;
use serde::Serialize;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::issuer::Issuer;
use crate::refusal::{JsResult, to_js};

/// A verified AT.
#[wasm_bindgen]
pub struct AccessToken(access_token::AccessToken);

/// What the page may know and show about it; the token itself stays inside.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Facts<'a> {
    client_id: &'a str,
    subject: &'a str,
    scope: &'a str,
    app_key_id: Option<&'a str>,
    issued_at_seconds: f64,
    expires_at_seconds: f64,
    jkt: Option<&'a str>,
}

#[wasm_bindgen]
impl AccessToken {
    /// Verifies a token of this issuer; where `visits_url` is given, it has to be redeemable there. Times are left to the
    /// authority: the raw clock of a page decides nothing.
    ///
    /// Errors: those of a signed token, `audience_mismatch`, `claim_invalid`, `lifetime_exceeded`, `key_unusable`.
    pub fn verify(text: &str, issuer: &Issuer, visits_url: Option<String>) -> JsResult<Self> {
        let token = match visits_url {
            Some(url) => access_token::AccessToken::verify(text, issuer.trust(), &url),
            None => access_token::AccessToken::verify_anywhere(text, issuer.trust()),
        };
        token.map(Self).map_err(to_js)
    }

    /// Client, subject, scope, times (seconds), the kid of the AppKey, and the thumbprint that it is bound to, if any.
    pub fn facts(&self) -> JsResult<JsValue> {
        let claims = self.0.claims();
        let facts = Facts {
            client_id: &claims.client_id,
            subject: &claims.subject,
            scope: claims.scope.as_str(),
            app_key_id: claims.app_key.kid(),
            issued_at_seconds: claims.validity.issued_at.as_i64() as f64,
            expires_at_seconds: claims.validity.expires_at.as_i64() as f64,
            jkt: claims.jkt.as_deref(),
        };
        Ok(serde_wasm_bindgen::to_value(&facts)?)
    }
}

impl AccessToken {
    pub(crate) fn inner(&self) -> &access_token::AccessToken {
        &self.0
    }
}
