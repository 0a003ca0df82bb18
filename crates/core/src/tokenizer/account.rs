//! The account: how many tokens were given out without the vault, under which policy, and what became of them. Every
//! transaction that touches an operation carries it forward, so that what it says and what lies in the outbox can be compared:
//! whatever is missing was lost.

use alloc::borrow::ToOwned as _;
use alloc::string::String;

use super::epoch::{self, Life};
use super::store::{Batch, Row, Rows};
use super::usage::Usage;
use crate::error::{Error, ErrorCode, Result};
use crate::json::{self, Object, ObjectWriter};
use crate::time::UnixSeconds;
use crate::tokenization::op_id::InstallId;
use crate::tokenization::{OpId, Policy};

/// Its key in the store.
pub const KEY: &str = "account";

/// What is known about an install's operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    install: InstallId,
    /// Which of the store's lives it was last written in.
    life: u32,
    epoch: u64,
    /// The next operation of this epoch.
    next: u64,
    /// Counts over the life of the store.
    counts: Counts,
    /// The highest `ver` of a policy.
    version: u64,
    policy: String,
    policy_issued_at: UnixSeconds,
    /// What was given out under it, and under those before it.
    usage: Usage,
    /// The latest time seen: turning a clock back makes no policy last longer.
    seen: UnixSeconds,
}

/// How many operations there were, over the life of the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub made: u64,
    /// Those that the vault has.
    pub done: u64,
    /// Those that were refused, or given up: they are or were dead letters.
    pub dead: u64,
    /// Those that were in no outbox any more when it was emptied.
    pub lost: u64,
}

impl Counts {
    /// Those that should be in the outbox.
    pub const fn pending(self) -> u64 {
        self.made.saturating_sub(self.done).saturating_sub(self.dead).saturating_sub(self.lost)
    }
}

impl Account {
    /// The account of a store that has none yet, as its first policy opens it.
    pub(super) fn open(policy: &Policy, life: Life) -> Self {
        let claims = policy.claims();
        let issued_at = claims.validity.issued_at;
        Self {
            install: claims.install.clone(),
            life: life.number,
            epoch: epoch::begin(issued_at, life.seed, 0),
            next: 1,
            counts: Counts::default(),
            version: claims.version,
            policy: claims.id.clone(),
            policy_issued_at: issued_at,
            usage: Usage::default(),
            seen: issued_at,
        }
    }

    /// Goes on under another policy, with what was given out under it already. An older one is refused, whoever brings it.
    ///
    /// Errors: `claim_invalid` with the detail `ver`.
    pub(super) fn change_policy(&mut self, policy: &Policy, life: Life) -> Result<()> {
        let claims = policy.claims();
        let issued_at = claims.validity.issued_at;
        if claims.version < self.version || issued_at < self.policy_issued_at {
            return Err(Error::with_detail(ErrorCode::ClaimInvalid, "ver"));
        }
        if claims.install != self.install {
            // Another name, another sequence; the epoch tells the rows of both apart.
            self.install = claims.install.clone();
            self.begin_epoch(life);
        } else {
            self.live(life);
        }
        self.version = claims.version;
        self.usage.change(&self.policy, &claims.id);
        self.policy.clone_from(&claims.id);
        self.policy_issued_at = issued_at;
        self.seen = issued_at;
        Ok(())
    }

    /// In another life of the store than before nobody knows which ids were given in between: they begin anew.
    pub(super) fn live(&mut self, life: Life) {
        if life.number != self.life {
            self.begin_epoch(life);
        }
    }

    fn begin_epoch(&mut self, life: Life) {
        self.life = life.number;
        self.epoch = epoch::begin(self.seen, life.seed, self.epoch);
        self.next = 1;
    }

    /// The account in the store, if there is one yet.
    ///
    /// Errors: `internal` if it was not read; `malformed`, `claim_invalid` for a text that is no account.
    pub fn of(rows: &Rows) -> Result<Option<Self>> {
        rows.row(KEY)?.map(Self::parse).transpose()
    }

    /// Reads the account.
    ///
    /// Errors: `malformed`, `claim_invalid`.
    pub fn parse(row: &Row) -> Result<Self> {
        let read = json::parse_object(row.value.as_bytes())?;
        Ok(Self {
            install: InstallId::parse(read.string("iid")?)?,
            life: u32::try_from(number(&read, "life")?).map_err(|_| invalid("life"))?,
            epoch: number(&read, "epoch")?,
            next: number(&read, "next")?,
            counts: Counts {
                made: number(&read, "made")?,
                done: number(&read, "done")?,
                dead: number(&read, "dead")?,
                lost: number(&read, "lost")?,
            },
            version: number(&read, "ver")?,
            policy: read.string("policy")?.to_owned(),
            policy_issued_at: UnixSeconds::new(read.integer("iat")?),
            usage: Usage::read(&read)?,
            seen: UnixSeconds::new(read.integer("seen")?),
        })
    }

    fn to_json(&self) -> String {
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let out = ObjectWriter::new()
            .string("iid", self.install.as_str())
            .integer("life", i64::from(self.life))
            .integer("epoch", number(self.epoch))
            .integer("next", number(self.next))
            .integer("made", number(self.counts.made))
            .integer("done", number(self.counts.done))
            .integer("dead", number(self.counts.dead))
            .integer("lost", number(self.counts.lost))
            .integer("ver", number(self.version))
            .string("policy", &self.policy)
            .integer("iat", self.policy_issued_at.as_i64())
            .integer("seen", self.seen.as_i64());
        self.usage.write(out).finish()
    }

    /// `jti` of the policy at hand.
    pub fn policy(&self) -> &str {
        &self.policy
    }

    /// What happened so far.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Who makes the operations.
    pub const fn install(&self) -> &InstallId {
        &self.install
    }

    /// How many more may be given out for a field that allows `max` under the policy at hand.
    pub(super) fn left(&self, field: &str, max: u32) -> u32 {
        max.saturating_sub(self.usage.of(field))
    }

    /// The time to decide by: never earlier than one that was seen before.
    pub(super) fn moment(&mut self, now: UnixSeconds) -> UnixSeconds {
        self.seen = self.seen.max(now);
        self.seen
    }

    /// Counts one more operation for a field.
    pub(super) fn make(&mut self, field: &str) -> Result<OpId> {
        let op = OpId::new(self.install.clone(), self.epoch, self.next)?;
        self.next += 1;
        self.counts.made += 1;
        self.usage.count(field);
        Ok(op)
    }

    pub(super) const fn counts_mut(&mut self) -> &mut Counts {
        &mut self.counts
    }

    /// Adds the account, as it is now, to a transaction that is based on what was read.
    pub(super) fn write(&self, rows: &Rows, batch: &mut Batch) -> Result<()> {
        batch.expect(KEY, rows.row(KEY)?);
        batch.put(KEY, self.to_json());
        Ok(())
    }
}

fn number(read: &Object, name: &'static str) -> Result<u64> {
    u64::try_from(read.integer(name)?).map_err(|_| invalid(name))
}

const fn invalid(name: &'static str) -> Error {
    Error::with_detail(ErrorCode::ClaimInvalid, name)
}
