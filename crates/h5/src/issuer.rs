//! Whom the page believes: configuration, never taken from a token, a URL or an answer.

use lingpai_core::jose::JwkSet;
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
}

impl Issuer {
    pub(crate) fn trust(&self) -> Trust<'_> {
        Trust { issuer: self.url.as_str(), keys: &self.keys }
    }
}
