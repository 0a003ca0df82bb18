//! The outbox: operations that the vault has not taken yet. They go in batches, oldest first; only `done` deletes one, and what
//! was refused for good becomes a dead letter.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::account::Account;
use super::fence::{self, Fence};
use super::known::Known;
use super::store::{Batch, Row, Rows, sortable};
use crate::error::{ErrorCode, Result};
use crate::json::{self, ObjectWriter};
use crate::time::UnixSeconds;
use crate::tokenization::reconcile::{OpResult, Outcome, Submission};
use crate::tokenization::{MAX_ITEMS, OpId, Policy};

/// What the keys of operations begin with. They sort by age.
pub const PREFIX: &str = "op/";
/// What the keys of dead letters begin with.
pub const DEAD_PREFIX: &str = "dead/";
/// Room for the operations of one request, in bytes: half of what the vault reads.
const MAX_BATCH_BYTES: usize = crate::tokenization::MAX_DOCUMENT_BYTES / 2;
/// How long after the end of their policy operations are kept that could not be sent, in seconds: clocks differ.
const MARGIN_SECONDS: i64 = 3600;

/// The key of an operation.
pub fn key(op: &OpId) -> String {
    [PREFIX, &sortable(op.epoch()), &sortable(op.sequence())].concat()
}

/// An operation as it waits. Of its value it knows the sealed form alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its id.
    pub op: String,
    /// `jti` of the policy that allowed it.
    pub policy: String,
    /// The field.
    pub field: String,
    /// The token that was given out.
    pub token: String,
    /// The sealed operation.
    pub sealed: String,
    /// The row by which its value is found again.
    pub known: Option<String>,
}

impl Stored {
    /// Reads the row.
    ///
    /// Errors: `malformed`, `claim_invalid`.
    pub fn parse(row: &Row) -> Result<Self> {
        let read = json::parse_object(row.value.as_bytes())?;
        Ok(Self {
            op: read.string("op")?.to_owned(),
            policy: read.string("policy")?.to_owned(),
            field: read.string("field")?.to_owned(),
            token: read.string("token")?.to_owned(),
            sealed: read.string("sealed")?.to_owned(),
            known: read.optional_string("known")?.map(ToOwned::to_owned),
        })
    }

    /// Writes the row.
    pub fn to_json(&self) -> String {
        self.write(None)
    }

    fn write(&self, error: Option<&str>) -> String {
        ObjectWriter::with_capacity(256 + self.sealed.len())
            .string("op", &self.op)
            .string("policy", &self.policy)
            .string("field", &self.field)
            .string("token", &self.token)
            .string("sealed", &self.sealed)
            .optional_string("known", self.known.as_deref())
            .optional_string("error", error)
            .finish()
    }

    fn submission(&self) -> Submission {
        Submission {
            op: self.op.clone(),
            field: self.field.clone(),
            token: self.token.clone(),
            sealed: self.sealed.clone(),
        }
    }
}

/// An operation that was read in order to be sent.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Its key.
    pub key: String,
    /// Its row.
    pub row: Row,
    /// What the row says.
    pub stored: Stored,
}

/// The operations of the next request, of those that were listed: the oldest, all of one policy (which authorises the
/// request), as many as fit, `most` at the most. Policies that are `barred` cannot be used now, and the operations of others do not
/// wait for theirs. Rows that cannot be read are left out; [`bury`] is for them.
pub fn next_batch(listed: &[(String, Row)], most: usize, barred: &[String]) -> Vec<Claimed> {
    let mut batch: Vec<Claimed> = Vec::new();
    let mut room = MAX_BATCH_BYTES;
    for (key, row) in listed {
        let Ok(stored) = Stored::parse(row) else { continue };
        if barred.contains(&stored.policy) {
            continue;
        }
        let size = stored.submission().size();
        let other = batch.first().is_some_and(|first| first.stored.policy != stored.policy);
        if other || batch.len() >= most.min(MAX_ITEMS) || (size > room && !batch.is_empty()) {
            break;
        }
        room = room.saturating_sub(size);
        batch.push(Claimed { key: key.clone(), row: row.clone(), stored });
    }
    batch
}

/// What is sent for a batch.
pub fn submissions(batch: &[Claimed]) -> Vec<Submission> {
    batch.iter().map(|claimed| claimed.stored.submission()).collect()
}

/// What became of the operations of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// The vault has them.
    pub done: u32,
    /// They became dead letters.
    pub dead: u32,
    /// They stay, and go again.
    pub retry: u32,
}

/// The keys that have to be read to settle a batch.
pub fn settling_keys(batch: &[Claimed]) -> Vec<String> {
    let mut keys: Vec<String> =
        batch.iter().filter_map(|claimed| claimed.stored.known.clone()).collect();
    keys.push(super::account::KEY.to_owned());
    keys.push(fence::KEY.to_owned());
    keys
}

/// Applies the results of a request to what was sent with it. Only operations of that very request are touched, whatever the
/// answer names; an operation that it does not name stays.
///
/// Errors: `closed` where the fence is somebody else's by now: then nothing may be deleted, and the answer is worth nothing.
pub fn settle(
    rows: &Rows,
    held: &Fence,
    batch: &[Claimed],
    results: &[OpResult],
    now: UnixSeconds,
) -> Result<(Batch, Settled)> {
    let mut settling = Settling::begin(rows, held)?;
    for claimed in batch {
        let result = results.iter().find(|result| result.op == claimed.stored.op);
        match result.map_or(&Outcome::Retry, |result| &result.outcome) {
            Outcome::Done(token) => settling.done(claimed, token, now)?,
            Outcome::Conflict => settling.dead(claimed, "conflict")?,
            Outcome::Refused(refusal) => settling.dead(claimed, refusal.as_str())?,
            Outcome::Retry => settling.counts.retry += 1,
        }
    }
    settling.finish()
}

