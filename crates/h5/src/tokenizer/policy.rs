//! The signed policy, verified once and then asked.

use lingpai_core::json::ObjectWriter;
use lingpai_core::tokenization::{Normalisation, Policy};
use lingpai_core::tokenizer::{known, upkeep};
use wasm_bindgen::prelude::wasm_bindgen;

use super::rows::array;
use crate::issuer::Issuer;
use crate::refusal::{JsResult, to_js};

/// A policy whose signature holds.
#[wasm_bindgen]
pub struct DegradePolicy(pub(super) Policy);

#[wasm_bindgen]
impl DegradePolicy {
    /// Verifies a policy whose operations go to `reconcile_url`. `vouched`: the same text, where the host has found its
    /// signature right.
    ///
    /// Errors: those of a signed token, `audience_mismatch`, `claim_invalid`, `lifetime_exceeded`, `key_unusable`.
    pub fn verify(
        text: &str,
        issuer: &Issuer,
        reconcile_url: &str,
        vouched: Option<String>,
    ) -> JsResult<Self> {
        let trust = issuer.trust(vouched.as_deref());
        Policy::verify(text, trust, reconcile_url).map(Self).map_err(to_js)
    }

    /// What it says, as JSON: `id`, `tenant`, `version`, `issuedAtSeconds`, `expiresAtSeconds`, `reconcileUntilSeconds`,
    /// `renewAtSeconds`, `jkt`, and `fields` with `name`, `pool`, `provisional` and `max`.
    pub fn facts(&self) -> String {
        let claims = self.0.claims();
        let fields = claims.fields.iter().map(|field| {
            ObjectWriter::new()
                .string("name", &field.name)
                .integer("pool", i64::from(field.pool))
                .boolean("provisional", field.provisional)
                .integer("max", i64::from(field.max))
                .finish()
        });
        ObjectWriter::new()
            .string("id", &claims.id)
            .string("tenant", &claims.tenant)
            .integer("version", i64::try_from(claims.version).unwrap_or(i64::MAX))
            .integer("issuedAtSeconds", claims.validity.issued_at.as_i64())
            .integer("expiresAtSeconds", claims.validity.expires_at.as_i64())
            .integer("reconcileUntilSeconds", claims.reconcile_until.as_i64())
            .integer("renewAtSeconds", upkeep::renew_policy_at(&self.0).as_i64())
            .optional_string("jkt", claims.jkt.as_deref())
            .raw("fields", &array(fields))
            .finish()
    }

    /// What the tag of a value is over, by which it is found again.
    #[wasm_bindgen(js_name = lookupMessage)]
    pub fn lookup_message(&self, field: &str, value: &str) -> String {
        let rule = self.0.claims().field(field).map(|field| field.normalisation.as_str());
        // A rule of a later version is the vault's alone.
        let rule = rule.and_then(Normalisation::from_name).unwrap_or(Normalisation::Exact);
        known::message(field, &rule.apply(value))
    }

    /// The policy as it is sent.
    pub fn text(&self) -> String {
        self.0.text().to_owned()
    }
}
