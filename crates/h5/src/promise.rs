//! Promises: for what is awaited in Rust, and for time.

use std::pin::Pin;

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;

use crate::platform;
use crate::refusal::JsResult;

/// A promise for what `work` gives. Boxed, so that the machinery around it exists once.
pub(crate) fn promise(work: impl Future<Output = JsResult<JsValue>> + 'static) -> Promise {
    let work: Pin<Box<dyn Future<Output = JsResult<JsValue>>>> = Box::pin(work);
    future_to_promise(work)
}

/// A promise that is rejected after a while.
pub(crate) fn timeout(milliseconds: i32) -> Promise {
    Promise::new(&mut |_, reject| platform::after(&reject, milliseconds))
}
