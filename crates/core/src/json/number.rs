//! JSON numbers. Integers are values, all others stay text: tokens hold dates and counters, and reading decimal fractions
//! would cost the page more bytes than all the rest of the reader.

use alloc::boxed::Box;
use alloc::string::String;

/// The largest integer that every JSON implementation holds exactly (RFC 7493 §2.2): 2⁵³ − 1.
pub(super) const MAX_INTEGER: i64 = (1 << 53) - 1;

/// A JSON number, finite as a double.
#[derive(Clone, Debug, PartialEq)]
pub struct Number(Form);

#[derive(Clone, Debug, PartialEq)]
enum Form {
    Integer(i64),
    Decimal(Box<str>),
}

impl Number {
    /// The value, if it is written as an integer (no point, no exponent) of at most 2⁵³ − 1 either way.
    pub const fn as_integer(&self) -> Option<i64> {
        match self.0 {
            Form::Integer(value) => Some(value),
            Form::Decimal(_) => None,
        }
    }

    /// Reads text that already has the grammar of a JSON number; `None` if a double cannot hold it.
    pub(super) fn from_token(token: &str) -> Option<Self> {
        if let Some(value) = integer(token) {
            return Some(Self(Form::Integer(value)));
        }
        is_finite(token).then(|| Self(Form::Decimal(token.into())))
    }

    /// Appends the number as JSON text.
    pub(super) fn write(&self, out: &mut String) {
        match &self.0 {
            Form::Integer(value) => write_integer(*value, out),
            Form::Decimal(token) => out.push_str(token),
        }
    }
}

/// Appends an integer in decimal, without the weight of `core::fmt`.
pub(crate) fn write_integer(value: i64, out: &mut String) {
    if value < 0 {
        out.push('-');
    }
    let mut rest = value.unsigned_abs();
    let mut digits = [0; 20];
    let mut length = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        length += 1;
        if rest == 0 {
            break;
        }
    }
    out.extend(digits.iter().skip(digits.len() - length).map(|digit| char::from(*digit)));
}

/// `-0` is no integer here: as a value it would lose its sign.
fn integer(token: &str) -> Option<i64> {
    let (negative, digits) = match token.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, token),
    };
    if digits.len() > 16 || (negative && digits == "0") {
        return None;
    }
    let mut value = 0_i64;
    for digit in digits.bytes() {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(digit - b'0');
    }
    (value <= MAX_INTEGER).then_some(if negative { -value } else { value })
}

/// Whether the number stays below the point where doubles round to infinity, judged by its first 21 digits.
fn is_finite(token: &str) -> bool {
    // 2¹⁰²⁴ − 2⁹⁷⁰ = 1.79769313486231580793…e308
    const BOUND: [u8; 21] = *b"179769313486231580793";
    const BOUND_EXPONENT: i64 = 308;

    let unsigned = token.trim_start_matches('-');
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, clamped_exponent(exponent)),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = || whole.bytes().chain(fraction.bytes());
    let leading_zeros = digits().take_while(|digit| *digit == b'0').count();
    if leading_zeros == whole.len() + fraction.len() {
        return true;
    }
    // Of the first digit that is not zero. Texts are bounded, so nothing here can overflow.
    let magnitude = whole.len() as i64 - 1 - leading_zeros as i64 + exponent;
    if magnitude != BOUND_EXPONENT {
        return magnitude < BOUND_EXPONENT;
    }
    let padded = digits().skip(leading_zeros).chain(core::iter::repeat(b'0'));
    padded.take(BOUND.len()).lt(BOUND)
}

/// The exponent, or one that is beyond all that digits could make up for.
fn clamped_exponent(token: &str) -> i64 {
    const BEYOND: i64 = 1 << 40;
    let digits = token.trim_start_matches(['+', '-']);
    let value = digits
        .bytes()
        .fold(0_i64, |value, digit| (value * 10 + i64::from(digit.wrapping_sub(b'0'))).min(BEYOND));
    if token.starts_with('-') { -value } else { value }
}
