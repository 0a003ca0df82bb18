//! One holder at a time, and nobody for ever.

use lingpai_core::cache::lease::{Claim, Lease, claim};
use proptest::prelude::*;

const TERM_MS: u64 = 10_000;

proptest! {
    #[test]
    fn two_holders_never_have_the_same_generation(
        steps in prop::collection::vec((0..4_usize, 0..15_000_u64, any::<bool>()), 1..60),
    ) {
        let mut row: Option<Lease> = None;
        let mut now = 1_000_000;
        for (who, passes, gives_back) in steps {
            now += passes;
            let holder = format!("tab {who}");
            match claim(row.as_ref(), &holder, now, TERM_MS) {
                Claim::Wait(left) => {
                    let held = row.as_ref().expect("somebody has it");
                    prop_assert!(held.holder != holder && left <= TERM_MS && held.until_ms == now + left);
                }
                Claim::Take(taken) => {
                    let renewed = row.as_ref().is_some_and(|before| before.holder == holder);
                    let before = row.as_ref().map_or(0, |before| before.generation);
                    prop_assert_eq!(taken.generation, if renewed { before } else { before + 1 });
                    if let Some(before) = &row && !renewed && !before.holder.is_empty() {
                        prop_assert!(before.until_ms <= now, "taken from somebody who had it");
                    }
                    let text = taken.to_text();
                    prop_assert_eq!(Lease::parse(&text), Some(taken.clone()));
                    row = Some(if gives_back { taken.released() } else { taken });
                }
            }
        }
    }
}

#[test]
fn a_lease_from_a_clock_that_was_turned_back_since_stops_nobody() {
    let lease = Lease { holder: "tab".into(), generation: 3, until_ms: 90_000_000 };
    let Claim::Take(taken) = claim(Some(&lease), "other", 1_000, TERM_MS) else {
        panic!("it has to be free")
    };
    assert_eq!((taken.generation, taken.until_ms), (4, 11_000));
}

#[test]
fn what_is_no_lease_is_none() {
    for text in ["", "1", "1 2", "x 2 tab", "1 x tab"] {
        assert_eq!(Lease::parse(text), None, "{text}");
    }
}
