//! What a platform's server or client hands over: read, opened and checked. Sessions come sealed from the store; their keys
//! never cross to JavaScript.

use alloc::string::{String, ToString as _};

use lingpai_core::json::{self, Object, ObjectWriter, Value};
use lingpai_core::keyring::SymmetricKeyRing;
use lingpai_core::platform_payload::encrypted::{self, Expectation};
use lingpai_core::platform_payload::signature;
use lingpai_core::token_exchange::platform::{CodeKind, Platform};
use lingpai_core::token_exchange::provider;
use lingpai_core::token_exchange::refusal::Refusal;
use lingpai_core::token_exchange::registration::Registration;
use lingpai_core::token_exchange::session::PlatformSession;
use lingpai_core::{Error, ErrorCode};
use wasm_bindgen::prelude::*;
use zeroize::{Zeroize as _, Zeroizing};

use crate::clock::unix_seconds;
use crate::error::Crossing;
use crate::handles::Handles;

static SESSION_KEYS: Handles<SymmetricKeyRing> = Handles::new();

/// Reads a key ring under which sessions are sealed, and gives its number.
///
/// Errors: those of key rings; `key_not_found` for an empty one.
#[wasm_bindgen(js_name = sessionKeysNew)]
pub fn session_keys_new(ring: &str) -> Crossing<u32> {
    let mut items = json::parse(ring.as_bytes())?;
    let keys = SymmetricKeyRing::from_value(Some(&items));
    let empty = matches!(&items, Value::Array(items) if items.is_empty());
    items.zeroize();
    if empty {
        return Err(ErrorCode::KeyNotFound.into());
    }
    SESSION_KEYS.keep(keys?)
}

/// Forgets a key ring and wipes it.
#[wasm_bindgen(js_name = sessionKeysFree)]
pub fn session_keys_free(keys: u32) {
    SESSION_KEYS.take(keys);
}

/// Looks at a key ring.
pub(crate) fn with_session_keys<R>(
    keys: u32,
    look: impl FnOnce(&SymmetricKeyRing) -> Crossing<R>,
) -> Crossing<R> {
    SESSION_KEYS.with(keys, look)
}

/// Checks a registration: errors name the member that is wrong.
///
/// Errors: those of `Registration::read`.
#[wasm_bindgen(js_name = registrationCheck)]
pub fn registration_check(registration: &str) -> Crossing<()> {
    Registration::read(&json::parse_object(registration.as_bytes())?)?;
    Ok(())
}

/// Whether a platform has said what there is to say about a code: asking again would be of no use.
///
/// Errors: `malformed` for a kind that is none.
#[wasm_bindgen(js_name = platformSettled)]
pub fn platform_settled(token_type: &str, status: u16, answer: &str) -> Crossing<bool> {
    Ok(provider::is_settled(CodeKind::parse(token_type)?, status, answer))
}

/// What Alipay has signed of an answer that grants something: `{"signed", "sign"}`.
///
/// Errors: `signature_invalid`.
#[wasm_bindgen(js_name = alipaySigned)]
pub fn alipay_signed(answer: &str) -> Crossing<String> {
    let (signed, sign) = provider::alipay_signed(answer)?;
    Ok(ObjectWriter::new().string("signed", signed).string("sign", &sign).finish())
}

