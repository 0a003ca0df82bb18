//! The properties, and the search for a state that breaks one.

use std::collections::BTreeSet;

use lingpai_core::tokenization::pools::Lease;
use lingpai_core::tokenization::{FieldPolicy, Policy};
use lingpai_core::tokenizer::{outbox, upkeep};
use lingpai_tests::NOW;
use stateright::{Checker as _, Expectation, HasDiscoveries, Model, Property};

use super::calm;
use super::ghost::Ghost;
use super::mutant::Mutant;
use super::server::{LEASE, Server};
use super::state::{Mishaps, State, Store, Tab};
use super::steps::{Step, account};
use crate::tokenizer::world::{after, claims, field, install, life, policy};

/// One outage to be searched through.
#[derive(Clone)]
pub(super) struct Tokenizing {
    pub(super) policy: Policy,
    /// How many operations the policy allows.
    pub(super) max: u32,
    /// Whether values can be found again by a key.
    pub(super) findable: bool,
    /// Requests that are sent at the most.
    pub(super) most_requests: u8,
    /// Whether each state is followed to its end in calm, for P8. The campaign does that once for each outage.
    pub(super) looks_ahead: bool,
    pub(super) mutant: Option<Mutant>,
    pub(super) wanted: Vec<(usize, String)>,
    pub(super) pool: Vec<&'static str>,
    pub(super) mishaps: Mishaps,
}

const VALUES: [&str; 3] = ["13800138000", "13800138001", "13800138002"];

