//! Whom the page believes: configuration, never taken from a token, a URL or an answer.

use lingpai_core::jose::{Jwk, JwkSet};
use lingpai_core::signed::Trust;
use lingpai_core::uri::ServiceUrl;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::refusal::{JsResult, to_js};

/// An issuer and its signing keys.
#[wasm_bindgen]
pub struct Issuer {
    url: ServiceUrl,
    keys: JwkSet,
}

#[wasm_bindgen]
impl Issuer {
    /// Reads a JWK Set (JSON) of the issuer at `url`.
    ///
    /// Errors: `malformed`, `duplicate_member`, `limit_exceeded`, `claim_invalid`, `key_unusable`.
    #[wasm_bindgen(constructor)]
    pub fn new(url: &str, keys: &str) -> JsResult<Self> {
        let url = ServiceUrl::parse(url).map_err(to_js)?;
        let keys = JwkSet::parse(keys).map_err(to_js)?;
        Ok(Self { url, keys })
    }

    /// The key by which a token says that it is signed, a JWK: for the browser, where a check was refused for want of its
    /// word (`algorithm_not_allowed` with the detail `host`).
    ///
    /// Errors: those of a token that is not verified yet, `key_not_found`.
    #[wasm_bindgen(js_name = keyOf)]
    pub fn key_of(&self, token: &str) -> JsResult<String> {
        self.trust(None).key_of(token).map(Jwk::required_members_json).map_err(to_js)
    }
}

impl Issuer {
    /// `vouched`: a token whose signature the browser has found right.
    pub(crate) fn trust<'a>(&'a self, vouched: Option<&'a str>) -> Trust<'a> {
        let trust = Trust::new(self.url.as_str(), &self.keys);
        match vouched {
            Some(token) => trust.vouching(token),
            None => trust,
        }
    }
}
