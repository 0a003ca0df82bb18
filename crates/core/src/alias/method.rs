//! How a portion is converted into an alias, and modified where that one is taken.

use alloc::string::String;
use alloc::vec::Vec;

use super::MAX_MODIFICATIONS;
use super::identifier::{AccountIdentifier, unsuitable};
use super::portion::{Portion, PortionRule};
use super::wide::Wide;
use crate::crypto::{Ff1Key, Numerals};
use crate::error::{Error, ErrorCode, Result};

/// Digits that `multiply` converts at most, and at least.
const MULTIPLIED_DIGITS: (usize, usize) = (6, 18);

/// Portions of which there are fewer are refused by FF1 (NIST SP 800-38G Rev. 1: radix^minlen ≥ 10⁶).
const LEAST_DOMAIN: u64 = 1_000_000;

/// The conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// FF1 under a fresh tweak: the portion as one mixed-radix integer, in radix 2 over its bit length, with cycle walking.
    Ff1,
    /// Weak, see [`super`]: the digits of the portion times a number, modulo 10ⁿ.
    Multiply(Multiplier),
}

/// What `multiply` multiplies by: more than 1 and coprime to 10, so that different accounts get different sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multiplier(u64);

impl Multiplier {
    /// Takes a multiplier.
    ///
    /// Errors: `claim_invalid`.
    pub fn new(value: u64) -> Result<Self> {
        if value < 2 || value.is_multiple_of(2) || value.is_multiple_of(5) {
            return Err(Error::with_detail(ErrorCode::ClaimInvalid, "multiplier"));
        }
        Ok(Self(value))
    }
}

/// Randomness for one conversion by FF1: a tweak, used once and kept nowhere.
pub struct Tweak(pub [u8; 16]);

impl Method {
    /// The sequence to try after `modifications` others were taken. `None` where it is the account itself, which is no
    /// alias: try the next.
    ///
    /// Errors: `identifier_unsuitable` with the detail `portion` where too few characters can vary;
    /// `temporarily_unavailable` beyond [`MAX_MODIFICATIONS`].
    pub fn sequence(
        self,
        identifier: &AccountIdentifier,
        rule: PortionRule,
        key: &Ff1Key,
        tweak: &Tweak,
        modifications: u8,
    ) -> Result<Option<String>> {
        if modifications > MAX_MODIFICATIONS {
            return Err(ErrorCode::TemporarilyUnavailable.into());
        }
        let sequence = match self {
            Self::Ff1 => ff1(&Portion::of(identifier, rule), key, tweak)?,
            Self::Multiply(multiplier) => {
                let portion = Portion::digits_of(identifier, rule, MULTIPLIED_DIGITS.1);
                multiply(&portion, multiplier, modifications)?
            }
        };
        Ok((sequence != identifier.as_str()).then_some(sequence))
    }
}

fn ff1(portion: &Portion<'_>, key: &Ff1Key, tweak: &Tweak) -> Result<String> {
    let domain = portion.domain();
    if domain.below(Wide::from(LEAST_DOMAIN)) {
        return Err(unsuitable("portion"));
    }
    let length = domain.before().bit_length();
    let mut number = portion.number();
    // At least half of all strings of this length are in the domain, and FF1 permutes them: the walk ends after two steps on
    // average, and at the number itself at the latest.
    loop {
        let bits: Vec<u16> = number.bits(length).map(u16::from).collect();
        let encrypted = key.encrypt(&tweak.0, &Numerals::new(2, bits)?)?;
        number = Wide::of_bits(encrypted.as_slice().iter().map(|bit| *bit == 1));
        if number.below(domain) {
            return Ok(portion.put_back(number));
        }
    }
}

fn multiply(portion: &Portion<'_>, multiplier: Multiplier, modifications: u8) -> Result<String> {
    if portion.len() < MULTIPLIED_DIGITS.0 {
        return Err(unsuitable("portion"));
    }
    let (Some(domain), Some(number)) = (portion.domain().as_u64(), portion.number().as_u64())
    else {
        return Err(ErrorCode::Internal.into());
    };
    let product = u128::from(number) * u128::from(multiplier.0) + u128::from(modifications);
    Ok(portion.put_back(Wide::from((product % u128::from(domain)) as u64)))
}
