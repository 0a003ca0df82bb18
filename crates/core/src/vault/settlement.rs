//! What becomes of an operation: decided once, remembered, and the same however often and in whatever order it comes again.
//!
//! A deployment keeps the rows in several stores, so an operation is settled in steps, each of which is one transaction in one
//! store and does nothing when it is repeated:
//!
//! 1. [`admit`] where the holder's operations are kept: known, refused, or to be worked on from now on.
//! 2. [`claim`] where the token is kept: does it stand for a value already, may it?
//! 3. [`register`] where the fingerprint is kept: the first writer's canonical token counts.
//! 4. [`bind`] where the token is kept: it stands for the first value from now on and for ever.
//! 5. [`stands_for`] where that value is kept: is it the one that the operation brings?
//! 6. [`settle`] where the holder's operations are kept: the result, which is given again from now on.
//!
//! Nothing is kept beside a token that its value could be tried against: a value that is erased is gone from where it was kept,
//! and its tokens, which are elsewhere, know no more than its id.
//!
//! Whoever finds a step left undone does it. [`decide`] is all of them at once, for a store that has all rows in one place.

use alloc::borrow::ToOwned as _;
use alloc::string::String;

use super::intake::Unopened;
use crate::time::UnixSeconds;
use crate::tokenization::reconcile::{Outcome, Refusal};

/// How long after `rexp` of its policy an operation is remembered, in seconds. A tokenizer that lost the answer in the last
/// second has this long to ask for it again.
pub const MEMORY_MARGIN_SECONDS: i64 = 7 * 24 * 3600;

/// What is remembered of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpMemory {
    /// Which submission it was (see `IndexKey::digest`).
    pub digest: String,
    /// The result, once there is one.
    pub outcome: Option<Outcome>,
    /// When it may be forgotten. Whatever comes later is refused as expired.
    pub forget_at: UnixSeconds,
}

/// A submitted operation, as far as admitting it needs to know.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// Which submission it is.
    pub digest: &'a str,
    /// What opening it gave.
    pub opened: Result<(), Unopened>,
    /// `rexp` of the policy.
    pub reconcile_until: UnixSeconds,
    /// How many operations of this policy and field are remembered.
    pub used: u32,
    /// How many the policy allows.
    pub max: u32,
    /// The vault's time.
    pub now: UnixSeconds,
}

/// What admitting an operation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// This is the answer. `Some` is to be remembered and counts as one more of its policy and field, `None` changes nothing.
    Answer(Outcome, Option<OpMemory>),
    /// To be worked on. `Some` is to be remembered and counts as one more of its policy and field; `None`: it was before.
    Work(Option<OpMemory>),
}

/// Decides whether an operation is worked on.
///
/// What is remembered counts, refused or not: a tokenizer makes no more operations under a policy than it allows, so that its own
/// refusals take nothing from it, and nobody fills the store with others.
pub fn admit(memory: Option<&OpMemory>, attempt: Attempt<'_>) -> Admission {
    if attempt.opened == Err(Unopened::Foreign) {
        // Whose id it is not learns not even whether it was used.
        return Admission::Answer(Outcome::Refused(Refusal::BadBinding), None);
    }
    if let Some(known) = memory {
        // Before anything else: an id that was used says nothing to whoever does not bring the same submission.
        if known.digest != attempt.digest {
            return Admission::Answer(Outcome::Refused(Refusal::OpConflict), None);
        }
        return match (&known.outcome, attempt.opened) {
            (Some(outcome), _) => Admission::Answer(outcome.clone(), None),
            (None, Err(_)) => Admission::Answer(Outcome::Retry, None),
            (None, Ok(())) => Admission::Work(None),
        };
    }
    let refused = |refusal, keep| {
        let outcome = Outcome::Refused(refusal);
        let memory = if keep { Some(memory_of(attempt, Some(outcome.clone()))) } else { None };
        Admission::Answer(outcome, memory)
    };
    match attempt.opened {
        // Nothing to remember: it stays refused by the clock.
        _ if attempt.now >= attempt.reconcile_until => refused(Refusal::Expired, false),
        Err(Unopened::KeyMissing) => Admission::Answer(Outcome::Retry, None),
        Err(Unopened::Foreign) => refused(Refusal::BadBinding, false),
        Err(Unopened::Refused(refusal)) => refused(refusal, attempt.used < attempt.max),
        // Nothing to remember: what is used up stays so for as long as the policy is known.
        Ok(()) if attempt.used >= attempt.max => refused(Refusal::OverCap, false),
        Ok(()) => Admission::Work(Some(memory_of(attempt, None))),
    }
}

fn memory_of(attempt: Attempt<'_>, outcome: Option<Outcome>) -> OpMemory {
    OpMemory {
        digest: attempt.digest.to_owned(),
        outcome,
        forget_at: attempt.reconcile_until.plus(MEMORY_MARGIN_SECONDS),
    }
}

/// What is known of a token of a field where it is kept: tokens of two fields may be the same text, and are two. A minted token
/// is bound from its first second on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// For a token of a pool: whose it is.
    pub lease: Option<LeaseRow>,
    /// What it stands for.
    pub state: TokenState,
}

/// Whose a leased token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseRow {
    /// The lease.
    pub id: String,
    /// Thumbprint of the proof key that it was given to; not kept of a token that stands for a value.
    pub holder: Option<String>,
}

/// What a token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenState {
    /// Nothing yet.
    Free,
    /// A value, for ever. The value may be erased; another one it never becomes.
    Bound {
        /// The id of the value.
        value: String,
    },
}

/// Who wants a token to stand for a value: lease and proof key for a token of a pool, `None` for a provisional one, which its
/// commitment ties to its value.
pub type Claim<'a> = Option<(&'a str, &'a str)>;

