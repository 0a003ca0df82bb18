//! Token exchange for mini-programs: a request is read and checked, the platform and the ledger are asked elsewhere, the
//! tokens are signed here. What the platform says about a user stays in this module, but for opaque ids and what is sealed.

mod texts;

use alloc::borrow::ToOwned as _;
use alloc::string::String;

use lingpai_core::dpop::{self, ProofExpectation};
use lingpai_core::jose::SymmetricJwk;
use lingpai_core::json::{self, Object, ObjectWriter};
use lingpai_core::ledger::{Redeem, Spend};
use lingpai_core::refresh_token::RefreshTokenId;
use lingpai_core::terms::VisitTerms;
use lingpai_core::time::UnixSeconds;
use lingpai_core::token_exchange::account::{account_id, union_id};
use lingpai_core::token_exchange::claim::Holder;
use lingpai_core::token_exchange::form::Form;
use lingpai_core::token_exchange::provider::{self, Identity};
use lingpai_core::token_exchange::registration::{Allowance, Registration};
use lingpai_core::token_exchange::request::{
    self, ACCESS_TOKEN_TYPE, ExchangeRequest, RefreshRequest, TokenRequest,
};
use lingpai_core::token_exchange::session::PlatformSession;
use lingpai_core::visit_token::{TokenValues, VisitToken};
use lingpai_core::{Error, ErrorCode};
use wasm_bindgen::prelude::*;

use crate::authority::config::{self, Authority};
use crate::clock::unix_seconds;
use crate::entropy;
use crate::error::Crossing;
use crate::handles::Handles;
use crate::ledger::{counter, read_values, redeem_command, spend_command};
use crate::platform::{with_session_keys, write_refusal};
use crate::proof::Burn;

pub use texts::*;

/// A request that awaits what others have to say.
struct Waiting {
    family: String,
    registration: Registration,
    jkt: Option<String>,
    /// `None` for a refresh, about which no platform is asked.
    login: Option<Login>,
}

struct Login {
    request: ExchangeRequest,
    allowance: Allowance,
    /// Once the platform has said it.
    identity: Option<Identity>,
}

static WAITING: Handles<Waiting> = Handles::new();

/// How long a code may still be presented by others, for whom its family is remembered; in seconds.
const CODE_SECONDS: i64 = 600;

/// Reads a request under the registration of its client. Gives `{"exchange"}`, the number under which it waits, `"family"`,
/// `"burn"`? and `"burnUntil"`? for its proof, and either `"command"` for the ledger (a refresh) or `"claim"`, `"code"` and
/// `"tokenType"` (a login).
///
/// Errors: those of `TokenRequest::read`, of `Registration::allow` and of `dpop::verify`; `proof_required`, `invalid_grant`.
#[wasm_bindgen(js_name = tokenExchangeOpen)]
pub fn token_exchange_open(
    authority: u32,
    body: &str,
    registration: &str,
    proof: Option<String>,
    now_seconds: f64,
) -> Crossing<String> {
    config::with(authority, |authority| {
        let now = unix_seconds(now_seconds);
        let registration = Registration::read(&json::parse_object(registration.as_bytes())?)?;
        let read = TokenRequest::read(&Form::parse(body)?)?;
        if read.client_id() != registration.client_id() {
            return Err(ErrorCode::InvalidClient.into());
        }
        registration.check_enabled()?;
        let (jkt, burn) = match proof {
            Some(proof) => {
                let (jkt, burn) = proved(authority, &proof, now)?;
                (Some(jkt), Some(burn))
            }
            None => (None, None),
        };
        let answer = burn.map_or(ObjectWriter::new(), |burn| burn.write(ObjectWriter::new()));
        let (waiting, answer) = match read {
            TokenRequest::Exchange(request) => login(registration, request, jkt, now, answer)?,
            TokenRequest::Refresh(request) => {
                refresh(authority, registration, &request, jkt, now, answer)?
            }
        };
        let answer = answer.string("family", &waiting.family);
        Ok(answer.integer("exchange", i64::from(WAITING.keep(waiting)?)).finish())
    })
}

fn proved(authority: &Authority, proof: &str, now: UnixSeconds) -> Result<(String, Burn), Error> {
    let url = authority.gateway.join(request::PATH);
    let expected = ProofExpectation {
        method: "POST",
        url: &url,
        token: None,
        jkt: None,
        now,
        window: authority.proof_window,
    };
    let proof = dpop::verify(proof, &expected)?;
    let burn = Burn::of_proof(&proof, authority.proof_window);
    Ok((proof.jkt, burn))
}

