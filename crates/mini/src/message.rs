//! How a message is laid out: fields one after the other, each a length (32 bits, little-endian) and that many bytes. An
//! absent field has the length 2³² − 1. Numbers are fields of four bytes, little-endian, times whole seconds since 1970.

use lingpai_core::time::UnixSeconds;
use lingpai_core::{ErrorCode, Result};

const ABSENT: u32 = u32::MAX;

/// What is left of a message.
pub(crate) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) const fn new(message: &'a [u8]) -> Self {
        Self(message)
    }

    /// Whether nothing is left.
    #[cfg(feature = "tokenizer")]
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn optional_bytes(&mut self) -> Result<Option<&'a [u8]>> {
        let (length, rest) = self.0.split_first_chunk().ok_or(ErrorCode::Malformed)?;
        let length = u32::from_le_bytes(*length);
        if length == ABSENT {
            self.0 = rest;
            return Ok(None);
        }
        let (field, rest) = rest.split_at_checked(length as usize).ok_or(ErrorCode::Malformed)?;
        self.0 = rest;
        Ok(Some(field))
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8]> {
        self.optional_bytes()?.ok_or(ErrorCode::Malformed.into())
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.bytes()?.try_into().map_err(|_| ErrorCode::Malformed.into())
    }

    pub(crate) fn optional_text(&mut self) -> Result<Option<&'a str>> {
        let text = self.optional_bytes()?.map(core::str::from_utf8).transpose();
        text.map_err(|_| ErrorCode::Malformed.into())
    }

    pub(crate) fn text(&mut self) -> Result<&'a str> {
        self.optional_text()?.ok_or(ErrorCode::Malformed.into())
    }

    pub(crate) fn optional_number(&mut self) -> Result<Option<u32>> {
        let Some(field) = self.optional_bytes()? else { return Ok(None) };
        let field = field.try_into().map_err(|_| ErrorCode::Malformed)?;
        Ok(Some(u32::from_le_bytes(field)))
    }

    pub(crate) fn number(&mut self) -> Result<u32> {
        self.optional_number()?.ok_or(ErrorCode::Malformed.into())
    }

    pub(crate) fn time(&mut self) -> Result<UnixSeconds> {
        self.number().map(|seconds| UnixSeconds::new(i64::from(seconds)))
    }
    /// A time in milliseconds: two fields, whole seconds and the rest.
    #[cfg(feature = "tokenizer")]
    pub(crate) fn milliseconds(&mut self) -> Result<u64> {
        Ok(u64::from(self.number()?) * 1000 + u64::from(self.number()?))
    }

    /// A field that is 1 for yes.
    #[cfg(feature = "tokenizer")]
    pub(crate) fn flag(&mut self) -> Result<bool> {
        Ok(self.number()? == 1)
    }
}
