//! Visits and refreshes: a page's request is opened and checked, the ledger decides elsewhere, the answer is sealed under
//! the request's own key, which never leaves this module.

use alloc::borrow::ToOwned;
use alloc::string::String;

use lingpai_core::access_token::AccessToken;
use lingpai_core::answer::{GrantedAnswer, OpenedRequest, open_request};
use lingpai_core::dpop::{self, ProofExpectation};
use lingpai_core::exchange::{ExchangeKind, RefreshGrant};
use lingpai_core::jose::SymmetricJwk;
use lingpai_core::json::{self, Object, ObjectWriter};
use lingpai_core::ledger::{Redeem, Spend};
use lingpai_core::problem::Problem;
use lingpai_core::refresh_token::RefreshTokenId;
use lingpai_core::signed::Trust;
use lingpai_core::terms::{VisitTerms, family_of};
use lingpai_core::time::UnixSeconds;
use lingpai_core::visit_token::{TokenValues, VisitToken};
use lingpai_core::{Error, ErrorCode};
use wasm_bindgen::prelude::*;

use super::config::{self, Authority};
use crate::clock::unix_seconds;
use crate::entropy;
use crate::error::Crossing;
use crate::handles::Handles;
use crate::ledger::{counter, read_values, redeem_command, spend_command};
use crate::proof::Burn;

/// A request that awaits the ledger's decision.
struct Exchange {
    request: OpenedRequest,
    /// Empty until the request has turned out to be good.
    family: String,
}

static EXCHANGES: Handles<Exchange> = Handles::new();

/// Opens the body of a `"visit"` or `"refresh"` request from a page of `origin`. Gives `{"exchange"}`, the number under
/// which it waits, with `"refused"`, or with `"family"`, `"command"` for the ledger, `"clientId"`? and `"issuedAt"`? of the
/// AT (known at visits), and `"burn"`, `"burnUntil"` if there is a proof to burn.
///
/// Errors: `unknown_key`, `invalid_request`: the request could not be read, so that nothing waits.
#[wasm_bindgen(js_name = exchangeOpen)]
pub fn exchange_open(
    authority: u32,
    kind: &str,
    body: &str,
    origin: &str,
    proof: Option<String>,
    now_seconds: f64,
) -> Crossing<String> {
    config::with(authority, |authority| {
        let now = unix_seconds(now_seconds);
        let kind = if kind == "visit" { ExchangeKind::Visit } else { ExchangeKind::Refresh };
        let request = open_request(body, kind, &authority.app_keys, now)?;
        let caller = Caller { kind, origin, proof: proof.as_deref(), now };
        let (family, answer) = match caller.check(authority, &request) {
            Ok(checked) => checked,
            Err(error) => {
                (String::new(), ObjectWriter::new().string("refused", error.code().as_str()))
            }
        };
        let exchange = EXCHANGES.keep(Exchange { request, family })?;
        Ok(answer.integer("exchange", i64::from(exchange)).finish())
    })
}

/// Seals the answer to a request as the ledger's outcome says, and forgets the request. Gives `{"status", "body"}`.
///
/// Errors: `closed`, those of JSON.
#[wasm_bindgen(js_name = exchangeAnswer)]
pub fn exchange_answer(
    authority: u32,
    exchange: u32,
    outcome: &str,
    now_seconds: f64,
) -> Crossing<String> {
    config::with(authority, |authority| {
        let now = unix_seconds(now_seconds);
        let outcome = json::parse_object(outcome.as_bytes())?;
        if let Some(code) = outcome.optional_string("refused")? {
            return exchange_refuse(exchange, code, now_seconds);
        }
        let exchange = EXCHANGES.take(exchange).ok_or(ErrorCode::Closed)?;
        match grant(authority, &exchange, &outcome, now) {
            Ok(body) => {
                Ok(ObjectWriter::new().integer("status", 200).string("body", &body).finish())
            }
            // The page can trust a sealed refusal, also of a fault that is ours.
            Err(_) => refuse(&exchange, ErrorCode::ServerError, now),
        }
    })
}

/// Seals a refusal, and forgets the request. Gives `{"status", "body"}`.
///
/// Errors: `closed`.
#[wasm_bindgen(js_name = exchangeRefuse)]
pub fn exchange_refuse(exchange: u32, code: &str, now_seconds: f64) -> Crossing<String> {
    let exchange = EXCHANGES.take(exchange).ok_or(ErrorCode::Closed)?;
    let code = ErrorCode::from_str_code(code).unwrap_or(ErrorCode::Internal);
    refuse(&exchange, code, unix_seconds(now_seconds))
}

/// Forgets a request that will not be answered.
#[wasm_bindgen(js_name = exchangeClose)]
pub fn exchange_close(exchange: u32) {
    EXCHANGES.take(exchange);
}

/// What came with a request besides its body.
struct Caller<'a> {
    kind: ExchangeKind,
    origin: &'a str,
    proof: Option<&'a str>,
    now: UnixSeconds,
}

