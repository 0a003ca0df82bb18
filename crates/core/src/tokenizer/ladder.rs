//! The ladder: what a tokenizer gives out while the vault is away. The token that is known for the value; one from the pool;
//! a provisional one; or a refusal, as the policy says. All of a call in one transaction, or nothing of it.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::account::Account;
use super::epoch::Life;
use super::known::{Known, Lookup};
use super::outbox::{self, Stored};
use super::pool::{self, Pool};
use super::store::{Batch, Rows};
use crate::error::{Error, ErrorCode, Result};
use crate::sealed_token::SealEntropy;
use crate::secret::Seed;
use crate::time::{Tolerance, UnixSeconds};
use crate::tokenization::provisional::{self, Salt};
use crate::tokenization::{Binding, FieldPolicy, MAX_VALUE_BYTES, Operation, Policy, field_name};

/// Operations that may wait at a time.
pub const MAX_PENDING: u64 = 20_000;

/// How far the page's clock may be ahead of or behind the issuer's.
const CLOCKS: Tolerance = Tolerance::seconds(60);

/// A value that needs a token now.
pub struct Wanted {
    /// The field.
    pub field: String,
    /// The value, as it was given.
    pub value: Zeroizing<String>,
    /// Its place among the known, where there is a key to find it by.
    pub lookup: Option<Lookup>,
    /// Randomness for this value alone.
    pub entropy: WantedEntropy,
}

/// The randomness of one operation.
pub struct WantedEntropy {
    /// Hides the value in a provisional token.
    pub salt: Seed,
    /// Seals the operation.
    pub seal: SealEntropy,
}

/// From which rung a token came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rung {
    /// It was given out for the same value before.
    Known,
    /// It is one of the vault's, minted ahead.
    Pool,
    /// It was made here.
    Provisional,
}

impl Rung {
    /// The name in events.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Pool => "pool",
            Self::Provisional => "provisional",
        }
    }
}

/// A token for a value, good once the transaction is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The token.
    pub token: String,
    /// Where it came from.
    pub rung: Rung,
}

/// The keys that have to be read for these fields and lookups.
pub fn keys<'a>(
    fields: impl Iterator<Item = &'a str>,
    lookups: impl Iterator<Item = &'a Lookup>,
) -> Vec<String> {
    let mut keys: Vec<String> = fields.map(pool::key).collect();
    keys.extend(lookups.map(|lookup| lookup.key().to_string()));
    keys.push(super::account::KEY.to_string());
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// How things stand.
pub struct Standing {
    /// Whether the store survives the page: without that, nothing is given out that the vault does not know.
    pub durable: bool,
    /// Whether the key that the policy is bound to is here: without it nobody here could tell the vault.
    pub key_at_hand: bool,
    /// The store's.
    pub life: Life,
    /// The issuer's time.
    pub now: UnixSeconds,
}

/// Finds a token for each value, in order.
///
/// Errors, each for the whole call, with nothing given out: `claim_invalid` for a field or value that is none; `closed`
/// where another policy is at hand now (read again); `temporarily_unavailable` with the detail `policy` (none, its time is
/// over, or its key is not here), `field` (the policy allows nothing for it), `cap` or `outbox` (there is no room left); `storage_unavailable`
/// without a durable store.
pub fn degrade(
    rows: &Rows,
    policy: &Policy,
    wanted: Vec<Wanted>,
    standing: Standing,
) -> Result<(Batch, Vec<Placed>)> {
    let mut account = Account::of(rows)?.ok_or(unavailable("policy"))?;
    if account.policy() != policy.claims().id {
        return Err(ErrorCode::Closed.into());
    }
    let Standing { durable, key_at_hand, life, now } = standing;
    account.live(life);
    let now = account.moment(now);
    let mut climb = Climb {
        rows,
        policy,
        account,
        pools: BTreeMap::new(),
        met: BTreeMap::new(),
        batch: Batch::strict(),
        durable,
        key_at_hand,
        now,
    };
    let placed = wanted.into_iter().map(|it| climb.place(it)).collect::<Result<Vec<_>>>()?;
    Ok((climb.finish()?, placed))
}

struct Climb<'a> {
    rows: &'a Rows,
    policy: &'a Policy,
    account: Account,
    pools: BTreeMap<String, Pool>,
    /// Values that came before in this very call.
    met: BTreeMap<Lookup, String>,
    batch: Batch,
    durable: bool,
    key_at_hand: bool,
    now: UnixSeconds,
}

