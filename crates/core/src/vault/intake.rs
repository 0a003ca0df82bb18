//! What comes in is opened and checked here, before any store is asked: an operation of a tokenizer, or a value from a caller who
//! is there. Nothing of a value leaves but its fingerprint and its one spelling.

use alloc::borrow::ToOwned as _;
use alloc::string::String;

use zeroize::Zeroizing;

use super::grant::{Field, Fields};
use super::index::{Home, IndexKey};
use super::kind::Kind;
use crate::error::ErrorCode;
use crate::keyring::KeyRing;
use crate::time::UnixSeconds;
use crate::tokenization::operation::seal_key_id;
use crate::tokenization::policy::PolicyClaims;
use crate::tokenization::reconcile::{Refusal, Submission};
use crate::tokenization::{Binding, OpId, Operation};

/// A value with everything by which it is stored and found.
pub struct Accepted {
    /// What its field holds.
    pub kind: Kind,
    /// By what it is known.
    pub fingerprint: String,
    /// The shard of its fingerprint.
    pub shard: u16,
    /// The one spelling of it.
    pub canonical: Zeroizing<String>,
}

/// An operation that holds what it says.
pub struct OpenedOperation {
    /// The value under the seal.
    pub value: Accepted,
    /// Where its token is known.
    pub home: Home,
    /// The lease that the token is of, unless it is provisional.
    pub lease: Option<String>,
}

/// Why an operation could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unopened {
    /// Its id is none of the policy's install: a guess, or somebody else's.
    Foreign,
    /// It never will be.
    Refused(Refusal),
    /// The key that it is sealed to is not configured, although the policy named it: whoever took it away can put it back.
    KeyMissing,
}

impl From<Refusal> for Unopened {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Reads a value of a field.
///
/// Errors: `bad_value` for what is no live value of the field.
pub fn accept(
    tenant: &str,
    field: &Field,
    value: &str,
    index: &IndexKey,
) -> Result<Accepted, Refusal> {
    let canonical = field.kind.canonical(value).map_err(|_| Refusal::BadValue)?;
    let fingerprint = index.fingerprint(tenant, &field.name, field.kind, &canonical);
    let shard = index.shard_of_fingerprint(&fingerprint);
    Ok(Accepted { kind: field.kind, fingerprint, shard, canonical })
}

/// Opens an operation that came under a policy whose signature, holder and `tenant` have been checked.
///
/// Errors: `bad_binding` where what stands outside of the seal differs from what is under it, where policy and operation do not
/// belong together, and where the token may not stand for the value; `bad_value`; a key that is missing; an id of nobody or of
/// another install.
pub fn open(
    submission: &Submission,
    policy: &PolicyClaims,
    fields: &Fields,
    ring: &KeyRing,
    index: &IndexKey,
    now: UnixSeconds,
) -> Result<OpenedOperation, Unopened> {
    let refused = Unopened::Refused(Refusal::BadBinding);
    let op = OpId::parse(&submission.op).map_err(|_| Unopened::Foreign)?;
    if *op.install() != policy.install {
        return Err(Unopened::Foreign);
    }
    let (Some(granted), Some(field)) =
        (policy.field(&submission.field), fields.find(&submission.field))
    else {
        return Err(refused);
    };
    let kid = seal_key_id(&submission.sealed).map_err(|_| refused)?;
    if policy.seal.kid() != Some(&kid) {
        return Err(refused);
    }
    let key = ring.find(&kid, now).ok_or(Unopened::KeyMissing)?;
    let opened = Operation::open(&submission.sealed, key).map_err(|error| match error.code() {
        ErrorCode::Internal => Unopened::KeyMissing,
        _ => refused,
    })?;
    let repeated = opened.op == op
        && opened.policy == policy.id
        && opened.tenant == policy.tenant
        && opened.field == submission.field
        && opened.token == submission.token;
    let (allowed, lease) = match &opened.binding {
        Binding::Commitment(_) => (granted.provisional, None),
        Binding::Lease(lease) => (true, Some(lease.to_owned())),
    };
    if !repeated || !allowed || !opened.binds() {
        return Err(refused);
    }
    let home = index
        .home_of_token(&policy.tenant, &field.name, field.kind, &submission.token)
        .ok()
        .flatten()
        .ok_or(refused)?;
    let value = accept(&policy.tenant, field, &opened.value, index)?;
    Ok(OpenedOperation { value, home, lease })
}
