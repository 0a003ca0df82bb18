//! The circuit breaker.

use lingpai_core::ErrorCode;
use lingpai_core::json::ObjectWriter;
use lingpai_core::tokenizer::{Breaker, Gate, Outcome};

use super::rows::{self, batch_json};
use crate::border::Output;
use crate::device::Device;
use crate::message::Fields;

/// Time, rows → the `state`; `batch` where the call is the one probe once that is written, `waitMs` where there is none.
pub(super) fn gate(fields: &mut Fields<'_>) -> Output {
    let (now_ms, rows) = (fields.milliseconds()?, rows::rest(fields)?);
    let breaker = Breaker::of(&rows)?;
    let out = ObjectWriter::new().string("state", breaker.name());
    let out = match breaker.gate(&rows, now_ms)? {
        Gate::Pass => out,
        Gate::Probe(batch) => out.raw("batch", &batch_json(&batch)),
        Gate::Wait(ms) => out.integer("waitMs", i64::try_from(ms).unwrap_or(i64::MAX)),
    };
    Ok(out.finish().into_bytes())
}

/// What came of a call: status (0 where there was no answer), whether that was a document, what it asked to wait (or absent),
/// whether it was the probe; how many calls went well since the last was noted; time, rows → the state `before` and `after`,
/// and the `batch` that writes it.
pub(super) fn record(fields: &mut Fields<'_>, device: &mut Device) -> Output {
    let status = u16::try_from(fields.number()?).map_err(|_| ErrorCode::Malformed)?;
    let (document, asked_ms) = (fields.flag()?, fields.optional_number()?);
    let (probe, well) = (fields.flag()?, fields.number()?);
    let (now_ms, rows) = (fields.milliseconds()?, rows::rest(fields)?);
    let jitter = device.generator()?.seed()?;
    let mut breaker = Breaker::of(&rows)?;
    let before = breaker.name();
    for _ in 0..well {
        breaker = breaker.record(Outcome::Alive, false, now_ms, &jitter);
    }
    let outcome = Outcome::of_answer(status, document, asked_ms.map(u64::from));
    breaker = breaker.record(outcome, probe, now_ms, &jitter);
    let out = ObjectWriter::new().string("before", before).string("after", breaker.name());
    Ok(out.raw("batch", &batch_json(&breaker.write(&rows)?)).finish().into_bytes())
}
