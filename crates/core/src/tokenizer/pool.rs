//! Tokens of the vault that lie ready: minted and leased to this install, and standing for nothing yet.

use alloc::string::String;
use alloc::vec::Vec;

use super::store::Row;
use crate::error::{Error, ErrorCode, Result};
use crate::json::{self, ObjectWriter, Value};
use crate::time::UnixSeconds;
use crate::tokenization::pools::Lease;

/// Leases that are held for one field at a time.
const MAX_LEASES: usize = 4;

/// The key of a field's pool.
pub fn key(field: &str) -> String {
    ["pool/", field].concat()
}

/// The pool of one field: leases in the order of their end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pool(Vec<Lease>);

impl Pool {
    /// Reads the row; no row is an empty pool.
    ///
    /// Errors: `malformed`, `claim_invalid`.
    pub fn parse(row: Option<&Row>) -> Result<Self> {
        let Some(row) = row else { return Ok(Self::default()) };
        let read = json::parse_object(row.value.as_bytes())?;
        let Some(Value::Array(leases)) = read.get("leases") else {
            return Err(Error::with_detail(ErrorCode::ClaimInvalid, "leases"));
        };
        leases
            .iter()
            .map(|lease| Lease::parse(&lease.to_json()))
            .collect::<Result<Vec<_>>>()
            .map(Self)
    }

    /// Writes the row.
    pub fn to_json(&self) -> String {
        let leases: Vec<String> = self.0.iter().map(Lease::to_json).collect();
        ObjectWriter::new().raw("leases", &["[", &leases.join(","), "]"].concat()).finish()
    }

    /// How many tokens may be given out.
    pub fn ready(&self, now: UnixSeconds) -> usize {
        self.live(now).map(|lease| lease.tokens.len()).sum()
    }

    /// Takes a token out, with the name of its lease: of the lease that ends first.
    pub(super) fn take(&mut self, now: UnixSeconds) -> Option<(String, String)> {
        let lease = self.0.iter_mut().find(|it| it.expires_at > now && !it.tokens.is_empty())?;
        lease.tokens.pop().map(|token| (token, lease.lease.clone()))
    }

    /// Adds a lease; what has ended or is used up goes.
    pub(super) fn add(&mut self, lease: Lease, now: UnixSeconds) {
        self.0.retain(|it| it.expires_at > now && !it.tokens.is_empty());
        if !lease.tokens.is_empty() && self.0.iter().all(|it| it.lease != lease.lease) {
            self.0.push(lease);
        }
        self.0.sort_by_key(|lease| lease.expires_at);
        if self.0.len() > MAX_LEASES {
            self.0.remove(0);
        }
    }

    fn live(&self, now: UnixSeconds) -> impl Iterator<Item = &Lease> {
        self.0.iter().filter(move |lease| lease.expires_at > now)
    }
}
