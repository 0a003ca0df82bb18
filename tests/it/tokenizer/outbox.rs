//! What waits, and how it ends.

use lingpai_core::ErrorCode;
use lingpai_core::tokenization::reconcile::{OpResult, Outcome, Refusal};
use lingpai_core::tokenizer::fence::{self, Attempt, Fence, HELD_MS};
use lingpai_core::tokenizer::known::Known;
use lingpai_core::tokenizer::ladder;
use lingpai_core::tokenizer::outbox::{self, Burial, Claimed, DEAD_PREFIX, PREFIX, Settled};
use lingpai_core::tokenizer::{Account, upkeep};
use lingpai_tests::NOW;

use super::world::{Store, claims, field, lookup, policy, standing, wanted};

const MS: u64 = 1_790_000_000_000;

/// A store with so many operations.
fn filled(count: u64) -> Store {
    let policy = policy(&claims("p1", vec![field("phone")]));
    let mut store = Store::with(&policy);
    for number in 0..count {
        let wanted = wanted("phone", &value(number), number);
        let keys = ladder::keys(["phone"].into_iter(), wanted.lookup.iter());
        let rows = store.read(&keys);
        let (batch, _) =
            ladder::degrade(&rows, &policy, vec![wanted], standing(NOW)).expect("placed");
        assert!(batch.strict && store.write(&batch));
    }
    store
}

fn value(number: u64) -> String {
    format!("138{number:08}")
}

fn hold(store: &mut Store, owner: &str, now_ms: u64) -> Option<Fence> {
    let key = [fence::KEY.to_owned()];
    match fence::attempt(&store.read(&key), owner, now_ms).expect("read") {
        Attempt::Take(batch) => assert!(store.write(&batch)),
        Attempt::Wait(_) => return None,
    }
    Fence::held(&store.read(&key), owner).expect("read")
}

fn results(batch: &[Claimed], outcome: impl Fn(usize) -> Option<Outcome>) -> Vec<OpResult> {
    let each = batch.iter().enumerate().filter_map(|(at, claimed)| {
        outcome(at).map(|outcome| OpResult { op: claimed.stored.op.clone(), outcome })
    });
    each.collect()
}

fn settle(store: &mut Store, fence: &Fence, batch: &[Claimed], results: &[OpResult]) -> Settled {
    let rows = store.read(&outbox::settling_keys(batch));
    let (changes, settled) = outbox::settle(&rows, fence, batch, results, NOW).expect("settled");
    assert!(store.write(&changes));
    settled
}

fn account(store: &Store) -> Account {
    Account::of(&store.read(&["account".to_owned()])).expect("read").expect("an account")
}

#[test]
fn only_what_is_done_is_deleted() {
    let mut store = filled(5);
    let fence = hold(&mut store, "tab", MS).expect("free");
    let batch = outbox::next_batch(&store.list(PREFIX, 100), 100, &[]);
    let results = results(&batch, |at| match at {
        0 => Some(Outcome::Done("canonical".to_owned())),
        1 => Some(Outcome::Conflict),
        2 => Some(Outcome::Refused(Refusal::OverCap)),
        3 => Some(Outcome::Retry),
        _ => None,
    });
    let settled = settle(&mut store, &fence, &batch, &results);
    assert_eq!(settled, Settled { done: 1, dead: 2, retry: 2 });
    let left: Vec<String> = store.list(PREFIX, 100).into_iter().map(|(key, _)| key).collect();
    assert_eq!(left, [batch[3].key.clone(), batch[4].key.clone()]);
    assert_eq!(store.list(DEAD_PREFIX, 100).len(), 2);
    let counts = account(&store).counts();
    assert_eq!((counts.made, counts.done, counts.dead, counts.pending()), (5, 1, 2, 2));
    let known = |number| store.rows.get(lookup("phone", &value(number)).key());
    let canonical = Known::parse(known(0).expect("known")).expect("known");
    assert_eq!((canonical.token.as_str(), canonical.op), ("canonical", None));
    assert!(known(1).is_none() && known(2).is_none(), "nobody gets those tokens again");
}

#[test]
fn an_answer_about_operations_that_were_not_sent_changes_nothing() {
    let mut store = filled(2);
    let fence = hold(&mut store, "tab", MS).expect("free");
    let all = outbox::next_batch(&store.list(PREFIX, 100), 100, &[]);
    let results = results(&all, |_| Some(Outcome::Done("stolen".to_owned())));
    let settled = settle(&mut store, &fence, &all[..1], &results);
    assert_eq!(settled.done, 1);
    assert_eq!(store.list(PREFIX, 100).len(), 1, "the other was not asked about");
}

#[test]
fn who_lost_the_fence_deletes_nothing() {
    let mut store = filled(1);
    let sleeper = hold(&mut store, "sleeper", MS).expect("free");
    let batch = outbox::next_batch(&store.list(PREFIX, 100), 100, &[]);
    assert!(hold(&mut store, "other", MS + 1).is_none(), "it is held");
    let other = hold(&mut store, "other", MS + HELD_MS).expect("its time is over");
    let results = results(&batch, |_| Some(Outcome::Done("canonical".to_owned())));
    let rows = store.read(&outbox::settling_keys(&batch));
    let refused = outbox::settle(&rows, &sleeper, &batch, &results, NOW).err();
    assert_eq!(refused.map(|error| error.code()), Some(ErrorCode::Closed));
    assert_eq!(settle(&mut store, &other, &batch, &results).done, 1);
}

#[test]
fn a_fence_from_the_future_holds_nobody_up() {
    let mut store = filled(1);
    assert!(hold(&mut store, "tab", MS + 86_400_000).is_some());
    assert!(hold(&mut store, "other", MS).is_some(), "the clock was turned back");
}

