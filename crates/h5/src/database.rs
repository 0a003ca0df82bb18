//! A connection to the database for a visit's keys, for which nobody waits for ever. Stores have their own, which core directs.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::Promise;
use lingpai_core::ErrorCode;
use lingpai_core::cache::Cause;
use lingpai_core::cache::connection::{Connection, Opened};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::IdbDatabase;

use crate::refusal::{JsResult, code_to_js};
use crate::{idb, kept, promise};

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
        let watched = Promise::race(&js_sys::Array::of2(&opened, &promise::timeout(WATCHDOG_MS)));
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
        kept::get(&self.0, name).await
    }

    /// Keeps a value under a name that is free; see [`kept::claim`].
    pub(crate) async fn claim(&self, name: &str, value: &JsValue) -> JsResult<JsValue> {
        kept::claim(&self.0, name, value).await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.0.close();
    }
}

fn unavailable() -> JsValue {
    code_to_js(ErrorCode::StorageUnavailable)
}
