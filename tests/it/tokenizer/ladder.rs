//! Which token a value gets while the vault is away.

use lingpai_core::ErrorCode;
use lingpai_core::time::UnixSeconds;
use lingpai_core::tokenization::op_id::InstallId;
use lingpai_core::tokenization::pools::Lease;
use lingpai_core::tokenization::{FieldPolicy, Policy, PolicyClaims, provisional};
use lingpai_core::tokenizer::ladder::{self, Placed, Rung, Standing, Wanted};
use lingpai_core::tokenizer::upkeep;
use lingpai_tests::NOW;

use super::world::{Store, after, claims, field, install, life, policy, standing, wanted};

fn degrade(
    store: &mut Store,
    policy: &Policy,
    wanted: Vec<Wanted>,
    now: UnixSeconds,
) -> Result<Vec<Placed>, (ErrorCode, Option<&'static str>)> {
    let fields: Vec<String> = wanted.iter().map(|it| it.field.clone()).collect();
    let lookups: Vec<_> = wanted.iter().filter_map(|it| it.lookup.clone()).collect();
    let keys = ladder::keys(fields.iter().map(String::as_str), lookups.iter());
    let rows = store.read(&keys);
    let (batch, placed) = ladder::degrade(&rows, policy, wanted, standing(now))
        .map_err(|error| (error.code(), error.detail()))?;
    assert!(store.write(&batch));
    Ok(placed)
}

#[test]
fn a_value_gets_a_provisional_token_and_the_same_one_again() {
    let policy = policy(&claims("p1", vec![field("phone")]));
    let mut store = Store::with(&policy);
    let first = degrade(&mut store, &policy, vec![wanted("phone", "13800138000", 1)], NOW);
    let first = first.expect("placed").remove(0);
    assert_eq!(first.rung, Rung::Provisional);
    assert!(provisional::is_provisional(&first.token));
    let again = degrade(&mut store, &policy, vec![wanted("phone", "13800138000", 2)], NOW);
    assert_eq!(again.expect("placed"), [Placed { token: first.token, rung: Rung::Known }]);
    assert_eq!(store.list("op/", 10).len(), 1);
}

fn refusal(
    store: &mut Store,
    policy: &Policy,
    wanted: Vec<Wanted>,
    now: UnixSeconds,
) -> (ErrorCode, Option<&'static str>) {
    degrade(store, policy, wanted, now).expect_err("refused")
}

#[test]
fn the_pool_comes_before_provisional_tokens_and_is_used_once() {
    let rules = FieldPolicy { pool: 2, ..field("phone") };
    let policy = policy(&claims("p1", vec![rules.clone()]));
    let mut store = Store::with(&policy);
    let key = ["pool/phone".to_owned()];
    let wants = upkeep::refill(&store.read(&key), &install(), &rules, NOW).expect("read");
    assert_eq!(wants.map(|it| it.count), Some(2));
    let lease = Lease {
        lease: "l1".to_owned(),
        expires_at: after(60),
        tokens: vec!["one".to_owned(), "two".to_owned()],
    };
    let batch = upkeep::stock(&store.read(&key), &install(), "phone", lease, NOW).expect("stocked");
    assert!(store.write(&batch));
    assert_eq!(upkeep::refill(&store.read(&key), &install(), &rules, NOW), Ok(None));
    let values = (0..3).map(|at| wanted("phone", &format!("1380013800{at}"), at));
    let placed = degrade(&mut store, &policy, values.collect(), NOW).expect("placed");
    let rungs: Vec<Rung> = placed.iter().map(|it| it.rung).collect();
    assert_eq!(rungs, [Rung::Pool, Rung::Pool, Rung::Provisional]);
    assert_ne!(placed[0].token, placed[1].token);
}

#[test]
fn a_lease_that_has_ended_gives_nothing_out() {
    let rules = FieldPolicy { pool: 2, provisional: false, ..field("phone") };
    let policy = policy(&claims("p1", vec![rules]));
    let mut store = Store::with(&policy);
    let lease =
        Lease { lease: "l1".to_owned(), expires_at: after(60), tokens: vec!["one".to_owned()] };
    let rows = store.read(&["pool/phone".to_owned()]);
    let batch = upkeep::stock(&rows, &install(), "phone", lease, NOW).expect("stocked");
    assert!(store.write(&batch));
    let refused = refusal(&mut store, &policy, vec![wanted("phone", "1", 1)], after(60));
    assert_eq!(refused, (ErrorCode::TemporarilyUnavailable, Some("pool")));
}

#[test]
fn a_call_that_is_refused_in_part_gives_out_nothing() {
    let rules = FieldPolicy { max: 2, ..field("phone") };
    let policy = policy(&claims("p1", vec![rules]));
    let mut store = Store::with(&policy);
    let three = || -> Vec<Wanted> {
        (0..3).map(|at| wanted("phone", &format!("1380013800{at}"), at)).collect()
    };
    let refused = refusal(&mut store, &policy, three(), NOW);
    assert_eq!(refused, (ErrorCode::TemporarilyUnavailable, Some("cap")));
    assert!(store.list("op/", 10).is_empty());
    let two = three().into_iter().take(2).collect();
    assert_eq!(degrade(&mut store, &policy, two, NOW).map(|it: Vec<Placed>| it.len()), Ok(2));
    let again = degrade(&mut store, &policy, vec![wanted("phone", "13800138000", 9)], NOW);
    assert!(again.is_ok(), "a token that is known costs nothing");
}

