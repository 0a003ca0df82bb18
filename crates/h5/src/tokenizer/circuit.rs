//! The circuit breaker.

use lingpai_core::json::ObjectWriter;
use lingpai_core::tokenizer::{Breaker, Call, Gate, Outcome};
use wasm_bindgen::prelude::wasm_bindgen;

use super::rows::{StoreRows, batch_json};
use crate::entropy;
use crate::refusal::{JsResult, to_js};

/// The state of the circuit.
#[wasm_bindgen]
pub struct Circuit(Breaker);

#[wasm_bindgen]
impl Circuit {
    /// The circuit in the store, whose row has to be read.
    pub fn of(rows: &StoreRows) -> JsResult<Self> {
        Breaker::of(&rows.0).map(Self).map_err(to_js)
    }

    /// `closed`, `open` or `half_open`.
    pub fn name(&self) -> String {
        self.0.name().to_owned()
    }

    /// Asks for a call: `{}` to go on, `{"batch"}` to go on as the one probe once that is written, `{"waitMs"}` to do
    /// without the vault: it is away, or the circuit is closed and it has had too much of this.
    pub fn gate(&self, rows: &StoreRows, sends: bool, now_ms: f64) -> JsResult<String> {
        let out = ObjectWriter::new();
        Ok(match self.0.gate(&rows.0, call(sends), now_ms as u64).map_err(to_js)? {
            Gate::Pass => out,
            Gate::Probe(batch) => out.raw("batch", &batch_json(&batch)),
            Gate::Wait(ms) => out.integer("waitMs", i64::try_from(ms).unwrap_or(i64::MAX)),
        }
        .finish())
    }

    /// Notes the outcome of a call: the status of its answer (0 where there was none), whether that was a document, and what
    /// it asked to wait.
    pub fn record(
        &self,
        sends: bool,
        status: u16,
        document: bool,
        asked_ms: Option<f64>,
        probe: bool,
        now_ms: f64,
    ) -> JsResult<Self> {
        let asked_ms = asked_ms.map(|ms| ms as u64);
        let outcome = Outcome::of_answer(status, document, asked_ms);
        let jitter = entropy::seed().map_err(to_js)?;
        Ok(Self(self.0.record(call(sends), outcome, probe, now_ms as u64, &jitter)))
    }

    /// The transaction that writes it, as JSON.
    pub fn write(&self, rows: &StoreRows) -> JsResult<String> {
        self.0.write(&rows.0).map(|batch| batch_json(&batch)).map_err(to_js)
    }
}

const fn call(sends: bool) -> Call {
    if sends { Call::Reconcile } else { Call::Tokens }
}
