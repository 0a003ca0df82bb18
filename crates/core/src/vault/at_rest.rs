//! Values at rest: AES-256-GCM under a key of its own for each value, derived from a data key that rotates. A record opens only
//! as the value of the tenant, field and id that it was sealed for.

use alloc::string::String;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::base64url;
use crate::crypto::{hmac_sha256, open_in_place, seal_in_place};
use crate::error::{Error, ErrorCode, Result};
use crate::jose::SymmetricJwk;
use crate::json::Value;
use crate::keyring::SymmetricKeyRing;
use crate::secret::ContentKey;
use crate::time::UnixSeconds;

/// Which value a record is of.
#[derive(Clone, Copy, Debug)]
pub struct Slot<'a> {
    /// Whose.
    pub tenant: &'a str,
    /// The field.
    pub field: &'a str,
    /// The id of the value within it.
    pub value: &'a str,
}

/// The data keys: the active one seals, all that are not retired open.
pub struct DataKeys(SymmetricKeyRing);

impl DataKeys {
    /// Reads an array of `{"key", "activeFromSeconds"?, "retireAtSeconds"?}` of shared keys, each with a `kid` of its own.
    ///
    /// Errors: those of the ring; `key_unusable` for a key without `kid`, a `kid` given twice, or one with a dot.
    pub fn from_value(items: Option<&Value>) -> Result<Self> {
        let ring = SymmetricKeyRing::from_value(items)?;
        let kids: Vec<Option<&str>> = ring.all().map(SymmetricJwk::kid).collect();
        let proper = kids.iter().enumerate().all(|(at, kid)| {
            kid.is_some_and(|kid| !kid.is_empty() && !kid.contains('.'))
                && !kids.iter().take(at).any(|other| other == kid)
        });
        if !proper || kids.is_empty() {
            return Err(Error::with_detail(ErrorCode::KeyUnusable, "kid"));
        }
        Ok(Self(ring))
    }

    /// The name of the key that seals now.
    ///
    /// Errors: `key_not_found` where none serves.
    pub fn active_kid(&self, now: UnixSeconds) -> Result<&str> {
        self.0.active(now).and_then(SymmetricJwk::kid).ok_or(ErrorCode::KeyNotFound.into())
    }

    /// Seals a value: `kid.iv.ciphertext`.
    ///
    /// Errors: `key_not_found` where no key serves.
    pub fn seal(
        &self,
        slot: Slot<'_>,
        value: &str,
        iv: [u8; 12],
        now: UnixSeconds,
    ) -> Result<String> {
        let key = self.0.active(now).ok_or(ErrorCode::KeyNotFound)?;
        let kid = key.kid().ok_or(ErrorCode::KeyNotFound)?;
        let mut buffer = Zeroizing::new(value.as_bytes().to_vec());
        let tag = seal_in_place(&slot.key(key), &iv, kid.as_bytes(), &mut buffer)?;
        let mut text = String::with_capacity(kid.len() + buffer.len() * 4 / 3 + 48);
        text.push_str(kid);
        text.push('.');
        base64url::encode_into(&iv, &mut text);
        text.push('.');
        let sealed: Vec<u8> = buffer.iter().chain(&tag).copied().collect();
        base64url::encode_into(&sealed, &mut text);
        Ok(text)
    }

    /// Opens a record.
    ///
    /// Errors: `key_not_found` where its key is not in the ring any more; `decryption_failed` for what was altered or belongs
    /// into another slot.
    pub fn open(
        &self,
        slot: Slot<'_>,
        record: &str,
        now: UnixSeconds,
    ) -> Result<Zeroizing<String>> {
        let failed = || Error::new(ErrorCode::DecryptionFailed);
        let mut parts = record.split('.');
        let (Some(kid), Some(iv), Some(sealed), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(failed());
        };
        let mut keys = self.0.unretired(now);
        let key = keys.find(|key| key.kid() == Some(kid)).ok_or(ErrorCode::KeyNotFound)?;
        let iv = base64url::decode_array::<12>(iv).map_err(|_| failed())?;
        let mut buffer = Zeroizing::new(base64url::decode(sealed).map_err(|_| failed())?);
        let at = buffer.len().checked_sub(16).ok_or_else(failed)?;
        let mut tag = [0; 16];
        for (place, byte) in tag.iter_mut().zip(buffer.iter().skip(at)) {
            *place = *byte;
        }
        buffer.truncate(at);
        open_in_place(&slot.key(key), &iv, kid.as_bytes(), &mut buffer, &tag)?;
        let text = core::str::from_utf8(&buffer).map_err(|_| failed())?;
        Ok(Zeroizing::new(String::from(text)))
    }

    /// The record under the active key; `None` where it is under that key already.
    ///
    /// Errors: as [`Self::open`] and [`Self::seal`].
    pub fn reseal(
        &self,
        slot: Slot<'_>,
        record: &str,
        iv: [u8; 12],
        now: UnixSeconds,
    ) -> Result<Option<String>> {
        if record.split('.').next() == Some(self.active_kid(now)?) {
            return Ok(None);
        }
        let value = self.open(slot, record, now)?;
        self.seal(slot, &value, iv, now).map(Some)
    }
}

impl Slot<'_> {
    /// One key for each value, so that no number of values wears out a data key's IVs; and since the slot goes into it, a
    /// record that was moved does not open.
    fn key(&self, data_key: &SymmetricJwk) -> ContentKey {
        let length = |text: &str| (text.len() as u64).to_be_bytes();
        let Slot { tenant, field, value } = self;
        let parts: [&[u8]; 6] = [
            CONTEXT,
            &length(tenant),
            tenant.as_bytes(),
            &length(field),
            field.as_bytes(),
            value.as_bytes(),
        ];
        ContentKey::from_bytes(hmac_sha256(data_key.mac_key(), &parts))
    }
}

const CONTEXT: &[u8] = b"lingpai-v1 vault value\0";
