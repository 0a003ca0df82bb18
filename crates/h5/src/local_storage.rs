//! `localStorage`, which may be missing, `null`, or throw at every touch.

use js_sys::Reflect;
use lingpai_core::cache::store::Local;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};

use crate::platform;
use crate::refusal::JsResult;

#[wasm_bindgen]
extern "C" {
    type Storage;
    #[wasm_bindgen(method, catch, js_name = getItem)]
    fn get_item(this: &Storage, name: &str) -> JsResult<Option<String>>;
    #[wasm_bindgen(method, catch, js_name = setItem)]
    fn set_item(this: &Storage, name: &str, text: &str) -> JsResult<()>;
    #[wasm_bindgen(method, catch, js_name = removeItem)]
    fn remove_item(this: &Storage, name: &str) -> JsResult<()>;
}

/// Asked for anew each time: permission may be withdrawn.
fn storage() -> Option<Storage> {
    // In Node it is behind a flag, and complains; there is no page there to come back to.
    platform::global("document")?;
    platform::global("localStorage").map(JsValue::unchecked_into)
}

pub(crate) fn get(name: &str) -> Local {
    match storage().map(|storage| storage.get_item(name)) {
        Some(Ok(Some(text))) => Local::Text(text),
        Some(Ok(None)) => Local::Absent,
        _ => Local::Unavailable,
    }
}

pub(crate) fn set(name: &str, text: &str) -> bool {
    storage().is_some_and(|storage| storage.set_item(name, text).is_ok())
}

pub(crate) fn remove(name: &str) {
    if let Some(storage) = storage() {
        // Then there is nothing to remove.
        let _ = storage.remove_item(name);
    }
}

pub(crate) fn names(prefix: &str) -> Vec<String> {
    let Some(storage) = storage() else { return Vec::new() };
    // This may throw as every touch may; uncaught it would end the module in the midst of its work.
    let Ok(names) = Reflect::own_keys(&storage) else { return Vec::new() };
    names
        .iter()
        .filter_map(|name| name.as_string())
        .filter(|name| name.starts_with(prefix))
        .collect()
}
