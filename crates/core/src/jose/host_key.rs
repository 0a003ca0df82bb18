//! Public keys that only the host's cryptography can use: RSA (RFC 7518 §6.3), P-384 and P-521 (§6.2). Form and size are
//! checked here; that a point lies on its curve, the host finds when it uses the key.

use alloc::string::String;
use alloc::vec::Vec;

use super::alg::SignatureAlgorithm;
use super::jwk::unusable;
use crate::base64url;
use crate::error::Result;
use crate::json::{Object, ObjectWriter};

/// The smallest and the largest RSA modulus, in bits.
const MODULUS_BITS: core::ops::RangeInclusive<usize> = 2048..=8192;

/// A key of one of those kinds. Its numbers are kept as the canonical texts that the host will read.
#[derive(Clone, Debug, PartialEq)]
pub struct HostKey(Kind);

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Ec { curve: Curve, x: String, y: String },
    Rsa { modulus_bytes: usize, n: String, e: String },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Curve {
    P384,
    P521,
}

impl Curve {
    fn from_name(name: &str) -> Option<Self> {
        match name {
            "P-384" => Some(Self::P384),
            "P-521" => Some(Self::P521),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    const fn coordinate_bytes(self) -> usize {
        match self {
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

impl HostKey {
    /// Whether keys of that type and curve are of these kinds.
    pub(super) fn is_known(kty: &str, crv: Option<&str>) -> bool {
        match kty {
            "RSA" => true,
            "EC" => crv.is_some_and(|crv| Curve::from_name(crv).is_some()),
            _ => false,
        }
    }

    /// Reads the members that make up the key; for those that are no such key, `None`.
    ///
    /// Errors: `claim_invalid`, those of base64url, `key_unusable` for numbers out of bounds.
    pub(super) fn from_members(kty: &str, members: &Object) -> Result<Option<Self>> {
        match kty {
            "RSA" => Self::rsa(members).map(Some),
            "EC" => match Curve::from_name(members.string("crv")?) {
                Some(curve) => Self::ec(curve, members).map(Some),
                None => Ok(None),
            },
            _ => Ok(None),
        }
    }

    fn ec(curve: Curve, members: &Object) -> Result<Self> {
        let coordinate = |name| {
            let text = members.string(name)?;
            let bytes = base64url::decode(text)?;
            // A coordinate of P-521 has 521 bits in 66 bytes.
            let in_range = curve == Curve::P384 || bytes.first().is_some_and(|first| *first <= 1);
            if bytes.len() != curve.coordinate_bytes() || !in_range {
                return Err(unusable(name));
            }
            Ok(String::from(text))
        };
        Ok(Self(Kind::Ec { curve, x: coordinate("x")?, y: coordinate("y")? }))
    }

    fn rsa(members: &Object) -> Result<Self> {
        let (n, e) = (members.string("n")?, members.string("e")?);
        let modulus = number(n, "n")?;
        let zeros = modulus.first().map_or(0, |first| first.leading_zeros() as usize);
        if !MODULUS_BITS.contains(&(modulus.len() * 8 - zeros)) {
            return Err(unusable("n"));
        }
        if is_predictable(&modulus) {
            return Err(unusable("n"));
        }
        let exponent = number(e, "e")?;
        // 2³² and more is nobody's exponent, and takes forever.
        if exponent.len() > 4 || exponent == [1] {
            return Err(unusable("e"));
        }
        Ok(Self(Kind::Rsa { modulus_bytes: modulus.len(), n: n.into(), e: e.into() }))
    }

    /// Whether the key can sign by that algorithm.
    pub(super) const fn serves(&self, algorithm: SignatureAlgorithm) -> bool {
        use SignatureAlgorithm as A;
        match &self.0 {
            Kind::Ec { curve: Curve::P384, .. } => matches!(algorithm, A::Es384),
            Kind::Ec { curve: Curve::P521, .. } => matches!(algorithm, A::Es512),
            Kind::Rsa { .. } => {
                matches!(algorithm, A::Ps256 | A::Ps384 | A::Ps512 | A::Rs256 | A::Rs384 | A::Rs512)
            }
        }
    }

    /// The one algorithm of the key, if its type leaves no choice.
    pub(super) const fn only_algorithm(&self) -> Option<SignatureAlgorithm> {
        match &self.0 {
            Kind::Ec { curve: Curve::P384, .. } => Some(SignatureAlgorithm::Es384),
            Kind::Ec { curve: Curve::P521, .. } => Some(SignatureAlgorithm::Es512),
            Kind::Rsa { .. } => None,
        }
    }

    /// The length of each signature by this key, in bytes.
    pub(super) const fn signature_bytes(&self) -> usize {
        match &self.0 {
            Kind::Ec { curve, .. } => 2 * curve.coordinate_bytes(),
            Kind::Rsa { modulus_bytes, .. } => *modulus_bytes,
        }
    }

    /// Adds the members that make up the key, in the order of their names (RFC 7638 §3).
    pub(super) fn write(&self, out: ObjectWriter) -> ObjectWriter {
        match &self.0 {
            Kind::Ec { curve, x, y } => {
                out.string("crv", curve.name()).string("kty", "EC").string("x", x).string("y", y)
            }
            Kind::Rsa { n, e, .. } => out.string("e", e).string("kty", "RSA").string("n", n),
        }
    }
}

/// Whether a modulus comes from a library whose primes can be found out (ROCA, CVE-2017-15361): modulo each of these it is a
/// power of 65537 then, and otherwise in one case of 2²⁷.
fn is_predictable(modulus: &[u8]) -> bool {
    const PRIMES: [u32; 17] =
        [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];
    PRIMES.iter().all(|prime| {
        let rest = modulus.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime);
        let mut powers = (0..*prime).scan(1, |power, _| {
            *power = *power * 65537 % prime;
            Some(*power)
        });
        powers.any(|power| power == rest)
    })
}

/// Reads an odd number without leading zeros: Base64urlUInt of RFC 7518 §2.
fn number(text: &str, name: &'static str) -> Result<Vec<u8>> {
    let bytes = base64url::decode(text)?;
    let canonical = bytes.first().is_some_and(|first| *first != 0);
    let odd = bytes.last().is_some_and(|last| last & 1 == 1);
    if canonical && odd { Ok(bytes) } else { Err(unusable(name)) }
}
