//! Refusals of core as JavaScript errors: name `LingpaiError`, a `code`, and a message without any token bytes.

use js_sys::Reflect;
use lingpai_core::{Error, ErrorCode};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// Whether a name is that of a code: nothing outside the union gets out.
#[wasm_bindgen(js_name = isErrorCode)]
pub fn is_error_code(name: &str) -> bool {
    ErrorCode::from_str_code(name).is_some()
}

/// What the exported functions of this crate return.
pub(crate) type JsResult<T> = Result<T, JsValue>;

/// The error that JavaScript catches.
pub(crate) fn to_js(error: Error) -> JsValue {
    let mut message = String::from(error.code().as_str());
    if let Some(detail) = error.detail() {
        message.push_str(" (");
        message.push_str(detail);
        message.push(')');
    }
    let thrown = js_sys::Error::new(&message);
    thrown.set_name("LingpaiError");
    // Only a frozen object refuses a property, and this one is new.
    let _ = Reflect::set(&thrown, &"code".into(), &error.code().as_str().into());
    thrown.into()
}

/// The same for a code that needs no detail.
#[cfg(feature = "page")]
pub(crate) fn code_to_js(code: ErrorCode) -> JsValue {
    to_js(code.into())
}
