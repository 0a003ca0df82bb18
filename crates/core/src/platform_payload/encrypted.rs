//! `encryptedData`: what a platform encrypts under a session key, or under a key of the app, with a watermark that says for
//! which app and when.

use alloc::borrow::ToOwned as _;
use alloc::string::String;

use zeroize::{Zeroize as _, Zeroizing};

use super::block::{BlockKey, decrypt, iv_of};
use crate::base64;
use crate::error::{Error, ErrorCode, Result};
use crate::json::{self, Object};
use crate::time::UnixSeconds;
use crate::token_exchange::platform::Platform;
use crate::token_exchange::session::SessionKey;

/// How far ahead of our clock a watermark may be, in seconds.
const FUTURE_SECONDS: i64 = 300;

/// Bytes of padding of a whole AES block, and of Baidu's two.
const PKCS7_BLOCK: u8 = 16;
const BAIDU_BLOCK: u8 = 32;

/// For whom a payload has to be, and how old it may be.
#[derive(Clone, Copy)]
pub struct Expectation<'a> {
    /// What its platform calls the app.
    pub app_id: &'a str,
    /// What its platform calls the user, where that is known: a payload that names anybody names this one.
    pub user: Option<&'a str>,
    /// Our time.
    pub now: UnixSeconds,
    /// The most that may have passed since its watermark, in seconds.
    pub max_age: i64,
}

/// Opens a payload that was made under a session key: JSON text. Baidu's has no time, and no
/// watermark but the app's key, another one of which is `decryption_failed` too.
///
/// Errors: `malformed` for a shape that its sender can see (base64, length of `iv`, whole blocks); `key_unusable` for a
/// session key that is none; `decryption_failed` for everything that is wrong with the content, without a difference;
/// `watermark_mismatch`; `payload_expired`; `subject_mismatch`; `access_denied` for platforms that have no session keys.
pub fn open(
    platform: Platform,
    session_key: &SessionKey,
    data: &str,
    iv: &str,
    expected: Expectation<'_>,
) -> Result<Zeroizing<String>> {
    match platform {
        Platform::Alipay => Err(ErrorCode::AccessDenied.into()),
        Platform::Baidu => open_baidu(session_key, data, iv, expected),
        Platform::Douyin | Platform::Kuaishou | Platform::Qq | Platform::Wechat => {
            let key = BlockKey::Aes128(key_of(session_key.text())?);
            let decrypted = decrypt(&key, &iv_of(iv)?, data, PKCS7_BLOCK)?;
            let (text, mut payload) = object_in(decrypted.content())?;
            decrypted.check_padding()?;
            let checked = check_watermark(&payload, expected)
                .and_then(|()| check_user(&payload, expected.user));
            payload.zeroize();
            checked.map(|()| text)
        }
    }
}

/// Opens what Alipay has encrypted under the app's AES key (in base64), without an initialisation vector of its own. It says
/// neither for whom nor when, so the signature over it has to be checked before.
///
/// Errors: `malformed`, `key_unusable`, `decryption_failed`.
pub fn open_alipay(aes_key: &str, data: &str) -> Result<Zeroizing<String>> {
    let key = BlockKey::Aes128(key_of(aes_key)?);
    let decrypted = decrypt(&key, &[0; 16], data, PKCS7_BLOCK)?;
    let (text, mut payload) = object_in(decrypted.content())?;
    payload.zeroize();
    decrypted.check_padding().map(|()| text)
}

/// Baidu's frame: 16 random bytes, the length of the content, the content, the app's key; under AES-192, padded to 32 bytes.
///
/// Whoever alters the end of a frame leaves its content as it is. To say that the app's key is another one only where the
/// padding is right would tell what the padding is, so that both are one refusal.
fn open_baidu(
    session_key: &SessionKey,
    data: &str,
    iv: &str,
    expected: Expectation<'_>,
) -> Result<Zeroizing<String>> {
    let key = BlockKey::Aes192(key_of(session_key.text())?);
    let decrypted = decrypt(&key, &iv_of(iv)?, data, BAIDU_BLOCK)?;
    let failed = Error::new(ErrorCode::DecryptionFailed);
    let frame = decrypted.content().get(16..).ok_or(failed)?;
    let (size, rest) = frame.split_first_chunk::<4>().ok_or(failed)?;
    let size = usize::try_from(u32::from_be_bytes(*size)).map_err(|_| failed)?;
    let (bytes, owner) = rest.split_at_checked(size).ok_or(failed)?;
    let (text, mut payload) = object_in(bytes)?;
    let of_user = check_user(&payload, expected.user);
    payload.zeroize();
    decrypted.check_padding()?;
    if owner != expected.app_id.as_bytes() {
        return Err(failed);
    }
    of_user.map(|()| text)
}

/// The JSON object in decrypted bytes; one error for all that it could be instead.
fn object_in(bytes: &[u8]) -> Result<(Zeroizing<String>, Object)> {
    let read = || {
        let text = core::str::from_utf8(bytes).ok()?;
        let object = json::parse_object(text.as_bytes()).ok()?;
        Some((Zeroizing::new(text.to_owned()), object))
    };
    read().ok_or(ErrorCode::DecryptionFailed.into())
}

/// The first block of a plaintext can be altered through the initialisation vector, and in it stands who it is about.
fn check_user(payload: &Object, user: Option<&str>) -> Result<()> {
    let named = ["openId", "openid"].into_iter().find_map(|name| payload.get(name));
    match (named, user) {
        (Some(named), Some(user)) if named.as_str() != Some(user) => {
            Err(ErrorCode::SubjectMismatch.into())
        }
        _ => Ok(()),
    }
}

/// Checks `watermark`, also of data that the platform's server has given us itself.
///
/// Errors: `watermark_mismatch`, `payload_expired`.
pub fn check_watermark(payload: &Object, expected: Expectation<'_>) -> Result<()> {
    let mismatch = |_: Error| Error::new(ErrorCode::WatermarkMismatch);
    let watermark = payload.object("watermark").map_err(mismatch)?;
    if watermark.string("appid").map_err(mismatch)? != expected.app_id {
        return Err(ErrorCode::WatermarkMismatch.into());
    }
    let made = watermark.integer("timestamp").map_err(mismatch)?;
    let age = expected.now.as_i64().saturating_sub(made);
    if age > expected.max_age || age < -FUTURE_SECONDS {
        return Err(ErrorCode::PayloadExpired.into());
    }
    Ok(())
}

fn key_of<const N: usize>(text: &str) -> Result<[u8; N]> {
    base64::decode_array(text).map_err(|_| ErrorCode::KeyUnusable.into())
}
