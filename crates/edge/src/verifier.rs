//! The verifier: a policy that is read once, and tokens that are checked against it.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use lingpai_core::jose::{AlgorithmSet, JwkSet, SignatureAlgorithm, SymmetricJwk};
use lingpai_core::json::{self, Object, ObjectWriter, Value};
use lingpai_core::scope::Scope;
use lingpai_core::time::{Tolerance, UnixSeconds};
use lingpai_core::verify::{self, Keys, Policy, Verification, VerifiedToken};
use lingpai_core::{Error, ErrorCode};
use wasm_bindgen::prelude::*;

use crate::clock::unix_seconds;
use crate::error::Crossing;
use crate::handles::Handles;
use crate::host::{self, Host};

static VERIFIERS: Handles<Verifier> = Handles::new();

/// Tables for the keys cost about as much as they save in so many tokens; an instance may not live to see them.
const PREPARE_AFTER: u32 = 40;

/// How many verifiers may have tables at a time: with four keys each they take 37 MB of the 64 that the module may have.
/// More of them, for as many tenants, verify without.
const MOST_WITH_TABLES: u32 = 24;

static WITH_TABLES: AtomicU32 = AtomicU32::new(0);

struct Verifier {
    policy: Policy,
    /// Tokens whose signature was verified here, by an algorithm that tables would help.
    verified: u32,
    has_tables: bool,
}

impl Drop for Verifier {
    fn drop(&mut self) {
        if self.has_tables {
            WITH_TABLES.fetch_sub(1, Relaxed);
        }
    }
}

impl Verifier {
    fn answer(&self, token: &VerifiedToken) -> Crossing<String> {
        let (from, until) = token.facts.window(self.policy.tolerance);
        Ok(ObjectWriter::with_capacity(token.claims_json.len() + 256)
            .raw("claims", &token.claims_json)
            .optional_integer("from", from.map(UnixSeconds::as_i64))
            .integer("until", until.as_i64())
            .optional_string("jkt", token.facts.jkt.as_deref())
            .string("alg", token.algorithm.as_str())
            .optional_string("kid", token.kid.as_deref())
            .finish())
    }

    /// As [`Self::answer`], for a token whose signature was verified here.
    fn answer_own(&mut self, token: &VerifiedToken) -> Crossing<String> {
        if token.algorithm == SignatureAlgorithm::EdDsa {
            self.verified = self.verified.saturating_add(1);
            self.prepare();
        }
        self.answer(token)
    }

    fn prepare(&mut self) {
        if let (PREPARE_AFTER, Keys::Set(keys)) = (self.verified, &mut self.policy.keys)
            && WITH_TABLES.load(Relaxed) < MOST_WITH_TABLES
        {
            WITH_TABLES.fetch_add(1, Relaxed);
            self.has_tables = true;
            keys.prepare();
        }
    }
}

/// Reads a configuration and gives the number of a verifier that believes `keys`, a JWK Set, or, where `shared`, one
/// symmetric JWK. The two never mix: a key set may come from the network, a shared key may not.
///
/// The configuration: `{"issuer", "audiences": [], "type"?, "toleranceSeconds", "requiredScope"?, "requiredClaims"?: [],
/// "maxAgeSeconds"?, "algorithms"?: [], "host"?: []}`. Without audiences `aud` is not looked at. With `algorithms` only
/// these are accepted, and the key set may be one that says less about its keys than ours do. `host` are algorithms for
/// which the host is asked although the module has them.
///
/// Errors: those of JSON and of keys.
#[wasm_bindgen(js_name = verifierNew)]
pub fn verifier_new(config: &str, keys: &str, shared: bool) -> Crossing<u32> {
    let config = json::parse_object(config.as_bytes())?;
    let algorithms = algorithm_set(&config, "algorithms")?;
    let keys = match (shared, algorithms) {
        (true, _) => Keys::Shared(SymmetricJwk::parse(keys)?),
        (false, None) => Keys::Set(JwkSet::parse(keys)?),
        (false, Some(algorithms)) => Keys::Set(JwkSet::parse_foreign(keys, algorithms)?),
    };
    VERIFIERS.keep(Verifier {
        policy: policy(&config, algorithms, keys)?,
        verified: 0,
        has_tables: false,
    })
}

