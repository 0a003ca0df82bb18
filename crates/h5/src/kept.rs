//! What the database keeps under names: the browser's keys, which can be kept there without ever being readable. Nothing is
//! acknowledged before its transaction is complete.

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::{IdbDatabase, IdbRequest, IdbTransaction};

use crate::idb;
use crate::refusal::JsResult;

/// How many keys of one name may turn out to be unusable. Such a key stays where it is and the next one takes the next
/// place, so that two tabs that find it at once agree on what comes after it.
pub(crate) const PLACES: usize = 4;

/// The nth place of a name.
pub(crate) fn place(name: &str, nth: usize) -> String {
    [name, "'".repeat(nth).as_str()].concat()
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
