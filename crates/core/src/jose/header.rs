//! The protected header of a JWS, and the cutting of compact texts into parts.

use alloc::string::String;

use super::alg::SignatureAlgorithm;
use crate::error::{Error, ErrorCode, Result};
use crate::json::{Object, Reader};
use crate::limits::MAX_COMPACT_BYTES;

/// A JWS header: a strict JSON object without `crit` and `b64`, whose `alg`, `kid` and `typ` are strings if they are there.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    names_algorithm: bool,
    algorithm: Option<SignatureAlgorithm>,
    kid: Option<String>,
    typ: Option<String>,
    others: Object,
}

impl Header {
    pub(crate) fn parse(json: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(json)?;
        let [mut alg, mut kid, mut typ] = [const { None }; 3];
        let mut others = Object::default();
        let mut count = 0;
        reader.enter_object()?;
        while let Some(name) = reader.next_name(&mut count)? {
            let text = match &*name {
                "alg" => &mut alg,
                "kid" => &mut kid,
                "typ" => &mut typ,
                _ => {
                    others.read_member(name, &mut reader)?;
                    continue;
                }
            };
            if text.is_some() {
                return Err(ErrorCode::DuplicateMember.into());
            }
            *text = Some(reader.string()?);
        }
        reader.finish()?;
        // No extension is supported, so any that is critical is refused, and so is the one that changes what is signed
        // (RFC 7797), which has to be critical.
        for name in ["crit", "b64"] {
            if others.get(name).is_some() {
                return Err(Error::with_detail(ErrorCode::CriticalHeader, name));
            }
        }
        Ok(Self {
            names_algorithm: alg.is_some(),
            algorithm: alg.as_deref().and_then(SignatureAlgorithm::from_name),
            kid: kid.map(Into::into),
            typ: typ.map(Into::into),
            others,
        })
    }

    /// The algorithm, if the header names one that is known.
    pub const fn algorithm(&self) -> Option<SignatureAlgorithm> {
        self.algorithm
    }

    /// The name of the key.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The type of the token, letter by letter: `application/` is neither added nor taken away.
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// The members beside `alg`, `kid` and `typ`.
    pub const fn others(&self) -> &Object {
        &self.others
    }

    /// Whether these members are there, and no others.
    pub fn has_exactly(&self, names: &[&str]) -> bool {
        let known = [
            ("alg", self.names_algorithm),
            ("kid", self.kid.is_some()),
            ("typ", self.typ.is_some()),
        ];
        known.iter().all(|(name, there)| names.contains(name) == *there)
            && self.others.names().all(|name| names.contains(&name))
            && names.iter().all(|name| {
                known.iter().any(|(known, _)| known == name) || self.others.get(name).is_some()
            })
    }
}

/// Cuts a compact text of acceptable size into exactly `N` parts.
pub(crate) fn split_compact<const N: usize>(text: &str) -> Result<[&str; N]> {
    split_within(MAX_COMPACT_BYTES, text)
}

/// As [`split_compact`], with another limit.
pub(crate) fn split_within<const N: usize>(limit: usize, text: &str) -> Result<[&str; N]> {
    if text.len() > limit {
        return Err(ErrorCode::LimitExceeded.into());
    }
    let mut rest = text.split('.');
    let mut parts = [""; N];
    for part in &mut parts {
        *part = rest.next().ok_or(ErrorCode::Malformed)?;
    }
    if rest.next().is_some() { Err(ErrorCode::Malformed.into()) } else { Ok(parts) }
}