/// Forgets a verifier.
#[wasm_bindgen(js_name = verifierFree)]
pub fn verifier_free(verifier: u32) {
    VERIFIERS.take(verifier);
}

/// Verifies a token and gives `{"claims": {…}, "from"?, "until", "jkt"?, "alg", "kid"?}`; the same answer holds from `from`
/// until just before `until`, as far as the token itself is concerned. Where the host has to verify the signature and may
/// be asked, gives `{"host": {"alg", "kid"?, "key": {…}}}` instead.
///
/// `host`: 0 if the host may be asked; 1 if it has been and found the signature right, 2 if wrong; 3 if it may not be asked.
///
/// Errors: those of `Policy::verify`.
#[wasm_bindgen(js_name = verifierVerify)]
pub fn verifier_verify(verifier: u32, token: &str, now_seconds: f64, host: u8) -> Crossing<String> {
    let host = Host::from_number(host)?;
    let now = unix_seconds(now_seconds);
    VERIFIERS.with_mut(verifier, |verifier| {
        let policy = &verifier.policy;
        if let Host::MayNotBeAsked = host {
            let verified = policy.verify(token, now)?;
            return verifier.answer_own(&verified);
        }
        match (policy.begin(token, now)?, host) {
            (Verification::Done(verified), _) => verifier.answer_own(&verified),
            (Verification::AskHost(pending), Host::Says(verdict)) => {
                let verified = pending.resolve(verdict, now)?;
                verifier.answer(&verified)
            }
            (Verification::AskHost(pending), _) => {
                Ok(host::question(pending.algorithm(), pending.key()))
            }
        }
    })
}

/// The issuer that a token names, before anything of it is believed; to choose among those that are believed.
///
/// Errors: those of `verify::claimed_issuer`.
#[wasm_bindgen(js_name = tokenIssuer)]
pub fn token_issuer(token: &str) -> Crossing<String> {
    Ok(verify::claimed_issuer(token)?)
}

fn policy(config: &Object, algorithms: Option<AlgorithmSet>, keys: Keys) -> Crossing<Policy> {
    Ok(Policy {
        issuer: config.string("issuer")?.to_owned(),
        audiences: strings(config, "audiences")?,
        typ: config.optional_string("type")?.map(ToOwned::to_owned),
        keys,
        algorithms,
        host: algorithm_set(config, "host")?.unwrap_or_default(),
        tolerance: tolerance(config)?,
        max_age_seconds: match config.get("maxAgeSeconds") {
            Some(_) => Some(seconds(config, "maxAgeSeconds")?),
            None => None,
        },
        required_claims: match config.get("requiredClaims") {
            Some(_) => strings(config, "requiredClaims")?,
            None => Vec::new(),
        },
        required_scope: Scope::parse(config.optional_string("requiredScope")?.unwrap_or_default())?,
    })
}

fn algorithm_set(config: &Object, name: &'static str) -> Crossing<Option<AlgorithmSet>> {
    if config.get(name).is_none() {
        return Ok(None);
    }
    let unknown = Error::with_detail(ErrorCode::AlgorithmNotAllowed, name);
    let names = strings(config, name)?;
    let algorithms = names.iter().map(|name| SignatureAlgorithm::from_name(name).ok_or(unknown));
    Ok(Some(algorithms.collect::<Result<_, _>>()?))
}

/// `toleranceSeconds` of a configuration.
pub(crate) fn tolerance(config: &Object) -> Crossing<Tolerance> {
    seconds(config, "toleranceSeconds").map(Tolerance::seconds)
}

fn seconds(config: &Object, name: &'static str) -> Crossing<u32> {
    let invalid = |_| Error::with_detail(ErrorCode::ClaimInvalid, name);
    Ok(u32::try_from(config.integer(name)?).map_err(invalid)?)
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