impl Caller<'_> {
    /// The family that the request belongs to, and what the host has to do about it.
    fn check(
        &self,
        authority: &Authority,
        request: &OpenedRequest,
    ) -> Result<(String, ObjectWriter), Error> {
        let (family, answer) = match self.kind {
            ExchangeKind::Visit => self.redemption(authority, request)?,
            ExchangeKind::Refresh => self.refresh(authority, request)?,
        };
        let answer = match self.burn(authority, request)? {
            Some(burn) => burn.write(answer),
            None => answer,
        };
        Ok((family.clone(), answer.string("family", &family)))
    }

    fn redemption(
        &self,
        authority: &Authority,
        request: &OpenedRequest,
    ) -> Result<(String, ObjectWriter), Error> {
        let keys = authority.signing_keys.published(self.now);
        let trust = Trust::new(&authority.issuer, &keys);
        let visits_url = authority.gateway.join(ExchangeKind::Visit.path());
        let token = AccessToken::verify(request.credential(), trust, &visits_url)?;
        let claims = token.claims();
        if claims.page.as_str() != self.origin {
            return Err(ErrorCode::OriginMismatch.into());
        }
        if claims.jkt.is_some() && claims.jkt.as_deref() != request.jkt() {
            return Err(ErrorCode::KeyBindingMismatch.into());
        }
        claims.validity.check_started(self.now, authority.tolerance)?;
        let leeway = i64::from(authority.tolerance.as_seconds());
        // Without a proof key a refresh token would be a bearer token with a long life.
        let refreshes = request.jkt().is_some()
            && authority.refresh_lifetime > 0
            && authority.refresh_keys.active(self.now).is_some();
        let command = redeem_command(&Redeem {
            request_hash: request.request_hash(),
            terms: VisitTerms::of(claims, request.jkt()),
            page: self.origin.to_owned(),
            access_token_expires_at: claims.validity.expires_at.plus(leeway),
            values: self.values(authority)?,
            refresh_expires_at: refreshes.then(|| self.now.plus(authority.refresh_lifetime)),
            now: self.now,
        });
        let answer = ObjectWriter::new()
            .string("command", &command)
            .string("clientId", &claims.client_id)
            .integer("issuedAt", claims.validity.issued_at.as_i64());
        Ok((family_of(&claims.jti), answer))
    }

    fn refresh(
        &self,
        authority: &Authority,
        request: &OpenedRequest,
    ) -> Result<(String, ObjectWriter), Error> {
        let keys = authority.refresh_keys.unretired(self.now).map(SymmetricJwk::mac_key);
        let id = RefreshTokenId::from_token(request.credential(), keys, request.jkt())?;
        let command = spend_command(&Spend {
            counter: id.counter,
            request_hash: request.request_hash(),
            page: self.origin.to_owned(),
            jkt: request.jkt().map(ToOwned::to_owned),
            values: self.values(authority)?,
            now: self.now,
        });
        Ok((id.family, ObjectWriter::new().string("command", &command)))
    }

    fn values(&self, authority: &Authority) -> Result<TokenValues, Error> {
        Ok(TokenValues {
            jti: entropy::id()?,
            issued_at: self.now,
            expires_at: self.now.plus(authority.visit_lifetime),
        })
    }

    fn burn(&self, authority: &Authority, request: &OpenedRequest) -> Result<Option<Burn>, Error> {
        let (jkt, proof) = match (request.jkt(), self.proof) {
            (Some(jkt), Some(proof)) => (jkt, proof),
            (Some(_), None) => return Err(ErrorCode::ProofRequired.into()),
            // A proof that vouches for nothing in the request.
            (None, Some(_)) => return Err(ErrorCode::InvalidDpopProof.into()),
            (None, None) => return Ok(None),
        };
        let proof = dpop::verify(
            proof,
            &ProofExpectation {
                method: "POST",
                url: &authority.gateway.join(self.kind.path()),
                token: None,
                jkt: Some(jkt),
                now: self.now,
                window: authority.proof_window,
            },
        )?;
        Ok(Some(Burn::of_proof(&proof, authority.proof_window)))
    }
}

fn refuse(exchange: &Exchange, code: ErrorCode, now: UnixSeconds) -> Crossing<String> {
    let problem = Problem::because(code);
    let body = exchange.request.refuse(problem, now, entropy::bytes()?)?;
    let status = i64::from(problem.status());
    Ok(ObjectWriter::new().integer("status", status).string("body", &body).finish())
}

fn grant(
    authority: &Authority,
    exchange: &Exchange,
    outcome: &Object,
    now: UnixSeconds,
) -> Crossing<String> {
    let terms = VisitTerms::from_json(outcome.object("terms")?)?;
    let signing_key = authority.signing_keys.active(now).ok_or(ErrorCode::KeyNotFound)?;
    let app_key = authority.app_keys.active(now).ok_or(ErrorCode::KeyNotFound)?;
    let token = VisitToken::issue(&read_values(outcome)?, &exchange.family, &terms, signing_key)?;
    let refresh = match outcome.optional_object("refresh")? {
        Some(refresh) => {
            let key = authority.refresh_keys.active(now).ok_or(ErrorCode::KeyNotFound)?;
            let id = RefreshTokenId { family: exchange.family.clone(), counter: counter(refresh)? };
            let expires_at = UnixSeconds::new(refresh.integer("exp")?);
            Some(RefreshGrant {
                token: id.to_token(key.mac_key(), terms.jkt.as_deref())?,
                expires_at,
            })
        }
        None => None,
    };
    let answer =
        GrantedAnswer { token: &token, refresh: refresh.as_ref(), app_key: app_key.public(), now };
    Ok(exchange.request.grant(&answer, entropy::bytes()?)?)
}
