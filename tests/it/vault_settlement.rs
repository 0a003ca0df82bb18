//! An operation is settled once, whatever comes again and in whatever order; and a policy gives away no more than a subject's
//! share.

use std::collections::HashMap;

use lingpai_core::time::UnixSeconds;
use lingpai_core::tokenization::reconcile::{Outcome, Refusal};
use lingpai_core::vault::intake::Unopened;
use lingpai_core::vault::settlement::{
    Admission, Attempt, Claimed, LeaseRow, OpMemory, TokenRow, TokenState, ValueRow, View, Writes,
    admit, bind, claim, decide, register, settle, stands_for,
};
use proptest::prelude::*;

const NOW: UnixSeconds = UnixSeconds::new(1_790_000_000);
const UNTIL: UnixSeconds = UnixSeconds::new(1_790_000_000 + 86_400);

fn attempt(digest: &str) -> Attempt<'_> {
    Attempt { digest, opened: Ok(()), reconcile_until: UNTIL, used: 0, max: 10, now: NOW }
}

fn value(name: &str) -> ValueRow {
    ValueRow { value: format!("id of {name}"), canonical: format!("token of {name}") }
}

fn leased(id: &str, holder: &str, state: TokenState) -> TokenRow {
    TokenRow { lease: Some(LeaseRow { id: id.into(), holder: Some(holder.into()) }), state }
}

/// A vault with all rows in one place.
#[derive(Clone, Debug, Default, PartialEq)]
struct Rows {
    memory: HashMap<String, OpMemory>,
    tokens: HashMap<String, TokenRow>,
    values: HashMap<String, ValueRow>,
    used: u32,
}

/// An operation: id, token, value.
type Op = (String, String, String);

impl Rows {
    fn apply(
        &mut self,
        op: &Op,
        opened: Result<(), Unopened>,
        max: u32,
        now: UnixSeconds,
    ) -> Outcome {
        let (id, token, plain) = op;
        let digest = format!("{token} {plain}");
        let bound = self.tokens.get(token).and_then(|row| match &row.state {
            TokenState::Bound { value } => {
                self.values.iter().find(|(_, known)| known.value == *value)
            }
            TokenState::Free => None,
        });
        let view = View {
            memory: self.memory.get(id),
            token: self.tokens.get(token),
            value: self.values.get(plain),
            bound: bound.map(|(_, row)| row),
            bound_fingerprint: bound.map(|(plain, _)| plain.as_str()),
            fingerprint: plain,
        };
        let attempt = Attempt { opened, used: self.used, max, now, ..attempt(&digest) };
        let lease = self.tokens.get(token).and_then(|row| row.lease.clone());
        let wanted = lease.as_ref().map(|lease| (lease.id.as_str(), "key"));
        let (outcome, writes) = decide(view, attempt, wanted, value(plain));
        let Writes { memory, charge, token: token_row, value: value_row } = writes;
        memory.map(|memory| self.memory.insert(id.clone(), memory));
        token_row.map(|row| self.tokens.insert(token.clone(), row));
        value_row.map(|row| self.values.insert(plain.clone(), row));
        self.used += u32::from(charge);
        outcome
    }
}

#[test]
fn the_same_submission_gets_the_same_result_and_another_one_a_refusal() {
    let mut rows = Rows::default();
    let op = ("op".into(), "t".into(), "v".into());
    let first = rows.apply(&op, Ok(()), 1, NOW);
    assert_eq!(first, Outcome::Done("token of v".into()));
    let before = rows.clone();
    // Over the cap, after the end, with the key taken away: what was settled stays so.
    assert_eq!(rows.apply(&op, Ok(()), 0, NOW), first);
    assert_eq!(rows.apply(&op, Ok(()), 1, UNTIL.plus(60)), first);
    assert_eq!(rows.apply(&op, Err(Unopened::KeyMissing), 1, NOW), first);
    let other = ("op".into(), "t2".into(), "v2".into());
    let conflict = Outcome::Refused(Refusal::OpConflict);
    assert_eq!(rows.apply(&other, Ok(()), 10, NOW), conflict);
    assert_eq!(rows, before, "a guessed id changes nothing");
}

