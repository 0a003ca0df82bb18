//! IndexedDB as the rest needs it: one object store, handlers that are told by the name of the event, and the options that web-sys
//! has behind a flag only. It decides nothing.

#[cfg(feature = "store")]
use js_sys::Function;
use js_sys::Reflect;
use lingpai_core::cache::Cause;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{IdbDatabase, IdbFactory, IdbObjectStore, IdbTransaction};

use crate::platform;
use crate::refusal::JsResult;

/// The database, and its object store with keys and rows. It is never deleted, and only ever gets a new version where the object
/// store is missing: an upgrade has to wait for every tab that has it open, frozen ones as well.
const NAME: &str = "lingpai";
const STORE: &str = "keys";

#[wasm_bindgen]
extern "C" {
    /// What browsers know about a transaction, and web-sys does not.
    type Transactions;
    #[wasm_bindgen(method, catch, js_name = transaction)]
    fn begin(
        this: &Transactions,
        store: &str,
        mode: &str,
        options: &JsValue,
    ) -> JsResult<IdbTransaction>;

    type Names;
    #[wasm_bindgen(method, getter, js_name = objectStoreNames)]
    fn object_store_names(this: &Names) -> Names;
    #[wasm_bindgen(method)]
    fn contains(this: &Names, name: &str) -> bool;
}

/// Calls `handler` with the name of each of these events.
pub(crate) fn listen(target: &JsValue, events: &[&str], mut handler: Box<dyn FnMut(String)>) {
    let called = move |event: JsValue| handler(text(&event, "type"));
    let called = Closure::<dyn FnMut(JsValue)>::new(called).into_js_value();
    for event in events {
        // Only a frozen object refuses a property.
        let _ = Reflect::set(target, &["on", event].concat().into(), &called);
    }
}

/// Opens the database. Without a version it opens as whatever it is; with one it gets the object store where that is missing.
pub(crate) fn open(
    version: Option<u64>,
    mut done: impl FnMut(Result<IdbDatabase, Cause>) + 'static,
) {
    let Some(factory) = platform::global("indexedDB") else { return done(Err(Cause::Missing)) };
    let factory: IdbFactory = factory.unchecked_into();
    let request = match version {
        None => factory.open(NAME),
        Some(version) => factory.open_with_f64(NAME, version as f64),
    };
    let request = match request {
        Ok(request) => request,
        Err(error) => return done(Err(cause(&error))),
    };
    let opening = request.clone();
    let told = move |event: String| {
        let database = opening.result().map(|database| database.unchecked_into::<IdbDatabase>());
        match (event.as_str(), database) {
            ("upgradeneeded", Ok(database)) if !is_complete(&database) => {
                // A failure here aborts the upgrade, and the request reports it.
                let _ = database.create_object_store(STORE);
            }
            ("success", Ok(database)) => done(Ok(database)),
            ("error", _) => done(Err(error_of(&opening))),
            _ => {}
        }
    };
    listen(&request, &["success", "error", "upgradeneeded"], Box::new(told));
}

/// Whether it has the object store.
pub(crate) fn is_complete(database: &IdbDatabase) -> bool {
    database.unchecked_ref::<Names>().object_store_names().contains(STORE)
}

/// Begins a transaction.
pub(crate) fn begin(
    database: &IdbDatabase,
    write: bool,
    strict: bool,
) -> JsResult<(IdbTransaction, IdbObjectStore)> {
    let durability = if strict { "strict" } else { "relaxed" };
    let options = platform::object(&[("durability", durability.into())])?;
    let mode = if write { "readwrite" } else { "readonly" };
    let transaction = database.unchecked_ref::<Transactions>().begin(STORE, mode, &options)?;
    let store = store_of(&transaction)?;
    Ok((transaction, store))
}

/// The object store in a transaction.
pub(crate) fn store_of(transaction: &IdbTransaction) -> JsResult<IdbObjectStore> {
    transaction.object_store(STORE)
}

/// Whether the browser says that it commits this transaction strictly; older ones do not know of it.
#[cfg(feature = "store")]
pub(crate) fn is_strict(transaction: &IdbTransaction) -> bool {
    text(transaction, "durability") == "strict"
}

/// Why a request or a transaction failed.
pub(crate) fn error_of(target: &JsValue) -> Cause {
    Reflect::get(target, &"error".into()).map_or(Cause::Lost, |error| cause(&error))
}

/// The cause that an exception names.
pub(crate) fn cause(error: &JsValue) -> Cause {
    Cause::of_exception(&text(error, "name"))
}

/// Whether a value was refused since the browser cannot store such values at all.
pub(crate) fn is_uncloneable(error: &JsValue) -> bool {
    text(error, "name") == "DataCloneError"
}

/// All keys that begin with `prefix` and come after `after`.
#[cfg(feature = "store")]
pub(crate) fn range(prefix: &str, after: &str) -> JsResult<JsValue> {
    let range = platform::global("IDBKeyRange").unwrap_or_default();
    let bound: Function = Reflect::get(&range, &"bound".into())?.unchecked_into();
    let is_after = after > prefix;
    let lower = if is_after { after } else { prefix };
    let upper = [prefix, "\u{ffff}"].concat();
    let bounds = js_sys::Array::of3(&lower.into(), &upper.into(), &is_after.into());
    bound.apply(&range, &bounds)
}

fn text(object: &JsValue, name: &str) -> String {
    Reflect::get(object, &name.into()).ok().and_then(|value| value.as_string()).unwrap_or_default()
}
