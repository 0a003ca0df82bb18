//! What can happen next, and what comes of it.

use lingpai_core::tokenization::reconcile;
use lingpai_core::tokenizer::fence::{self, Attempt, Fence, HELD_MS};
use lingpai_core::tokenizer::outbox::{self, Claimed, Stored};
use lingpai_core::tokenizer::{Account, Batch, Row, ladder};
use lingpai_tests::NOW;

use super::check::Tokenizing;
use super::mutant::Mutant;
use super::server::value_of;
use super::state::{Emptied, Message, Placing, Sent, State, Tab};
use crate::tokenizer::world::{standing, wanted};

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A tab finds a token for the value that is its next.
    Place(usize),
    /// It writes what it decided.
    Commit(usize),
    /// It tries to, and the store has no room.
    Refuse(usize),
    /// Rows that wait in a lesser place move up: of a mutant only.
    Promote(usize),
    /// It takes the fence if it can, and sends the oldest operations.
    Send(usize),
    /// It writes off what it found missing.
    WriteOff(usize),
    /// A message arrives; whether it stays in the network as well.
    Arrive(Message, bool),
    /// As `Arrive`, of a request; the vault answers for its first operation only.
    ArriveHalf(Message),
    /// A tab crashes and starts again.
    Crash(usize),
    /// Everybody sleeps for longer than the fence is held.
    Sleep,
    /// The store loses its oldest operation.
    Evict,
    /// The store is what it was at first.
    Restore,
}

impl Tokenizing {
    pub(super) fn steps(&self, state: &State, steps: &mut Vec<Step>) {
        for tab in 0..2 {
            if state.tabs[tab].placing.is_some() {
                steps.push(Step::Commit(tab));
                if state.mishaps.refusals > 0 {
                    steps.push(Step::Refuse(tab));
                }
            } else if state.wanted.iter().any(|(whose, _)| *whose == tab) {
                steps.push(Step::Place(tab));
            }
            if !state.tabs[tab].lesser.is_empty() {
                steps.push(Step::Promote(tab));
            }
            if state.tabs[tab].emptied.is_some() {
                steps.push(Step::WriteOff(tab));
            } else if state.tabs[tab].sent.is_none() && state.requests < self.most_requests {
                steps.push(Step::Send(tab));
            }
            if state.mishaps.crashes > 0 && state.tabs[tab] != Tab::default() {
                steps.push(Step::Crash(tab));
            }
        }
        for message in &state.network {
            steps.push(Step::Arrive(message.clone(), false));
            if state.mishaps.repeats > 0 {
                steps.push(Step::Arrive(message.clone(), true));
            }
            if state.mishaps.halves > 0 && matches!(message, Message::Request { .. }) {
                steps.push(Step::ArriveHalf(message.clone()));
            }
        }
        if state.mishaps.sleeps > 0 {
            steps.push(Step::Sleep);
        }
        if state.mishaps.evictions > 0 {
            steps.push(Step::Evict);
        }
        if state.mishaps.restores > 0 && !state.ghost.acknowledged.is_empty() {
            steps.push(Step::Restore);
        }
    }

    /// What comes of a step; nothing where it changes nothing.
    pub(super) fn take(&self, before: &State, step: Step) -> Option<State> {
        let mut state = before.clone();
        match step {
            Step::Place(tab) => self.place(&mut state, tab)?,
            Step::Commit(tab) => self.commit(&mut state, tab),
            Step::Refuse(tab) => self.refuse(&mut state, tab)?,
            Step::Promote(tab) => promote(&mut state, tab),
            Step::Send(tab) => self.send(&mut state, tab)?,
            Step::WriteOff(tab) => self.write_off(&mut state, tab)?,
            Step::Arrive(message, stays) => {
                state.mishaps.repeats -= u8::from(stays);
                self.arrive(&mut state, &message, stays, usize::MAX);
            }
            Step::ArriveHalf(message) => {
                state.mishaps.halves -= 1;
                self.arrive(&mut state, &message, false, 1);
            }
            Step::Crash(tab) => {
                state.mishaps.crashes -= 1;
                state.tabs[tab] = Tab::default();
            }
            Step::Sleep => {
                state.mishaps.sleeps -= 1;
                state.now_ms += HELD_MS + 1;
                if self.mutant == Some(Mutant::ShortMemory) {
                    state.server.operations.clear();
                }
            }
            Step::Evict => {
                state.mishaps.evictions -= 1;
                let (key, row) = state.store.list(outbox::PREFIX).into_iter().next()?;
                state.ghost.lost.push(Stored::parse(&row).expect("an operation").op);
                state.store.rows.remove(&key);
            }
            Step::Restore => {
                state.mishaps.restores -= 1;
                state.ghost.restored = true;
                let all = state.ghost.operations.values().cloned();
                state.ghost.lost.extend(all);
                let at_first = state.at_first.rows.clone();
                state.store.rows = at_first;
                state.tabs = Default::default();
            }
        }
        self.observe(&mut state);
        (state != *before).then_some(state)
    }

