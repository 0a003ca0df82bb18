//! Proofs of possession (DPoP) at the edge, and what is used once.

use alloc::string::String;

use lingpai_core::dpop::{self, Proof, ProofExpectation, UnverifiedProof};
use lingpai_core::jose::SignatureAlgorithm;
use lingpai_core::json::{self, ObjectWriter};
use lingpai_core::time::Tolerance;
use lingpai_core::{Error, ErrorCode};
use wasm_bindgen::prelude::*;

use crate::clock::unix_seconds;
use crate::error::Crossing;
use crate::host::{self, Host};

/// Checks the proof that came with a token bound to `jkt` and gives `{"jkt", "jti", "iat", "nonce"?, "burn", "burnUntil"}`.
/// The request is allowed once `burn` has been burned, which has to be remembered until `burnUntil`. For a proof by ES256
/// gives `{"host": {"alg", "key": {…}}}` if the host may be asked: it is faster. `host` as for `verifierVerify`; 4 where it
/// is so with Ed25519 as well, since a proof's key is mostly a new one.
///
/// Errors: those of `dpop::verify`.
#[expect(clippy::too_many_arguments, reason = "one crossing")]
#[wasm_bindgen(js_name = proofVerify)]
pub fn proof_verify(
    proof: &str,
    method: &str,
    url: &str,
    token: &str,
    jkt: &str,
    now_seconds: f64,
    window_seconds: u32,
    host: u8,
) -> Crossing<String> {
    let window = Tolerance::seconds(window_seconds);
    let now = unix_seconds(now_seconds);
    let expected =
        ProofExpectation { method, url, token: Some(token), jkt: Some(jkt), now, window };
    let given = UnverifiedProof::parse(proof)?;
    let question = || {
        // No stranger's key reaches the host.
        if given.is_by(jkt) {
            Ok(host::question(given.algorithm(), given.key()))
        } else {
            Err(ErrorCode::ProofKeyMismatch.into())
        }
    };
    let proof = match Host::from_number(host)? {
        Host::Preferred => return question(),
        Host::MayBeAsked if given.algorithm() == SignatureAlgorithm::Es256 => return question(),
        Host::Says(verdict) => given.resolve(verdict, &expected)?,
        _ => given.verify(&expected)?,
    };
    let burn = Burn::of_proof(&proof, window);
    let answer = ObjectWriter::new()
        .string("jkt", &proof.jkt)
        .string("jti", &proof.jti)
        .integer("iat", proof.issued_at.as_i64())
        .optional_string("nonce", proof.nonce.as_deref());
    Ok(burn.write(answer).finish())
}

/// What has to be burned for a token, given its verified claims, to be used once: `{"burn", "burnUntil"}`.
///
/// Errors: `claim_invalid` for a token without `iss`, `jti` or `exp`; those of JSON.
#[wasm_bindgen(js_name = singleUse)]
pub fn single_use(claims: &str) -> Crossing<String> {
    let claims = json::parse_object(claims.as_bytes())?;
    let (iss, jti) = (claims.string("iss")?, claims.string("jti")?);
    if jti.is_empty() {
        return Err(Error::with_detail(ErrorCode::ClaimInvalid, "jti").into());
    }
    let burn = Burn::new("token", iss, jti, claims.integer("exp")?, MOST_TOLERANCE);
    Ok(burn.write(ObjectWriter::new()).finish())
}

/// No verifier lets a token pass longer than this after its `exp`.
const MOST_TOLERANCE: Tolerance = Tolerance::seconds(600);

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
