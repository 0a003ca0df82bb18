//! Tokens of the vault that lie ready: minted and leased to this install, and standing for nothing yet.

use alloc::string::String;
use alloc::vec::Vec;

use super::store::Row;
use crate::error::{Error, ErrorCode, Result};
use crate::json::{self, ObjectWriter, Value};
use crate::time::UnixSeconds;
use crate::tokenization::op_id::InstallId;
use crate::tokenization::pools::Lease;

/// Leases that are held for one field at a time.
const MAX_LEASES: usize = 4;

/// The key of a field's pool.
pub fn key(field: &str) -> String {
    ["pool/", field].concat()
}

/// The pool of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Whose the leases are: the vault takes their tokens back from nobody else.
    install: InstallId,
    /// In the order of their end.
    leases: Vec<Lease>,
}

impl Pool {
    /// Reads the row as that install; no row, or one of another install, is an empty pool.
    ///
    /// Errors: `malformed`, `claim_invalid`.
    pub fn parse(row: Option<&Row>, install: &InstallId) -> Result<Self> {
        let empty = Self { install: install.clone(), leases: Vec::new() };
        let Some(row) = row else { return Ok(empty) };
        let read = json::parse_object(row.value.as_bytes())?;
        if read.string("iid")? != install.as_str() {
            return Ok(empty);
        }
        let Some(Value::Array(leases)) = read.get("leases") else {
            return Err(Error::with_detail(ErrorCode::ClaimInvalid, "leases"));
        };
        let leases = leases.iter().map(|lease| Lease::parse(&lease.to_json()));
        Ok(Self { leases: leases.collect::<Result<_>>()?, ..empty })
    }

    /// Writes the row.
    pub fn to_json(&self) -> String {
        let leases: Vec<String> = self.leases.iter().map(Lease::to_json).collect();
        ObjectWriter::new()
            .string("iid", self.install.as_str())
            .raw("leases", &["[", &leases.join(","), "]"].concat())
            .finish()
    }

    /// How many tokens may be given out.
    pub fn ready(&self, now: UnixSeconds) -> usize {
        self.live(now).map(|lease| lease.tokens.len()).sum()
    }

    /// Takes a token out, with the name of its lease: of the lease that ends first.
    pub(super) fn take(&mut self, now: UnixSeconds) -> Option<(String, String)> {
        let lease =
            self.leases.iter_mut().find(|it| it.expires_at > now && !it.tokens.is_empty())?;
        lease.tokens.pop().map(|token| (token, lease.lease.clone()))
    }

    /// Adds a lease; what has ended or is used up goes.
    pub(super) fn add(&mut self, lease: Lease, now: UnixSeconds) {
        self.leases.retain(|it| it.expires_at > now && !it.tokens.is_empty());
        if !lease.tokens.is_empty() && self.leases.iter().all(|it| it.lease != lease.lease) {
            self.leases.push(lease);
        }
        self.leases.sort_by_key(|lease| lease.expires_at);
        if self.leases.len() > MAX_LEASES {
            self.leases.remove(0);
        }
    }

    fn live(&self, now: UnixSeconds) -> impl Iterator<Item = &Lease> {
        self.leases.iter().filter(move |lease| lease.expires_at > now)
    }
}