fn login(
    registration: Registration,
    request: ExchangeRequest,
    jkt: Option<String>,
    now: UnixSeconds,
    answer: ObjectWriter,
) -> Crossing<(Waiting, ObjectWriter)> {
    let allowance = registration.allow(&request, jkt.is_some())?;
    let holder = Holder { request: request.request.clone(), jkt: jkt.clone() };
    let claim = holder.write(ObjectWriter::new()).integer("now", now.as_i64()).finish();
    let answer = answer
        .raw("claim", &claim)
        .string("code", request.code())
        .string("tokenType", &request.kind.token_type());
    let family = request.family();
    let login = Some(Login { request, allowance, identity: None });
    Ok((Waiting { family, registration, jkt, login }, answer))
}

fn refresh(
    authority: &Authority,
    registration: Registration,
    request: &RefreshRequest,
    jkt: Option<String>,
    now: UnixSeconds,
    answer: ObjectWriter,
) -> Crossing<(Waiting, ObjectWriter)> {
    let jkt = jkt.ok_or(ErrorCode::ProofRequired)?;
    let keys = authority.refresh_keys.unretired(now).map(SymmetricJwk::mac_key);
    let id = RefreshTokenId::from_token(request.token(), keys, Some(&jkt))?;
    let lifetime = registration.lifetime().min(authority.visit_lifetime);
    let command = spend_command(&Spend {
        counter: id.counter,
        request_hash: match &request.request {
            Some(hash) => hash.clone(),
            // Nothing tells that it comes again, but its key.
            None => entropy::id()?,
        },
        page: registration.page(),
        jkt: Some(jkt.clone()),
        values: values(now, lifetime)?,
        now,
    });
    let waiting = Waiting { family: id.family, registration, jkt: Some(jkt), login: None };
    Ok((waiting, answer.raw("command", &command)))
}

/// Takes the platform's answer about the code of a login. Gives `{"account", "union"?}`, opaque ids of who it is; or
/// `{"refused", "providerCode"?}`.
///
/// Errors: `closed`.
#[wasm_bindgen(js_name = tokenExchangeIdentify)]
pub fn token_exchange_identify(
    authority: u32,
    exchange: u32,
    status: u16,
    answer: &str,
) -> Crossing<String> {
    config::with(authority, |authority| {
        WAITING.with_mut(exchange, |waiting| {
            let registration = &waiting.registration;
            let login = waiting.login.as_mut().ok_or(ErrorCode::Internal)?;
            let kind = login.request.kind;
            let identity = match provider::read(kind, status, answer) {
                Ok(identity) => identity,
                Err(refusal) => {
                    let refusal = registration.meaning(refusal);
                    return Ok(write_refusal(ObjectWriter::new(), &refusal).finish());
                }
            };
            let key = authority.subject_key.mac_key();
            let account = account_id(key, kind, registration.app_id(), &identity.user);
            let union = match (registration.link_group(), &identity.union) {
                (Some(group), Some(union)) => Some(union_id(key, kind, group, union)),
                _ => None,
            };
            login.identity = Some(identity);
            Ok(ObjectWriter::new()
                .string("account", &account)
                .optional_string("union", union.as_deref())
                .finish())
        })
    })
}

