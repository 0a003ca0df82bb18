//! What tokens look like. Each kind has a space of its own that no live value of any kind lies in, and a keyed permutation
//! turns the numbers of that space into tokens: two numbers never give the same token, so a counter that never falls never gives
//! one out twice, however small the space is, and needs no look-up to know.

use alloc::string::String;
use alloc::vec::Vec;

use super::kind::Kind;
use crate::crypto::{Ff1Key, Numerals, sha256_of};
use crate::error::{Error, ErrorCode, Result};
use crate::secret::ContentKey;
use crate::tokenization::provisional;

/// Where the tokens of a kind lie.
///
/// * card: 16 digits that begin with 01, with the check digit. No issuer of cards has a number that begins with 0, and after a
///   telephone's trunk prefix 0 it is too long.
/// * identity: 18 characters that begin with 0, with the check character. No region's code begins with 0.
/// * phone: 11 digits that begin with 11: no mobile number in China (13 to 19), no number in North America (area codes begin
///   with 2 to 9).
/// * e-mail: the domain `token.invalid`, which RFC 2606 keeps from ever being one.
/// * text: `lpt1_`, which values are refused for.
struct Space {
    prefix: &'static str,
    radix: u16,
    length: usize,
    suffix: Suffix,
}

enum Suffix {
    None,
    Luhn,
    Identity,
    Domain,
}

const MAIL_DOMAIN: &str = "@token.invalid";
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

impl Kind {
    const fn space(self) -> Space {
        match self {
            Self::Card => Space { prefix: "01", radix: 10, length: 13, suffix: Suffix::Luhn },
            Self::Email => Space { prefix: "", radix: 32, length: 20, suffix: Suffix::Domain },
            Self::Identity => {
                Space { prefix: "0", radix: 10, length: 16, suffix: Suffix::Identity }
            }
            Self::Phone => Space { prefix: "11", radix: 10, length: 9, suffix: Suffix::None },
            Self::Text => Space { prefix: "lpt1_", radix: 32, length: 20, suffix: Suffix::None },
        }
    }

    /// How many tokens there are. More than 2⁶³ count as so many.
    pub fn capacity(self) -> u64 {
        let Space { radix, length, .. } = self.space();
        let all = u32::try_from(length).ok().and_then(|it| u64::from(radix).checked_pow(it));
        all.unwrap_or(u64::MAX).min(1 << 63)
    }
}

/// Turns numbers into tokens and back.
pub struct Shapes(Ff1Key);

impl Shapes {
    /// Takes over a key.
    pub const fn new(key: ContentKey) -> Self {
        Self(Ff1Key::new(key))
    }

    /// The token with that number, among those of one field of one tenant.
    ///
    /// Errors: `limit_exceeded` beyond the kind's capacity.
    pub fn token(&self, kind: Kind, tenant: &str, field: &str, number: u64) -> Result<String> {
        let Space { prefix, radix, length, suffix } = kind.space();
        let place = written(number, radix, length).ok_or(FULL)?;
        let place = Numerals::new(radix.into(), place)?;
        let numerals = self.0.encrypt(&tweak(kind, tenant, field), &place)?;
        let mut token = String::from(prefix);
        token.extend(numerals.as_slice().iter().map(|numeral| character(kind, *numeral)));
        match suffix {
            Suffix::None => {}
            Suffix::Luhn => token.push(luhn_check(&token)),
            Suffix::Identity => {
                let check = identity_check(&token);
                token.push_str(check);
            }
            Suffix::Domain => token.push_str(MAIL_DOMAIN),
        }
        Ok(token)
    }

    /// The number of a token; `None` for what is no token of this kind.
    ///
    /// Errors: none in practice.
    pub fn number(
        &self,
        kind: Kind,
        tenant: &str,
        field: &str,
        token: &str,
    ) -> Result<Option<u64>> {
        let Some(numerals) = numerals_of(kind, token) else { return Ok(None) };
        let radix = kind.space().radix;
        let numerals = Numerals::new(radix.into(), numerals)?;
        let place = self.0.decrypt(&tweak(kind, tenant, field), &numerals)?;
        Ok(read(place.as_slice(), radix).filter(|number| *number < kind.capacity()))
    }
}