impl Climb<'_> {
    fn place(&mut self, wanted: Wanted) -> Result<Placed> {
        field_name(&wanted.field)?;
        if wanted.value.len() > MAX_VALUE_BYTES {
            return Err(Error::with_detail(ErrorCode::ClaimInvalid, "value"));
        }
        if let Some(token) = self.known(wanted.lookup.as_ref())? {
            return Ok(Placed { token, rung: Rung::Known });
        }
        let rules = self.allowed(&wanted.field)?;
        let (token, binding, rung) = self.pick(&rules, &wanted.value, wanted.entropy.salt)?;
        let operation = Operation {
            op: self.account.make(&rules.name)?,
            policy: self.policy.claims().id.clone(),
            tenant: self.policy.claims().tenant.clone(),
            field: rules.name,
            token: token.clone(),
            value: wanted.value,
            binding,
        };
        let sealed = operation.seal(&self.policy.claims().seal, wanted.entropy.seal)?;
        self.store(&operation, sealed, wanted.lookup)?;
        Ok(Placed { token, rung })
    }

    fn known(&self, lookup: Option<&Lookup>) -> Result<Option<String>> {
        let Some(lookup) = lookup else { return Ok(None) };
        if let Some(token) = self.met.get(lookup) {
            return Ok(Some(token.clone()));
        }
        let Some(row) = self.rows.row(lookup.key())? else { return Ok(None) };
        let known = Known::parse(row)?;
        if known.op.is_some() && !self.durable {
            // Whether its operation is kept is as doubtful as that of a new one.
            return Err(ErrorCode::StorageUnavailable.into());
        }
        Ok(known.serves(self.now).then_some(known.token))
    }

    fn allowed(&self, field: &str) -> Result<FieldPolicy> {
        self.policy.check_generation(self.now, CLOCKS).map_err(|_| unavailable("policy"))?;
        if !self.key_at_hand {
            return Err(unavailable("policy"));
        }
        let rules = self.policy.claims().field(field).ok_or(unavailable("field"))?;
        if self.account.left(field, rules.max) == 0 {
            return Err(unavailable("cap"));
        }
        if self.account.counts().pending() >= MAX_PENDING {
            return Err(unavailable("outbox"));
        }
        if self.durable { Ok(rules.clone()) } else { Err(ErrorCode::StorageUnavailable.into()) }
    }

    fn pick(
        &mut self,
        rules: &FieldPolicy,
        value: &str,
        salt: Seed,
    ) -> Result<(String, Binding, Rung)> {
        let now = self.now;
        if rules.pool > 0
            && let Some((token, lease)) = self.pool(&rules.name)?.take(now)
        {
            return Ok((token, Binding::Lease(lease), Rung::Pool));
        }
        if !rules.provisional {
            return Err(unavailable("pool"));
        }
        let salt = Salt::from_seed(salt);
        let tenant = &self.policy.claims().tenant;
        let token = provisional::commit(tenant, &rules.name, value, &salt)?;
        Ok((token, Binding::Commitment(salt), Rung::Provisional))
    }

    fn pool(&mut self, field: &str) -> Result<&mut Pool> {
        let key = pool::key(field);
        let read = Pool::parse(self.rows.row(&key)?, self.account.install())?;
        Ok(self.pools.entry(key).or_insert(read))
    }

    fn store(
        &mut self,
        operation: &Operation,
        sealed: String,
        lookup: Option<Lookup>,
    ) -> Result<()> {
        let stored = Stored {
            op: operation.op.to_text(),
            policy: operation.policy.clone(),
            field: operation.field.clone(),
            token: operation.token.clone(),
            sealed,
            known: lookup.as_ref().map(|lookup| lookup.key().to_string()),
        };
        let key = outbox::key(&operation.op);
        self.batch.expect(&key, None);
        self.batch.put(&key, stored.to_json());
        if let Some(lookup) = lookup {
            let known = Known { token: operation.token.clone(), at: self.now, op: Some(stored.op) };
            self.batch.expect(lookup.key(), self.rows.row(lookup.key())?);
            self.batch.put(lookup.key(), known.to_json());
            self.met.insert(lookup, known.token);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Batch> {
        if self.batch.put.is_empty() {
            return Ok(self.batch);
        }
        for (key, pool) in &self.pools {
            self.batch.expect(key, self.rows.row(key)?);
            self.batch.put(key, pool.to_json());
        }
        self.account.write(self.rows, &mut self.batch)?;
        Ok(self.batch)
    }
}

const fn unavailable(detail: &'static str) -> Error {
    Error::with_detail(ErrorCode::TemporarilyUnavailable, detail)
}