/// Opens or checks what a user's platform has made for us. Reads `{"registration", "owner", "sid", "sessions": [sealed],
/// "maxAgeSeconds", "encryptedData", "iv"}` or, in place of the last two, `"rawData"` and `"signature"`. Gives the JSON text
/// that holds.
///
/// Errors: `session_stale` where nothing fits and the login of `sid` was replaced or forgotten; else those of
/// `encrypted::open` and `signature::check_raw_data`.
#[wasm_bindgen(js_name = platformPayload)]
pub fn platform_payload(keys: u32, request: &str, now_seconds: f64) -> Crossing<String> {
    with_session_keys(keys, |keys| {
        let request = json::parse_object(request.as_bytes())?;
        let registration = Registration::read(request.object("registration")?)?;
        let (owner, sid) = (request.string("owner")?, request.string("sid")?);
        let now = unix_seconds(now_seconds);
        let expected = Expectation {
            app_id: registration.app_id(),
            user: None,
            now,
            max_age: request.integer("maxAgeSeconds")?,
        };
        let Some(Value::Array(sessions)) = request.get("sessions") else {
            return Err(Error::with_detail(ErrorCode::ClaimInvalid, "sessions").into());
        };
        let mut refused = Error::new(ErrorCode::SessionStale);
        for sealed in sessions.iter().filter_map(Value::as_str) {
            // A session that no key opens any more is as good as none.
            let Ok(session) = PlatformSession::open(sealed, owner, keys, now) else { continue };
            if session.app_id != registration.app_id() {
                continue;
            }
            match checked(&session, &request, expected) {
                Ok(text) => return Ok(text.to_string()),
                Err(error) if is_of_another_key(error) => {
                    // It may have been made under the key of a login that is not known here.
                    if session.family == sid {
                        refused = error;
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(refused.into())
    })
}

fn checked(
    session: &PlatformSession,
    request: &Object,
    expected: Expectation<'_>,
) -> Result<Zeroizing<String>, Error> {
    let key = &session.session_key;
    if let Some(raw_data) = request.optional_string("rawData")? {
        signature::check_raw_data(key, raw_data, request.string("signature")?)?;
        return Ok(Zeroizing::new(raw_data.to_string()));
    }
    let (data, iv) = (request.string("encryptedData")?, request.string("iv")?);
    let expected = Expectation { user: Some(&session.user), ..expected };
    encrypted::open(session.platform, key, data, iv, expected)
}

const fn is_of_another_key(error: Error) -> bool {
    matches!(error.code(), ErrorCode::DecryptionFailed | ErrorCode::SignatureInvalid)
}

/// What a server API of WeChat wants to know about a session, to say whether it is the one that is valid:
/// `{"openid", "signature"}`, the signature over no text.
///
/// Errors: `session_stale`.
#[wasm_bindgen(js_name = platformUserState)]
pub fn platform_user_state(
    keys: u32,
    owner: &str,
    sealed: &str,
    body: &str,
    now_seconds: f64,
) -> Crossing<String> {
    with_session_keys(keys, |keys| {
        let session = PlatformSession::open(sealed, owner, keys, unix_seconds(now_seconds))
            .map_err(|_| ErrorCode::SessionStale)?;
        Ok(ObjectWriter::new()
            .string("openid", &session.user)
            .string("signature", &signature::user_state(&session.session_key, body))
            .finish())
    })
}

/// Opens what Alipay has encrypted under the app's AES key; its signature has been verified.
///
/// Errors: those of `encrypted::open_alipay`.
#[wasm_bindgen(js_name = alipayOpen)]
pub fn alipay_open(aes_key: &str, data: &str) -> Crossing<String> {
    Ok(encrypted::open_alipay(aes_key, data)?.to_string())
}

/// Reads the answer of a platform's server API: `{"answer": {…}}`, `{"refused", "providerCode"?}` or, where the app's access
/// token was not accepted, `{"renew": true}`.
///
/// Errors: `malformed` for a platform that is none.
#[wasm_bindgen(js_name = platformApiAnswer)]
pub fn platform_api_answer(platform: &str, status: u16, answer: &str) -> Crossing<String> {
    let platform = Platform::parse(platform)?;
    let writer = ObjectWriter::new();
    Ok(match provider::api_answer(platform, status, answer) {
        Ok(object) => writer.raw("answer", &object.to_json()).finish(),
        Err(refusal) if provider::is_about_access_token(platform, &refusal) => {
            writer.boolean("renew", true).finish()
        }
        Err(refusal) => write_refusal(writer, &refusal).finish(),
    })
}

/// Checks the watermark of what a platform's server has answered itself.
///
/// Errors: `watermark_mismatch`, `payload_expired`.
#[wasm_bindgen(js_name = watermarkCheck)]
pub fn watermark_check(
    payload: &str,
    app_id: &str,
    max_age_seconds: f64,
    now_seconds: f64,
) -> Crossing<()> {
    let (now, max_age) = (unix_seconds(now_seconds), max_age_seconds as i64);
    let payload = json::parse_object(payload.as_bytes())?;
    Ok(encrypted::check_watermark(&payload, Expectation { app_id, user: None, now, max_age })?)
}

/// `"refused"` and `"providerCode"`.
pub(crate) fn write_refusal(object: ObjectWriter, refusal: &Refusal) -> ObjectWriter {
    object
        .string("refused", refusal.reason.as_str())
        .optional_string("providerCode", refusal.provider_code.as_deref())
}
