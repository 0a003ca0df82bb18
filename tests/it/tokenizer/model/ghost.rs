//! What an omniscient observer notes down: it takes no part, and the properties are about it.

use std::collections::BTreeMap;

use lingpai_core::crypto::sha256;
use lingpai_core::tokenization::reconcile::{OpResult, Outcome, Submission};

/// The notes.
#[derive(Clone, Debug, Default, Hash, PartialEq, Eq)]
pub(super) struct Ghost {
    /// Tokens that were given to the app, each with its value.
    pub(super) acknowledged: BTreeMap<String, Vec<String>>,
    /// Which operation each of them belongs to.
    pub(super) operations: BTreeMap<String, String>,
    /// What each token stood for when it first stood for something.
    resolved: BTreeMap<String, String>,
    /// The first result of each submission.
    results: BTreeMap<[u8; 32], String>,
    /// Operations that the store lost, or lost track of.
    pub(super) lost: Vec<String>,
    /// Whether the store was restored from a backup.
    pub(super) restored: bool,
    /// What was seen that must never be.
    pub(super) wrong: Vec<&'static str>,
}

impl Ghost {
    /// The app was given a token.
    pub(super) fn acknowledge(&mut self, token: &str, value: &str, op: Option<String>) {
        let values = self.acknowledged.entry(token.to_owned()).or_default();
        if !values.iter().any(|it| it == value) {
            values.push(value.to_owned());
        }
        if let Some(op) = op {
            self.operations.insert(token.to_owned(), op);
        }
    }

    /// The vault has answered for an operation.
    pub(super) fn answered(&mut self, submission: &Submission, result: &OpResult) {
        if result.outcome == Outcome::Retry {
            return;
        }
        let outcome = format!("{:?}", result.outcome);
        let submitted = sha256(submission.sealed.as_bytes());
        let first = self.results.entry(submitted).or_insert_with(|| outcome.clone());
        if *first != outcome {
            self.note("P5: a repetition was answered in another way");
        }
    }

    /// A token stands for a value.
    pub(super) fn resolves(&mut self, token: &str, value: Option<&str>) {
        match (self.resolved.get(token), value) {
            (Some(before), now) if now != Some(before.as_str()) => {
                self.note("P3: a token stands for another value than before");
            }
            (None, Some(value)) => {
                self.resolved.insert(token.to_owned(), value.to_owned());
            }
            _ => {}
        }
    }

    pub(super) fn note(&mut self, what: &'static str) {
        if !self.wrong.contains(&what) {
            self.wrong.push(what);
        }
    }
}
