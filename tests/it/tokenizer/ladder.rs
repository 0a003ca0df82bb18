//! Which token a value gets while the vault is away.

use lingpai_core::ErrorCode;
use lingpai_core::time::UnixSeconds;
use lingpai_core::tokenization::{Policy, provisional};
use lingpai_core::tokenizer::ladder::{self, Placed, Rung, Wanted};
use lingpai_tests::NOW;

use super::world::{Store, claims, field, policy, wanted};

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
    let (batch, placed) = ladder::degrade(&rows, policy, wanted, true, now)
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