#[test]
fn blocking_the_network_or_turning_the_clock_gains_nothing() {
    let first = claims("p1", vec![field("phone")]);
    let policy = policy(&first);
    let mut store = Store::with(&policy);
    let over = first.validity.expires_at.plus(120);
    let late = refusal(&mut store, &policy, vec![wanted("phone", "1", 1)], over);
    assert_eq!(late, (ErrorCode::TemporarilyUnavailable, Some("policy")));
    // A token was given out in the policy's last seconds: whatever the clock says next, it is not earlier.
    let last = first.validity.expires_at.plus(59);
    assert!(degrade(&mut store, &policy, vec![wanted("phone", "2", 2)], last).is_ok());
    assert!(degrade(&mut store, &policy, vec![wanted("phone", "3", 3)], NOW).is_ok());
    let seen = format!("\"seen\":{}", last.as_i64());
    assert!(store.rows["account"].value.contains(&seen));
    let rows = store.read(&["account".to_owned()]);
    let older = PolicyClaims { id: "p0".to_owned(), version: 0, ..first };
    let older = super::world::policy(&older);
    let older = upkeep::adopt(&rows, &older, true, life(0, 0)).expect_err("refused");
    assert_eq!((older.code(), older.detail()), (ErrorCode::ClaimInvalid, Some("ver")));
}

#[test]
fn a_field_without_a_policy_and_a_store_that_is_not_durable_give_nothing() {
    let policy = policy(&claims("p1", vec![field("phone")]));
    let mut store = Store::with(&policy);
    let refused = refusal(&mut store, &policy, vec![wanted("card", "1", 1)], NOW);
    assert_eq!(refused, (ErrorCode::TemporarilyUnavailable, Some("field")));
    let wanted = wanted("phone", "1", 1);
    let keys = ladder::keys(["phone"].into_iter(), wanted.lookup.iter());
    let volatile = Standing { durable: false, ..standing(NOW) };
    let volatile = ladder::degrade(&store.read(&keys), &policy, vec![wanted], volatile);
    assert_eq!(volatile.err().map(|error| error.code()), Some(ErrorCode::StorageUnavailable));
}

#[test]
fn a_token_that_waits_is_not_given_out_again_where_nothing_is_kept() {
    let policy = policy(&claims("p1", vec![field("phone")]));
    let mut store = Store::with(&policy);
    degrade(&mut store, &policy, vec![wanted("phone", "1", 1)], NOW).expect("placed");
    let again = wanted("phone", "1", 2);
    let keys = ladder::keys(["phone"].into_iter(), again.lookup.iter());
    let volatile = Standing { durable: false, ..standing(NOW) };
    let refused = ladder::degrade(&store.read(&keys), &policy, vec![again], volatile);
    assert_eq!(refused.err().map(|error| error.code()), Some(ErrorCode::StorageUnavailable));
}

#[test]
fn nothing_is_made_under_a_policy_whose_key_is_not_here() {
    let policy = policy(&claims("p1", vec![field("phone")]));
    let mut store = Store::with(&policy);
    degrade(&mut store, &policy, vec![wanted("phone", "1", 1)], NOW).expect("placed");
    let under = |value: &str, number| {
        let wanted = wanted("phone", value, number);
        let keys = ladder::keys(["phone"].into_iter(), wanted.lookup.iter());
        let standing = Standing { key_at_hand: false, ..standing(NOW) };
        ladder::degrade(&store.read(&keys), &policy, vec![wanted], standing)
    };
    let refused = under("2", 2).expect_err("refused");
    let told = (refused.code(), refused.detail());
    assert_eq!(told, (ErrorCode::TemporarilyUnavailable, Some("policy")));
    assert!(under("1", 3).is_ok(), "what is known is known");
}

#[test]
fn what_was_leased_to_another_install_is_not_given_out() {
    let rules = FieldPolicy { pool: 1, ..field("phone") };
    let mine = policy(&claims("p1", vec![rules.clone()]));
    let mut store = Store::with(&mine);
    let rows = store.read(&["pool/phone".to_owned()]);
    let lease =
        Lease { lease: "l1".to_owned(), expires_at: after(60), tokens: vec!["one".to_owned()] };
    let other = InstallId::new([8; 16]);
    let batch = upkeep::stock(&rows, &other, "phone", lease, NOW).expect("stocked");
    assert!(store.write(&batch));
    let rows = store.read(&["pool/phone".to_owned()]);
    let wants = upkeep::refill(&rows, &install(), &rules, NOW).expect("read");
    assert_eq!(wants.map(|it| it.count), Some(1), "it has none of its own");
    let placed = degrade(&mut store, &mine, vec![wanted("phone", "1", 1)], NOW).expect("placed");
    assert_eq!(placed[0].rung, Rung::Provisional);
}
