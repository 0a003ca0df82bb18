//! What a store keeps of an alias and of an operation, as JSON text.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::limits::Limits;
use crate::error::{Error, ErrorCode, Result};
use crate::json::{self, Object, ObjectWriter, Value};
use crate::time::UnixSeconds;

/// An alias that may still be used. The store knows it by the name of the alias, not by the alias.
#[derive(Clone, Debug, PartialEq)]
pub struct AliasRecord {
    /// Who may use it.
    pub holder: Holder,
    /// What for.
    pub operation: String,
    /// Within what.
    pub limits: Limits,
    /// The account, sealed.
    pub account: String,
    /// Hashes of the secrets that close it: that of its holder, and of whom it was claimed from.
    pub closers: Vec<String>,
    /// Hash of the secret by which another terminal of the same user may claim it, once.
    pub claim: Option<String>,
    /// When it ends.
    pub expires_at: UnixSeconds,
    /// The visit that has claimed it.
    pub released: Option<Released>,
}

/// A visit with its proof key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The user.
    pub sub: String,
    /// The visit.
    pub sid: String,
    /// Thumbprint of the proof key.
    pub jkt: String,
}

/// The holder that an alias went over to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released {
    /// The name of its visit in the store.
    pub to: String,
    /// The holder.
    pub holder: Holder,
}

/// An operation that was begun under an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationRecord {
    /// SHA-256 of the request's body.
    pub hash: String,
    /// What became of it.
    pub state: State,
    /// From when on it may be forgotten.
    pub until: UnixSeconds,
}

/// What became of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It is being executed, until then at the latest.
    Pending {
        /// From then on nobody can be executing it any more.
        lease: UnixSeconds,
    },
    /// It has an outcome, which is answered from now on.
    Done {
        /// The answer, sealed.
        answer: String,
    },
    /// It was begun, and nobody knows whether it was executed.
    InDoubt,
}

impl Holder {
    /// From JSON.
    ///
    /// Errors: `claim_invalid`.
    pub fn from_json(holder: &Object) -> Result<Self> {
        Ok(Self {
            sub: holder.string("sub")?.to_owned(),
            sid: holder.string("sid")?.to_owned(),
            jkt: holder.string("jkt")?.to_owned(),
        })
    }

    /// As a JSON object.
    pub fn to_json(&self) -> String {
        ObjectWriter::new()
            .string("sub", &self.sub)
            .string("sid", &self.sid)
            .string("jkt", &self.jkt)
            .finish()
    }
}

impl AliasRecord {
    /// As a JSON object, for the store.
    pub fn to_json(&self) -> String {
        let released = self.released.as_ref().map(|Released { to, holder }| {
            ObjectWriter::new().string("to", to).raw("holder", &holder.to_json()).finish()
        });
        ObjectWriter::new()
            .raw("holder", &self.holder.to_json())
            .string("operation", &self.operation)
            .raw("limits", &self.limits.to_json())
            .string("account", &self.account)
            // Hashes in base64url, which holds no comma.
            .string("closers", &self.closers.join(","))
            .optional_string("claim", self.claim.as_deref())
            .integer("exp", self.expires_at.as_i64())
            .optional_raw("released", released.as_deref())
            .finish()
    }

    /// From what the store holds, or a binding hands over.
    ///
    /// Errors: those of JSON, `claim_invalid`.
    pub fn parse(text: &str) -> Result<Self> {
        Self::from_json(&json::parse_object(text.as_bytes())?)
    }

    /// From JSON already read.
    ///
    /// Errors: `claim_invalid`.
    pub fn from_json(record: &Object) -> Result<Self> {
        let released = match record.optional_object("released")? {
            Some(released) => Some(Released {
                to: released.string("to")?.to_owned(),
                holder: Holder::from_json(released.object("holder")?)?,
            }),
            None => None,
        };
        Ok(Self {
            holder: Holder::from_json(record.object("holder")?)?,
            operation: record.string("operation")?.to_owned(),
            limits: record
                .optional_object("limits")?
                .map_or_else(|| Ok(Limits::default()), Limits::from_object)?,
            account: record.string("account")?.to_owned(),
            closers: record.string("closers")?.split(',').map(str::to_owned).collect(),
            claim: record.optional_string("claim")?.map(ToOwned::to_owned),
            expires_at: UnixSeconds::new(record.integer("exp")?),
            released,
        })
    }
}

impl OperationRecord {
    /// As a JSON object, for the store.
    pub fn to_json(&self) -> String {
        let object = ObjectWriter::new().string("hash", &self.hash);
        let object = match &self.state {
            State::Pending { lease } => object.integer("lease", lease.as_i64()),
            State::Done { answer } => object.string("answer", answer),
            State::InDoubt => object.boolean("in_doubt", true),
        };
        object.integer("until", self.until.as_i64()).finish()
    }

    /// From what the store holds.
    ///
    /// Errors: those of JSON, `claim_invalid`.
    pub fn parse(text: &str) -> Result<Self> {
        let record = json::parse_object(text.as_bytes())?;
        let state = if let Some(answer) = record.optional_string("answer")? {
            State::Done { answer: answer.to_owned() }
        } else if let Some(lease) = record.optional_integer("lease")? {
            State::Pending { lease: UnixSeconds::new(lease) }
        } else if matches!(record.get("in_doubt"), Some(Value::Bool(true))) {
            State::InDoubt
        } else {
            return Err(Error::with_detail(ErrorCode::ClaimInvalid, "state"));
        };
        Ok(Self {
            hash: record.string("hash")?.to_owned(),
            state,
            until: UnixSeconds::new(record.integer("until")?),
        })
    }
}