/// Why operations are given up that the vault has not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Burial {
    /// The time of their policy is over, and the vault would not have it.
    Expired,
    /// Their policy is gone; or its time is over, and the key that it is bound to was not here.
    KeyGone,
    /// Their rows cannot be read.
    Unreadable,
}

impl Burial {
    /// The name in dead letters.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::KeyGone => "key_binding_mismatch",
            Self::Unreadable => "malformed",
        }
    }

    /// Whether operations whose `policy` cannot be used now are to be given up, by its text as it lies in the store. They wait as long
    /// as it could be used still: keys and issuers come back.
    pub fn of(policy: Option<&str>, key_at_hand: bool, now: UnixSeconds) -> Option<Self> {
        let until = policy.and_then(Policy::unverified_reconcile_until);
        match until {
            None => Some(Self::KeyGone),
            Some(until) if now < until.plus(MARGIN_SECONDS) => None,
            Some(_) if key_at_hand => Some(Self::Expired),
            Some(_) => Some(Self::KeyGone),
        }
    }
}

/// Makes dead letters of operations that can never be sent, for a reason that only this side knows.
///
/// Errors: as [`settle`].
pub fn bury(
    rows: &Rows,
    held: &Fence,
    listed: &[(String, Row)],
    reason: Burial,
) -> Result<(Batch, Settled)> {
    let mut settling = Settling::begin(rows, held)?;
    for (key, row) in listed {
        match Stored::parse(row) {
            Ok(stored) => {
                let claimed = Claimed { key: key.clone(), row: row.clone(), stored };
                settling.dead(&claimed, reason.as_str())?;
            }
            // As it is: whoever looks at it may know better.
            Err(_) => settling.shelve(key, row, row.value.clone()),
        }
    }
    settling.finish()
}

/// Notes that the outbox is empty although the account knows of more: they were lost. `None` where nothing is missing.
///
/// `rows` have to have been read before the outbox was seen empty. An operation that came since has changed the account, and the
/// transaction is not committed; with an account that was read afterwards it would count as lost, and wait there.
///
/// Errors: as [`settle`].
pub fn write_off(rows: &Rows, held: &Fence) -> Result<Option<(Batch, u64)>> {
    let mut settling = Settling::begin(rows, held)?;
    let lost = settling.account.counts().pending();
    if lost == 0 {
        return Ok(None);
    }
    settling.account.counts_mut().lost += lost;
    settling.account.write(rows, &mut settling.batch)?;
    Ok(Some((settling.batch, lost)))
}

struct Settling<'a> {
    rows: &'a Rows,
    account: Account,
    batch: Batch,
    counts: Settled,
}

impl<'a> Settling<'a> {
    fn begin(rows: &'a Rows, held: &Fence) -> Result<Self> {
        let mut batch = Batch::strict();
        held.guard(rows, &mut batch)?;
        let account = Account::of(rows)?.ok_or(ErrorCode::StorageUnavailable)?;
        Ok(Self { rows, account, batch, counts: Settled::default() })
    }

    fn done(&mut self, claimed: &Claimed, canonical: &str, now: UnixSeconds) -> Result<()> {
        self.take_out(claimed);
        self.counts.done += 1;
        self.update_known(claimed, |key, batch| {
            let known = Known { token: canonical.to_owned(), at: now, op: None };
            batch.put(key, known.to_json());
        })
    }

    fn dead(&mut self, claimed: &Claimed, error: &str) -> Result<()> {
        self.shelve(&claimed.key, &claimed.row, claimed.stored.write(Some(error)));
        // Its token stands for nothing, or for something else: nobody gets it again.
        self.update_known(claimed, |key, batch| batch.delete(key))
    }

    fn shelve(&mut self, key: &str, row: &Row, letter: String) {
        self.batch.expect(key, Some(row));
        self.batch.delete(key);
        self.batch.put(&dead_key(key), letter);
        self.counts.dead += 1;
    }

    fn take_out(&mut self, claimed: &Claimed) {
        self.batch.expect(&claimed.key, Some(&claimed.row));
        self.batch.delete(&claimed.key);
    }

    /// Changes the row by which the value is found, as long as it is about this operation.
    fn update_known(
        &mut self,
        claimed: &Claimed,
        change: impl FnOnce(&str, &mut Batch),
    ) -> Result<()> {
        let Some(key) = claimed.stored.known.as_deref() else { return Ok(()) };
        let Some(row) = self.rows.row(key)? else { return Ok(()) };
        match Known::parse(row) {
            Ok(known) if known.op.as_deref() == Some(&claimed.stored.op) => {
                self.batch.expect(key, Some(row));
                change(key, &mut self.batch);
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(Batch, Settled)> {
        let counts = self.account.counts_mut();
        counts.done += u64::from(self.counts.done);
        counts.dead += u64::from(self.counts.dead);
        if self.counts.done + self.counts.dead > 0 {
            self.account.write(self.rows, &mut self.batch)?;
        }
        Ok((self.batch, self.counts))
    }
}

/// The key of a dead letter, by the key that it had in the outbox.
fn dead_key(key: &str) -> String {
    [DEAD_PREFIX, key.strip_prefix(PREFIX).unwrap_or(key)].concat()
}