#[test]
fn what_is_refused_stays_refused_and_counts_once() {
    for refusal in [Refusal::BadBinding, Refusal::BadValue] {
        let mut rows = Rows::default();
        let op = ("op".into(), "t".into(), "v".into());
        let outcome = Outcome::Refused(refusal);
        assert_eq!(rows.apply(&op, Err(Unopened::Refused(refusal)), 1, NOW), outcome);
        assert_eq!(rows.apply(&op, Ok(()), 1, NOW), outcome);
        assert_eq!((rows.used, rows.tokens.len(), rows.values.len()), (1, 0, 0));
    }
}

#[test]
fn no_more_refusals_are_remembered_than_a_policy_allows_operations() {
    let mut rows = Rows::default();
    let refusal = Refusal::BadBinding;
    for number in 0..20 {
        let op = (format!("op {number}"), "t".into(), "v".into());
        let outcome = rows.apply(&op, Err(Unopened::Refused(refusal)), 3, NOW);
        assert_eq!(outcome, Outcome::Refused(refusal));
    }
    assert_eq!((rows.memory.len(), rows.used), (3, 3));
}

#[test]
fn an_id_of_another_install_gets_the_same_answer_whether_it_was_used_or_not() {
    let mut rows = Rows::default();
    let used = ("used".into(), "t".into(), "v".into());
    rows.apply(&used, Ok(()), 9, NOW);
    let before = rows.clone();
    for id in ["used", "never used"] {
        for now in [NOW, UNTIL.plus(60)] {
            let guess = (id.into(), "t2".into(), "v2".into());
            let outcome = rows.apply(&guess, Err(Unopened::Foreign), 9, now);
            assert_eq!(outcome, Outcome::Refused(Refusal::BadBinding));
        }
    }
    assert_eq!(rows, before);
}

#[test]
fn a_missing_key_and_an_end_that_has_passed_leave_no_trace() {
    let mut rows = Rows::default();
    let op: Op = ("op".into(), "t".into(), "v".into());
    assert_eq!(rows.apply(&op, Err(Unopened::KeyMissing), 1, NOW), Outcome::Retry);
    let expired = Outcome::Refused(Refusal::Expired);
    assert_eq!(rows.apply(&op, Ok(()), 1, UNTIL), expired);
    assert_eq!(rows, Rows::default());
    assert_eq!(rows.apply(&op, Ok(()), 1, NOW), Outcome::Done("token of v".into()));
}

#[test]
fn the_cap_counts_operations_not_deliveries() {
    let mut rows = Rows::default();
    for round in 0..3 {
        for number in 0..5 {
            let op = (format!("op {number}"), format!("t {number}"), format!("v {number}"));
            let outcome = rows.apply(&op, Ok(()), 3, NOW);
            let capped = outcome == Outcome::Refused(Refusal::OverCap);
            assert_eq!(capped, number >= 3, "{number} in round {round}");
        }
    }
    assert_eq!(rows.used, 3);
}

#[test]
fn an_operation_that_was_admitted_in_time_comes_to_its_end_after_it() {
    let Admission::Work(Some(memory)) = admit(None, attempt("d")) else { panic!("not admitted") };
    let late = Attempt { now: UNTIL.plus(1), used: 10, ..attempt("d") };
    assert_eq!(admit(Some(&memory), late), Admission::Work(None));
    let done = Outcome::Done("c".into());
    let settled = settle(&memory, &done).expect("was not settled");
    assert_eq!(settle(&settled, &Outcome::Conflict), None, "a result is never replaced");
    assert_eq!(settle(&memory, &Outcome::Retry), None);
    assert_eq!(admit(Some(&settled), late), Admission::Answer(done, None));
    assert!(settled.forget_at > UNTIL);
}

