//! What a tokenizer does while the vault is there, for the time when it is not: takes over policies and leases, remembers
//! tokens, and forgets what nothing refers to any more.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::account::{self, Account};
use super::epoch::Life;
use super::known::{Known, Lookup, MAX_AGE_SECONDS};
use super::pool::{self, Pool};
use super::store::{Batch, Row, Rows};
use crate::base64url;
use crate::error::Result;
use crate::time::UnixSeconds;
use crate::tokenization::Policy;
use crate::tokenization::op_id::InstallId;
use crate::tokenization::policy::FieldPolicy;
use crate::tokenization::pools::{Lease, PoolRequest};

/// What the keys of policies begin with. One stays as long as operations may refer to it.
pub const POLICY_PREFIX: &str = "policy/";

/// The key of a policy, by its `jti`.
pub fn policy_key(jti: &str) -> String {
    [POLICY_PREFIX, &base64url::encode(jti.as_bytes())].concat()
}

/// Takes over a policy that was verified; `None` if it is the one at hand. The row of the account has to be read. In a store that is
/// not `durable` it is taken over as far as that goes: it says how values are found again.
///
/// Errors: `claim_invalid` with the detail `ver` for one that is older than what was seen.
pub fn adopt(rows: &Rows, policy: &Policy, durable: bool, life: Life) -> Result<Option<Batch>> {
    let account = match Account::of(rows)? {
        Some(account) if account.policy() == policy.claims().id => return Ok(None),
        Some(mut account) => {
            account.change_policy(policy, life)?;
            account
        }
        None => Account::open(policy, life),
    };
    let mut batch = if durable { Batch::strict() } else { Batch::relaxed() };
    batch.put(&policy_key(&policy.claims().id), policy.text().to_string());
    account.write(rows, &mut batch)?;
    Ok(Some(batch))
}

/// When a policy is to be asked for again: with half of its time gone.
pub fn renew_policy_at(policy: &Policy) -> UnixSeconds {
    let validity = policy.claims().validity;
    let life = validity.expires_at.as_i64().saturating_sub(validity.issued_at.as_i64());
    validity.issued_at.plus(life / 2)
}

/// What is to be asked for so that an install's pool of a field is full again; `None` while more than half of it is there. Its row
/// has to be read.
///
/// Errors: those of a pool that cannot be read.
pub fn refill(
    rows: &Rows,
    install: &InstallId,
    field: &FieldPolicy,
    now: UnixSeconds,
) -> Result<Option<PoolRequest>> {
    let pool = Pool::parse(rows.row(&pool::key(&field.name))?, install)?;
    let ready = u32::try_from(pool.ready(now)).unwrap_or(u32::MAX);
    let wanted = field.pool.min(field.max);
    if ready * 2 > wanted || wanted == ready {
        return Ok(None);
    }
    Ok(Some(PoolRequest { field: field.name.clone(), count: wanted - ready }))
}

/// Takes over a lease of an install. The row of the field's pool has to be read.
///
/// Errors: those of a pool that cannot be read.
pub fn stock(
    rows: &Rows,
    install: &InstallId,
    field: &str,
    lease: Lease,
    now: UnixSeconds,
) -> Result<Batch> {
    let key = pool::key(field);
    let row = rows.row(&key)?;
    let mut pool = Pool::parse(row, install)?;
    pool.add(lease, now);
    let mut batch = Batch::strict();
    batch.expect(&key, row);
    batch.put(&key, pool.to_json());
    Ok(batch)
}

/// Remembers tokens that the vault has just given out. One that waits for the vault is left alone. Their rows have to be read.
///
/// Errors: those of a row that cannot be read.
pub fn remember(rows: &Rows, heard: &[(Lookup, String)], now: UnixSeconds) -> Result<Batch> {
    let mut batch = Batch::relaxed();
    for (lookup, token) in heard {
        let row = rows.row(lookup.key())?;
        let before = row.map(Known::parse).transpose()?;
        let young = |known: &Known| now < known.at.plus(MAX_AGE_SECONDS / 2);
        if before.is_some_and(|it| it.op.is_some() || (it.token == *token && young(&it))) {
            continue;
        }
        batch.expect(lookup.key(), row);
        let known = Known { token: token.clone(), at: now, op: None };
        batch.put(lookup.key(), known.to_json());
    }
    Ok(batch)
}

/// The token that was given out for a value and waits for the vault. Its row has to be read.
///
/// Errors: those of a row that cannot be read.
pub fn waiting(rows: &Rows, lookup: &Lookup) -> Result<Option<String>> {
    let known = rows.row(lookup.key())?.map(Known::parse).transpose()?;
    Ok(known.filter(|known| known.op.is_some()).map(|known| known.token))
}

/// Forgets policies that nothing refers to, of those listed under [`POLICY_PREFIX`]; `None` while operations wait, and where
/// there is nothing to forget. As for [`super::outbox::write_off`], `rows` have to have been read before the outbox was seen empty.
///
/// Errors: `internal` if the account was not read.
pub fn forget_policies(rows: &Rows, listed: &[String]) -> Result<Option<Batch>> {
    let Some(account) = Account::of(rows)? else { return Ok(None) };
    let current = policy_key(account.policy());
    let others: Vec<String> = listed.iter().filter(|key| **key != current).cloned().collect();
    if account.counts().pending() > 0 || others.is_empty() {
        return Ok(None);
    }
    let mut batch = Batch::relaxed();
    batch.expect(account::KEY, rows.row(account::KEY)?);
    batch.delete = others;
    Ok(Some(batch))
}

/// Forgets tokens that may not be given out any more, of those listed under [`super::known::PREFIX`], and beyond `most` any
/// that the vault knows; `None` where there are none.
pub fn forget_known(listed: &[(String, Row)], most: usize, now: UnixSeconds) -> Option<Batch> {
    let mut batch = Batch::relaxed();
    let mut left = listed.len();
    for (key, row) in listed {
        let known = Known::parse(row).ok();
        let waits = known.as_ref().is_some_and(|known| known.op.is_some());
        let serves = known.is_some_and(|known| known.serves(now));
        if !waits && (!serves || left > most) {
            batch.expect(key, Some(row));
            batch.delete(key);
            left -= 1;
        }
    }
    (!batch.delete.is_empty()).then_some(batch)
}
