//! The CryptoKeys of the database, which can be kept there without ever being readable. Nothing is acknowledged before its
//! transaction is complete, and nobody waits for ever.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::Promise;
use lingpai_core::ErrorCode;
use lingpai_core::cache::Cause;
use lingpai_core::cache::connection::{Connection, Opened};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::{IdbDatabase, IdbRequest, IdbTransaction};

use crate::refusal::{JsResult, code_to_js};
use crate::{idb, platform};

/// How many keys of one name may turn out to be unusable. Such a key stays where it is and the next one takes the next
/// place, so that two tabs that find it at once agree on what comes after it.
pub(crate) const PLACES: usize = 4;

/// The nth place of a name.
pub(crate) fn place(name: &str, nth: usize) -> String {
    [name, "'".repeat(nth).as_str()].concat()
}

/// A healthy store opens in a few milliseconds; a hanging one never says so.
const WATCHDOG_MS: i32 = 1500;

/// An open connection, closed when dropped.
pub(crate) struct Database(IdbDatabase);

impl Database {
    /// Opens the database. Any failure, and silence beyond the watchdog, is an error.
    pub(crate) async fn open() -> JsResult<Self> {
        let mut connection = Connection::idle();
        let mut next = connection.want(0);
        while let Some(open) = next {
            let opened = Self::open_once(open.version).await?;
            next = match opened {
                Ok(database) => {
                    let version = database.0.version() as u64;
                    let complete = idb::is_complete(&database.0);
                    match connection.opened(open.attempt, version, complete, 0) {
                        Opened::Ready => return Ok(database),
                        Opened::Again(open) => Some(open),
                        Opened::Stale => None,
                    }
                }
                Err(cause) => connection.refused(open.attempt, cause, 0),
            };
        }
        Err(unavailable())
    }

    async fn open_once(version: Option<u64>) -> JsResult<Result<Self, Cause>> {
        let outcome = Rc::new(Cell::new(None));
        let awaited = Rc::new(Cell::new(true));
        let (told, waiting) = (Rc::clone(&outcome), Rc::clone(&awaited));
        let opened = Promise::new(&mut |resolve, _| {
            let (told, waiting) = (Rc::clone(&told), Rc::clone(&waiting));
            idb::open(version, move |opened| {
                let opened = opened.map(Self::connected);
                // It may still open later; nobody would close it then, and it would block other tabs.
                if waiting.get() {
                    told.set(Some(opened));
                }
                let _ = resolve.call0(&JsValue::UNDEFINED);
            });
        });
        let watched = Promise::race(&js_sys::Array::of2(&opened, &platform::timeout(WATCHDOG_MS)));
        let settled = JsFuture::from(watched).await;
        awaited.set(false);
        settled?;
        outcome.take().ok_or_else(unavailable)
    }

    fn connected(database: IdbDatabase) -> Self {
        let closing = database.clone();
        idb::listen(&database, &["versionchange"], Box::new(move |_| closing.close()));
        Self(database)
    }

    pub(crate) const fn inner(&self) -> &IdbDatabase {
        &self.0
    }

    /// What is kept under a name, or `undefined`.
    pub(crate) async fn get(&self, name: &str) -> JsResult<JsValue> {
        get(&self.0, name).await
    }

    /// Keeps a value under a name that is free; see [`claim`].
    pub(crate) async fn claim(&self, name: &str, value: &JsValue) -> JsResult<JsValue> {
        claim(&self.0, name, value).await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// What is kept under a name, or `undefined`.
pub(crate) async fn get(database: &IdbDatabase, name: &str) -> JsResult<JsValue> {
    let (_, store) = idb::begin(database, false, false)?;
    succeeded(store.get(&name.into())?).await
}

/// Keeps a value under a name that is free. Returns what is kept there in the end: two tabs may come at once, and both have to go
/// on with the same one.
pub(crate) async fn claim(
    database: &IdbDatabase,
    name: &str,
    value: &JsValue,
) -> JsResult<JsValue> {
    let (transaction, store) = idb::begin(database, true, true)?;
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

/// The promise's own functions are the handlers, so that nothing has to be kept alive here.
async fn succeeded(request: IdbRequest) -> JsResult<JsValue> {
    let settled = Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    JsFuture::from(settled).await?;
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
