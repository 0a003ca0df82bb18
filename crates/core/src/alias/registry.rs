//! The life of an alias and of the one operation under it, as a registry keeps them. Pure decisions over what is stored; the
//! store that makes each of them one transaction is the host's.

use alloc::string::String;

use super::keys::secret_hash;
pub use super::record::{AliasRecord, Holder, OperationRecord, Released, State};
use crate::crypto::constant_time_eq;
use crate::error::{Error, ErrorCode, Result};
use crate::json::Object;
use crate::time::UnixSeconds;

/// How long an answer is kept, in seconds: 24 hours, and an hour for clocks and leases.
pub const KEPT_SECONDS: i64 = 25 * 3600;

/// How long an alias may live, in seconds.
pub const MAX_LIFETIME_SECONDS: i64 = 900;

/// How many aliases a visit may have open at a time.
pub const MAX_OPEN: u32 = 32;

/// Whether a visit that has `open` aliases may have another. To be asked before its name is taken, which nobody gives back.
///
/// Errors: `rate_limited` beyond [`MAX_OPEN`].
pub fn room(open: u32) -> Result<()> {
    if open >= MAX_OPEN { Err(ErrorCode::RateLimited.into()) } else { Ok(()) }
}

/// Admits a new alias of a visit that has `open` others.
///
/// Errors: those of [`room`]; `lifetime_exceeded`.
pub fn open(alias: AliasRecord, open: u32, now: UnixSeconds) -> Result<AliasRecord> {
    room(open)?;
    if alias.expires_at <= now || alias.expires_at > now.plus(MAX_LIFETIME_SECONDS) {
        return Err(Error::with_detail(ErrorCode::LifetimeExceeded, "exp"));
    }
    Ok(alias)
}

/// Somebody wants an operation executed.
#[derive(Clone, Debug)]
pub struct Begin {
    /// Who asks, proved.
    pub holder: Holder,
    /// The kind of the operation.
    pub operation: String,
    /// SHA-256 of the request's body, which the proof covers.
    pub hash: String,
    /// The operation's details.
    pub details: Object,
    /// How long the execution may take, in seconds.
    pub lease_seconds: i64,
    /// Now.
    pub now: UnixSeconds,
}

/// What to do about a [`Begin`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Execute it: this caller, and nobody else ever.
    Execute {
        /// The account, sealed.
        account: String,
    },
    /// It was begun before.
    Begun(State),
    /// Refuse: `alias_invalid`, `idempotency_conflict`, `access_denied` (beyond the limits).
    Refused(ErrorCode),
}

/// What the store has to hold after a decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Begun {
    /// The answer.
    pub verdict: Verdict,
    /// The alias from now on; `None` deletes it.
    pub alias: Option<AliasRecord>,
    /// The operation from now on.
    pub operation: Option<OperationRecord>,
}

/// Begins an operation. `alias` is what the store has for the alias, `operation` what it has for the visit and the
/// idempotency key.
pub fn begin(
    alias: Option<AliasRecord>,
    operation: Option<OperationRecord>,
    attempt: Begin,
) -> Begun {
    // What is over is as if it were not there, whether or not the store has got round to deleting it.
    let alias = alias.filter(|alias| attempt.now < alias.expires_at);
    let operation = operation.filter(|operation| attempt.now < operation.until);
    if let Some(begun) = operation {
        return again(alias, begun, &attempt);
    }
    let refused = |code, alias| Begun { verdict: Verdict::Refused(code), alias, operation: None };
    let Some(held) = alias.as_ref().filter(|alias| alias.is_for(&attempt)) else {
        return refused(ErrorCode::AliasInvalid, alias);
    };
    if !held.limits.allow(&attempt.details) {
        return refused(ErrorCode::AccessDenied, alias);
    }
    let account = held.account.clone();
    let lease = attempt.now.plus(attempt.lease_seconds);
    Begun {
        verdict: Verdict::Execute { account },
        alias: None,
        operation: Some(OperationRecord {
            hash: attempt.hash,
            state: State::Pending { lease },
            until: lease.plus(KEPT_SECONDS),
        }),
    }
}

