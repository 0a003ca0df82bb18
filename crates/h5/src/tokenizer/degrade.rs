//! Tokens without the vault.

use lingpai_core::base64url;
use lingpai_core::json::ObjectWriter;
use lingpai_core::sealed_token::SealEntropy;
use lingpai_core::time::UnixSeconds;
use lingpai_core::tokenizer::Life;
use lingpai_core::tokenizer::known::Lookup;
use lingpai_core::tokenizer::ladder::{self, Wanted, WantedEntropy};
use lingpai_core::{ErrorCode, Result};
use wasm_bindgen::prelude::wasm_bindgen;

use super::policy::DegradePolicy;
use super::rows::{StoreRows, array, batch_json};
use crate::entropy;
use crate::refusal::{JsResult, to_js};

/// The keys that have to be read for these fields and tags. A tag is an HMAC-SHA256 in base64url, empty where there is none.
#[wasm_bindgen(js_name = degradeKeys)]
pub fn degrade_keys(fields: Vec<String>, tags: Vec<String>) -> JsResult<Vec<String>> {
    let lookups = tags.iter().filter_map(|tag| lookup(tag).transpose());
    let lookups = lookups.collect::<Result<Vec<_>>>().map_err(to_js)?;
    Ok(ladder::keys(fields.iter().map(String::as_str), lookups.iter()))
}

/// How things stand for [`degrade`].
#[wasm_bindgen]
pub struct Standing(ladder::Standing);

#[wasm_bindgen]
impl Standing {
    /// Whether the store is durable, whether the key of the policy is here, which of its lives the store is in, and the time.
    ///
    /// Errors: `internal` where the host has no randomness.
    #[wasm_bindgen(constructor)]
    pub fn new(durable: bool, key_at_hand: bool, life: u32, now_seconds: f64) -> JsResult<Self> {
        let now = UnixSeconds::new(now_seconds as i64);
        Ok(Self(ladder::Standing { durable, key_at_hand, life: self::life(life)?, now }))
    }
}

pub(super) fn life(number: u32) -> JsResult<Life> {
    Ok(Life { number, seed: entropy::seed().map_err(to_js)? })
}

/// Finds a token for each value, as JSON: `batch`, and `placed` with the `token` and the `rung` of each.
///
/// Errors: those of the core's `degrade`, each for the whole call; `closed` says that it has to be read again.
#[wasm_bindgen]
pub fn degrade(
    rows: &StoreRows,
    policy: &DegradePolicy,
    fields: Vec<String>,
    values: Vec<String>,
    tags: Vec<String>,
    standing: Standing,
) -> JsResult<String> {
    let each = fields.into_iter().zip(values).zip(tags);
    let wanted = each.map(|((field, value), tag)| wanted(field, value, &tag));
    let wanted = wanted.collect::<Result<Vec<_>>>().map_err(to_js)?;
    let (batch, placed) = ladder::degrade(&rows.0, &policy.0, wanted, standing.0).map_err(to_js)?;
    let placed = placed.iter().map(|it| {
        ObjectWriter::new().string("token", &it.token).string("rung", it.rung.as_str()).finish()
    });
    let out = ObjectWriter::new().raw("batch", &batch_json(&batch));
    Ok(out.raw("placed", &array(placed)).finish())
}

fn wanted(field: String, value: String, tag: &str) -> Result<Wanted> {
    let seal = SealEntropy {
        content_key: entropy::seed()?,
        ephemeral: entropy::seed()?,
        iv: entropy::iv()?,
    };
    let entropy = WantedEntropy { salt: entropy::seed()?, seal };
    Ok(Wanted { field, value: value.into(), lookup: lookup(tag)?, entropy })
}

pub(super) fn lookup(tag: &str) -> Result<Option<Lookup>> {
    if tag.is_empty() {
        return Ok(None);
    }
    let tag = base64url::decode_array(tag).map_err(|_| ErrorCode::Internal)?;
    Ok(Some(Lookup::new(tag)))
}