#[test]
fn a_pooled_token_is_taken_from_its_holder_alone() {
    let row = leased("lease", "key", TokenState::Free);
    let by = |lease| claim(Some(&row), lease);
    assert_eq!(by(Some(("lease", "thief"))), Claimed::BadBinding);
    assert_eq!(by(Some(("other", "key"))), Claimed::BadBinding);
    assert_eq!(by(None), Claimed::BadBinding);
    assert_eq!(claim(None, Some(("lease", "key"))), Claimed::BadBinding);
    assert_eq!(by(Some(("lease", "key"))), Claimed::Free);
    let (_, bound) = bind(Some(&row), "value");
    let bound = bound.expect("was not bound");
    assert_eq!(claim(Some(&bound), Some(("lease", "key"))), Claimed::Bound("value".into()));
    assert_eq!(claim(Some(&bound), Some(("other", "key"))), Claimed::BadBinding);
    assert_eq!(claim(Some(&bound), None), Claimed::BadBinding);
    assert_eq!(bind(Some(&bound), "other"), ("value".into(), None));
}

#[test]
fn a_token_that_stands_for_a_value_knows_its_id_and_its_lease_and_nothing_else() {
    let row = leased("lease", "key", TokenState::Free);
    let bound = bind(Some(&row), "value").1.expect("was not bound");
    assert_eq!(bound.lease, Some(LeaseRow { id: "lease".into(), holder: None }));
    assert_eq!(bound.state, TokenState::Bound { value: "value".into() });
}

#[test]
fn a_token_of_a_pool_stands_for_no_other_value_and_nobody_can_tell_once_it_is_erased() {
    assert!(stands_for(true, Some("a"), "a") && !stands_for(true, Some("a"), "b"));
    assert!(stands_for(true, None, "a") && stands_for(true, None, "b"));
    assert!(stands_for(false, Some("by older rules"), "a"));
}

#[test]
fn a_provisional_token_can_not_be_had_under_a_lease() {
    let bound = bind(None, "value").1.expect("was not bound");
    assert_eq!(claim(Some(&bound), None), Claimed::Bound("value".into()));
    assert_eq!(claim(Some(&bound), Some(("lease", "key"))), Claimed::BadBinding);
}

/// What a submission says beside its value: which of a few ids and tokens, of which some are leased.
fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = (0..6_u8, 0..4_u8, 0..3_u8).prop_map(|(op, token, value)| {
        // A provisional token (t…) commits to its value, so its name says which.
        let token = if token < 2 { format!("p{token}") } else { format!("t{token}{value}") };
        (format!("op{op}"), token, format!("v{value}"))
    });
    proptest::collection::vec(op, 1..24)
}

fn with_pool() -> Rows {
    let row = || leased("lease", "key", TokenState::Free);
    let tokens = [("p0".to_owned(), row()), ("p1".to_owned(), row())];
    Rows { tokens: tokens.into(), ..Rows::default() }
}