#[test]
fn batches_are_bounded_and_of_one_policy() {
    let mut store = filled(130);
    let listed = store.list(PREFIX, 200);
    assert_eq!(outbox::next_batch(&listed, 1000, &[]).len(), 100);
    assert_eq!(outbox::next_batch(&listed, 7, &[]).len(), 7);
    let mut later = claims("p2", vec![field("phone")]);
    later.version = 2;
    let later = policy(&later);
    store.adopt(&later);
    let wanted = wanted("phone", &value(500), 500);
    let keys = ladder::keys(["phone"].into_iter(), wanted.lookup.iter());
    let (batch, _) =
        ladder::degrade(&store.read(&keys), &later, vec![wanted], standing(NOW)).expect("placed");
    assert!(store.write(&batch));
    let listed = store.list(PREFIX, 200);
    assert_eq!(
        outbox::next_batch(&listed[100..], 100, &[]).len(),
        30,
        "then comes another policy’s"
    );
    assert_eq!(outbox::next_batch(&listed[130..], 100, &[]).len(), 1);
}

#[test]
fn what_is_missing_is_written_off_once() {
    let mut store = filled(3);
    let fence = hold(&mut store, "tab", MS).expect("free");
    let keys: Vec<String> = store.list(PREFIX, 10).into_iter().map(|(key, _)| key).collect();
    keys.iter().for_each(|key| {
        store.rows.remove(key);
    });
    let read = |store: &Store| store.read(&outbox::settling_keys(&[]));
    let (batch, lost) = outbox::write_off(&read(&store), &fence).expect("read").expect("missing");
    assert!(lost == 3 && store.write(&batch));
    assert_eq!(outbox::write_off(&read(&store), &fence), Ok(None));
}

#[test]
fn what_cannot_be_sent_is_kept_as_a_dead_letter() {
    let mut store = filled(2);
    let fence = hold(&mut store, "tab", MS).expect("free");
    let mut listed = store.list(PREFIX, 10);
    let damaged = listed[1].0.clone();
    store.rows.get_mut(&damaged).expect("there").value = "{".to_owned();
    listed = store.list(PREFIX, 10);
    let rows = store.read(&outbox::settling_keys(&[]));
    let reason = Burial::Unreadable;
    let (batch, settled) = outbox::bury(&rows, &fence, &listed[1..], reason).expect("buried");
    assert!(settled.dead == 1 && store.write(&batch));
    assert_eq!(store.list(DEAD_PREFIX, 10)[0].1.value, "{", "as it was found");
    assert_eq!(outbox::next_batch(&store.list(PREFIX, 10), 10, &[]).len(), 1);
}

#[test]
fn operations_under_a_policy_that_cannot_be_used_now_hold_up_no_others() {
    let mut store = filled(3);
    let later = policy(&claims("p2", vec![field("phone")]));
    store.adopt(&later);
    let wanted = wanted("phone", "13900139000", 9);
    let keys = ladder::keys(["phone"].into_iter(), wanted.lookup.iter());
    let rows = store.read(&keys);
    let (batch, _) = ladder::degrade(&rows, &later, vec![wanted], standing(NOW)).expect("placed");
    assert!(store.write(&batch));
    let listed = store.list(PREFIX, 10);
    let next = outbox::next_batch(&listed, 10, &["p1".to_owned()]);
    assert_eq!(next.iter().map(|it| it.stored.policy.as_str()).collect::<Vec<_>>(), ["p2"]);
    assert!(outbox::next_batch(&listed, 10, &["p1".to_owned(), "p2".to_owned()]).is_empty());
}

#[test]
fn operations_are_given_up_once_their_policy_is_over_for_good_and_no_sooner() {
    let claims = claims("p1", vec![field("phone")]);
    let policy = policy(&claims);
    let of = |key_at_hand, now| Burial::of(Some(policy.text()), key_at_hand, now);
    let end = claims.reconcile_until;
    for key_at_hand in [true, false] {
        assert_eq!(of(key_at_hand, NOW), None);
        assert_eq!(of(key_at_hand, end.plus(3599)), None, "clocks differ");
    }
    assert_eq!(of(true, end.plus(3600)), Some(Burial::Expired));
    assert_eq!(of(false, end.plus(3600)), Some(Burial::KeyGone));
    assert_eq!(Burial::of(None, true, NOW), Some(Burial::KeyGone), "nobody can send them");
}

#[test]
fn policies_stay_while_operations_refer_to_them() {
    let mut store = filled(1);
    let mut later = claims("p2", vec![field("phone")]);
    later.version = 2;
    store.adopt(&policy(&later));
    let keys = |store: &Store| -> Vec<String> {
        store.list("policy/", 10).into_iter().map(|(key, _)| key).collect()
    };
    assert_eq!(keys(&store).len(), 2);
    let rows = store.read(&["account".to_owned()]);
    assert_eq!(upkeep::forget_policies(&rows, &keys(&store)), Ok(None));
    let fence = hold(&mut store, "tab", MS).expect("free");
    let batch = outbox::next_batch(&store.list(PREFIX, 10), 10, &[]);
    let results = results(&batch, |_| Some(Outcome::Done("canonical".to_owned())));
    settle(&mut store, &fence, &batch, &results);
    let rows = store.read(&["account".to_owned()]);
    let batch = upkeep::forget_policies(&rows, &keys(&store)).expect("read").expect("one");
    assert!(store.write(&batch));
    assert_eq!(keys(&store), [upkeep::policy_key("p2")]);
}
