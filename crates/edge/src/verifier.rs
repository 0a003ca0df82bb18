//! The verifier: a policy that is read once, and tokens that are checked against it.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use lingpai_core::jose::{JwkSet, SymmetricJwk};
use lingpai_core::json::{self, Object, ObjectWriter, Value};
use lingpai_core::scope::Scope;
use lingpai_core::time::{Tolerance, UnixSeconds};
use lingpai_core::verify::{Keys, Policy};
use lingpai_core::{Error, ErrorCode};
use wasm_bindgen::prelude::*;

use crate::clock::unix_seconds;
use crate::error::Crossing;
use crate::handles::Handles;

static VERIFIERS: Handles<Verifier> = Handles::new();

/// Tables for the keys cost about as much as they save in so many tokens; an instance may not live to see them.
const PREPARE_AFTER: u32 = 20;

struct Verifier {
    policy: Policy,
    verified: u32,
}

impl Verifier {
    fn count(&mut self) {
        self.verified = self.verified.saturating_add(1);
        if let (PREPARE_AFTER, Keys::Set(keys)) = (self.verified, &mut self.policy.keys) {
            keys.prepare();
        }
    }
}

/// Reads `{"issuer", "audiences": [], "type"?, "toleranceSeconds", "requiredScope"?}` and gives the number of a verifier
/// that believes `keys`, a JWK Set, or, where `shared`, one symmetric JWK. The two never mix: a key set may come from
/// the network, a shared key may not.
///
/// Errors: those of JSON and of keys.
#[wasm_bindgen(js_name = verifierNew)]
pub fn verifier_new(config: &str, keys: &str, shared: bool) -> Crossing<u32> {
    let keys = match shared {
        true => Keys::Shared(SymmetricJwk::parse(keys)?),
        false => Keys::Set(JwkSet::parse(keys)?),
    };
    let policy = policy(&json::parse_object(config.as_bytes())?, keys)?;
    VERIFIERS.keep(Verifier { policy, verified: 0 })
}

/// Forgets a verifier.
#[wasm_bindgen(js_name = verifierFree)]
pub fn verifier_free(verifier: u32) {
    VERIFIERS.take(verifier);
}

/// Verifies a token and gives `{"claims": {…}, "from"?, "until", "jkt"?}`; the same answer holds from `from` until just
/// before `until`, as far as the token itself is concerned.
///
/// Errors: those of `Policy::verify`.
#[wasm_bindgen(js_name = verifierVerify)]
pub fn verifier_verify(verifier: u32, token: &str, now_seconds: f64) -> Crossing<String> {
    VERIFIERS.with_mut(verifier, |verifier| {
        let policy = &verifier.policy;
        let verified = policy.verify(token, unix_seconds(now_seconds))?;
        let (from, until) = verified.facts.window(policy.tolerance);
        let claims =
            core::str::from_utf8(&verified.claims_json).map_err(|_| ErrorCode::Malformed)?;
        let answer = ObjectWriter::new()
            .raw("claims", claims)
            .optional_integer("from", from.map(UnixSeconds::as_i64))
            .integer("until", until.as_i64())
            .optional_string("jkt", verified.facts.jkt.as_deref())
            .finish();
        verifier.count();
        Ok(answer)
    })
}

fn policy(config: &Object, keys: Keys) -> Crossing<Policy> {
    Ok(Policy {
        issuer: config.string("issuer")?.to_owned(),
        audiences: strings(config, "audiences")?,
        typ: config.optional_string("type")?.map(ToOwned::to_owned),
        keys,
        tolerance: tolerance(config)?,
        required_scope: Scope::parse(config.optional_string("requiredScope")?.unwrap_or_default())?,
    })
}

/// `toleranceSeconds` of a configuration.
pub(crate) fn tolerance(config: &Object) -> Crossing<Tolerance> {
    let seconds = u32::try_from(config.integer("toleranceSeconds")?)
        .map_err(|_| Error::with_detail(ErrorCode::ClaimInvalid, "toleranceSeconds"))?;
    Ok(Tolerance::seconds(seconds))
}

/// A member that is a list of strings.
pub(crate) fn strings(object: &Object, name: &'static str) -> Crossing<Vec<String>> {
    let invalid = Error::with_detail(ErrorCode::ClaimInvalid, name);
    let Some(Value::Array(items)) = object.get(name) else {
        return Err(invalid.into());
    };
    let text = |item: &Value| match item {
        Value::String(text) => Ok(text.clone()),
        _ => Err(invalid.into()),
    };
    items.iter().map(text).collect()
}
