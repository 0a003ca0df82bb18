//! Requests for tokens while the vault is there.

use lingpai_core::json::ObjectWriter;
use lingpai_core::tokenization::reconcile::{self, Outcome};
use lingpai_core::tokenization::tokens::{self, Item};
use lingpai_core::{ErrorCode, Result};
use wasm_bindgen::prelude::wasm_bindgen;

use super::rows::array;
use crate::refusal::{JsResult, to_js};

/// The request for the tokens of these values.
#[wasm_bindgen(js_name = tokensRequest)]
pub fn tokens_request(fields: Vec<String>, values: Vec<String>) -> String {
    let each = fields.into_iter().zip(values).enumerate();
    let items =
        each.map(|(at, (field, value))| Item { op: at.to_string(), field, value: value.into() });
    tokens::request(&items.collect::<Vec<_>>())
}

/// The tokens of an answer, in the order of the request: a JSON array of `{"token"}`, `{"retry"}` or `{"refused"}`.
///
/// Errors: those of an answer that is none.
#[wasm_bindgen(js_name = tokensAnswer)]
pub fn tokens_answer(text: &str, count: u32) -> JsResult<String> {
    let results = reconcile::parse_answer(text).map_err(to_js)?;
    let each = (0..count).map(|at| {
        let name = at.to_string();
        let result = results.iter().find(|result| result.op == name);
        let out = ObjectWriter::new();
        Ok(match result.ok_or(ErrorCode::Malformed)?.outcome {
            Outcome::Done(ref token) => out.string("token", token),
            Outcome::Retry => out.boolean("retry", true),
            Outcome::Conflict => out.string("refused", "conflict"),
            Outcome::Refused(refusal) => out.string("refused", refusal.as_str()),
        }
        .finish())
    });
    let each: Result<Vec<String>> = each.collect();
    Ok(array(each.map_err(to_js)?.into_iter()))
}
