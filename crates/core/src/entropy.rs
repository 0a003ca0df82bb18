//! Entropy as a host hands it over, looked at before anything is made of it. A source that is absent, constant or plainly
//! broken is refused; that a source is good cannot be seen from its output, and is not claimed.

use zeroize::{Zeroize as _, Zeroizing};

use crate::error::{Error, ErrorCode, Result};

/// The length of one draw, in bytes.
pub const DRAW_BYTES: usize = 32;

/// 32 random bytes hold 30 different values on the average, and fewer than 16 once in more than 2⁶⁰ draws.
const FEWEST_VALUES: usize = 16;

/// Two draws that look like randomness. It cannot be printed, copied or cloned, and is wiped when dropped.
pub struct Entropy([u8; 2 * DRAW_BYTES]);

impl Entropy {
    /// Takes two draws of 32 bytes each, asked of the host one after the other.
    ///
    /// Errors: `entropy_missing` for a draw of another length; `entropy_weak` for two equal draws, and for one of few
    /// different values or of values in equal steps, such as stubs of hosts return.
    pub fn of_draws(first: &[u8], second: &[u8]) -> Result<Self> {
        let missing = Error::new(ErrorCode::EntropyMissing);
        let first = Zeroizing::new(<[u8; DRAW_BYTES]>::try_from(first).map_err(|_| missing)?);
        let second = Zeroizing::new(<[u8; DRAW_BYTES]>::try_from(second).map_err(|_| missing)?);
        if *first == *second || is_poor(&first) || is_poor(&second) {
            return Err(ErrorCode::EntropyWeak.into());
        }
        let mut bytes = [0; 2 * DRAW_BYTES];
        for (to, from) in bytes.iter_mut().zip(first.iter().chain(second.iter())) {
            *to = *from;
        }
        Ok(Self(bytes))
    }

    pub(crate) const fn bytes(&self) -> &[u8; 2 * DRAW_BYTES] {
        &self.0
    }
}

impl Drop for Entropy {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Whether a draw has too few different values, or is a plain count.
fn is_poor(draw: &[u8; DRAW_BYTES]) -> bool {
    let mut seen = [false; 256];
    for byte in draw {
        if let Some(seen) = seen.get_mut(usize::from(*byte)) {
            *seen = true;
        }
    }
    let values = seen.iter().filter(|seen| **seen).count();
    let mut steps = draw.windows(2).map(|pair| match pair {
        [left, right] => right.wrapping_sub(*left),
        _ => 0,
    });
    let step = steps.next();
    values < FEWEST_VALUES || steps.all(|other| Some(other) == step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(start: u8) -> [u8; 32] {
        core::array::from_fn(|at| (at as u8).wrapping_mul(37).wrapping_add(start) ^ (at as u8 / 3))
    }

    fn refused(first: &[u8], second: &[u8]) -> Option<ErrorCode> {
        Entropy::of_draws(first, second).err().map(|error| error.code())
    }

    #[test]
    fn what_varies_is_taken() {
        assert_eq!(refused(&draw(1), &draw(2)), None);
    }

    #[test]
    fn a_source_that_gives_nothing_or_too_little_is_missing() {
        assert_eq!(refused(&[], &[]), Some(ErrorCode::EntropyMissing));
        assert_eq!(refused(&draw(1)[..31], &draw(2)), Some(ErrorCode::EntropyMissing));
        assert_eq!(refused(&draw(1), &[0; 33]), Some(ErrorCode::EntropyMissing));
    }

    #[test]
    fn a_source_that_repeats_itself_or_counts_is_weak() {
        let counting: [u8; 32] = core::array::from_fn(|at| at as u8);
        let two_values: [u8; 32] = core::array::from_fn(|at| (at % 2) as u8);
        for poor in [[0; 32], [0xa5; 32], counting, two_values] {
            assert_eq!(refused(&poor, &draw(2)), Some(ErrorCode::EntropyWeak));
            assert_eq!(refused(&draw(2), &poor), Some(ErrorCode::EntropyWeak));
        }
        assert_eq!(refused(&draw(1), &draw(1)), Some(ErrorCode::EntropyWeak));
    }
}