impl Tokenizing {
    fn new(wanted: &[(usize, usize)], max: u32, pool: &[&'static str]) -> Self {
        let rules = FieldPolicy { max, pool: pool.len() as u32, ..field("phone") };
        Self {
            policy: policy(&claims("p1", vec![rules])),
            max,
            findable: true,
            most_requests: 2,
            looks_ahead: false,
            mutant: None,
            wanted: wanted.iter().map(|(tab, value)| (*tab, VALUES[*value].to_owned())).collect(),
            pool: pool.to_vec(),
            mishaps: Mishaps::default(),
        }
    }

    /// Any outage: `below` draws a number below a bound.
    pub(super) fn any(below: &mut dyn FnMut(usize) -> usize, mishaps: Mishaps) -> Self {
        let wanted: Vec<_> = (0..1 + below(6)).map(|_| (below(2), below(VALUES.len()))).collect();
        let pool = ["pool-1", "pool-2"];
        let model = Self::new(&wanted, 1 + below(7) as u32, &pool[..below(3)]);
        Self { findable: below(4) > 0, most_requests: 12, mishaps, ..model }
    }

    fn with(self, mishaps: Mishaps) -> Self {
        Self { mishaps, ..self }
    }
}

impl Model for Tokenizing {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let mut store = Store::default();
        let rows = store.read(&["account".to_owned()]);
        let batch =
            upkeep::adopt(&rows, &self.policy, true, life(0, 0)).expect("adopted").expect("new");
        assert!(store.write(&batch, false));
        if !self.pool.is_empty() {
            let rows = store.read(&["pool/phone".to_owned()]);
            let lease = Lease {
                lease: LEASE.to_owned(),
                expires_at: after(3600),
                tokens: self.pool.iter().map(|token| (*token).to_owned()).collect(),
            };
            let batch = upkeep::stock(&rows, &install(), "phone", lease, NOW).expect("stocked");
            assert!(store.write(&batch, false));
        }
        vec![State {
            at_first: store.clone(),
            store,
            tabs: [Tab::default(), Tab::default()],
            wanted: self.wanted.clone(),
            network: BTreeSet::new(),
            server: Server::leasing(&self.pool),
            requests: 0,
            now_ms: 1_790_000_000_000,
            mishaps: self.mishaps,
            ghost: Ghost::default(),
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Step>) {
        self.steps(state, actions);
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        self.take(state, step)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("P1: no acknowledged operation is lost", |_, state: &State| {
                state.ghost.operations.iter().all(|(token, op)| {
                    let lies_in = |prefix| {
                        let listed = state.store.list(prefix);
                        listed.iter().any(|(_, row)| {
                            row.value.contains(&format!("\"{op}\"")) && row.value.contains(token)
                        })
                    };
                    state.ghost.lost.contains(op)
                        || lies_in(outbox::PREFIX)
                        || lies_in(outbox::DEAD_PREFIX)
                        || state.server.resolve(token).is_some()
                })
            }),
            Property::always("P2: a value has one canonical token", |_, state: &State| {
                let canonical: BTreeSet<_> =
                    state.server.values.values().map(|row| &row.canonical).collect();
                canonical.len() == state.server.values.len()
            }),
            Property::always("P2, P3, P5, P6, P9: nothing wrong was seen", |_, state: &State| {
                state.ghost.wrong.is_empty()
            }),
            Property::always("P8: in calm it comes to its end", |model: &Self, state: &State| {
                !model.looks_ahead || calm::comes_to_its_end(model, state)
            }),
            Property::always(
                "P4: a token resolves to the value it was given out for",
                |_, state: &State| {
                    state.ghost.acknowledged.iter().all(|(token, values)| {
                        let dead = || {
                            let letters = state.store.list(outbox::DEAD_PREFIX);
                            letters.iter().any(|(_, row)| row.value.contains(token.as_str()))
                        };
                        let resolved = state.server.resolve(token);
                        resolved.is_none_or(|resolved| values.iter().any(|it| it == resolved))
                            && (values.len() == 1 || dead() || !state.ghost.lost.is_empty())
                    })
                },
            ),
            Property::always("P7: no plaintext is at rest", |_, state: &State| {
                state
                    .store
                    .rows
                    .values()
                    .all(|(text, _)| VALUES.iter().all(|it| !text.contains(it)))
            }),
            Property::always(
                "P10: no more than the policy allows",
                |model: &Self, state: &State| {
                    let made = account(state).map_or(0, |account| account.counts().made);
                    made <= u64::from(model.max)
                },
            ),
            Property::always(
                "P10: nothing that the policy allows is refused",
                |_, state: &State| {
                    let letters = state.store.list(outbox::DEAD_PREFIX);
                    letters.iter().all(|(_, row)| !row.value.contains("over_cap"))
                },
            ),
            Property::always("P11: what the store lost is counted", |_, state: &State| {
                let Some(account) = account(state) else { return true };
                let there = state.store.list(outbox::PREFIX).len() as u64;
                let missing = account.counts().pending().saturating_sub(there);
                // After a restore the account is as old as the rest, and cannot know.
                state.ghost.restored
                    || missing + account.counts().lost == state.ghost.lost.len() as u64
            }),
            // Once the vault has it, its canonical token is given out as well.
            Property::always("one value, one token of ours", |model: &Self, state: &State| {
                let mut seen = BTreeSet::new();
                let tokens = state.ghost.operations.keys();
                let mut values = tokens.flat_map(|token| &state.ghost.acknowledged[token]);
                !model.findable
                    || !state.ghost.lost.is_empty()
                    || values.all(|value| seen.insert(value))
            }),
            Property::sometimes("all is done", |_, state: &State| {
                let acknowledged = &state.ghost.operations;
                state.wanted.is_empty()
                    && !acknowledged.is_empty()
                    && acknowledged.keys().all(|token| state.server.resolve(token).is_some())
                    && state.store.list(outbox::PREFIX).is_empty()
            }),
        ]
    }
}

/// Two tabs, the same value and another; crashes, repeated messages, sleep.
fn two_tabs() -> Tokenizing {
    let mishaps = Mishaps { crashes: 1, repeats: 1, sleeps: 1, ..Mishaps::default() };
    Tokenizing::new(&[(0, 0), (1, 0), (1, 1)], 2, &[]).with(mishaps)
}

/// Values that are not found again: two tokens for one value.
fn two_tokens() -> Tokenizing {
    let mishaps = Mishaps { repeats: 1, sleeps: 1, halves: 1, ..Mishaps::default() };
    Tokenizing { findable: false, ..Tokenizing::new(&[(0, 0), (1, 0)], 2, &[]).with(mishaps) }
}

/// Tokens of a pool, and a store that is restored from a backup: the same token for two values.
fn restored() -> Tokenizing {
    let mishaps = Mishaps { restores: 1, sleeps: 1, ..Mishaps::default() };
    Tokenizing::new(&[(0, 0), (0, 1)], 2, &["pool-1"]).with(mishaps)
}

/// A store that loses an operation.
fn evicted() -> Tokenizing {
    let mishaps = Mishaps { evictions: 1, crashes: 1, repeats: 1, ..Mishaps::default() };
    Tokenizing::new(&[(0, 0), (1, 1)], 3, &["pool-1"]).with(mishaps)
}

/// A store that refuses a commit, and a pool of one token.
fn refused() -> Tokenizing {
    let mishaps = Mishaps { refusals: 1, sleeps: 1, ..Mishaps::default() };
    let model = Tokenizing::new(&[(0, 0), (1, 1)], 3, &["pool-1"]).with(mishaps);
    Tokenizing { looks_ahead: true, ..model }
}

/// A tab that crashes with the fence in its hands.
fn crashed() -> Tokenizing {
    let mishaps = Mishaps { crashes: 1, ..Mishaps::default() };
    let model = Tokenizing::new(&[(0, 0), (1, 1)], 2, &[]).with(mishaps);
    Tokenizing { looks_ahead: true, ..model }
}

fn searched(model: Tokenizing) {
    let checker = model.checker().threads(2).spawn_bfs().join();
    println!(
        "{} states, {} of them different",
        checker.state_count(),
        checker.unique_state_count()
    );
    checker.assert_properties();
}

#[test]
fn two_tabs_lose_and_double_nothing() {
    searched(two_tabs());
}

#[test]
fn two_tokens_of_one_value_find_one_canonical_token() {
    searched(two_tokens());
}

#[test]
fn a_restored_store_changes_no_alias() {
    searched(restored());
}

#[test]
fn what_the_store_loses_is_counted() {
    searched(evicted());
}

#[test]
fn a_commit_that_is_refused_leaves_nothing_behind() {
    searched(refused());
}

#[test]
fn whoever_crashes_holds_nobody_up() {
    searched(crashed());
}

/// Each broken rule shows in an outage.
#[test]
fn every_mutant_is_caught() {
    for (mutant, outage) in [
        (Mutant::DeleteBeforeAck, two_tabs as fn() -> Tokenizing),
        (Mutant::NoFence, two_tabs),
        (Mutant::ShortMemory, two_tokens),
        (Mutant::WallClockOrder, two_tokens),
        (Mutant::OverwriteAlias, restored),
        (Mutant::MissingIsDone, two_tokens),
        (Mutant::BlindWrites, two_tabs),
        (Mutant::AckBeforeCommit, two_tabs),
        (Mutant::RowByRow, refused),
        (Mutant::EndlessFence, crashed),
        (Mutant::LateAccount, crashed),
        (Mutant::TellsExistence, two_tokens),
    ] {
        let model = Tokenizing { mutant: Some(mutant), ..outage() };
        let always: BTreeSet<_> = model
            .properties()
            .iter()
            .filter(|it| it.expectation == Expectation::Always)
            .map(|it| it.name)
            .collect();
        let search = model.checker().threads(2).finish_when(HasDiscoveries::AnyFailures);
        let broken = search.spawn_bfs().join().discoveries().into_keys();
        let caught = broken.into_iter().find(|name| always.contains(name));
        println!("{mutant:?} breaks {}", caught.unwrap_or("nothing"));
        assert!(caught.is_some(), "{mutant:?} went unnoticed");
    }
}
