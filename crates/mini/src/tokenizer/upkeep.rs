//! The account, policies and pools.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use lingpai_core::Result;
use lingpai_core::crypto::Drbg;
use lingpai_core::json::ObjectWriter;
use lingpai_core::tokenization::policy::PolicyClaims;
use lingpai_core::tokenization::pools::{Lease, PoolRequest};
use lingpai_core::tokenizer::{Account, Batch, Life, upkeep};

use super::policy::named;
use super::rows::{self, array, batch_json};
use crate::border::Output;
use crate::device::Device;
use crate::message::Fields;

/// Rows → what the account says: the key of the policy at hand (`policyKey`), how many operations were `made`, are `done`,
/// `dead`, `lost` and `pending`. Nothing where there is no account.
pub(super) fn account(fields: &mut Fields<'_>) -> Output {
    let Some(account) = Account::of(&rows::rest(fields)?)? else { return Ok(Vec::new()) };
    let counts = account.counts();
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let out = ObjectWriter::new()
        .string("policyKey", &upkeep::policy_key(account.policy()))
        .integer("made", number(counts.made))
        .integer("done", number(counts.done))
        .integer("dead", number(counts.dead))
        .integer("lost", number(counts.lost))
        .integer("pending", number(counts.pending()));
    Ok(out.finish().into_bytes())
}

/// `jti`, whether the store is durable, rows → the transaction that takes it over; nothing if it is the one at hand.
///
/// Errors: `claim_invalid` for one that is older than what was seen.
pub(super) fn adopt(fields: &mut Fields<'_>, device: &mut Device) -> Output {
    let life = life(device.generator()?)?;
    let (policy, durable) = (named(fields, device)?, fields.flag()?);
    upkeep::adopt(&rows::rest(fields)?, policy, durable, life).map(optional)
}

/// `jti`, time, rows of all pools → what is to be asked for so that they are full again, an array of requests.
pub(super) fn refill(fields: &mut Fields<'_>, device: &Device) -> Output {
    let policy = named(fields, device)?;
    let (now, rows) = (fields.time()?, rows::rest(fields)?);
    let PolicyClaims { install, fields: each, .. } = policy.claims();
    let wanted =
        each.iter().filter_map(|field| upkeep::refill(&rows, install, field, now).transpose());
    let wanted = wanted.collect::<Result<Vec<PoolRequest>>>()?;
    Ok(array(wanted.iter().map(PoolRequest::to_json)).into_bytes())
}

/// `jti`, field, lease (JSON), time, rows → the transaction that takes it over as the install of that policy.
///
/// Errors: those of a lease that is none.
pub(super) fn stock(fields: &mut Fields<'_>, device: &Device) -> Output {
    let install = &named(fields, device)?.claims().install;
    let (field, lease) = (fields.text()?, Lease::parse(fields.text()?)?);
    let now = fields.time()?;
    let batch = upkeep::stock(&rows::rest(fields)?, install, field, lease, now)?;
    Ok(batch_json(&batch).into_bytes())
}

/// How many keys, the keys of policies, rows → the transaction that forgets those that nothing refers to, if there is one.
pub(super) fn forget_policies(fields: &mut Fields<'_>) -> Output {
    let count = fields.number()?;
    let keys = (0..count)
        .map(|_| fields.text().map(ToOwned::to_owned))
        .collect::<Result<Vec<String>>>()?;
    upkeep::forget_policies(&rows::rest(fields)?, &keys).map(optional)
}

/// The platform does not say that a store was lost; ids of operations are told apart by the epoch's random bits.
pub(super) fn life(generator: &mut Drbg) -> Result<Life> {
    Ok(Life { number: 0, seed: generator.seed()? })
}

fn optional(batch: Option<Batch>) -> Vec<u8> {
    batch.map_or_else(Vec::new, |batch| batch_json(&batch).into_bytes())
}
