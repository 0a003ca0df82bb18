//! What platforms answer when they are asked about a login code, and what their many codes mean here.
//!
//! Answers are JSON whatever their content type says, may begin with a byte order mark, and hold numbers beyond 2⁵³.

use alloc::borrow::{Cow, ToOwned as _};
use alloc::string::String;

use zeroize::{Zeroize as _, Zeroizing};

use super::platform::{CodeKind, Platform};
use super::refusal::Refusal;
use super::session::SessionKey;
use crate::error::{Error, ErrorCode};
use crate::json::{self, Object, Value};

/// Who is behind a code.
pub struct Identity {
    /// The platform's id of the user within the app. Never leaves the server.
    pub user: Zeroizing<String>,
    /// The platform's id of the user across apps of one owner.
    pub union: Option<Zeroizing<String>>,
    /// The key that the platform shares with the app's server.
    pub session_key: Option<SessionKey>,
}

/// Reads the platform's answer.
///
/// Errors: a refusal with `invalid_code`, `code_used`, `malformed`, `rate_limited`, `risk_blocked`,
/// `temporarily_unavailable`, or `server_error` for what the app's owner has to put right and for what is not known here.
pub fn read(kind: CodeKind, status: u16, answer: &str) -> Result<Identity, Refusal> {
    let Some(mut answer) = object(answer) else {
        return Err(unreadable(status));
    };
    let read = read_object(kind, status, &answer);
    answer.zeroize();
    read
}

/// Whether asking again would be of no use: the platform knows the code, one way or the other.
pub fn is_settled(kind: CodeKind, status: u16, answer: &str) -> bool {
    !matches!(
        read(kind, status, answer),
        Err(Refusal { reason: ErrorCode::TemporarilyUnavailable | ErrorCode::RateLimited, .. })
    )
}

/// Reads the answer of one of a platform's server APIs.
///
/// Errors: as [`read`].
pub fn api_answer(platform: Platform, status: u16, answer: &str) -> Result<Object, Refusal> {
    let answer = object(answer).ok_or_else(|| unreadable(status))?;
    match first_code(&answer, &["errcode", "err_no"]) {
        Some(code) => Err(Refusal::by_platform(meaning(platform, &code), &code)),
        None => Ok(answer),
    }
}

/// Whether a refusal says that the app's own access token is none any more.
pub fn is_about_access_token(platform: Platform, refusal: &Refusal) -> bool {
    let code = refusal.provider_code.as_deref();
    platform == Platform::Wechat && matches!(code, Some("40001" | "40014" | "42001"))
}

/// The JSON object in an answer of a platform.
pub fn object(answer: &str) -> Option<Object> {
    json::parse_object(answer.strip_prefix('\u{feff}').unwrap_or(answer).as_bytes()).ok()
}

/// What Alipay has signed of an answer, byte for byte, and its signature in base64. Refusals need none: they grant nothing.
///
/// Errors: `signature_invalid` for an answer that lacks either.
pub fn alipay_signed(answer: &str) -> Result<(&str, String), Error> {
    let invalid = |_: Error| Error::new(ErrorCode::SignatureInvalid);
    let text = answer.strip_prefix('\u{feff}').unwrap_or(answer);
    let signed = json::raw_member(text, "alipay_system_oauth_token_response").map_err(invalid)?;
    let object = json::parse_object(text.as_bytes()).map_err(invalid)?;
    Ok((signed, object.string("sign").map_err(invalid)?.to_owned()))
}

fn read_object(kind: CodeKind, status: u16, answer: &Object) -> Result<Identity, Refusal> {
    let (holder, code) = match kind.platform {
        Platform::Alipay => alipay(answer),
        Platform::Baidu | Platform::Douyin => (
            answer.optional_object("data").ok().flatten().unwrap_or(answer),
            baidu_or_douyin_code(kind.platform, answer),
        ),
        Platform::Kuaishou => (answer, kuaishou_code(answer)),
        Platform::Qq | Platform::Wechat => (answer, first_code(answer, &["errcode"])),
    };
    if let Some(code) = code {
        return Err(Refusal::by_platform(meaning(kind.platform, &code), &code));
    }
    let user = if kind.anonymous {
        text(holder, &["anonymous_openid", "anonymous_open_id"])
    } else {
        text(holder, &["openid", "open_id", "user_id"])
    };
    // Neither a user nor a code that says why.
    let user = user.ok_or_else(|| unreadable(status))?;
    let session_key = match text(holder, &["session_key"]) {
        // A success without it would log in users whose data could never be opened.
        None if kind.platform != Platform::Alipay => return Err(unreadable(status)),
        key => key.map(SessionKey::new),
    };
    let union = if kind.anonymous { None } else { text(holder, &["unionid", "union_id"]) };
    Ok(Identity { user, union, session_key })
}