/// A number as so many numerals, the most significant first; `None` where it has more.
fn written(mut number: u64, radix: u16, length: usize) -> Option<Vec<u16>> {
    let mut numerals = alloc::vec![0; length];
    let radix = u64::from(radix);
    for place in numerals.iter_mut().rev() {
        *place = u16::try_from(number % radix).ok()?;
        number /= radix;
    }
    (number == 0).then_some(numerals)
}

/// The number that numerals write; `None` where it has more than 64 bits.
fn read(numerals: &[u16], radix: u16) -> Option<u64> {
    numerals.iter().try_fold(0_u64, |number, numeral| {
        number.checked_mul(u64::from(radix))?.checked_add(u64::from(*numeral))
    })
}

const FULL: Error = Error::with_detail(ErrorCode::LimitExceeded, "field");

/// Whether the text has the form of a token, of the vault or of a tokenizer.
pub fn is_any_token(text: &str) -> bool {
    let folded = text.to_ascii_lowercase();
    folded.starts_with(provisional::PREFIX)
        || Kind::ALL.into_iter().any(|kind| {
            // The check character of identity cards is the one capital letter.
            numerals_of(kind, text).is_some() || numerals_of(kind, &folded).is_some()
        })
        || numerals_of(Kind::Identity, &text.to_ascii_uppercase()).is_some()
}

fn numerals_of(kind: Kind, token: &str) -> Option<Vec<u16>> {
    let Space { prefix, length, suffix, .. } = kind.space();
    let rest = token.strip_prefix(prefix)?;
    let (body, tail) = rest.split_at_checked(length)?;
    let whole = token.split_at_checked(prefix.len() + length)?.0;
    let numerals = body.bytes().map(|byte| numeral(kind, byte)).collect::<Option<Vec<_>>>()?;
    let right = match suffix {
        Suffix::None => tail.is_empty(),
        Suffix::Luhn => tail.len() == 1 && tail.starts_with(luhn_check(whole)),
        Suffix::Identity => tail == identity_check(whole),
        Suffix::Domain => tail == MAIL_DOMAIN,
    };
    right.then_some(numerals)
}

fn character(kind: Kind, numeral: u16) -> char {
    let table: &[u8] = if kind.space().radix == 10 { b"0123456789" } else { ALPHABET };
    char::from(table.get(usize::from(numeral)).copied().unwrap_or(b'0'))
}

fn numeral(kind: Kind, byte: u8) -> Option<u16> {
    let table: &[u8] = if kind.space().radix == 10 { b"0123456789" } else { ALPHABET };
    table.iter().position(|it| *it == byte).and_then(|at| u16::try_from(at).ok())
}

/// Each field of each tenant has an order of its own.
fn tweak(kind: Kind, tenant: &str, field: &str) -> [u8; 32] {
    let length = |text: &str| (text.len() as u64).to_be_bytes();
    sha256_of(&[
        b"lingpai-v1 vault token order\0",
        kind.as_str().as_bytes(),
        b"\0",
        &length(tenant),
        tenant.as_bytes(),
        &length(field),
        field.as_bytes(),
    ])
}

/// The sum of ISO/IEC 7812-1 annex B: 0 modulo 10 for a number that is right. Takes digits.
pub(super) fn luhn_sum(number: &str) -> u32 {
    let digits = number.bytes().rev().map(|byte| u32::from(byte.wrapping_sub(b'0')));
    digits
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, _) => digit,
            (_, twice) => twice / 10 + twice % 10,
        })
        .sum()
}

fn luhn_check(body: &str) -> char {
    let sum: u32 = body
        .bytes()
        .rev()
        .map(|byte| u32::from(byte.wrapping_sub(b'0')))
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (1, _) => digit,
            (_, twice) => twice / 10 + twice % 10,
        })
        .sum();
    char::from_digit((10 - sum % 10) % 10, 10).unwrap_or('0')
}

/// The check character of 17 digits: ISO 7064 MOD 11-2, as GB 11643 prescribes it.
pub(super) fn identity_check(body: &str) -> &'static str {
    const CHARACTERS: [&str; 11] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "X"];
    let remainder = body
        .bytes()
        .map(|byte| u32::from(byte.wrapping_sub(b'0')))
        .fold(0, |remainder, digit| (remainder + digit) * 2 % 11);
    let check = (12 - remainder) % 11;
    CHARACTERS.get(check as usize).copied().unwrap_or("0")
}
