//! Policies, pools and what is remembered.

use lingpai_core::Result;
use lingpai_core::crypto::sha256;
use lingpai_core::json::{ObjectWriter, Value};
use lingpai_core::time::UnixSeconds;
use lingpai_core::tokenization::pools::{Lease, PoolRequest};
use lingpai_core::tokenizer::{Account, upkeep};
use wasm_bindgen::prelude::wasm_bindgen;

use super::degrade::lookup;
use super::policy::DegradePolicy;
use super::rows::{Listed, StoreRows, array, batch_json};
use crate::refusal::{JsResult, to_js};

/// What the account says, as JSON: `install`, the `policy` at hand with its key (`policyKey`), and how many operations were
/// `made`, are `done`, `dead`, `lost` and `pending`. Nothing where there is no account.
#[wasm_bindgen]
pub fn account(rows: &StoreRows) -> JsResult<Option<String>> {
    let account = Account::of(&rows.0).map_err(to_js)?;
    Ok(account.map(|account| {
        let counts = account.counts();
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        ObjectWriter::new()
            .string("install", account.install().as_str())
            .string("policy", account.policy())
            .string("policyKey", &upkeep::policy_key(account.policy()))
            .integer("made", number(counts.made))
            .integer("done", number(counts.done))
            .integer("dead", number(counts.dead))
            .integer("lost", number(counts.lost))
            .integer("pending", number(counts.pending()))
            .finish()
    }))
}

/// Takes over a policy, in a store that is durable or not and in which of its lives: the transaction as JSON; nothing if it is the one
/// at hand.
///
/// Errors: `claim_invalid` for one that is older than what was seen.
#[wasm_bindgen]
pub fn adopt(
    rows: &StoreRows,
    policy: &DegradePolicy,
    durable: bool,
    life: u32,
) -> JsResult<Option<String>> {
    let life = super::degrade::life(life)?;
    let batch = upkeep::adopt(&rows.0, &policy.0, durable, life).map_err(to_js)?;
    Ok(batch.map(|batch| batch_json(&batch)))
}

/// What is to be asked for so that the pools are full again, as a JSON array of requests. The rows of all pools have to be
/// read.
#[wasm_bindgen]
pub fn refill(rows: &StoreRows, policy: &DegradePolicy, now_seconds: f64) -> JsResult<String> {
    let now = UnixSeconds::new(now_seconds as i64);
    let claims = policy.0.claims();
    let wanted = claims
        .fields
        .iter()
        .filter_map(|field| upkeep::refill(&rows.0, &claims.install, field, now).transpose());
    let wanted = wanted.collect::<Result<Vec<_>>>().map_err(to_js)?;
    Ok(array(wanted.iter().map(PoolRequest::to_json)))
}

/// Takes over a lease (JSON) for a field, as the install of a policy: the transaction as JSON.
///
/// Errors: those of a lease that is none.
#[wasm_bindgen]
pub fn stock(
    rows: &StoreRows,
    policy: &DegradePolicy,
    field: &str,
    lease: &str,
    now_seconds: f64,
) -> JsResult<String> {
    let lease = Lease::parse(lease).map_err(to_js)?;
    let now = UnixSeconds::new(now_seconds as i64);
    let install = &policy.0.claims().install;
    let batch = upkeep::stock(&rows.0, install, field, lease, now).map_err(to_js)?;
    Ok(batch_json(&batch))
}

/// Remembers the tokens that the vault gave for these tags: the transaction as JSON.
#[wasm_bindgen]
pub fn remember(
    rows: &StoreRows,
    tags: Vec<String>,
    tokens: Vec<String>,
    now_seconds: f64,
) -> JsResult<String> {
    let each = tags.iter().zip(tokens);
    let heard = each.filter_map(|(tag, token)| match lookup(tag) {
        Ok(found) => found.map(|lookup| Ok((lookup, token))),
        Err(error) => Some(Err(error)),
    });
    let heard = heard.collect::<Result<Vec<_>>>().map_err(to_js)?;
    let now = UnixSeconds::new(now_seconds as i64);
    upkeep::remember(&rows.0, &heard, now).map(|batch| batch_json(&batch)).map_err(to_js)
}

/// Forgets policies that nothing refers to, of those listed: the transaction as JSON, if there is one.
#[wasm_bindgen(js_name = forgetPolicies)]
pub fn forget_policies(rows: &StoreRows, keys: Vec<String>) -> JsResult<Option<String>> {
    let batch = upkeep::forget_policies(&rows.0, &keys).map_err(to_js)?;
    Ok(batch.map(|batch| batch_json(&batch)))
}

/// Forgets remembered tokens that may not serve any more, and those beyond `most`: the transaction as JSON, if there is one.
#[wasm_bindgen(js_name = forgetKnown)]
pub fn forget_known(listed: &Listed, most: u32, now_seconds: f64) -> Option<String> {
    let now = UnixSeconds::new(now_seconds as i64);
    upkeep::forget_known(&listed.0, most as usize, now).map(|batch| batch_json(&batch))
}

/// The key of a policy, by its `jti`.
#[wasm_bindgen(js_name = policyKey)]
pub fn policy_key(jti: &str) -> String {
    upkeep::policy_key(jti)
}

/// The tokens that wait for the vault already, of those known under these tags: a JSON array of texts, or `null`.
#[wasm_bindgen(js_name = waitingTokens)]
pub fn waiting_tokens(rows: &StoreRows, tags: Vec<String>) -> JsResult<String> {
    let token = |tag: &String| -> Result<String> {
        let waiting = match lookup(tag)? {
            Some(lookup) => upkeep::waiting(&rows.0, &lookup)?,
            None => None,
        };
        Ok(waiting.map_or(Value::Null, Value::String).to_json())
    };
    let tokens = tags.iter().map(token).collect::<Result<Vec<_>>>().map_err(to_js)?;
    Ok(array(tokens.into_iter()))
}

/// The name of the store for the operations of one user of one client at one gateway: each has their own.
#[wasm_bindgen(js_name = storeName)]
pub fn store_name(parts: Vec<String>) -> String {
    const PREFIX: &str = "tokenizer-";
    let hash = sha256(parts.join("\0").as_bytes());
    let digits = hash.iter().take(10).flat_map(|byte| [byte >> 4, byte & 15]);
    let hex = digits.filter_map(|digit| char::from_digit(u32::from(digit), 16));
    PREFIX.chars().chain(hex).collect()
}
