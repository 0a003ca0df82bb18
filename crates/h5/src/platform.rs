//! The little of the browser that the rest needs and web-sys does not say in the right shape: globals that may be missing,
//! plain objects, timers.

use js_sys::{Function, Object, Reflect};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::SubtleCrypto;

use crate::refusal::JsResult;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, milliseconds: i32);

    /// Milliseconds that only go up.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    pub(crate) fn now_ms() -> f64;
}

/// A global of that name, where the host has one. Even asking may throw, in a page without an origin.
pub(crate) fn global(name: &str) -> Option<JsValue> {
    let value = Reflect::get(&js_sys::global(), &name.into()).ok()?;
    (!value.is_undefined() && !value.is_null()).then_some(value)
}

/// WebCrypto, which pages on plain http do not have.
pub(crate) fn subtle() -> Option<SubtleCrypto> {
    let subtle = Reflect::get(&global("crypto")?, &"subtle".into()).ok()?;
    subtle.is_object().then(|| subtle.unchecked_into())
}

/// A plain object with these properties.
pub(crate) fn object(properties: &[(&str, JsValue)]) -> JsResult<Object> {
    let object = Object::new();
    for (name, value) in properties {
        Reflect::set(&object, &(*name).into(), value)?;
    }
    Ok(object)
}

/// Calls a function after a while.
pub(crate) fn after(function: &JsValue, milliseconds: i32) {
    set_timeout(function.unchecked_ref(), milliseconds);
}
