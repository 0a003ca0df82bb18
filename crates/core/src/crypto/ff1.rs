//! FF1, format-preserving encryption (NIST SP 800-38G) under AES-256: numerals in, as many numerals of the same radix out.

use alloc::vec::Vec;

use aes::Aes256;
use fpe::ff1::{FF1, NumeralString, Operations};

use crate::error::{ErrorCode, Result};
use crate::secret::ContentKey;

/// A key for FF1.
pub struct Ff1Key(ContentKey);

/// A string of numerals of one radix, the most significant first. Halves of it fit into 120 bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numerals {
    radix: u32,
    numerals: Vec<u16>,
}

impl Numerals {
    /// Takes numerals of a radix from 2 to 2¹⁶.
    ///
    /// Errors: `limit_exceeded` for another radix, a numeral beyond it, or half a string of more than 120 bits.
    pub fn new(radix: u32, numerals: Vec<u16>) -> Result<Self> {
        let known = (2..=1 << 16).contains(&radix);
        let longer_half = numerals.len().div_ceil(2) as u32;
        let fits = known && power(radix, longer_half).is_some_and(|end| end <= 1 << 120);
        if !fits || numerals.iter().any(|numeral| u32::from(*numeral) >= radix) {
            return Err(ErrorCode::LimitExceeded.into());
        }
        Ok(Self { radix, numerals })
    }

    /// The numerals.
    pub fn as_slice(&self) -> &[u16] {
        &self.numerals
    }
}

impl Ff1Key {
    /// Takes over a key.
    pub const fn new(key: ContentKey) -> Self {
        Self(key)
    }

    /// FF1.Encrypt. The tweak is public; the same one with the same numerals gives the same result.
    ///
    /// Errors: `limit_exceeded` where there are fewer than 10⁶ such strings.
    pub fn encrypt(&self, tweak: &[u8], numerals: &Numerals) -> Result<Numerals> {
        self.cipher(numerals)?.encrypt(tweak, numerals).map_err(|_| ErrorCode::LimitExceeded.into())
    }

    /// FF1.Decrypt, under the tweak that it was encrypted with.
    ///
    /// Errors: as [`Self::encrypt`].
    pub fn decrypt(&self, tweak: &[u8], numerals: &Numerals) -> Result<Numerals> {
        self.cipher(numerals)?.decrypt(tweak, numerals).map_err(|_| ErrorCode::LimitExceeded.into())
    }

    fn cipher(&self, numerals: &Numerals) -> Result<FF1<Aes256>> {
        FF1::new(self.0.secret_bytes(), numerals.radix).map_err(|_| ErrorCode::LimitExceeded.into())
    }
}

fn power(radix: u32, exponent: u32) -> Option<u128> {
    u128::from(radix).checked_pow(exponent)
}

/// Half of a string, as a number below radix^`count`.
pub struct Half {
    radix: u32,
    value: u128,
    count: usize,
}

impl Half {
    fn read(radix: u32, numerals: &[u16]) -> Self {
        let value = numerals
            .iter()
            .fold(0, |value, numeral| value * u128::from(radix) + u128::from(*numeral));
        Self { radix, value, count: numerals.len() }
    }

    fn write(mut self, out: &mut Vec<u16>) {
        let start = out.len();
        for _ in 0..self.count {
            out.push((self.value % u128::from(self.radix)) as u16);
            self.value /= u128::from(self.radix);
        }
        if let Some(written) = out.get_mut(start..) {
            written.reverse();
        }
    }

    /// radix^`count`; halves are bounded so that it exists.
    fn end(radix: u32, count: usize) -> u128 {
        power(radix, count as u32).unwrap_or(1 << 120)
    }

    /// The bytes as one number, modulo `end`, which is at most 2¹²⁰.
    fn reduce(bytes: impl Iterator<Item = u8>, end: u128) -> u128 {
        bytes.fold(0, |rest, byte| (rest * 256 + u128::from(byte)) % end)
    }
}

impl Operations for Half {
    type Bytes = Vec<u8>;

    fn numeral_count(&self) -> usize {
        self.count
    }

    fn to_be_bytes(&self, _radix: u32, b: usize) -> Vec<u8> {
        let bytes = self.value.to_be_bytes();
        let mut out = alloc::vec![0; b];
        for (to, from) in out.iter_mut().rev().zip(bytes.iter().rev()) {
            *to = *from;
        }
        out
    }

    fn add_mod_exp(self, other: impl Iterator<Item = u8>, radix: u32, m: usize) -> Self {
        let end = Self::end(radix, m);
        let value = (self.value % end + Self::reduce(other, end)) % end;
        Self { radix, value, count: m }
    }

    fn sub_mod_exp(self, other: impl Iterator<Item = u8>, radix: u32, m: usize) -> Self {
        let end = Self::end(radix, m);
        let value = (self.value % end + end - Self::reduce(other, end)) % end;
        Self { radix, value, count: m }
    }
}

impl NumeralString for Numerals {
    type Ops = Half;

    fn is_valid(&self, radix: u32) -> bool {
        self.radix == radix
    }

    fn numeral_count(&self) -> usize {
        self.numerals.len()
    }

    fn split(&self) -> (Half, Half) {
        let (left, right) = self.numerals.split_at(self.numerals.len() / 2);
        (Half::read(self.radix, left), Half::read(self.radix, right))
    }

    fn concat(left: Half, right: Half) -> Self {
        let radix = left.radix;
        let mut numerals = Vec::with_capacity(left.count + right.count);
        left.write(&mut numerals);
        right.write(&mut numerals);
        Self { radix, numerals }
    }
}
