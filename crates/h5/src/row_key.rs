//! The key under which a store's rows rest: random, sealed by a key that the browser keeps and never shows. Where there is no such
//! key (plain http), or it can never be kept, rows are merely obfuscated, and the store says so. A database that fails over it gives no
//! key at all: a tab that went on with another key than its neighbours would take their rows for forged ones, and they its.

use lingpai_core::base64url;
use lingpai_core::cache::RowKey;
use lingpai_core::secret::ContentKey;
use wasm_bindgen::JsValue;
use web_sys::IdbDatabase;

use crate::kept::{self, PLACES, place};
use crate::record_key::{Keyless, RecordKey};
use crate::refusal::{JsResult, to_js};
use crate::{entropy, platform};

/// The key of a store's rows in this database, and whether it is secret. Nothing where the database itself fails.
pub(crate) async fn open(database: &IdbDatabase, store: &str) -> Option<(RowKey, bool)> {
    let name = |purpose: &str| [purpose, store].concat();
    if let Some(subtle) = platform::subtle() {
        let wrapping = match RecordKey::open(&subtle, database, &name("wrap "), store).await {
            Ok(wrapping) => wrapping,
            Err(Keyless::Always) => return Some((RowKey::obfuscation(store), false)),
            Err(Keyless::ForNow) => return None,
        };
        for nth in 0..PLACES {
            let name = place(&name("key "), nth);
            let mut kept = kept::get(database, &name).await.ok()?;
            if kept.is_undefined() {
                let made = sealed(&wrapping).await.ok()?;
                kept = kept::claim(database, &name, &made).await.ok()?;
            }
            if let Some(key) = opened(&wrapping, &kept).await {
                return Some((RowKey::secret(key, store), true));
            }
        }
    }
    Some((RowKey::obfuscation(store), false))
}

async fn sealed(wrapping: &RecordKey) -> JsResult<JsValue> {
    let key = ContentKey::from_seed(entropy::seed().map_err(to_js)?);
    let text = base64url::encode(key.secret_bytes());
    let sealed = wrapping.seal(&text).await;
    forget(text);
    Ok(sealed?.into())
}

async fn opened(wrapping: &RecordKey, kept: &JsValue) -> Option<ContentKey> {
    let text = wrapping.open_record(&kept.as_string()?).await.ok()?;
    let key = base64url::decode_secret(&text).ok().map(ContentKey::from_bytes);
    forget(text);
    key
}

/// Overwrites a text before its memory is given back.
fn forget(text: String) {
    let mut bytes = text.into_bytes();
    bytes.fill(0);
    std::hint::black_box(&bytes);
}
