//! The key under which a visit's record rests in `sessionStorage`: AES-256-GCM in the browser's keeping. The record is
//! useless in another browser profile, and in another slot of the same one.

use js_sys::{Array, Object, Uint8Array};
use lingpai_core::{ErrorCode, base64url};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, IdbDatabase, SubtleCrypto};

use crate::kept::{self, PLACES, place};
use crate::refusal::{JsResult, code_to_js, to_js};
use crate::{entropy, idb, platform};

const IV_BYTES: usize = 12;

/// An AES-GCM key that cannot be read.
pub(crate) struct RecordKey {
    subtle: SubtleCrypto,
    key: CryptoKey,
    slot: String,
}

/// Why there is no key.
pub(crate) enum Keyless {
    /// This browser cannot make such a key, or cannot keep it.
    Always,
    /// The database failed over it: no room, a connection that was lost. Another tab may have one meanwhile.
    ForNow,
}

impl RecordKey {
    /// The key kept under `name`, or a new one that is kept there now. Without a place for it there is none: a record
    /// that nobody can open after a reload helps nobody.
    pub(crate) async fn open(
        subtle: &SubtleCrypto,
        database: &IdbDatabase,
        name: &str,
        slot: &str,
    ) -> Result<Self, Keyless> {
        for nth in 0..PLACES {
            let name = place(name, nth);
            let Ok(mut key) = kept::get(database, &name).await else {
                // What cannot be read there, or nothing can be.
                kept::get(database, "").await.map_err(|_| Keyless::ForNow)?;
                continue;
            };
            if key.is_undefined() {
                let made = generate(subtle).await.map_err(|_| Keyless::Always)?;
                key = kept::claim(database, &name, &made).await.map_err(|error| {
                    if idb::is_uncloneable(&error) { Keyless::Always } else { Keyless::ForNow }
                })?;
            }
            let (subtle, key) = (subtle.clone(), key.unchecked_into());
            let opened = Self { subtle, key, slot: slot.to_owned() };
            if let Ok(sealed) = opened.seal("").await
                && opened.open_record(&sealed).await.is_ok()
            {
                return Ok(opened);
            }
        }
        Err(Keyless::Always)
    }

    /// Seals a record: base64url of IV and ciphertext.
    pub(crate) async fn seal(&self, record: &str) -> JsResult<String> {
        let iv = entropy::iv().map_err(to_js)?;
        let plaintext = Uint8Array::from(record.as_bytes());
        let sealed = self.subtle.encrypt_with_object_and_js_u8_array(
            &self.parameters(&iv)?,
            &self.key,
            &plaintext,
        )?;
        let sealed = Uint8Array::new(&JsFuture::from(sealed).await?).to_vec();
        Ok(base64url::encode(&[&iv[..], &sealed].concat()))
    }

    /// Opens a record that was sealed for this slot.
    ///
    /// Errors: `decryption_failed` for anything else.
    pub(crate) async fn open_record(&self, text: &str) -> JsResult<String> {
        let failed = || code_to_js(ErrorCode::DecryptionFailed);
        let bytes = base64url::decode(text).map_err(to_js)?;
        let (iv, sealed) = bytes.split_at_checked(IV_BYTES).ok_or_else(failed)?;
        let opened = self.subtle.decrypt_with_object_and_js_u8_array(
            &self.parameters(iv)?,
            &self.key,
            &Uint8Array::from(sealed),
        )?;
        let opened = JsFuture::from(opened).await.map_err(|_| failed())?;
        String::from_utf8(Uint8Array::new(&opened).to_vec()).map_err(|_| failed())
    }

    fn parameters(&self, iv: &[u8]) -> JsResult<Object> {
        platform::object(&[
            ("name", "AES-GCM".into()),
            ("iv", Uint8Array::from(iv).into()),
            ("additionalData", Uint8Array::from(self.slot.as_bytes()).into()),
        ])
    }
}

async fn generate(subtle: &SubtleCrypto) -> JsResult<JsValue> {
    let parameters = platform::object(&[("name", "AES-GCM".into()), ("length", 256.into())])?;
    let usages = Array::of2(&"encrypt".into(), &"decrypt".into());
    JsFuture::from(subtle.generate_key_with_object(&parameters, false, &usages)?).await
}
