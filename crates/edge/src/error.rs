//! How refusals cross: as a JavaScript `Error` named `LingpaiError` with a `code`. Anything else that is thrown out of
//! this module is a trap.

use alloc::borrow::ToOwned as _;

use lingpai_core::{Error, ErrorCode};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = Error)]
    type JsError;

    #[wasm_bindgen(constructor, js_class = "Error")]
    fn new(message: &str) -> JsError;

    #[wasm_bindgen(method, setter, js_class = "Error")]
    fn set_name(this: &JsError, name: &str);

    #[wasm_bindgen(method, setter, js_class = "Error")]
    fn set_code(this: &JsError, code: &str);
}

/// A refusal on its way to JavaScript.
#[derive(Debug)]
pub struct Refusal(Error);

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        Self(code.into())
    }
}

impl From<Refusal> for JsValue {
    fn from(refusal: Refusal) -> Self {
        let code = refusal.0.code();
        // The texts are fixed ones: a code, and at most the name of a claim or member.
        let message = match refusal.0.detail() {
            Some(detail) => [code.as_str(), " (", detail, ")"].concat(),
            None => code.as_str().to_owned(),
        };
        let error = JsError::new(&message);
        error.set_name("LingpaiError");
        error.set_code(code.as_str());
        error.into()
    }
}

/// What the functions of this crate return to JavaScript.
pub(crate) type Crossing<T> = Result<T, Refusal>;
