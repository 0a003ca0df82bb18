//! HMAC_DRBG over SHA-256 (NIST SP 800-90A Rev. 1, §10.1.2): for hosts that give randomness slowly, or seldom. One draw of
//! entropy from the host, and from then on as many seeds as are wanted.

use zeroize::Zeroize as _;

use super::mac::{MacKey, hmac_sha256};
use crate::entropy::Entropy;
use crate::error::{ErrorCode, Result};
use crate::secret::Seed;

/// The most that one request may ask for, in bytes (SP 800-90A, table 2).
const MAX_REQUEST_BYTES: usize = 1 << 16;
/// Requests after which fresh entropy is due. The standard allows 2⁴⁸.
const RESEED_INTERVAL: u32 = 1 << 20;

/// A generator. It cannot be printed, copied or cloned, and is wiped when dropped.
pub struct Drbg {
    key: [u8; 32],
    value: [u8; 32],
    requests: u32,
}

impl Drbg {
    /// Starts a generator from entropy. `personalization` sets generators of different purposes apart and is no secret.
    pub fn new(entropy: Entropy, personalization: &[u8]) -> Self {
        Self::instantiate(&[entropy.bytes(), personalization])
    }

    /// Adds fresh entropy to what there is; a weak one takes nothing away.
    pub fn reseed(&mut self, entropy: Entropy) {
        self.update(&[entropy.bytes()]);
        self.requests = 0;
    }

    /// Fills `out` with random bytes.
    ///
    /// Errors: `limit_exceeded` beyond 64 KiB, `entropy_missing` after 2²⁰ requests without fresh entropy.
    pub fn fill(&mut self, out: &mut [u8]) -> Result<()> {
        if out.len() > MAX_REQUEST_BYTES {
            return Err(ErrorCode::LimitExceeded.into());
        }
        if self.requests >= RESEED_INTERVAL {
            return Err(ErrorCode::EntropyMissing.into());
        }
        self.requests += 1;
        for block in out.chunks_mut(32) {
            self.value = hmac_sha256(&MacKey::new(&self.key), &[&self.value]);
            for (to, from) in block.iter_mut().zip(&self.value) {
                *to = *from;
            }
        }
        self.update(&[]);
        Ok(())
    }

    /// One draw, good for one key.
    ///
    /// Errors: as [`Self::fill`].
    pub fn seed(&mut self) -> Result<Seed> {
        let mut bytes = [0; 32];
        self.fill(&mut bytes)?;
        let seed = Seed::new(bytes);
        bytes.zeroize();
        Ok(seed)
    }

    fn instantiate(material: &[&[u8]]) -> Self {
        let mut this = Self { key: [0; 32], value: [1; 32], requests: 0 };
        this.update(material);
        this
    }

    /// HMAC_DRBG_Update (§10.1.2.2).
    fn update(&mut self, material: &[&[u8]]) {
        for separator in [[0], [1]] {
            let mut parts: alloc::vec::Vec<&[u8]> = alloc::vec![&self.value, &separator];
            parts.extend_from_slice(material);
            self.key = hmac_sha256(&MacKey::new(&self.key), &parts);
            self.value = hmac_sha256(&MacKey::new(&self.key), &[&self.value]);
            if material.is_empty() {
                return;
            }
        }
    }
}

impl Drop for Drbg {
    fn drop(&mut self) {
        self.key.zeroize();
        self.value.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<const N: usize>(hex: &str) -> [u8; N] {
        core::array::from_fn(|at| {
            u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hex digits")
        })
    }

    /// NIST CAVP, HMAC_DRBG, SHA-256 without prediction resistance or reseeding, COUNT = 0: the second output counts.
    #[test]
    fn nist_without_reseeding() {
        let entropy =
            bytes::<32>("ca851911349384bffe89de1cbdc46e6831e44d34a4fb935ee285dd14b71a7488");
        let nonce = bytes::<16>("659ba96c601dc69fc902940805ec0ca8");
        let mut generator = Drbg::instantiate(&[&entropy, &nonce]);
        let mut out = [0; 128];
        generator.fill(&mut out).expect("a small request");
        generator.fill(&mut out).expect("a small request");
        let returned = bytes::<128>(
            "e528e9abf2dece54d47c7e75e5fe302149f817ea9fb4bee6f4199697d04d5b89\
             d54fbb978a15b5c443c9ec21036d2460b6f73ebad0dc2aba6e624abf07745bc1\
             07694bb7547bb0995f70de25d6b29e2d3011bb19d27676c07162c8b5ccde0668\
             961df86803482cb37ed6d5c0bb8d50cf1f50d476aa0458bdaba806f48be9dcb8",
        );
        assert_eq!(out, returned);
    }

    #[test]
    fn a_generator_stops_where_fresh_entropy_is_due() {
        let mut generator = Drbg::instantiate(&[&[7; 32]]);
        generator.requests = RESEED_INTERVAL;
        assert_eq!(generator.seed().err(), Some(ErrorCode::EntropyMissing.into()));
        let draws: [u8; 64] = core::array::from_fn(|at| at as u8);
        generator.reseed(Entropy::of_draws(&draws[..32], &draws[32..]).expect("it varies"));
        assert!(generator.seed().is_ok());
        let mut large = alloc::vec![0; MAX_REQUEST_BYTES + 1];
        assert_eq!(generator.fill(&mut large), Err(ErrorCode::LimitExceeded.into()));
    }
}