    fn place(&self, state: &mut State, tab: usize) -> Option<()> {
        let at = state.wanted.iter().position(|(whose, _)| *whose == tab)?;
        let (_, value) = state.wanted[at].clone();
        let mut wanted = wanted("phone", &value, state.store.rows.len() as u64 + 100 * tab as u64);
        wanted.lookup = wanted.lookup.filter(|_| self.findable);
        let keys = ladder::keys(["phone"].into_iter(), wanted.lookup.iter());
        let mut rows = state.store.read(&keys);
        for (key, (value, _)) in &state.tabs[tab].lesser {
            rows.insert(key, Some(Row { value: value.clone(), revision: 1 << 52 }));
        }
        let Ok((batch, placed)) = ladder::degrade(&rows, &self.policy, vec![wanted], standing(NOW))
        else {
            // Refused: the app hears so, and that is that.
            state.wanted.remove(at);
            return Some(());
        };
        let token = placed.into_iter().next()?.token;
        if self.mutant == Some(Mutant::AckBeforeCommit) {
            state.ghost.acknowledge(&token, &value, op_of(&batch));
        }
        let Batch { expect, put, .. } = batch;
        state.tabs[tab].placing = Some(Placing { value, token, expect, put });
        Some(())
    }

    fn commit(&self, state: &mut State, tab: usize) {
        let Some(Placing { value, token, expect, put }) = state.tabs[tab].placing.take() else {
            return;
        };
        let batch = Batch { expect, put, delete: Vec::new(), strict: true };
        let blind = self.mutant == Some(Mutant::BlindWrites);
        if !state.store.write(&batch, blind) {
            return;
        }
        state.ghost.acknowledge(&token, &value, op_of(&batch));
        let at = state.wanted.iter().position(|(whose, it)| *whose == tab && *it == value);
        at.map(|at| state.wanted.remove(at));
    }

    /// The app hears that it was refused, and asks again.
    fn refuse(&self, state: &mut State, tab: usize) -> Option<()> {
        state.mishaps.refusals -= 1;
        let Placing { expect, put, .. } = state.tabs[tab].placing.take()?;
        if self.mutant == Some(Mutant::RowByRow) {
            for (key, value) in put {
                let base = expect.iter().find(|(name, _)| *name == key);
                let base = base.map(|(_, revision)| *revision);
                state.tabs[tab].lesser.insert(key, (value, base));
            }
        }
        Some(())
    }

    fn send(&self, state: &mut State, tab: usize) -> Option<()> {
        let owner = format!("tab-{tab}");
        let is_held = holder(state).is_some_and(|holder| holder != owner);
        if is_held && self.mutant == Some(Mutant::EndlessFence) {
            return None;
        }
        let key = [fence::KEY.to_owned()];
        let rows = state.store.read(&key);
        match fence::attempt(&rows, &owner, state.now_ms).ok()? {
            Attempt::Take(batch) => {
                state.store.write(&batch, false);
            }
            Attempt::Wait(_) if self.mutant == Some(Mutant::NoFence) => {}
            Attempt::Wait(_) => return None,
        }
        let rows = state.store.read(&key);
        let owner = match self.mutant {
            Some(Mutant::NoFence) => holder(state)?,
            _ => owner,
        };
        let fence = Fence::held(&rows, &owner).ok()??;
        let listed = state.store.list(outbox::PREFIX);
        if listed.is_empty() {
            let Batch { expect, put, .. } = match self.mutant {
                Some(Mutant::LateAccount) => Batch::default(),
                _ => missing(state, &fence)?,
            };
            state.tabs[tab].emptied = Some(Emptied { fence, expect, put });
            return Some(());
        }
        let batch = outbox::next_batch(&listed, 2, &[]);
        let body = reconcile::request(&outbox::submissions(&batch));
        state.requests += 1;
        let number = state.requests;
        state.network.insert(Message::Request { number, tab, body });
        let kept = batch.iter().map(|it| (it.key.clone(), (it.row.value.clone(), it.row.revision)));
        state.tabs[tab].sent = Some(Sent { request: number, fence, rows: kept.collect() });
        if self.mutant == Some(Mutant::DeleteBeforeAck) {
            for claimed in &batch {
                state.store.rows.remove(&claimed.key);
            }
        }
        Some(())
    }

    fn write_off(&self, state: &mut State, tab: usize) -> Option<()> {
        let Emptied { fence, expect, put } = state.tabs[tab].emptied.take()?;
        let batch = match self.mutant {
            Some(Mutant::LateAccount) => missing(state, &fence).unwrap_or_default(),
            _ => Batch { expect, put, delete: Vec::new(), strict: true },
        };
        state.store.write(&batch, false);
        Some(())
    }

