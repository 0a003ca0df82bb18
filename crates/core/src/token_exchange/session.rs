//! The platform's session key, which no client may ever see: its type, and how it is sealed before it is stored.

use alloc::borrow::ToOwned as _;
use alloc::string::String;

use zeroize::{Zeroize as _, Zeroizing};

use super::platform::Platform;
use crate::crypto::{self, MacKey};
use crate::error::{Error, ErrorCode, Result};
use crate::jose::{Jwe, SymmetricJwk, jwe};
use crate::json::{self, Object, ObjectWriter};
use crate::keyring::SymmetricKeyRing;
use crate::secret::ContentKey;
use crate::time::UnixSeconds;

/// The JOSE type of a sealed session.
pub const TYP: &str = "lp-session+jwe";

const CTY: &str = "json";
const CONTEXT: &[u8] = b"lingpai-v1 platform-session\0";
const IV_CONTEXT: &[u8] = b"lingpai-v1 platform-session iv\0";

/// A session key as its platform writes it. It cannot be printed, compared or written out, and is wiped when dropped.
pub struct SessionKey(Zeroizing<String>);

impl SessionKey {
    /// Takes over a key.
    pub fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

/// What is kept of a login, for the payloads that the platform makes for it later.
pub struct PlatformSession {
    /// Where the user logged in.
    pub platform: Platform,
    /// To which app.
    pub app_id: String,
    /// What the platform calls the user there.
    pub user: Zeroizing<String>,
    /// `sid` of the tokens that the login has given.
    pub family: String,
    /// The key.
    pub session_key: SessionKey,
}

impl PlatformSession {
    /// Seals a session for the store, as a JWE (`dir`, A256GCM) under a key of its owner's own. The same session has the same
    /// text, so that the store knows it again: its IV is a MAC of what is sealed (as in RFC 5297), and another one for anything
    /// else.
    ///
    /// Errors: `key_not_found` where no key of the ring serves.
    pub fn seal(&self, owner: &str, keys: &SymmetricKeyRing, now: UnixSeconds) -> Result<String> {
        let key = keys.active(now).ok_or(ErrorCode::KeyNotFound)?;
        let plaintext = Zeroizing::new(
            ObjectWriter::with_capacity(1024)
                .string("platform", self.platform.as_str())
                .string("appId", &self.app_id)
                .string("user", &self.user)
                .string("sid", &self.family)
                .string("sk", self.session_key.text())
                .finish(),
        );
        let content_key = content_key(key.mac_key(), owner);
        let parts = [IV_CONTEXT, owner.as_bytes(), b"\0", plaintext.as_bytes()];
        let mac = crypto::hmac_sha256(key.mac_key(), &parts);
        let mut iv = [0; 12];
        iv.copy_from_slice(mac.split_at(12).0);
        let kid = key.kid().unwrap_or(TYP);
        jwe::seal_dir(kid, TYP, CTY, &content_key, iv, plaintext.as_bytes())
    }

    /// Opens a session of `owner`.
    ///
    /// Errors: `decryption_failed` for what no key of the ring opens, for another owner's, and for what is none.
    pub fn open(
        text: &str,
        owner: &str,
        keys: &SymmetricKeyRing,
        now: UnixSeconds,
    ) -> Result<Self> {
        let failed = |_: Error| Error::new(ErrorCode::DecryptionFailed);
        let open = |key: &SymmetricJwk| {
            let jwe = Jwe::parse(text)?;
            if jwe.typ() != TYP {
                return Err(ErrorCode::TypeMismatch.into());
            }
            jwe.open_dir(&content_key(key.mac_key(), owner))
        };
        let plaintext = keys.unretired(now).find_map(|key| open(key).ok());
        let mut members =
            json::parse_object(&plaintext.ok_or(ErrorCode::DecryptionFailed)?).map_err(failed)?;
        let session = Self::read(&members).map_err(failed);
        members.zeroize();
        session
    }

    fn read(members: &Object) -> Result<Self> {
        Ok(Self {
            platform: Platform::parse(members.string("platform")?)?,
            app_id: members.string("appId")?.to_owned(),
            user: Zeroizing::new(members.string("user")?.to_owned()),
            family: members.string("sid")?.to_owned(),
            session_key: SessionKey::new(Zeroizing::new(members.string("sk")?.to_owned())),
        })
    }
}

/// One key for each owner: what is sealed for one opens for no other.
fn content_key(key: &MacKey, owner: &str) -> ContentKey {
    ContentKey::from_bytes(crypto::hmac_sha256(key, &[CONTEXT, owner.as_bytes()]))
}
