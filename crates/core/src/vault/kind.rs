//! What a field holds: which values are live ones of it, and the one spelling under which each is known.

use alloc::borrow::ToOwned as _;
use alloc::string::String;

use zeroize::Zeroizing;

use super::shape;
use crate::error::{Error, ErrorCode, Result};
use crate::tokenization::{MAX_VALUE_BYTES, Normalisation};

/// What a field holds. The rules of a kind never change under its name: other rules get another number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `card.1`: numbers of bank cards, 12 to 19 digits that do not begin with 0, with their check digit (ISO/IEC 7812).
    Card,
    /// `email.1`: addresses; not in the top-level domain `invalid` (RFC 2606).
    Email,
    /// `identity.1`: numbers of Chinese identity cards: 18 characters with their check character (GB 11643), or the 15 digits of
    /// the older form. The first is not 0.
    Identity,
    /// `phone.1`: numbers of mainland China with or without their country code, and all others with `+` and theirs (E.164).
    Phone,
    /// `text.1`: anything else, such as a name: any text that is not a token.
    Text,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Card, Self::Email, Self::Identity, Self::Phone, Self::Text];

    /// The name in a configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Card => "card.1",
            Self::Email => "email.1",
            Self::Identity => "identity.1",
            Self::Phone => "phone.1",
            Self::Text => "text.1",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The part of the rules that a tokenizer follows too, so that it gives out one token for most spellings of a value.
    pub const fn normalisation(self) -> Normalisation {
        match self {
            Self::Card | Self::Phone => Normalisation::Digits,
            Self::Email => Normalisation::Email,
            Self::Identity => Normalisation::Id,
            Self::Text => Normalisation::Text,
        }
    }

    /// The one spelling of a value.
    ///
    /// Errors: `claim_invalid` for what is no live value of this kind; no token of any kind is one.
    pub fn canonical(self, value: &str) -> Result<Zeroizing<String>> {
        if value.len() > MAX_VALUE_BYTES {
            return Err(NO_VALUE);
        }
        let value = Zeroizing::new(self.normalisation().apply(value).into_owned());
        let known = match self {
            Self::Card => card(&value),
            Self::Email => email(&value),
            Self::Identity => identity(&value),
            Self::Phone => return phone(&value).map(Zeroizing::new).ok_or(NO_VALUE),
            Self::Text => {
                !value.is_empty() && !value.contains('\0') && !shape::is_any_token(&value)
            }
        };
        if known { Ok(value) } else { Err(NO_VALUE) }
    }
}

const NO_VALUE: Error = Error::with_detail(ErrorCode::ClaimInvalid, "value");

fn card(value: &str) -> bool {
    (12..=19).contains(&value.len())
        && digits(value)
        && !value.starts_with('0')
        && shape::luhn_sum(value).is_multiple_of(10)
}

fn email(value: &str) -> bool {
    let Some((local, domain)) = value.rsplit_once('@') else { return false };
    value.len() <= 254
        && !local.is_empty()
        && value.chars().all(|it| !it.is_whitespace() && !it.is_control())
        && !local.contains('@')
        && domain.contains('.')
        && domain.split('.').all(|label| !label.is_empty())
        && domain.rsplit('.').next() != Some("invalid")
}

fn identity(value: &str) -> bool {
    if value.starts_with('0') {
        return false;
    }
    match value.len() {
        15 => digits(value),
        18 => value
            .split_at_checked(17)
            .is_some_and(|(body, check)| digits(body) && shape::identity_check(body) == check),
        _ => false,
    }
}

/// With its country code, as E.164 writes it.
fn phone(value: &str) -> Option<String> {
    let international = value.strip_prefix('+').or_else(|| value.strip_prefix("00"));
    let (number, home) = match international {
        Some(number) => (number, number.strip_prefix("86")),
        None => (value, Some(value.strip_prefix("86").filter(|it| mobile(it)).unwrap_or(value))),
    };
    if !digits(number) {
        return None;
    }
    let Some(national) = home else {
        // North America's area codes begin with 2 to 9; what lies below is the tokens' (see `shape`).
        let taken = number.starts_with("10") || number.starts_with("11");
        let proper = (7..=15).contains(&number.len()) && !number.starts_with('0') && !taken;
        return proper.then(|| ["+", number].concat());
    };
    // A landline is written with the trunk's 0 at home, and without it abroad.
    let landline = match national.strip_prefix('0') {
        Some(rest) => Some(rest),
        None => international.is_some().then_some(national),
    };
    let landline = landline.filter(|it| {
        (9..=11).contains(&it.len())
            && !it.starts_with('0')
            && !(it.len() == 11 && it.starts_with('1'))
    });
    let national = if mobile(national) { national } else { landline? };
    Some(["+86", national].concat())
}

fn mobile(value: &str) -> bool {
    let mut bytes = value.bytes();
    value.len() == 11
        && digits(value)
        && bytes.next() == Some(b'1')
        && bytes.next().is_some_and(|it| (b'3'..=b'9').contains(&it))
}

fn digits(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit())
}

/// The rule of a kind as a policy names it.
pub fn rule_of(kind: Kind) -> String {
    kind.normalisation().as_str().to_owned()
}
