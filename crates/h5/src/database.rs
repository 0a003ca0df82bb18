//! The key store: one IndexedDB database that holds CryptoKeys, which can be kept there without ever being readable.
//! Nothing is acknowledged before its transaction is complete, and nobody waits for ever.

use js_sys::Promise;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    IdbDatabase, IdbFactory, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbTransaction,
    IdbTransactionMode,
};

use crate::platform;
use crate::refusal::{JsResult, code_to_js};
use lingpai_core::ErrorCode;

/// How many keys of one name may turn out to be unusable. Such a key stays where it is and the next one takes the next
/// place, so that two tabs that find it at once agree on what comes after it.
pub(crate) const PLACES: usize = 4;

/// The nth place of a name.
pub(crate) fn place(name: &str, nth: usize) -> String {
    [name, "'".repeat(nth).as_str()].concat()
}

const NAME: &str = "lingpai";
const STORE: &str = "keys";
/// A healthy store opens in a few milliseconds; a hanging one never says so.
const WATCHDOG_MS: i32 = 1500;

/// An open connection, closed when dropped.
pub(crate) struct Database(IdbDatabase);

impl Database {
    /// Opens the key store. Any failure, and silence beyond the watchdog, is an error.
    pub(crate) async fn open() -> JsResult<Self> {
        let factory = platform::global("indexedDB").ok_or_else(unavailable)?;
        let request = factory.unchecked_into::<IdbFactory>().open_with_u32(NAME, 1)?;
        let opened = opened(&request);
        let watched = Promise::race(&js_sys::Array::of3(
            &opened,
            &platform::timeout(WATCHDOG_MS),
            &Promise::new(&mut |_, reject| request.set_onblocked(Some(&reject))),
        ));
        match JsFuture::from(watched).await {
            Ok(_) => Ok(Self::connected(&request)?),
            Err(_) => {
                // It may still open later; nobody would close it then, and it would block other tabs.
                spawn_local(async move {
                    if JsFuture::from(opened).await.is_ok() {
                        drop(Self::connected(&request));
                    }
                });
                Err(unavailable())
            }
        }
    }

    fn connected(request: &IdbOpenDbRequest) -> JsResult<Self> {
        let database: IdbDatabase = request.result()?.unchecked_into();
        let closing = database.clone();
        let close = Closure::once_into_js(move || closing.close());
        database.set_onversionchange(Some(close.unchecked_ref()));
        Ok(Self(database))
    }

    /// What is kept under a name, or `undefined`.
    pub(crate) async fn get(&self, name: &str) -> JsResult<JsValue> {
        let (_, store) = self.transaction(IdbTransactionMode::Readonly)?;
        succeeded(store.get(&name.into())?).await
    }

    /// Keeps a value under a name that is free. Returns what is kept there in the end: two tabs may come at once, and
    /// both have to go on with the same key.
    pub(crate) async fn claim(&self, name: &str, value: &JsValue) -> JsResult<JsValue> {
        let (transaction, store) = self.transaction(IdbTransactionMode::Readwrite)?;
        let complete = complete(&transaction);
        let present = succeeded(store.get(&name.into())?).await?;
        let kept = if present.is_undefined() {
            store.put_with_key(value, &name.into())?;
            value.clone()
        } else {
            present
        };
        JsFuture::from(complete).await?;
        Ok(kept)
    }

    fn transaction(&self, mode: IdbTransactionMode) -> JsResult<(IdbTransaction, IdbObjectStore)> {
        let transaction = self.0.transaction_with_str_and_mode(STORE, mode)?;
        let store = transaction.object_store(STORE)?;
        Ok((transaction, store))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.0.close();
    }
}

fn opened(request: &IdbOpenDbRequest) -> Promise {
    let upgrading = request.clone();
    let upgrade = Closure::once_into_js(move || {
        if let Ok(database) = upgrading.result() {
            // A failure here aborts the upgrade, and the request reports it.
            let _ = database.unchecked_into::<IdbDatabase>().create_object_store(STORE);
        }
    });
    request.set_onupgradeneeded(Some(upgrade.unchecked_ref()));
    settled(request)
}

/// The promise's own functions are the handlers, so that nothing has to be kept alive here.
fn settled(request: &IdbRequest) -> Promise {
    Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    })
}

async fn succeeded(request: IdbRequest) -> JsResult<JsValue> {
    JsFuture::from(settled(&request)).await?;
    request.result()
}

fn complete(transaction: &IdbTransaction) -> Promise {
    Promise::new(&mut |resolve, reject| {
        transaction.set_oncomplete(Some(&resolve));
        transaction.set_onabort(Some(&reject));
    })
}

fn unavailable() -> JsValue {
    code_to_js(ErrorCode::StorageUnavailable)
}
