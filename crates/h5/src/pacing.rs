//! When to send again and when to refresh: core's rules, for JavaScript's timers.

use lingpai_core::pacing;
use lingpai_core::time::UnixSeconds;
use wasm_bindgen::prelude::wasm_bindgen;

/// How many milliseconds to wait before the same request is sent again; `undefined` to give up. `attempts` were made in
/// `elapsed_ms`, `jitter` is a fresh random number in [0, 1), `retry_after_ms` what the server asked for.
#[wasm_bindgen(js_name = resendAfterMs)]
pub fn resend_after_ms(
    attempts: u32,
    elapsed_ms: f64,
    jitter: f64,
    retry_after_ms: Option<f64>,
) -> Option<f64> {
    let jitter = (jitter * 256.0) as u8;
    let asked = retry_after_ms.map(|ms| ms as u32);
    pacing::resend_after_ms(attempts, elapsed_ms as u32, jitter, asked).map(f64::from)
}

/// How many milliseconds to wait before a refresh that failed is tried again. `previous_ms` was waited before it (0 the first
/// time), `jitter` is a fresh random number in [0, 1), the token has `left_ms` to live, `asked_ms` is what the server wants.
#[wasm_bindgen(js_name = refreshAgainAfterMs)]
pub fn refresh_again_after_ms(
    previous_ms: f64,
    jitter: f64,
    left_ms: f64,
    asked_ms: Option<f64>,
) -> f64 {
    let jitter = (jitter * 256.0) as u8;
    let asked = asked_ms.map(|ms| ms as u32);
    f64::from(pacing::refresh_again_after_ms(previous_ms as u32, jitter, left_ms as u32, asked))
}

/// When a token with these times (seconds) is to be refreshed.
#[wasm_bindgen(js_name = refreshAtSeconds)]
pub fn refresh_at_seconds(issued_at_seconds: f64, expires_at_seconds: f64) -> f64 {
    let (issued_at, expires_at) = (issued_at_seconds as i64, expires_at_seconds as i64);
    pacing::refresh_at(UnixSeconds::new(issued_at), UnixSeconds::new(expires_at)).as_i64() as f64
}