/// What claiming a token came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// The value may be registered.
    Free,
    /// It stands for this value already. Whether that is the one of the operation, [`stands_for`] says.
    Bound(String),
    /// It is not this holder's.
    BadBinding,
}

/// Decides about a token.
pub fn claim(row: Option<&TokenRow>, claim: Claim<'_>) -> Claimed {
    let Some(row) = row else {
        // A token of a pool has a row from the day on which it was leased.
        return if claim.is_some() { Claimed::BadBinding } else { Claimed::Free };
    };
    let own = match (&row.lease, claim) {
        (None, None) => true,
        // Of a token that stands for a value the key is not known any more. Its lease is known to who was given it.
        (Some(LeaseRow { id, holder }), Some((lease, key))) => {
            id == lease && holder.as_ref().map_or(row.state != TokenState::Free, |own| own == key)
        }
        _ => false,
    };
    match &row.state {
        _ if !own => Claimed::BadBinding,
        TokenState::Free => Claimed::Free,
        TokenState::Bound { value } => Claimed::Bound(value.clone()),
    }
}

/// Whether a token stands for the value with the fingerprint `wanted`; `kept` is the fingerprint of the value that it stands for,
/// `None` where that was erased. Then nobody can tell any more, and the operation gets what it would have got.
///
/// A provisional token has one value, whatever rules its fingerprint was made by.
pub fn stands_for(pooled: bool, kept: Option<&str>, wanted: &str) -> bool {
    !pooled || kept.is_none_or(|kept| kept == wanted)
}

/// A value as the shard of its fingerprint knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueRow {
    /// Its id, drawn when it was registered.
    pub value: String,
    /// Its canonical token.
    pub canonical: String,
}

/// Decides which canonical token a value has: the first writer's. `Some` second: to be written.
pub fn register(row: Option<&ValueRow>, fresh: ValueRow) -> (ValueRow, Option<ValueRow>) {
    match row {
        Some(row) => (row.clone(), None),
        None => (fresh.clone(), Some(fresh)),
    }
}

/// Decides what a token stands for from now on: what it stood for already, else `value`. `Some` second: to be written.
pub fn bind(row: Option<&TokenRow>, value: &str) -> (String, Option<TokenRow>) {
    if let Some(TokenRow { state: TokenState::Bound { value }, .. }) = row {
        return (value.clone(), None);
    }
    let lease = row.and_then(|row| row.lease.as_ref());
    let lease = lease.map(|LeaseRow { id, .. }| LeaseRow { id: id.clone(), holder: None });
    let bound = TokenRow { lease, state: TokenState::Bound { value: value.to_owned() } };
    (value.to_owned(), Some(bound))
}

/// What is remembered of an operation that was worked on; `None` where a result is remembered already, which stays.
pub fn settle(memory: &OpMemory, outcome: &Outcome) -> Option<OpMemory> {
    (memory.outcome.is_none() && *outcome != Outcome::Retry)
        .then(|| OpMemory { outcome: Some(outcome.clone()), ..memory.clone() })
}

/// All rows that one operation is about.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// What is remembered of the operation.
    pub memory: Option<&'a OpMemory>,
    /// The row of its token.
    pub token: Option<&'a TokenRow>,
    /// The row of its fingerprint.
    pub value: Option<&'a ValueRow>,
    /// The value that the token stands for, where it stands for one: its canonical token is the answer, erased or not.
    pub bound: Option<&'a ValueRow>,
    /// Fingerprint of that value, unless it was erased.
    pub bound_fingerprint: Option<&'a str>,
    /// That of the value which the operation brings.
    pub fingerprint: &'a str,
}

/// What is to be written, all of it or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Writes {
    /// What is remembered of the operation.
    pub memory: Option<OpMemory>,
    /// Whether it counts as one more of its policy and field.
    pub charge: bool,
    /// The row of its token.
    pub token: Option<TokenRow>,
    /// The row of its fingerprint.
    pub value: Option<ValueRow>,
}

/// Settles an operation where all rows are in one place. `fresh` is the id and the canonical token of a value that is seen for the
/// first time. That is never the token which the operation brings, not even one of a pool: the answer would tell that the value
/// was new.
pub fn decide(
    view: View<'_>,
    attempt: Attempt<'_>,
    wanted: Claim<'_>,
    fresh: ValueRow,
) -> (Outcome, Writes) {
    let admitted = match admit(view.memory, attempt) {
        Admission::Answer(outcome, memory) => {
            return (outcome, Writes { charge: memory.is_some(), memory, ..Writes::default() });
        }
        Admission::Work(admitted) => admitted,
    };
    let charge = admitted.is_some();
    let memory = admitted.or_else(|| view.memory.cloned());
    let (outcome, token, value) = match claim(view.token, wanted) {
        Claimed::Bound(_) => {
            let own = stands_for(wanted.is_some(), view.bound_fingerprint, view.fingerprint);
            let canonical = view.bound.map(|bound| bound.canonical.clone());
            let outcome = match canonical {
                Some(canonical) if own => Outcome::Done(canonical),
                Some(_) => Outcome::Conflict,
                None => Outcome::Retry,
            };
            (outcome, None, None)
        }
        Claimed::BadBinding => (Outcome::Refused(Refusal::BadBinding), None, None),
        Claimed::Free => {
            let (known, written) = register(view.value, fresh);
            let (_, bound) = bind(view.token, &known.value);
            (Outcome::Done(known.canonical), bound, written)
        }
    };
    let settled = memory.as_ref().and_then(|memory| settle(memory, &outcome));
    (outcome, Writes { memory: settled.or(memory.filter(|_| charge)), charge, token, value })
}
