//! Access tokens for partners: the assertion, the policy of the registration, the token in its envelope.

use alloc::borrow::ToOwned;
use alloc::string::String;

use lingpai_core::access_token::{self, AccessToken, AccessTokenClaims};
use lingpai_core::client_assertion;
use lingpai_core::jose::{Jwk, JwkSet, jwe};
use lingpai_core::json::{self, Object, ObjectWriter, Value};
use lingpai_core::residency::IdentityId;
use lingpai_core::scope::Scope;
use lingpai_core::secret::ContentKey;
use lingpai_core::subject::opaque_subject;
use lingpai_core::time::{Tolerance, UnixSeconds, Validity};
use lingpai_core::uri::Origin;
use lingpai_core::{ErrorCode, signed};
use wasm_bindgen::prelude::*;

use super::config::{self, Authority};
use crate::clock::unix_seconds;
use crate::entropy;
use crate::error::Crossing;
use crate::proof::Burn;
use crate::verifier::strings;

const MAX_SUBJECT_BYTES: usize = 256;

/// The partner that an assertion names, to find its registration; nothing of it is believed yet.
///
/// Errors: `invalid_client`.
#[wasm_bindgen(js_name = assertionClient)]
pub fn assertion_client(assertion: &str) -> Crossing<String> {
    Ok(client_assertion::claimed_client(assertion)?)
}

/// Answers a partner's request, given as JSON of its form, under its registration. Gives `{"burn", "burnUntil"}` with
/// `"body"`, the envelope to hand out once `burn` has been burned, or with `"refused"`, the reason to tell a partner that
/// has authenticated.
///
/// Errors: those of `client_assertion::verify`, all of which mean `invalid_client`; `server_error` without a key to work
/// with.
#[wasm_bindgen(js_name = issueAccessToken)]
pub fn issue_access_token(
    authority: u32,
    form: &str,
    client: &str,
    now_seconds: f64,
) -> Crossing<String> {
    config::with(authority, |authority| {
        let now = unix_seconds(now_seconds);
        let form = json::parse_object(form.as_bytes())?;
        let client = json::parse_object(client.as_bytes())?;
        let client_id = client.string("clientId")?;
        let assertion = client_assertion::verify(
            form.string("client_assertion")?,
            client_id,
            &JwkSet::from_value(client.object("keys")?)?,
            &authority.issuer,
            now,
            authority.tolerance,
        )?;
        let burn = Burn::new(
            "assertion",
            client_id,
            &assertion.jti,
            assertion.expires_at.as_i64(),
            Tolerance::NONE,
        );
        let answer = burn.write(ObjectWriter::new());
        Ok(match envelope(authority, &form, &client, now)? {
            Ok(body) => answer.string("body", &body),
            Err(code) => answer.string("refused", code.as_str()),
        }
        .finish())
    })
}

fn envelope(
    authority: &Authority,
    form: &Object,
    client: &Object,
    now: UnixSeconds,
) -> Crossing<Result<String, ErrorCode>> {
    let claims = match claims(authority, form, client, now)? {
        Ok(claims) => claims,
        Err(code) => return Ok(Err(code)),
    };
    let signing_key = authority.signing_keys.active(now).ok_or(ErrorCode::ServerError)?;
    let token = AccessToken::issue(&claims, signing_key)?;
    let partner_key = Jwk::from_value(client.object("encryptionKey")?)?;
    let body = jwe::seal(
        &partner_key,
        access_token::ENVELOPE_TYP,
        "JWT",
        &ContentKey::from_seed(entropy::seed()?),
        entropy::seed()?,
        entropy::bytes()?,
        token.as_bytes(),
    )?;
    Ok(Ok(body))
}

fn claims(
    authority: &Authority,
    form: &Object,
    client: &Object,
    now: UnixSeconds,
) -> Crossing<Result<AccessTokenClaims, ErrorCode>> {
    if !matches!(client.get("enabled"), None | Some(Value::Bool(true))) {
        return Ok(Err(ErrorCode::AccessDenied));
    }
    let wanted = |name: &'static str| form.string(name).unwrap_or_default();
    let subject = wanted("subject");
    let jkt = form.optional_string("jkt")?;
    if subject.is_empty() || subject.len() > MAX_SUBJECT_BYTES {
        return Ok(Err(ErrorCode::InvalidRequest));
    }
    // A client of the service itself names people by the ids of their identities, which are opaque already.
    let identities = client.optional_string("subjects")? == Some("identities");
    if identities && IdentityId::parse(subject).is_err() {
        return Ok(Err(ErrorCode::InvalidRequest));
    }
    if jkt.is_some_and(|jkt| signed::thumbprint(jkt).is_err()) {
        return Ok(Err(ErrorCode::InvalidRequest));
    }
    let allowed = Scope::parse(&strings(client, "scopes")?.join(" "))?;
    let scope = match Scope::parse(wanted("scope")) {
        Ok(scope) if scope.is_within(&allowed) => scope,
        _ => return Ok(Err(ErrorCode::InvalidScope)),
    };
    let registered = |name, value: &str| -> Crossing<bool> {
        Ok(strings(client, name)?.iter().any(|known| known == value))
    };
    let page = Origin::parse(wanted("page"));
    let (Ok(page), true, true) =
        (page, registered("pages", wanted("page"))?, registered("audiences", wanted("audience"))?)
    else {
        return Ok(Err(ErrorCode::InvalidTarget));
    };
    let app_key = authority.app_keys.active(now).ok_or(ErrorCode::ServerError)?.public().clone();
    let client_id = client.string("clientId")?;
    let expires_at = now.plus(authority.access_token_lifetime);
    Ok(Ok(AccessTokenClaims {
        issuer: authority.issuer.clone(),
        audience: authority.gateway.join("/v1/visits"),
        subject: if identities {
            subject.to_owned()
        } else {
            opaque_subject(authority.subject_key.mac_key(), client_id, subject)
        },
        client_id: client_id.to_owned(),
        scope,
        visit_audience: wanted("audience").to_owned(),
        page,
        jti: entropy::id()?,
        validity: Validity { issued_at: now, expires_at, not_before: now },
        app_key,
        jkt: jkt.map(ToOwned::to_owned),
    }))
}
