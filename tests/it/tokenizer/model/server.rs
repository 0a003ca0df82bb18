//! The vault of the model: its rows, and the core's decision about each operation, one transaction each.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};

use lingpai_core::base64url;
use lingpai_core::crypto::sha256;
use lingpai_core::tokenization::reconcile::{OpResult, Outcome, Submission};
use lingpai_core::tokenization::{Binding, Operation};
use lingpai_core::vault::settlement::{
    Attempt, LeaseRow, OpMemory, TokenRow, TokenState, ValueRow, View, decide,
};

use super::mutant::Mutant;
use crate::tokenizer::world::{after, seal_key};

/// Whose lease the pool's tokens are.
pub(super) const HOLDER: &str = "holder";
/// The lease.
pub(super) const LEASE: &str = "lease-1";

fn leased() -> LeaseRow {
    LeaseRow { id: LEASE.to_owned(), holder: Some(HOLDER.to_owned()) }
}

/// What the vault keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) operations: BTreeMap<String, OpMemory>,
    pub(super) tokens: BTreeMap<String, TokenRow>,
    pub(super) values: BTreeMap<String, ValueRow>,
    used: u32,
}

impl Hash for Server {
    fn hash<H: Hasher>(&self, state: &mut H) {
        format!("{self:?}").hash(state);
    }
}

impl Server {
    /// A vault that has leased these tokens.
    pub(super) fn leasing(tokens: &[&str]) -> Self {
        let mut server = Self::default();
        for token in tokens {
            let row = TokenRow { lease: Some(leased()), state: TokenState::Free };
            server.tokens.insert((*token).to_owned(), row);
        }
        server
    }

    /// Settles an operation.
    pub(super) fn settle(
        &mut self,
        submission: &Submission,
        max: u32,
        mutant: Option<Mutant>,
    ) -> OpResult {
        let (value, lease) = opened(&submission.sealed);
        let lease = lease.as_deref().map(|lease| (lease, HOLDER));
        if mutant == Some(Mutant::OverwriteAlias)
            && let Some(row) = self.tokens.get_mut(&submission.token)
        {
            *row =
                TokenRow { lease: row.lease.as_ref().map(|_| leased()), state: TokenState::Free };
        }
        let digest = digest(&submission.sealed);
        let number = self.values.len();
        if mutant == Some(Mutant::WallClockOrder) {
            // Operations are numbered by the clock of the device; the later one wins.
            if let Some(row) = self.values.get_mut(&value) {
                row.canonical = format!("canonical-of-{}", submission.op);
            }
        }
        let fresh =
            ValueRow { value: format!("value-{number}"), canonical: format!("canonical-{number}") };
        let bound = self.tokens.get(&submission.token).and_then(|row| match &row.state {
            TokenState::Bound { value } => self.values.iter().find(|(_, it)| it.value == *value),
            TokenState::Free => None,
        });
        let view = View {
            memory: self.operations.get(&submission.op),
            token: self.tokens.get(&submission.token),
            value: self.values.get(&value),
            bound: bound.map(|(_, row)| row),
            bound_fingerprint: bound.map(|(value, _)| value.as_str()),
            fingerprint: &value,
        };
        let attempt = Attempt {
            digest: &digest,
            opened: Ok(()),
            reconcile_until: after(1_000_000),
            used: self.used,
            max,
            now: after(0),
        };
        let is_told = mutant == Some(Mutant::TellsExistence) && self.values.contains_key(&value);
        if is_told && lease.is_none() && view.memory.is_none() {
            return OpResult { op: submission.op.clone(), outcome: Outcome::Conflict };
        }
        let (outcome, writes) = decide(view, attempt, lease, fresh);
        self.used += u32::from(writes.charge);
        if let Some(memory) = writes.memory {
            self.operations.insert(submission.op.clone(), memory);
        }
        if let Some(row) = writes.token {
            self.tokens.insert(submission.token.clone(), row);
        }
        if let Some(row) = writes.value {
            self.values.insert(value, row);
        }
        OpResult { op: submission.op.clone(), outcome }
    }

    /// Whether the answer to an operation that comes for the first time would be of another kind if the vault had known its value, or
    /// had not.
    pub(super) fn tells_existence(
        &self,
        submission: &Submission,
        max: u32,
        mutant: Option<Mutant>,
    ) -> bool {
        let value = value_of(&submission.sealed);
        if self.operations.contains_key(&submission.op) {
            return false;
        }
        let mut other = self.clone();
        match other.values.remove(&value) {
            None => {
                let row =
                    ValueRow { value: "elsewhere".to_owned(), canonical: "elsewhere".to_owned() };
                other.values.insert(value, row);
            }
            Some(known) => other.tokens.retain(|_, row| match &row.state {
                TokenState::Bound { value, .. } if *value == known.value => {
                    let lease = row.lease.as_ref().map(|_| leased());
                    *row = TokenRow { lease, state: TokenState::Free };
                    row.lease.is_some()
                }
                _ => true,
            }),
        }
        let kind = |mut server: Self| {
            std::mem::discriminant(&server.settle(submission, max, mutant).outcome)
        };
        kind(self.clone()) != kind(other)
    }

    /// The value that a token stands for.
    pub(super) fn resolve(&self, token: &str) -> Option<&str> {
        let by_canonical = self.values.iter().find(|(_, row)| row.canonical == token);
        if let Some((value, _)) = by_canonical {
            return Some(value);
        }
        let TokenState::Bound { value: id, .. } = &self.tokens.get(token)?.state else {
            return None;
        };
        self.values.iter().find(|(_, row)| row.value == *id).map(|(value, _)| value.as_str())
    }
}

/// Short, since it is in every state.
fn digest(sealed: &str) -> String {
    base64url::encode(&sha256(sealed.as_bytes())[..9])
}

type Opened = (String, Option<String>);

thread_local! {
    // Opening is arithmetic, and the same text comes in a thousand states.
    static OPENED: RefCell<HashMap<String, Opened>> = RefCell::new(HashMap::new());
}

/// The value under a seal, as the observer knows it.
pub(super) fn value_of(sealed: &str) -> String {
    opened(sealed).0
}

fn opened(sealed: &str) -> Opened {
    OPENED.with_borrow_mut(|known| {
        let open = || {
            let operation = Operation::open(sealed, &seal_key()).expect("an operation");
            assert!(operation.binds(), "the token does not belong to the value");
            let lease = match &operation.binding {
                Binding::Lease(lease) => Some(lease.clone()),
                Binding::Commitment(_) => None,
            };
            (operation.value.to_string(), lease)
        };
        known.entry(sealed.to_owned()).or_insert_with(open).clone()
    })
}