    fn arrive(&self, state: &mut State, message: &Message, stays: bool, most: usize) {
        if !stays {
            state.network.remove(message);
        }
        match message {
            Message::Request { number, tab, body } => {
                let submissions = reconcile::parse_request(body).expect("a request");
                let mut results = Vec::new();
                for submission in submissions.iter().take(most) {
                    if state.server.tells_existence(submission, self.max, self.mutant) {
                        state.ghost.note("P9: an answer says whether the vault knew the value");
                    }
                    let result = state.server.settle(submission, self.max, self.mutant);
                    let value = value_of(&submission.sealed);
                    state.ghost.answered(submission, &value, &result);
                    results.push(result);
                }
                let body = reconcile::answer(&results);
                state.network.insert(Message::Answer { number: *number, tab: *tab, body });
            }
            Message::Answer { number, tab, body } => self.settle(state, *number, *tab, body),
        }
    }

    fn settle(&self, state: &mut State, number: u8, tab: usize, body: &str) {
        // The answer to a request that this tab knows nothing of any more.
        let Some(sent) = state.tabs[tab].sent.take_if(|sent| sent.request == number) else {
            return;
        };
        let batch = claimed(&sent);
        let mut results = reconcile::parse_answer(body).expect("an answer");
        if self.mutant == Some(Mutant::MissingIsDone) {
            for missing in batch
                .iter()
                .filter(|it| results.iter().all(|r| r.op != it.stored.op))
                .collect::<Vec<_>>()
            {
                results.push(reconcile::OpResult {
                    op: missing.stored.op.clone(),
                    outcome: reconcile::Outcome::Done("made-up".to_owned()),
                });
            }
        }
        let rows = state.store.read(&settling_keys(&batch));
        let fence = match self.mutant {
            // It shows the fence of whoever holds it.
            Some(Mutant::NoFence) => holder(state).and_then(|owner| {
                Fence::held(&state.store.read(&[fence::KEY.to_owned()]), &owner).ok()?
            }),
            _ => Some(sent.fence),
        };
        let Some(fence) = fence else { return };
        let Ok((changes, _)) = outbox::settle(&rows, &fence, &batch, &results, NOW) else { return };
        let deletes = !changes.delete.is_empty();
        let mine = holder(state).as_deref() == Some(&format!("tab-{tab}"));
        if state.store.write(&changes, false) && deletes && !mine {
            state.ghost.note("P6: deleted without the fence");
        }
    }

    /// The observer looks at everything.
    fn observe(&self, state: &mut State) {
        let tokens: Vec<String> = state.ghost.acknowledged.keys().cloned().collect();
        for token in tokens {
            let value = state.server.resolve(&token).map(str::to_owned);
            state.ghost.resolves(&token, value.as_deref());
        }
    }
}

/// Each row goes where it was built on what is there still.
fn promote(state: &mut State, tab: usize) {
    for (key, (value, base)) in std::mem::take(&mut state.tabs[tab].lesser) {
        let expect = base.map(|base| (key.clone(), base));
        let batch = Batch {
            expect: expect.into_iter().collect(),
            put: vec![(key, value)],
            ..Batch::default()
        };
        state.store.write(&batch, false);
    }
}

/// What writes off what an empty outbox is missing, by the account as it is now.
fn missing(state: &State, fence: &Fence) -> Option<Batch> {
    let rows = state.store.read(&settling_keys(&[]));
    outbox::write_off(&rows, fence).ok()?.map(|(batch, _)| batch)
}

fn settling_keys(batch: &[Claimed]) -> Vec<String> {
    outbox::settling_keys(batch)
}

fn claimed(sent: &Sent) -> Vec<Claimed> {
    let listed: Vec<(String, Row)> = sent
        .rows
        .iter()
        .map(|(key, (value, revision))| {
            (key.clone(), Row { value: value.clone(), revision: *revision })
        })
        .collect();
    outbox::next_batch(&listed, listed.len(), &[])
}

/// Whose the fence is.
fn holder(state: &State) -> Option<String> {
    let (row, _) = state.store.rows.get(fence::KEY)?;
    (0..2).map(|tab| format!("tab-{tab}")).find(|owner| row.contains(owner.as_str()))
}

/// The operation that a transaction brings.
fn op_of(batch: &Batch) -> Option<String> {
    let (_, text) = batch.put.iter().find(|(key, _)| key.starts_with(outbox::PREFIX))?;
    let row = Row { value: text.clone(), revision: 1 };
    Some(Stored::parse(&row).expect("an operation").op)
}

/// What the account says.
pub(super) fn account(state: &State) -> Option<Account> {
    let rows = state.store.read(&["account".to_owned()]);
    Account::of(&rows).expect("an account")
}
