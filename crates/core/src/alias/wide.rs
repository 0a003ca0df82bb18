//! Unsigned integers of 256 bits, as far as portions need them.

const LIMBS: usize = 8;

/// An integer below 2²⁵⁶, the least significant limb first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wide([u32; LIMBS]);

impl Wide {
    pub(super) const ZERO: Self = Self([0; LIMBS]);
    pub(super) const ONE: Self = Self([1, 0, 0, 0, 0, 0, 0, 0]);

    /// `self * factor + summand`, which has to fit.
    pub(super) fn times_plus(mut self, factor: u32, summand: u32) -> Self {
        let mut carry = u64::from(summand);
        for limb in &mut self.0 {
            carry += u64::from(*limb) * u64::from(factor);
            *limb = carry as u32;
            carry >>= 32;
        }
        debug_assert!(carry == 0, "a portion has at most 226 bits");
        self
    }

    /// Quotient and remainder; `divisor` is not 0.
    pub(super) fn divided_by(mut self, divisor: u32) -> (Self, u32) {
        let mut rest = 0;
        for limb in self.0.iter_mut().rev() {
            let value = rest << 32 | u64::from(*limb);
            *limb = (value / u64::from(divisor)) as u32;
            rest = value % u64::from(divisor);
        }
        (self, rest as u32)
    }

    /// How many bits the number has without leading zeros.
    pub(super) fn bit_length(self) -> usize {
        let used = self.0.iter().rposition(|limb| *limb != 0);
        used.map_or(0, |index| {
            let top = self.0.get(index).map_or(0, |limb| limb.leading_zeros());
            32 * (index + 1) - top as usize
        })
    }

    /// The bits, `count` of them, the most significant first.
    pub(super) fn bits(self, count: usize) -> impl Iterator<Item = bool> {
        (0..count)
            .rev()
            .map(move |at| self.0.get(at / 32).is_some_and(|limb| limb >> (at % 32) & 1 == 1))
    }

    /// The number of these bits.
    pub(super) fn of_bits(bits: impl Iterator<Item = bool>) -> Self {
        bits.fold(Self::ZERO, |number, bit| number.times_plus(2, u32::from(bit)))
    }

    /// The number before; `self` is not 0.
    pub(super) fn before(mut self) -> Self {
        for limb in &mut self.0 {
            let (less, borrowed) = limb.overflowing_sub(1);
            *limb = less;
            if !borrowed {
                break;
            }
        }
        self
    }

    /// Whether it is below `other`.
    pub(super) fn below(self, other: Self) -> bool {
        self.0.iter().rev().lt(other.0.iter().rev())
    }

    /// As `u64`, if it fits.
    pub(super) fn as_u64(self) -> Option<u64> {
        let [low, high, rest @ ..] = self.0;
        rest.iter().all(|limb| *limb == 0).then(|| u64::from(high) << 32 | u64::from(low))
    }
}

impl From<u64> for Wide {
    fn from(value: u64) -> Self {
        Self([value as u32, (value >> 32) as u32, 0, 0, 0, 0, 0, 0])
    }
}
