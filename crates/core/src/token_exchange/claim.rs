//! Who holds a login code: the first to present it, who may repeat the request for a minute. Everybody else is told that it
//! was used. A pure decision; the store that makes it one transaction is the host's.

use alloc::borrow::ToOwned;
use alloc::string::String;

use crate::error::Result;
use crate::json::{self, Object, ObjectWriter};
use crate::ledger::REPEAT_SECONDS;
use crate::time::UnixSeconds;

/// How long a claim is remembered, in seconds. After that the platform itself says that its code was used.
const KEPT_SECONDS: i64 = 600;

/// By what a request is recognised when it comes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The hash of `lp_request`.
    pub request: Option<String>,
    /// Thumbprint of the proof key that the request has proved.
    pub jkt: Option<String>,
}

impl Holder {
    /// The same proof key, or the same `lp_request` where neither has one. A request that proves another key, or none any
    /// more, is somebody else's: what was granted would be of no use to it.
    fn is(&self, other: &Self) -> bool {
        self.jkt == other.jkt
            && (self.jkt.is_some() || (self.request.is_some() && self.request == other.request))
    }
}

/// A code in somebody's hands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    holder: Holder,
    at: UnixSeconds,
}

/// What a request may expect of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its first use.
    First,
    /// The holder again, in time.
    Repeated,
    /// Somebody else, or too late: `code_used`.
    Used,
}

/// Decides about a code. `kept` is what the store has for it; the second value is what it has to hold from now on.
pub fn claim(kept: Option<Claim>, by: Holder, now: UnixSeconds) -> (Standing, Claim) {
    match kept {
        None => (Standing::First, Claim { holder: by, at: now }),
        Some(claim) if claim.holder.is(&by) && now <= claim.at.plus(REPEAT_SECONDS) => {
            (Standing::Repeated, claim)
        }
        Some(claim) => (Standing::Used, claim),
    }
}

impl Claim {
    /// From when on the store may forget it.
    pub fn forget_at(&self) -> UnixSeconds {
        self.at.plus(KEPT_SECONDS)
    }

    /// As a JSON object, for the store.
    pub fn to_json(&self) -> String {
        self.holder.write(ObjectWriter::new()).integer("at", self.at.as_i64()).finish()
    }

    /// From what the store holds.
    ///
    /// Errors: those of JSON, `claim_invalid`.
    pub fn parse(text: &str) -> Result<Self> {
        let claim = json::parse_object(text.as_bytes())?;
        let at = UnixSeconds::new(claim.integer("at")?);
        Ok(Self { holder: Holder::read(&claim)?, at })
    }
}

impl Holder {
    /// Writes `"request"?` and `"jkt"?`.
    pub fn write(&self, object: ObjectWriter) -> ObjectWriter {
        object
            .optional_string("request", self.request.as_deref())
            .optional_string("jkt", self.jkt.as_deref())
    }

    /// Reads the same.
    ///
    /// Errors: `claim_invalid`.
    pub fn read(object: &Object) -> Result<Self> {
        Ok(Self {
            request: object.optional_string("request")?.map(ToOwned::to_owned),
            jkt: object.optional_string("jkt")?.map(ToOwned::to_owned),
        })
    }
}