fn again(alias: Option<AliasRecord>, mut begun: OperationRecord, attempt: &Begin) -> Begun {
    if begun.hash != attempt.hash {
        let verdict = Verdict::Refused(ErrorCode::IdempotencyConflict);
        return Begun { verdict, alias, operation: Some(begun) };
    }
    if matches!(begun.state, State::Pending { lease } if attempt.now >= lease) {
        // Whoever executed it has died, or its answer got lost.
        begun.state = State::InDoubt;
    }
    Begun { verdict: Verdict::Begun(begun.state.clone()), alias, operation: Some(begun) }
}

impl AliasRecord {
    fn is_for(&self, attempt: &Begin) -> bool {
        self.released.is_none()
            && self.holder == attempt.holder
            && self.operation == attempt.operation
    }
}

/// Gives an operation its outcome; the first outcome stays. `None` where the store knows no such operation.
pub fn settle(
    operation: Option<OperationRecord>,
    hash: &str,
    outcome: State,
    now: UnixSeconds,
) -> Option<OperationRecord> {
    let mut operation = operation?;
    if operation.hash == hash && !matches!(operation.state, State::Done { .. }) {
        operation.state = outcome;
        operation.until = operation.until.max(now.plus(KEPT_SECONDS));
    }
    Some(operation)
}

/// What a secret closes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closed {
    /// Nothing: there is no such alias, or the secret is another.
    Nothing,
    /// The alias; it has to be deleted.
    Alias,
    /// The alias, which has gone over to the visit of that name, where it has to be closed too.
    AliasAt(String),
}

/// Closes an alias. An operation under way has none any more, and so goes on.
pub fn close(alias: Option<&AliasRecord>, secret: &str) -> Closed {
    let hash = secret_hash(secret);
    let closes = |alias: &&AliasRecord| {
        // All are compared, so that the time says nothing of which one it was.
        alias.closers.iter().fold(false, |found, closer| {
            constant_time_eq(closer.as_bytes(), hash.as_bytes()) | found
        })
    };
    match alias.filter(closes) {
        None => Closed::Nothing,
        Some(AliasRecord { released: Some(released), .. }) => Closed::AliasAt(released.to.clone()),
        Some(_) => Closed::Alias,
    }
}

/// Another terminal of the same user wants to have an alias.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The secret that the first terminal shows.
    pub secret: String,
    /// Who asks, proved, and what its visit is called in the store.
    pub to: Released,
    /// Hash of the secret by which it will close the alias.
    pub closer: String,
    /// Now.
    pub now: UnixSeconds,
}

/// Lets a claim have the alias: what the store of the first terminal has to hold from now on, and the alias for that of the
/// second. The same holder may ask again, if the answer was lost.
///
/// Errors: `alias_invalid`.
pub fn release(alias: Option<AliasRecord>, claim: Claim) -> Result<(AliasRecord, AliasRecord)> {
    let hash = secret_hash(&claim.secret);
    let may = |alias: &AliasRecord| {
        let known = alias.claim.as_deref().unwrap_or_default();
        constant_time_eq(known.as_bytes(), hash.as_bytes())
            && claim.now < alias.expires_at
            && alias.holder.sub == claim.to.holder.sub
            && alias.holder.sid != claim.to.holder.sid
            && alias.released.as_ref().is_none_or(|released| *released == claim.to)
    };
    let Some(mut left) = alias.filter(may) else {
        return Err(ErrorCode::AliasInvalid.into());
    };
    let mut taken = left.clone();
    taken.holder = claim.to.holder.clone();
    taken.released = None;
    taken.claim = None;
    taken.closers.push(claim.closer);
    left.released = Some(claim.to);
    Ok((left, taken))
}

/// Takes over a released alias, at the visit that claimed it. `held` is what it has of the alias from an earlier claim, whose
/// answer was lost: then only the secret that closes it is a new one.
///
/// Errors: `alias_invalid` where neither holds the account any more.
pub fn adopt(held: Option<AliasRecord>, taken: AliasRecord) -> Result<AliasRecord> {
    let account = held.map_or(taken.account, |held| held.account);
    if account.is_empty() {
        return Err(ErrorCode::AliasInvalid.into());
    }
    Ok(AliasRecord { account, ..taken })
}

/// What the first visit keeps once the second has the alias: that it was claimed, by whom, and how it is closed.
pub fn forget(left: AliasRecord) -> AliasRecord {
    match left.released {
        Some(_) => AliasRecord { account: String::new(), ..left },
        None => left,
    }
}