/// What a platform's code means here. Codes that are not known are ours to look at.
pub fn meaning(platform: Platform, code: &str) -> ErrorCode {
    match platform {
        Platform::Alipay => alipay_meaning(code),
        Platform::Baidu => match code {
            "-1" | "2" => ErrorCode::TemporarilyUnavailable,
            "4" | "17" | "18" | "19" => ErrorCode::RateLimited,
            "invalid_code" | "invalid_grant" => ErrorCode::InvalidCode,
            _ => ErrorCode::ServerError,
        },
        Platform::Douyin => match code {
            "-1" => ErrorCode::TemporarilyUnavailable,
            "40018" | "40019" => ErrorCode::InvalidCode,
            _ => ErrorCode::ServerError,
        },
        Platform::Kuaishou => match code {
            "240001" | "invalid_grant" | "invalid_code" => ErrorCode::InvalidCode,
            "temporarily_unavailable" | "server_error" => ErrorCode::TemporarilyUnavailable,
            _ => ErrorCode::ServerError,
        },
        Platform::Qq | Platform::Wechat => match code {
            "-1" => ErrorCode::TemporarilyUnavailable,
            "40029" => ErrorCode::InvalidCode,
            "40163" => ErrorCode::CodeUsed,
            "40226" => ErrorCode::RiskBlocked,
            "41008" => ErrorCode::Malformed,
            "45011" => ErrorCode::RateLimited,
            _ => ErrorCode::ServerError,
        },
    }
}

fn alipay_meaning(code: &str) -> ErrorCode {
    match code {
        "isv.code-invalid" => ErrorCode::InvalidCode,
        "isv.code-used" => ErrorCode::CodeUsed,
        "isv.app-call-limited" | "isv.method-call-limited" | "40005" => ErrorCode::RateLimited,
        "20000" => ErrorCode::TemporarilyUnavailable,
        code if code.starts_with("isp.") || code.starts_with("aop.") => {
            ErrorCode::TemporarilyUnavailable
        }
        _ => ErrorCode::ServerError,
    }
}

/// The node of an Alipay answer, and its code if that is none of success. Some versions put errors into the node that
/// successes have.
fn alipay(answer: &Object) -> (&Object, Option<Cow<'_, str>>) {
    let node = |name| {
        answer.get(name).and_then(|value| match value {
            Value::Object(node) => Some(node),
            _ => None,
        })
    };
    let node = node("alipay_system_oauth_token_response").or_else(|| node("error_response"));
    let Some(node) = node else { return (answer, None) };
    let code = first_code(node, &["code"]).filter(|code| code != "10000");
    let finer = code.as_ref().and(node.get("sub_code")).and_then(Value::as_str).map(Cow::Borrowed);
    (node, finer.or(code))
}

/// Kuaishou says 1 where all is well. Some versions say more in `error` than in `result`.
fn kuaishou_code(answer: &Object) -> Option<Cow<'_, str>> {
    let result = number_or_text(answer.get("result"))?;
    if result == "1" {
        return None;
    }
    answer.get("error").and_then(Value::as_str).map(Cow::Borrowed).or(Some(result))
}

/// A number, unless a text beside it says what is known here: Baidu's numbers for a bad code are not documented, its word is.
fn baidu_or_douyin_code(platform: Platform, answer: &Object) -> Option<Cow<'_, str>> {
    let code = first_code(answer, &["err_no", "errno", "error_code", "errcode", "error"])?;
    let word = answer.get("error").and_then(Value::as_str);
    let known = word.filter(|word| meaning(platform, word) != ErrorCode::ServerError);
    Some(known.map_or(code, Cow::Borrowed))
}

/// The first of these members that holds a code other than 0.
fn first_code<'a>(answer: &'a Object, names: &[&str]) -> Option<Cow<'a, str>> {
    let codes = names.iter().filter_map(|name| number_or_text(answer.get(name)));
    codes.into_iter().find(|code| code != "0" && !code.is_empty())
}

/// Some write a code as a number, some as text. A number beyond 2⁵³ keeps every digit.
fn number_or_text(value: Option<&Value>) -> Option<Cow<'_, str>> {
    match value? {
        Value::String(text) => Some(Cow::Borrowed(text)),
        number @ Value::Number(_) => Some(Cow::Owned(number.to_json())),
        _ => None,
    }
}

fn text(object: &Object, names: &[&str]) -> Option<Zeroizing<String>> {
    let mut found = names.iter().filter_map(|name| object.get(name).and_then(Value::as_str));
    found.find(|text| !text.is_empty()).map(|text| Zeroizing::new(text.to_owned()))
}

/// An answer that says nothing: an outage, or somebody else in between.
fn unreadable(status: u16) -> Refusal {
    let (reason, code) = match status {
        429 => (ErrorCode::RateLimited, "http-429"),
        500.. => (ErrorCode::TemporarilyUnavailable, "http-5xx"),
        _ => (ErrorCode::TemporarilyUnavailable, "unreadable"),
    };
    Refusal::by_platform(reason, code)
}
