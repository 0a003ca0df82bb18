//! Proofs of possession (DPoP) at the edge.

use alloc::string::String;

use lingpai_core::dpop::{self, Proof, ProofExpectation};
use lingpai_core::json::ObjectWriter;
use lingpai_core::time::Tolerance;
use wasm_bindgen::prelude::*;

use crate::clock::unix_seconds;
use crate::error::Crossing;

/// Checks the proof that came with a token bound to `jkt` and gives `{"jkt", "jti", "burn", "burnUntil"}`. The request
/// is allowed once `burn` has been burned, which has to be remembered until `burnUntil`.
///
/// Errors: those of `dpop::verify`.
#[wasm_bindgen(js_name = proofVerify)]
pub fn proof_verify(
    proof: &str,
    method: &str,
    url: &str,
    token: &str,
    jkt: &str,
    now_seconds: f64,
    window_seconds: u32,
) -> Crossing<String> {
    let window = Tolerance::seconds(window_seconds);
    let proof = dpop::verify(
        proof,
        &ProofExpectation {
            method,
            url,
            token: Some(token),
            jkt: Some(jkt),
            now: unix_seconds(now_seconds),
            window,
        },
    )?;
    let burn = Burn::of_proof(&proof, window);
    Ok(burn.write(ObjectWriter::new().string("jkt", &proof.jkt).string("jti", &proof.jti)).finish())
}

/// How far the store's clock may be ahead of ours.
const STORE_CLOCK_SECONDS: i64 = 10;

/// Something that may be used once.
pub(crate) struct Burn {
    key: String,
    until: i64,
}

impl Burn {
    /// A proof, once for its key.
    pub(crate) fn of_proof(proof: &Proof, window: Tolerance) -> Self {
        Self::new("proof", &proof.jkt, &proof.jti, proof.issued_at.as_i64(), window)
    }

    /// `owner` and `id` come from outside: hashed, they keep apart what differs and fit into any name.
    pub(crate) fn new(kind: &str, owner: &str, id: &str, at: i64, window: Tolerance) -> Self {
        // It would be accepted until `at` plus the window, by our clock; the store forgets it by its own.
        let until = at.saturating_add(i64::from(window.as_seconds()) + STORE_CLOCK_SECONDS);
        let key = [kind, "/", &dpop::token_hash(owner), "/", &dpop::token_hash(id)].concat();
        Self { key, until }
    }

    pub(crate) fn write(&self, object: ObjectWriter) -> ObjectWriter {
        object.string("burn", &self.key).integer("burnUntil", self.until)
    }
}
