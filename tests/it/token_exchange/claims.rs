//! A code is its first holder's, who may repeat the request for a minute.

use lingpai_core::token_exchange::claim::{Claim, Holder, Standing, claim};
use lingpai_tests::NOW;

use super::JKT;

fn holder(request: Option<&str>, jkt: Option<&str>) -> Holder {
    Holder { request: request.map(str::to_owned), jkt: jkt.map(str::to_owned) }
}

/// Claims in turn, each kept as text as a store keeps it.
fn standings(claims: &[(Holder, i64)]) -> Vec<Standing> {
    let mut kept: Option<String> = None;
    let decide = |(by, after): &(Holder, i64)| {
        let before = kept.as_deref().map(|text| Claim::parse(text).expect("what was kept"));
        let (standing, now) = claim(before, by.clone(), NOW.plus(*after));
        kept = Some(now.to_json());
        standing
    };
    claims.iter().map(decide).collect()
}

#[test]
fn only_the_holder_repeats_and_only_for_a_minute() {
    use Standing::{First, Repeated, Used};
    let (a, b) = (Some("a"), Some("b"));
    let other_key = Some("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    let cases = [
        ("the same mark", holder(a, None), holder(a, None), Repeated),
        ("the same key", holder(a, Some(JKT)), holder(b, Some(JKT)), Repeated),
        ("the same key, no marks", holder(None, Some(JKT)), holder(None, Some(JKT)), Repeated),
        ("another mark", holder(a, None), holder(b, None), Used),
        ("no mark", holder(None, None), holder(None, None), Used),
        ("a mark that was none", holder(None, None), holder(a, None), Used),
        ("the mark with another key", holder(a, Some(JKT)), holder(a, other_key), Used),
        ("the mark without its key", holder(a, Some(JKT)), holder(a, None), Used),
        ("the mark with a key it did not have", holder(a, None), holder(a, Some(JKT)), Used),
    ];
    for (what, first, second, standing) in cases {
        let decided = standings(&[(first.clone(), 0), (second.clone(), 60)]);
        assert_eq!(decided, [First, standing], "{what}");
        let late = standings(&[(first.clone(), 0), (second, 61)]);
        assert_eq!(late, [First, Used], "{what}, late");
        // Whoever was refused takes nothing from the holder.
        if standing == Used && first.request.is_some() {
            let again = standings(&[(first.clone(), 0), (holder(b, other_key), 1), (first, 2)]);
            assert_eq!(again, [First, Used, Repeated], "{what}");
        }
    }
}
