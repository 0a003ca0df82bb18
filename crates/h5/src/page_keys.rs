//! The keys of a page at one gateway: the proof key, and the key of the record that survives a reload.

use std::rc::Rc;

use js_sys::Promise;
use lingpai_core::ErrorCode;
use lingpai_core::dpop::ProofClaims;
use lingpai_core::json::ObjectWriter;
use lingpai_core::time::UnixSeconds;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::database::Database;
use crate::proof_key::ProofKey;
use crate::record_key::RecordKey;
use crate::refusal::{JsResult, code_to_js, to_js};
use crate::{entropy, platform, promise};

/// The keys. Its promises hold what they need, so that it may be freed while they are pending.
#[wasm_bindgen]
pub struct PageKeys(Rc<Keys>);

struct Keys {
    proof: ProofKey,
    record: Option<RecordKey>,
}

#[wasm_bindgen]
impl PageKeys {
    /// Opens the keys of a slot, which names issuer and gateway. With `keep`, they are shared by the tabs of this origin
    /// and survive a reload, as far as the browser allows; failing that they live in memory. Waits for a
    /// database to open no longer than its watchdog; one that opened and then keeps silent is waited for, so callers need a time-out.
    ///
    /// Rejects with `internal` where the host has no randomness.
    #[wasm_bindgen(unchecked_return_type = "Promise<PageKeys>")]
    pub fn open(slot: String, keep: bool) -> Promise {
        promise::promise(async move { Ok(Self::open_now(slot, keep).await?.into()) })
    }

    async fn open_now(slot: String, keep: bool) -> JsResult<Self> {
        let subtle = platform::subtle();
        let database = match &subtle {
            Some(_) if keep => Database::open().await.ok(),
            _ => None,
        };
        let name = |purpose: &str| [purpose, " ", &slot].concat();
        let proof = ProofKey::open(subtle.as_ref(), database.as_ref(), &name("proof")).await?;
        let record = match (&subtle, &database) {
            // A record is bound to the proof key: without that it would be of no use.
            (Some(subtle), Some(database)) if proof.kept => {
                RecordKey::open(subtle, database.inner(), &name("record"), &slot).await.ok()
            }
            _ => None,
        };
        Ok(Self(Rc::new(Keys { proof, record })))
    }

    /// What may be known about them, as JSON: `thumbprint` (RFC 7638, SHA-256) and `algorithm` (JOSE name) of the proof key,
    /// and three answers: whether its private half lies in this module's memory, for want of WebCrypto (`extractable`),
    /// whether it survives a reload (`kept`), and whether a record can be sealed (`sealsRecords`).
    pub fn facts(&self) -> String {
        let Keys { proof, record } = &*self.0;
        let answer = |yes| if yes { "true" } else { "false" };
        ObjectWriter::new()
            .string("thumbprint", &proof.thumbprint())
            .string("algorithm", proof.algorithm())
            .raw("extractable", answer(proof.is_extractable()))
            .raw("kept", answer(proof.kept))
            .raw("sealsRecords", answer(record.is_some()))
            .finish()
    }

    /// A DPoP proof for one request, at `now_seconds` of the corrected clock. It covers `body`, where there is one.
    ///
    /// Rejects with `malformed` for an address that is none.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn prove(
        &self,
        method: String,
        url: String,
        token: Option<String>,
        nonce: Option<String>,
        now_seconds: f64,
        body: Option<String>,
    ) -> Promise {
        let keys = Rc::clone(&self.0);
        promise::promise(async move {
            let jti = entropy::id().map_err(to_js)?;
            let claims = ProofClaims {
                method: &method,
                url: &url,
                issued_at: UnixSeconds::new(now_seconds as i64),
                jti: &jti,
                token: token.as_deref(),
                nonce: nonce.as_deref(),
            };
            Ok(keys.proof.prove(claims, body.as_deref()).await?.into())
        })
    }

    /// Seals a record for this slot.
    ///
    /// Rejects with `storage_unavailable` where there is no key for it.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn seal(&self, record: String) -> Promise {
        let keys = Rc::clone(&self.0);
        promise::promise(async move { Ok(record_key(&keys)?.seal(&record).await?.into()) })
    }

    /// Opens a record of this slot.
    ///
    /// Rejects with `decryption_failed` for anything else.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn unseal(&self, text: String) -> Promise {
        let keys = Rc::clone(&self.0);
        promise::promise(async move { Ok(record_key(&keys)?.open_record(&text).await?.into()) })
    }
}

fn record_key(keys: &Keys) -> Result<&RecordKey, JsValue> {
    keys.record.as_ref().ok_or_else(|| code_to_js(ErrorCode::StorageUnavailable))
}
