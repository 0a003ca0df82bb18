//! Keyed permutations of short numeral strings: FF1 (NIST SP 800-38G) over AES-256.

use alloc::vec::Vec;

use aes::Aes256;
use fpe::ff1::{FF1, FlexibleNumeralString};

use crate::error::{ErrorCode, Result};
use crate::secret::ContentKey;

/// A bijection on the strings of `length` numerals below `radix`, under one key and one tweak for each use.
pub struct Permutation {
    cipher: FF1<Aes256>,
    radix: u16,
}

impl Permutation {
    /// Prepares a key. The radix is at least 2.
    ///
    /// Errors: `internal` for another radix.
    pub fn new(key: &ContentKey, radix: u16) -> Result<Self> {
        let cipher = FF1::new(key.secret_bytes(), u32::from(radix));
        Ok(Self { cipher: cipher.map_err(|_| ErrorCode::Internal)?, radix })
    }

    /// Where `number` goes, as `length` numerals with the most significant first; `None` where it is no number of that many.
    ///
    /// Errors: `internal` for a domain of fewer than 10⁶ strings, which FF1 must not be used for.
    pub fn encrypt(&self, tweak: &[u8], number: u64, length: usize) -> Result<Option<Vec<u16>>> {
        let Some(numerals) = self.numerals(number, length) else { return Ok(None) };
        let there = self.cipher.encrypt(tweak, &FlexibleNumeralString::from(numerals));
        Ok(Some(there.map_err(|_| ErrorCode::Internal)?.into()))
    }

    /// The number that goes to `numerals`; `None` where no number of 64 bits does.
    ///
    /// Errors: as [`Self::encrypt`], and `malformed` for a numeral that is not below the radix.
    pub fn decrypt(&self, tweak: &[u8], numerals: Vec<u16>) -> Result<Option<u64>> {
        if numerals.iter().any(|numeral| *numeral >= self.radix) {
            return Err(ErrorCode::Malformed.into());
        }
        let back = self.cipher.decrypt(tweak, &FlexibleNumeralString::from(numerals));
        let back: Vec<u16> = back.map_err(|_| ErrorCode::Internal)?.into();
        Ok(back.iter().try_fold(0_u64, |number, numeral| {
            number.checked_mul(u64::from(self.radix))?.checked_add(u64::from(*numeral))
        }))
    }

    fn numerals(&self, mut number: u64, length: usize) -> Option<Vec<u16>> {
        let mut numerals = alloc::vec![0; length];
        for place in numerals.iter_mut().rev() {
            let radix = u64::from(self.radix).max(2);
            *place = u16::try_from(number % radix).ok()?;
            number /= radix;
        }
        (number == 0).then_some(numerals)
    }
}
