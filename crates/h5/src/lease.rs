//! Who acts for all tabs: core's rule, for JavaScript's rows.

use lingpai_core::cache::lease::{Claim, Lease, claim};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

/// Claims a lease that was read as `current`. Gives the text to write, if the row is still as it was read, or the milliseconds to
/// wait. `vacant`: whoever had it is certainly gone.
#[wasm_bindgen(js_name = claimLease, unchecked_return_type = "string | number")]
pub fn claim_lease(
    current: Option<String>,
    holder: &str,
    now_ms: f64,
    term_ms: f64,
    vacant: bool,
) -> JsValue {
    let current = current.and_then(|text| Lease::parse(&text));
    let current = if vacant { current.map(|lease| lease.released()) } else { current };
    match claim(current.as_ref(), holder, now_ms as u64, term_ms as u64) {
        Claim::Take(lease) => lease.to_text().into(),
        Claim::Wait(left) => (left as f64).into(),
    }
}
