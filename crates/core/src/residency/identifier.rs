//! What a person is known by: a phone number, an address, a name at the service. Written in one way before it is compared,
//! looked up by keyed hash, never shown.

use alloc::borrow::ToOwned as _;
use alloc::string::String;

use zeroize::{Zeroize as _, Zeroizing};

use crate::base64url;
use crate::crypto::{MacKey, hmac_sha256};
use crate::error::{Error, ErrorCode, Result};

/// Most that an identifier may have, in bytes of UTF-8.
pub const MAX_IDENTIFIER_BYTES: usize = 256;

/// How identifiers of a type are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// An international telephone number (ITU-T E.164): `+` and 7 to 15 digits. Spaces, `-`, `.`, `(` and `)` are left out.
    E164,
    /// A mail address: one `@` with something on both sides. ASCII letters become lower-case, white space around it goes.
    Email,
    /// As it is, compared byte by byte; only not empty.
    Exact,
}

impl Form {
    /// The form of that name: `e164`, `email`, `exact`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "e164" => Some(Self::E164),
            "email" => Some(Self::Email),
            "exact" => Some(Self::Exact),
            _ => None,
        }
    }
}

/// An identifier in the one way in which its type is written.
pub struct Identifier {
    kind: String,
    value: Zeroizing<String>,
}

impl Identifier {
    /// Reads an identifier of the type `kind`.
    ///
    /// Errors: `limit_exceeded`, `claim_invalid`. Neither holds any of it.
    pub(super) fn parse(kind: &str, form: Form, text: &str) -> Result<Self> {
        if text.len() > MAX_IDENTIFIER_BYTES {
            return Err(Error::with_detail(ErrorCode::LimitExceeded, "identifier"));
        }
        let mut value = Zeroizing::new(String::with_capacity(MAX_IDENTIFIER_BYTES));
        match form {
            Form::Exact => value.push_str(text),
            Form::Email => {
                value.push_str(text.trim_ascii());
                value.make_ascii_lowercase();
            }
            Form::E164 => value.extend(
                text.chars().filter(|character| !matches!(character, ' ' | '-' | '.' | '(' | ')')),
            ),
        }
        let good = match form {
            Form::Exact => !value.is_empty(),
            Form::Email => is_mail_address(&value),
            Form::E164 => is_international(&value),
        };
        if !good {
            value.zeroize();
            return Err(Error::with_detail(ErrorCode::ClaimInvalid, "identifier"));
        }
        Ok(Self { kind: kind.to_owned(), value })
    }

    /// The type.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The identifier itself. Whoever copies it answers for the copy.
    pub fn expose(&self) -> &str {
        &self.value
    }
}

/// The keyed hash by which an area finds an identifier: HMAC-SHA256 under the area's own key, so that hashes of two areas
/// cannot be compared. `value` is in its one form.
pub fn lookup_hash(key: &MacKey, kind: &str, value: &str) -> String {
    // The length keeps ("ab", "c") apart from ("a", "bc").
    let length = (kind.len() as u64).to_be_bytes();
    let parts: [&[u8]; 4] =
        [b"lingpai-v1 identifier\0", &length, kind.as_bytes(), value.as_bytes()];
    base64url::encode(&hmac_sha256(key, &parts))
}

fn is_international(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn is_mail_address(text: &str) -> bool {
    let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    let (local, domain) = text.split_once('@').unwrap_or_default();
    plain && !local.is_empty() && !domain.is_empty() && !domain.contains('@')
}
