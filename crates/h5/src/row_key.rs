//! The key under which a store's rows rest: random, wrapped by a key that the browser keeps and never shows. Where there is no such
//! key (plain http), or it cannot be kept, rows are merely obfuscated, and the store says so.

use js_sys::{Array, Object, Reflect, Uint8Array};
use lingpai_core::cache::RowKey;
use lingpai_core::secret::ContentKey;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, IdbDatabase, SubtleCrypto};

use crate::database::{self, PLACES, place};
use crate::refusal::{JsResult, to_js};
use crate::{entropy, platform};

const WRAPPING: &str = "wrapping";
const WRAPPED: &str = "wrapped";
const IV: &str = "iv";

/// The key of a store's rows in this database, and whether it is secret. Nothing where the database itself fails.
pub(crate) async fn open(database: &IdbDatabase, store: &str) -> Option<(RowKey, bool)> {
    if let Some(subtle) = platform::subtle() {
        let name = ["key ", store].concat();
        for nth in 0..PLACES {
            let name = place(&name, nth);
            let mut kept = database::get(database, &name).await.ok()?;
            if kept.is_undefined() {
                let Ok(made) = wrapped(&subtle, store).await else { break };
                // Some browsers cannot keep such a key.
                let Ok(claimed) = database::claim(database, &name, &made).await else { break };
                kept = claimed;
            }
            if let Ok(key) = unwrapped(&subtle, &kept, store).await {
                return Some((RowKey::secret(key, store), true));
            }
        }
    }
    Some((RowKey::obfuscation(store), false))
}

/// A new key, wrapped by a new one.
async fn wrapped(subtle: &SubtleCrypto, store: &str) -> JsResult<JsValue> {
    let parameters = platform::object(&[("name", "AES-GCM".into()), ("length", 256.into())])?;
    let usages = Array::of2(&"encrypt".into(), &"decrypt".into());
    let made = subtle.generate_key_with_object(&parameters, false, &usages)?;
    let wrapping = JsFuture::from(made).await?;
    let iv = Uint8Array::from(&entropy::iv().map_err(to_js)?[..]);
    let key = ContentKey::from_seed(entropy::seed().map_err(to_js)?);
    let bytes = Uint8Array::from(&key.secret_bytes()[..]);
    let sealed = subtle.encrypt_with_object_and_js_u8_array(
        &gcm(&iv, store)?,
        wrapping.unchecked_ref(),
        &bytes,
    )?;
    let sealed = JsFuture::from(sealed).await;
    bytes.fill(0, 0, 32);
    Ok(platform::object(&[(WRAPPING, wrapping), (WRAPPED, sealed?), (IV, iv.into())])?.into())
}

async fn unwrapped(subtle: &SubtleCrypto, kept: &JsValue, store: &str) -> JsResult<ContentKey> {
    let part = |name: &str| Reflect::get(kept, &name.into());
    let wrapping: CryptoKey = part(WRAPPING)?.unchecked_into();
    let opened = subtle.decrypt_with_object_and_js_u8_array(
        &gcm(&Uint8Array::new(&part(IV)?), store)?,
        &wrapping,
        &Uint8Array::new(&part(WRAPPED)?),
    )?;
    let opened = Uint8Array::new(&JsFuture::from(opened).await?);
    let mut bytes = [0; 32];
    if opened.length() != 32 {
        return Err(JsValue::UNDEFINED);
    }
    opened.copy_to(&mut bytes);
    opened.fill(0, 0, 32);
    Ok(ContentKey::from_bytes(bytes))
}

fn gcm(iv: &Uint8Array, store: &str) -> JsResult<Object> {
    let slot = Uint8Array::from(store.as_bytes());
    platform::object(&[
        ("name", "AES-GCM".into()),
        ("iv", iv.into()),
        ("additionalData", slot.into()),
    ])
}
