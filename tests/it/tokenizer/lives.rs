//! Ids of operations and counts of policies, over the lives of a store.

use std::collections::BTreeSet;

use lingpai_core::ErrorCode;
use lingpai_core::tokenization::{FieldPolicy, Policy};
use lingpai_core::tokenizer::ladder::{self, Standing};
use lingpai_core::tokenizer::outbox::{PREFIX, Stored};
use lingpai_core::tokenizer::{Life, upkeep};
use lingpai_tests::NOW;

use super::world::{Store, claims, field, life, policy, standing, wanted};

/// Takes a policy over in that life, if it is another.
fn adopt(store: &mut Store, policy: &Policy, life: Life) {
    let rows = store.read(&["account".to_owned()]);
    if let Some(batch) = upkeep::adopt(&rows, policy, true, life).expect("adopted") {
        assert!(store.write(&batch));
    }
}

fn tokenize(store: &mut Store, policy: &Policy, value: u64, life: Life) -> Result<(), ErrorCode> {
    let wanted = wanted("phone", &value.to_string(), value);
    let keys = ladder::keys(["phone"].into_iter(), wanted.lookup.iter());
    let standing = Standing { life, ..standing(NOW) };
    let placed = ladder::degrade(&store.read(&keys), policy, vec![wanted], standing);
    let (batch, _) = placed.map_err(|error| error.code())?;
    assert!(store.write(&batch));
    Ok(())
}

fn ids(store: &Store) -> BTreeSet<String> {
    let rows = store.list(PREFIX, 100);
    rows.iter().map(|(_, row)| Stored::parse(row).expect("an operation").op).collect()
}

#[test]
fn a_store_that_was_cleared_gives_no_id_again_under_the_very_same_policy() {
    let policy = policy(&claims("p1", vec![field("phone")]));
    let mut seen = BTreeSet::new();
    for random in 1..20 {
        let mut store = Store::default();
        adopt(&mut store, &policy, life(0, random));
        for value in 0..3 {
            tokenize(&mut store, &policy, value, life(0, random)).expect("placed");
        }
        for id in ids(&store) {
            assert!(seen.insert(id), "an id comes twice");
        }
    }
}

#[test]
fn a_store_that_noticed_a_loss_begins_to_count_anew() {
    let policy = policy(&claims("p1", vec![field("phone")]));
    let mut store = Store::default();
    adopt(&mut store, &policy, life(0, 1));
    tokenize(&mut store, &policy, 1, life(0, 2)).expect("placed");
    let backup = store.clone();
    tokenize(&mut store, &policy, 2, life(0, 3)).expect("placed");
    let lost = ids(&store);
    store = backup;
    tokenize(&mut store, &policy, 3, life(1, 4)).expect("placed");
    let newer: BTreeSet<_> = ids(&store).difference(&lost).cloned().collect();
    assert_eq!(newer.len(), 1, "its id was not given before: {newer:?} {lost:?}");
    let order: Vec<String> = store.list(PREFIX, 10).into_iter().map(|(key, _)| key).collect();
    assert_eq!(order.len(), 2);
    tokenize(&mut store, &policy, 4, life(1, 5)).expect("placed");
    let last = store.list(PREFIX, 10);
    assert_eq!(
        last[..2].iter().map(|(key, _)| key).collect::<Vec<_>>(),
        order.iter().collect::<Vec<_>>()
    );
}

#[test]
fn a_policy_that_comes_back_allows_no_more_than_it_did() {
    let rules = || vec![FieldPolicy { max: 2, ..field("phone") }];
    let (one, two) = (policy(&claims("p1", rules())), policy(&claims("p2", rules())));
    let mut store = Store::with(&one);
    tokenize(&mut store, &one, 1, life(0, 1)).expect("placed");
    store.adopt(&two);
    for value in 2..4 {
        tokenize(&mut store, &two, value, life(0, 1)).expect("placed");
    }
    store.adopt(&one);
    tokenize(&mut store, &one, 4, life(0, 1)).expect("placed");
    let more = tokenize(&mut store, &one, 5, life(0, 1));
    assert_eq!(more, Err(ErrorCode::TemporarilyUnavailable), "one and one are two");
}
