//! Identifiers of accounts that can have an alias.

use alloc::borrow::ToOwned;
use alloc::string::String;

use crate::error::{Error, ErrorCode, Result};

/// Length of an identifier, in characters.
pub const MAX_LENGTH: usize = 64;

/// An account identifier: up to [`MAX_LENGTH`] printable ASCII characters without spaces, of at least two of the kinds
/// digits, letters, symbols.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountIdentifier(String);

/// What a character of an identifier is. An alias has the same class at the same place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CharacterClass {
    /// `0` to `9`
    Digit,
    /// `a` to `z`
    Lower,
    /// `A` to `Z`
    Upper,
    /// Anything else; it stays as it is.
    Symbol,
}

impl CharacterClass {
    /// The class of a printable ASCII character; `None` for everything else, a space included.
    pub const fn of(byte: u8) -> Option<Self> {
        match byte {
            b'0'..=b'9' => Some(Self::Digit),
            b'a'..=b'z' => Some(Self::Lower),
            b'A'..=b'Z' => Some(Self::Upper),
            b'!'..=b'~' => Some(Self::Symbol),
            _ => None,
        }
    }

    /// How many characters the class has and which is its first; `None` for symbols.
    pub(crate) const fn wheel(self) -> Option<(u32, u8)> {
        match self {
            Self::Digit => Some((10, b'0')),
            Self::Lower => Some((26, b'a')),
            Self::Upper => Some((26, b'A')),
            Self::Symbol => None,
        }
    }
}

impl AccountIdentifier {
    /// Reads an identifier.
    ///
    /// Errors: `identifier_unsuitable` with the detail `length`, `characters` or `kinds`.
    pub fn parse(text: &str) -> Result<Self> {
        if text.is_empty() || text.len() > MAX_LENGTH {
            return Err(unsuitable("length"));
        }
        let (mut digits, mut letters, mut symbols) = (false, false, false);
        for byte in text.bytes() {
            match CharacterClass::of(byte).ok_or(unsuitable("characters"))? {
                CharacterClass::Digit => digits = true,
                CharacterClass::Lower | CharacterClass::Upper => letters = true,
                CharacterClass::Symbol => symbols = true,
            }
        }
        if u8::from(digits) + u8::from(letters) + u8::from(symbols) < 2 {
            return Err(unsuitable("kinds"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The identifier itself. Whoever copies it answers for the copy.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

pub(super) const fn unsuitable(detail: &'static str) -> Error {
    Error::with_detail(ErrorCode::IdentifierUnsuitable, detail)
}