proptest! {
    #[test]
    fn any_repetition_of_deliveries_gives_the_same_rows_and_results(
        ops in ops(), again in proptest::collection::vec(any::<prop::sample::Index>(), 0..48),
    ) {
        let mut once = with_pool();
        let results: Vec<_> = ops.iter().map(|op| once.apply(op, Ok(()), 100, NOW)).collect();
        let mut more = with_pool();
        for (at, op) in ops.iter().enumerate() {
            prop_assert_eq!(&more.apply(op, Ok(()), 100, NOW), &results[at]);
            for index in &again {
                let before = index.index(at + 1);
                prop_assert_eq!(&more.apply(&ops[before], Ok(()), 100, NOW), &results[before]);
            }
        }
        prop_assert_eq!(once, more);
    }

    #[test]
    fn a_token_stands_for_one_value_and_a_value_has_one_canonical_token(
        ops in ops().prop_shuffle(),
    ) {
        let mut rows = with_pool();
        let mut canonical: HashMap<String, String> = HashMap::new();
        let mut stands: HashMap<String, String> = HashMap::new();
        for op in &ops {
            let (_, token, plain) = op;
            let known = rows.memory.contains_key(&op.0);
            if let Outcome::Done(given) = rows.apply(op, Ok(()), 100, NOW) {
                prop_assert_eq!(canonical.entry(plain.clone()).or_insert_with(|| given.clone()), &given);
                if !known {
                    prop_assert_eq!(stands.entry(token.clone()).or_insert_with(|| plain.clone()), plain);
                }
            }
        }
        for (token, plain) in stands {
            let TokenState::Bound { value: id } = &rows.tokens[&token].state else {
                return Err(TestCaseError::fail("acknowledged and not bound"));
            };
            prop_assert_eq!(id, &rows.values[&plain].value);
        }
    }

    /// A crash after any step, in any number of operations that are under way at once, and the rest done by whoever comes again.
    #[test]
    fn steps_that_stop_anywhere_and_are_taken_up_again_end_like_one_transaction(
        schedule in proptest::collection::vec((0..4_usize, 0..6_u8), 4..60),
    ) {
        let ops = [("a", "p0", "v"), ("b", "t1", "v"), ("c", "p0", "w"), ("d", "t2", "w")];
        let mut rows = with_pool();
        let mut results: [Option<Outcome>; 4] = [const { None }; 4];
        let finish = (0..4).map(|op| (op, 5));
        for (which, stop) in schedule.into_iter().chain(finish) {
            if let Some(outcome) = run(&mut rows, ops[which], stop) {
                if let Some(before) = &results[which] {
                    prop_assert_eq!(before, &outcome);
                }
                results[which] = Some(outcome);
            }
        }
        let done = |at: usize| matches!(results[at], Some(Outcome::Done(_)));
        prop_assert!(done(1) && done(3), "provisional ones are always taken: {:?}", results);
        prop_assert!(done(0) != done(2), "the token of the pool stands for one of two: {:?}", results);
        for (at, (op, token, plain)) in ops.into_iter().enumerate() {
            prop_assert!(rows.memory[op].outcome.is_some());
            if done(at) {
                let known = &rows.values[plain];
                prop_assert_eq!(&results[at], &Some(Outcome::Done(known.canonical.clone())));
                let TokenState::Bound { value } = &rows.tokens[token].state else {
                    return Err(TestCaseError::fail("not bound"));
                };
                prop_assert_eq!(value, &known.value);
            }
        }
    }
}

/// The first `stop` steps of an operation, each a transaction of its own; the result, if it comes so far.
fn run(rows: &mut Rows, (id, token, plain): (&str, &str, &str), stop: u8) -> Option<Outcome> {
    let digest = format!("{token} {plain}");
    if stop == 0 {
        return None;
    }
    match admit(rows.memory.get(id), attempt(&digest)) {
        Admission::Answer(outcome, _) => return Some(outcome),
        Admission::Work(memory) => memory.map(|memory| rows.memory.insert(id.into(), memory)),
    };
    if stop == 1 {
        return None;
    }
    let pooled = token.starts_with('p');
    let lease = pooled.then_some(("lease", "key"));
    let named = |rows: &Rows, value: &str| {
        let known = rows.values.iter().find(|(_, known)| known.value == value);
        known.map(|(kept, known)| match stands_for(pooled, Some(kept.as_str()), plain) {
            true => Outcome::Done(known.canonical.clone()),
            false => Outcome::Conflict,
        })
    };
    let outcome = match claim(rows.tokens.get(token), lease) {
        Claimed::Bound(value) => named(rows, &value)?,
        Claimed::BadBinding => Outcome::Refused(Refusal::BadBinding),
        Claimed::Free => {
            if stop == 2 {
                return None;
            }
            let (known, written) = register(rows.values.get(plain), value(plain));
            written.map(|row| rows.values.insert(plain.into(), row));
            if stop == 3 {
                return None;
            }
            let (stands, bound) = bind(rows.tokens.get(token), &known.value);
            bound.map(|row| rows.tokens.insert(token.into(), row));
            named(rows, &stands)?
        }
    };
    if stop == 4 {
        return None;
    }
    let settled = settle(&rows.memory[id], &outcome);
    settled.map(|memory| rows.memory.insert(id.into(), memory));
    Some(outcome)
}