/// The command that grants a login to `subject`, and the session to store for it: `{"command", "owner", "session"?}`.
///
/// Errors: `closed`; `internal` before [`token_exchange_identify`]; `key_not_found`.
#[wasm_bindgen(js_name = tokenExchangeCommand)]
pub fn token_exchange_command(
    authority: u32,
    exchange: u32,
    session_keys: u32,
    subject: &str,
    now_seconds: f64,
) -> Crossing<String> {
    let now = unix_seconds(now_seconds);
    config::with(authority, |authority| {
        with_session_keys(session_keys, |keys| {
            WAITING.with_mut(exchange, |waiting| {
                let registration = &waiting.registration;
                let login = waiting.login.as_mut().ok_or(ErrorCode::Internal)?;
                let identity = login.identity.take().ok_or(ErrorCode::Internal)?;
                let owner = [registration.client_id(), "/", subject].concat();
                let session = match identity.session_key {
                    Some(session_key) => Some(
                        PlatformSession {
                            platform: registration.platform(),
                            app_id: registration.app_id().to_owned(),
                            user: identity.user,
                            family: waiting.family.clone(),
                            session_key,
                        }
                        .seal(&owner, keys, now)?,
                    ),
                    None => None,
                };
                let terms = VisitTerms {
                    issuer: authority.issuer.clone(),
                    visit_audience: login.request.audience.clone(),
                    subject: subject.to_owned(),
                    client_id: registration.client_id().to_owned(),
                    scope: login.allowance.scope.clone(),
                    jkt: waiting.jkt.clone(),
                };
                let refresh = login.allowance.refresh_lifetime;
                let refreshes = refresh > 0 && authority.refresh_keys.active(now).is_some();
                let lifetime = login.allowance.lifetime.min(authority.visit_lifetime);
                let command = redeem_command(&Redeem {
                    request_hash: match &login.request.request {
                        Some(hash) => hash.clone(),
                        None => entropy::id()?,
                    },
                    terms,
                    page: registration.page(),
                    access_token_expires_at: now.plus(CODE_SECONDS),
                    values: values(now, lifetime)?,
                    refresh_expires_at: refreshes.then(|| now.plus(refresh)),
                    now,
                });
                Ok(ObjectWriter::new()
                    .raw("command", &command)
                    .string("owner", &owner)
                    .optional_string("session", session.as_deref())
                    .finish())
            })
        })
    })
}

/// The tokens that the ledger's outcome grants, and forgets the request: `{"body"}` or `{"refused"}`.
///
/// Errors: `closed`, `key_not_found`, those of JSON.
#[wasm_bindgen(js_name = tokenExchangeGrant)]
pub fn token_exchange_grant(
    authority: u32,
    exchange: u32,
    outcome: &str,
    now_seconds: f64,
) -> Crossing<String> {
    config::with(authority, |authority| {
        let waiting = WAITING.take(exchange).ok_or(ErrorCode::Closed)?;
        let outcome = json::parse_object(outcome.as_bytes())?;
        if let Some(code) = outcome.optional_string("refused")? {
            // A code that others have redeemed was used; no token of ours was replayed.
            let replayed = waiting.login.is_some() && code == ErrorCode::Replayed.as_str();
            let code = if replayed { ErrorCode::CodeUsed.as_str() } else { code };
            return Ok(ObjectWriter::new().string("refused", code).finish());
        }
        let body = grant(authority, &waiting, &outcome, unix_seconds(now_seconds))?;
        Ok(ObjectWriter::new().string("body", &body).finish())
    })
}

/// Forgets a request that will not be answered.
#[wasm_bindgen(js_name = tokenExchangeClose)]
pub fn token_exchange_close(exchange: u32) {
    WAITING.take(exchange);
}

fn grant(
    authority: &Authority,
    waiting: &Waiting,
    outcome: &Object,
    now: UnixSeconds,
) -> Crossing<String> {
    let terms = VisitTerms::from_json(outcome.object("terms")?)?;
    let signing_key = authority.signing_keys.active(now).ok_or(ErrorCode::KeyNotFound)?;
    let values = read_values(outcome)?;
    let token = VisitToken::issue(&values, &waiting.family, &terms, signing_key)?;
    let refresh = match outcome.optional_object("refresh")? {
        Some(refresh) => {
            let key = authority.refresh_keys.active(now).ok_or(ErrorCode::KeyNotFound)?;
            let id = RefreshTokenId { family: waiting.family.clone(), counter: counter(refresh)? };
            Some(id.to_token(key.mac_key(), terms.jkt.as_deref())?)
        }
        None => None,
    };
    // The clock may have been set back since the token was dated; no more is left of it than it ever had.
    let from = now.max(values.issued_at);
    let left = values.expires_at.as_i64().saturating_sub(from.as_i64()).max(0);
    Ok(ObjectWriter::with_capacity(2048)
        .string("access_token", &token)
        .string("issued_token_type", ACCESS_TOKEN_TYPE)
        .string("token_type", if terms.jkt.is_some() { "DPoP" } else { "Bearer" })
        .integer("expires_in", left)
        .string("scope", terms.scope.as_str())
        .optional_string("refresh_token", refresh.as_deref())
        .finish())
}

fn values(now: UnixSeconds, lifetime: i64) -> Result<TokenValues, Error> {
    Ok(TokenValues { jti: entropy::id()?, issued_at: now, expires_at: now.plus(lifetime) })
}
