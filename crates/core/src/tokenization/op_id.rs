//! The id of an operation: which install made it, in which of its sequences, as which of that sequence.

use alloc::string::{String, ToString as _};
use core::fmt;

use super::invalid;
use crate::base64url;
use crate::error::Result;
use crate::json;

/// The longest text of an [`OpId`], in bytes.
pub const MAX_OP_ID_BYTES: usize = 22 + 1 + 16 + 1 + 16;

/// I-JSON's safe integers, so that every language can count on.
const MAX_NUMBER: u64 = (1 << 53) - 1;

/// An install: 16 random bytes in base64url, given by the server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InstallId(String);

impl InstallId {
    /// Names an install by 16 bytes of randomness.
    pub fn new(random: [u8; 16]) -> Self {
        Self(base64url::encode(&random))
    }

    /// Reads the canonical text.
    ///
    /// Errors: `claim_invalid`.
    pub fn parse(text: &str) -> Result<Self> {
        match base64url::decode_array::<16>(text) {
            Ok(_) => Ok(Self(text.to_string())),
            Err(_) => Err(invalid("iid")),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `iid.epoch.seq`. An epoch is one life of an install's store; within it `seq` counts from 1 without a gap.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpId {
    install: InstallId,
    epoch: u64,
    sequence: u64,
}

impl OpId {
    /// Names an operation. Both numbers are at least 1 and at most 2⁵³ − 1.
    ///
    /// Errors: `claim_invalid`.
    pub fn new(install: InstallId, epoch: u64, sequence: u64) -> Result<Self> {
        let proper = |number| (1..=MAX_NUMBER).contains(&number);
        if proper(epoch) && proper(sequence) {
            Ok(Self { install, epoch, sequence })
        } else {
            Err(invalid("op"))
        }
    }

    /// Reads the canonical text: an install id and two decimal numbers without leading zeros, separated by dots.
    ///
    /// Errors: `claim_invalid`.
    pub fn parse(text: &str) -> Result<Self> {
        let mut parts = text.split('.');
        let [Some(install), Some(epoch), Some(sequence), None] =
            [parts.next(), parts.next(), parts.next(), parts.next()]
        else {
            return Err(invalid("op"));
        };
        let install = InstallId::parse(install).map_err(|_| invalid("op"))?;
        Self::new(install, number(epoch)?, number(sequence)?)
    }

    /// The canonical text, written without the machinery of formatting, which a page's module does not have.
    pub fn to_text(&self) -> String {
        let mut text = String::with_capacity(MAX_OP_ID_BYTES);
        text.push_str(self.install.as_str());
        for number in [self.epoch, self.sequence] {
            text.push('.');
            json::write_integer(i64::try_from(number).unwrap_or(i64::MAX), &mut text);
        }
        text
    }

    /// Who made it.
    pub const fn install(&self) -> &InstallId {
        &self.install
    }

    /// In which life of its store.
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// As which operation of that life.
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }
}

impl fmt::Display for OpId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.to_text())
    }
}

fn number(text: &str) -> Result<u64> {
    let canonical = text.len() <= 16
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && !text.starts_with('0');
    if !canonical {
        return Err(invalid("op"));
    }
    text.parse().map_err(|_| invalid("op"))
}
