//! What needs keys that verify and agree: tokens of a configured issuer, and the exchange of a visit. R stays in here.

use alloc::string::String;
use alloc::vec::Vec;

use lingpai_core::access_token::AccessToken;
use lingpai_core::crypto::Drbg;
use lingpai_core::exchange::{self, Answer, ExchangeEntropy, Grant, PendingExchange};
use lingpai_core::jose::{Ephemeral, Jwk, JwkSet, Jws, VerifyingKey};
use lingpai_core::json::{self, ObjectWriter};
use lingpai_core::signed::Trust;
use lingpai_core::terms::VisitTerms;
use lingpai_core::uri::ServiceUrl;
use lingpai_core::{ErrorCode, Result, exchange_answer};

use crate::border::Output;
use crate::device::Device;
use crate::message::Fields;
use crate::operations::{asked, describe};

pub(crate) fn carry_out(operation: u32, fields: &mut Fields<'_>, device: &mut Device) -> Output {
    match operation {
        30 => read_verified_answer(fields),
        31 => take_access_token(fields, device),
        32 => seal_visit(device),
        33 => seal_refresh(fields, device),
        34 => open_answer(fields, device),
        35 => verify(fields),
        _ => Err(ErrorCode::Internal.into()),
    }
}

/// As the one that is not verified, then issuer and its keys.
fn read_verified_answer(fields: &mut Fields<'_>) -> Output {
    let body = fields.text()?;
    let asked = asked(fields)?;
    let (issuer, keys) = issuer(fields)?;
    let trust = Trust::new(issuer.as_str(), &keys);
    exchange_answer::read_verified(body, &asked, trust).map(describe)
}

/// An AT, where it is to be redeemed, issuer and its keys → what may be known about it.
fn take_access_token(fields: &mut Fields<'_>, device: &mut Device) -> Output {
    let (text, visits_url) = (fields.text()?, fields.text()?);
    let (issuer, keys) = issuer(fields)?;
    let token = AccessToken::verify(text, Trust::new(issuer.as_str(), &keys), visits_url)?;
    let claims = token.claims();
    let facts = ObjectWriter::new()
        .string("clientId", &claims.client_id)
        .string("subject", &claims.subject)
        .string("scope", claims.scope.as_str())
        .string("page", claims.page.as_str())
        .optional_string("jkt", claims.jkt.as_deref())
        .finish();
    device.access_token = Some(token);
    Ok(facts.into_bytes())
}

/// → the request that redeems the AT taken before, for the holder of the proof key, if there is one.
fn seal_visit(device: &mut Device) -> Output {
    let entropy = draw(device.generator()?)?;
    let token = device.access_token.as_ref().ok_or(ErrorCode::TokenMissing)?;
    let jkt = device.proof_key.as_ref().map(|key| key.public.thumbprint());
    let sealed = exchange::seal_visit(token, jkt.as_deref(), entropy)?;
    Ok(awaiting(sealed, device))
}

/// Refresh token, AppKey (a JWK), terms → the request.
fn seal_refresh(fields: &mut Fields<'_>, device: &mut Device) -> Output {
    let (refresh_token, app_key) = (fields.text()?, Jwk::parse(fields.text()?)?);
    let terms = VisitTerms::from_json(&json::parse_object(fields.bytes()?)?)?;
    let entropy = draw(device.generator()?)?;
    let sealed = exchange::seal_refresh(refresh_token, &app_key, terms, entropy)?;
    Ok(awaiting(sealed, device))
}

fn awaiting((request, pending): (String, PendingExchange), device: &mut Device) -> Vec<u8> {
    device.pending = Some(pending);
    request.into_bytes()
}

/// The answer, issuer and its keys → what it said, as JSON.
fn open_answer(fields: &mut Fields<'_>, device: &mut Device) -> Output {
    let answer = fields.text()?;
    let (issuer, keys) = issuer(fields)?;
    let pending = device.pending.as_ref().ok_or(ErrorCode::KeyNotFound)?;
    let opened = pending.open(answer, Trust::new(issuer.as_str(), &keys))?;
    device.pending = None;
    device.access_token = None;
    Ok(say(opened).into_bytes())
}

fn say(answer: Answer) -> String {
    match answer {
        Answer::Refused(problem, now) => ObjectWriter::new()
            .integer("nowSeconds", now.as_i64())
            .string("code", problem.code().as_str())
            .string("error", problem.error().as_str())
            .finish(),
        Answer::Granted(grant) => {
            let Grant { token, terms, refresh, app_key, now } = *grant;
            let validity = token.validity();
            ObjectWriter::with_capacity(4096)
                .integer("nowSeconds", now.as_i64())
                .string("token", token.text())
                .string("subject", &terms.subject)
                .string("scope", token.scope().as_str())
                .integer("issuedAtSeconds", validity.issued_at.as_i64())
                .integer("expiresAtSeconds", validity.expires_at.as_i64())
                .optional_string("refreshToken", refresh.as_ref().map(|it| it.token.as_str()))
                .string("appKey", &app_key.to_json())
                .string("terms", &terms.to_json())
                .finish()
        }
    }
}

/// A public key (a JWK), a compact JWS → its payload, once the signature holds.
fn verify(fields: &mut Fields<'_>) -> Output {
    let key = Jwk::parse(fields.text()?)?;
    Jws::parse(fields.text()?)?.into_verified(&VerifyingKey::Jwk(&key))
}

/// The last two fields of a message: an issuer's URL and its JWK Set.
fn issuer(fields: &mut Fields<'_>) -> Result<(ServiceUrl, JwkSet)> {
    Ok((ServiceUrl::parse(fields.text()?)?, JwkSet::parse(fields.text()?)?))
}

fn draw(generator: &mut Drbg) -> Result<ExchangeEntropy> {
    let mut iv = [0; 12];
    generator.fill(&mut iv)?;
    let (random_key, ephemeral) = (generator.seed()?, Ephemeral::Seed(generator.seed()?));
    Ok(ExchangeEntropy { random_key, ephemeral, iv })
}
