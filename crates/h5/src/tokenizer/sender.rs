//! Who sends: the fence.

use lingpai_core::json::ObjectWriter;
use lingpai_core::tokenizer::fence::{self, Attempt, Fence};
use lingpai_core::tokenizer::outbox;
use wasm_bindgen::prelude::wasm_bindgen;

use super::rows::{StoreRows, batch_json};
use crate::refusal::{JsResult, to_js};

/// Tries to hold the fence: `{"batch"}` to be written, `{"waitMs"}` where somebody else holds it.
#[wasm_bindgen(js_name = fenceAttempt)]
pub fn fence_attempt(rows: &StoreRows, owner: &str, now_ms: f64) -> JsResult<String> {
    let out = ObjectWriter::new();
    Ok(match fence::attempt(&rows.0, owner, now_ms as u64).map_err(to_js)? {
        Attempt::Take(batch) => out.raw("batch", &batch_json(&batch)),
        Attempt::Wait(ms) => out.integer("waitMs", i64::try_from(ms).unwrap_or(i64::MAX)),
    }
    .finish())
}

/// The fence in the hands of this tab.
#[wasm_bindgen]
pub struct HeldFence(pub(super) Fence);

#[wasm_bindgen]
impl HeldFence {
    /// The fence, if the row that was read says that it is `owner`'s.
    pub fn of(rows: &StoreRows, owner: &str) -> JsResult<Option<Self>> {
        Fence::held(&rows.0, owner).map(|fence| fence.map(Self)).map_err(to_js)
    }

    /// The transaction that lets it go, as JSON.
    pub fn release(&self) -> String {
        batch_json(&self.0.release())
    }
}

/// Notes that the outbox is empty although the account knows of more, as JSON: `batch`, and how many were `lost`. Nothing
/// where none is missing. The rows have to have been read before the outbox was seen empty.
///
/// Errors: `closed` where the fence is somebody else's.
#[wasm_bindgen(js_name = writeOff)]
pub fn write_off(rows: &StoreRows, fence: &HeldFence) -> JsResult<Option<String>> {
    let written = outbox::write_off(&rows.0, &fence.0).map_err(to_js)?;
    Ok(written.map(|(batch, lost)| {
        let out = ObjectWriter::new().raw("batch", &batch_json(&batch));
        out.integer("lost", i64::try_from(lost).unwrap_or(i64::MAX)).finish()
    }))
}
