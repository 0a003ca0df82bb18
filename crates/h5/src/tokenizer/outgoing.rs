//! Operations on their way to the vault.

use lingpai_core::json::ObjectWriter;
use lingpai_core::time::UnixSeconds;
use lingpai_core::tokenization::reconcile;
use lingpai_core::tokenizer::outbox::{self, Burial, Claimed, Settled, Stored};
use lingpai_core::tokenizer::{Batch, Row};
use wasm_bindgen::prelude::wasm_bindgen;

use super::rows::{Listed, StoreRows, batch_json};
use super::sender::HeldFence;
use crate::refusal::{JsResult, to_js};

/// The operations of one request.
#[wasm_bindgen]
pub struct Outgoing(Vec<Claimed>);

#[wasm_bindgen]
impl Outgoing {
    /// The oldest of those listed that go together, `most` at the most, and none under the policies (`jti`) that are `barred`.
    pub fn next(listed: &Listed, most: u32, barred: Vec<String>) -> Self {
        Self(outbox::next_batch(&listed.0, most as usize, &barred))
    }

    /// How many they are.
    pub fn size(&self) -> u32 {
        self.0.len() as u32
    }

    /// The key of the last of them.
    #[wasm_bindgen(js_name = lastKey)]
    pub fn last_key(&self) -> Option<String> {
        self.0.last().map(|last| last.key.clone())
    }

    /// `jti` of their policy.
    pub fn policy(&self) -> Option<String> {
        self.0.first().map(|first| first.stored.policy.clone())
    }

    /// The request.
    pub fn body(&self) -> String {
        reconcile::request(&outbox::submissions(&self.0))
    }

    /// The keys that have to be read before they are settled.
    #[wasm_bindgen(js_name = settlingKeys)]
    pub fn settling_keys(&self) -> Vec<String> {
        outbox::settling_keys(&self.0)
    }

    /// Applies the answer, as JSON: `batch`, and how many are `done`, `dead` or go again (`retry`).
    ///
    /// Errors: those of an answer that is none; `closed` where the fence is somebody else's.
    pub fn settle(
        &self,
        rows: &StoreRows,
        fence: &HeldFence,
        answer: &str,
        now_seconds: f64,
    ) -> JsResult<String> {
        let results = reconcile::parse_answer(answer).map_err(to_js)?;
        let now = UnixSeconds::new(now_seconds as i64);
        let settled = outbox::settle(&rows.0, &fence.0, &self.0, &results, now);
        settled.map(settled_json).map_err(to_js)
    }

    /// Makes dead letters of them if they can never be sent, by the text of their policy, which cannot be used now; as JSON like
    /// [`Self::settle`]. Nothing where they may be sent later.
    ///
    /// Errors: `closed` where the fence is somebody else's.
    pub fn bury(
        &self,
        rows: &StoreRows,
        fence: &HeldFence,
        policy: Option<String>,
        key_at_hand: bool,
        now_seconds: f64,
    ) -> JsResult<Option<String>> {
        let now = UnixSeconds::new(now_seconds as i64);
        let Some(reason) = Burial::of(policy.as_deref(), key_at_hand, now) else { return Ok(None) };
        let rows_of = self.0.iter().map(|it| (it.key.clone(), it.row.clone()));
        let rows_of: Vec<(String, Row)> = rows_of.collect();
        let buried = outbox::bury(&rows.0, &fence.0, &rows_of, reason);
        buried.map(|buried| Some(settled_json(buried))).map_err(to_js)
    }
}

/// Makes dead letters of the rows that cannot be read; nothing where all can be.
///
/// Errors: `closed` where the fence is somebody else's.
#[wasm_bindgen(js_name = buryUnreadable)]
pub fn bury_unreadable(
    rows: &StoreRows,
    fence: &HeldFence,
    listed: &Listed,
) -> JsResult<Option<String>> {
    let unreadable: Vec<(String, Row)> =
        listed.0.iter().filter(|(_, row)| Stored::parse(row).is_err()).cloned().collect();
    if unreadable.is_empty() {
        return Ok(None);
    }
    let buried = outbox::bury(&rows.0, &fence.0, &unreadable, Burial::Unreadable);
    buried.map(|buried| Some(settled_json(buried))).map_err(to_js)
}

fn settled_json((batch, settled): (Batch, Settled)) -> String {
    ObjectWriter::new()
        .raw("batch", &batch_json(&batch))
        .integer("done", i64::from(settled.done))
        .integer("dead", i64::from(settled.dead))
        .integer("retry", i64::from(settled.retry))
        .finish()
}
