//! The circuit breaker.

use lingpai_core::json::ObjectWriter;
use lingpai_core::tokenizer::{Breaker, Call, Gate, Outcome};
use lingpai_core::{ErrorCode, Result};

use super::rows::{self, batch_json};
use crate::border::Output;
use crate::device::Device;
use crate::message::Fields;

/// Whether what waits is to be sent (else tokens are asked for), time, rows → the `state`; `batch` where the call is the one
/// probe once that is written, `waitMs` where there is none: in a closed circuit because the vault has had too much.
pub(super) fn gate(fields: &mut Fields<'_>) -> Output {
    let (call, now_ms) = (call(fields)?, fields.milliseconds()?);
    let rows = rows::rest(fields)?;
    let breaker = Breaker::of(&rows)?;
    let out = ObjectWriter::new().string("state", breaker.name());
    let out = match breaker.gate(&rows, call, now_ms)? {
        Gate::Pass => out,
        Gate::Probe(batch) => out.raw("batch", &batch_json(&batch)),
        Gate::Wait(ms) => out.integer("waitMs", i64::try_from(ms).unwrap_or(i64::MAX)),
    };
    Ok(out.finish().into_bytes())
}

/// What came of a call: whether it was one that sends, status (0 where there was no answer), whether that was a document, what
/// it asked to wait (or absent), whether it was the probe; how many calls went well since the last was noted; time, rows → the
/// state `after`, and the `batch` that writes it.
pub(super) fn record(fields: &mut Fields<'_>, device: &mut Device) -> Output {
    let call = call(fields)?;
    let status = u16::try_from(fields.number()?).map_err(|_| ErrorCode::Malformed)?;
    let (document, asked_ms) = (fields.flag()?, fields.optional_number()?);
    let (probe, well) = (fields.flag()?, fields.number()?);
    let (now_ms, rows) = (fields.milliseconds()?, rows::rest(fields)?);
    let jitter = device.generator()?.seed()?;
    let mut breaker = Breaker::of(&rows)?;
    for _ in 0..well {
        breaker = breaker.record(call, Outcome::Alive, false, now_ms, &jitter);
    }
    let outcome = Outcome::of_answer(status, document, asked_ms.map(u64::from));
    breaker = breaker.record(call, outcome, probe, now_ms, &jitter);
    let out = ObjectWriter::new().string("after", breaker.name());
    Ok(out.raw("batch", &batch_json(&breaker.write(&rows)?)).finish().into_bytes())
}

fn call(fields: &mut Fields<'_>) -> Result<Call> {
    Ok(if fields.flag()? { Call::Reconcile } else { Call::Tokens })
}
