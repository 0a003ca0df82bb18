//! When the vault counts as away, and as back.

use lingpai_core::secret::Seed;
use lingpai_core::tokenizer::{Breaker, Call, Gate, Outcome, Row, Rows, breaker};
use proptest::prelude::*;

const ALIVE: Outcome = Outcome::Alive;
const FAILING: Outcome = Outcome::Failing { asked_ms: None };
const START: u64 = 1_790_000_000_000;

fn jitter(byte: u8) -> Seed {
    Seed::new([byte; 32])
}

fn after(outcomes: &[Outcome]) -> Breaker {
    outcomes.iter().fold(Breaker::default(), |it, outcome| {
        it.record(Call::Tokens, *outcome, false, START, &jitter(0))
    })
}

fn none() -> Rows {
    let mut rows = Rows::new();
    rows.insert(breaker::KEY, None);
    rows
}

fn gate(breaker: &Breaker, now_ms: u64) -> Gate {
    breaker.gate(&none(), Call::Tokens, now_ms).expect("read")
}

#[test]
fn it_opens_below_half_but_not_on_a_small_sample() {
    assert!(after(&[FAILING; 3]).is_closed());
    assert_eq!(after(&[FAILING; 4]).name(), "open");
    assert!(after(&[ALIVE, ALIVE, FAILING, FAILING]).is_closed());
    assert_eq!(after(&[ALIVE, FAILING, FAILING, FAILING]).name(), "open");
}

#[test]
fn what_is_long_ago_does_not_count() {
    let before = after(&[FAILING; 3]);
    assert!(before.record(Call::Tokens, FAILING, false, START + 31_000, &jitter(0)).is_closed());
    assert!(!before.record(Call::Tokens, FAILING, false, START + 4_000, &jitter(0)).is_closed());
}

#[test]
fn refusals_are_answers_and_pages_of_portals_are_none() {
    let of = |status, document| Outcome::of_answer(status, document, Some(5_000));
    for status in [400, 401, 403, 404, 409, 422] {
        assert_eq!(of(status, false), ALIVE, "{status}");
    }
    assert_eq!(of(429, true), Outcome::Limited { asked_ms: Some(5_000) });
    for status in [500, 502, 503] {
        assert_eq!(of(status, true), Outcome::Failing { asked_ms: Some(5_000) }, "{status}");
    }
    assert_eq!(of(200, true), ALIVE);
    for (status, document) in [(200, false), (302, false), (0, false)] {
        assert_eq!(of(status, document), FAILING, "{status}");
    }
}

#[test]
fn one_probe_decides() {
    let open = after(&[FAILING; 4]);
    assert_eq!(gate(&open, START), Gate::Wait(1_000));
    let Gate::Probe(batch) = gate(&open, START + 1_000) else { panic!("no probe") };
    assert_eq!(batch.expect, [(breaker::KEY.to_owned(), 0)], "whoever writes it first probes");
    let row = Row { value: batch.put[0].1.clone(), revision: 1 };
    let half_open = Breaker::parse(&row).expect("a breaker");
    assert!(matches!(gate(&half_open, START + 1_001), Gate::Wait(_)), "the others wait");
    assert!(matches!(gate(&half_open, START + 17_000), Gate::Probe(_)), "it never came back");
    assert!(half_open.record(Call::Tokens, ALIVE, true, START + 1_500, &jitter(0)).is_closed());
    let again = half_open.record(Call::Tokens, FAILING, true, START + 1_500, &jitter(255));
    assert_eq!(again.name(), "open");
    let late = again.record(Call::Tokens, ALIVE, false, START + 1_600, &jitter(0));
    assert_eq!(late.name(), "open", "what was sent before decides nothing");
}

#[test]
fn it_waits_as_long_as_it_is_asked_and_not_for_ever() {
    let asked = |ms| {
        let outcome = Outcome::Failing { asked_ms: Some(ms) };
        let open = after(&[FAILING; 3]).record(Call::Tokens, outcome, false, START, &jitter(0));
        match gate(&open, START) {
            Gate::Wait(ms) => ms,
            gate => panic!("{gate:?}"),
        }
    };
    assert_eq!(asked(30_000), 30_000);
    assert_eq!(asked(u64::MAX), 3_600_000);
}

const fn limited(asked_ms: Option<u64>) -> Outcome {
    Outcome::Limited { asked_ms }
}

#[test]
fn a_limit_is_no_outage_however_often_it_comes() {
    let before = after(&[FAILING; 3]);
    let many = (0..50).fold(before, |it, _| {
        it.record(Call::Reconcile, limited(Some(3_600_000)), false, START, &jitter(0))
    });
    assert!(many.is_closed());
    assert_eq!(gate(&many, START), Gate::Pass, "tokens are counted apart");
    let next = many.record(Call::Tokens, FAILING, false, START, &jitter(0));
    assert!(!next.is_closed(), "what was counted before still counts");
}

#[test]
fn a_pause_lasts_as_long_as_it_was_asked_within_bounds_and_is_its_calls_alone() {
    let left = |call, asked| {
        let paused = Breaker::default().record(call, limited(asked), false, START, &jitter(0));
        let other = if call == Call::Tokens { Call::Reconcile } else { Call::Tokens };
        assert_eq!(paused.gate(&none(), other, START).expect("read"), Gate::Pass);
        let Gate::Wait(ms) = paused.gate(&none(), call, START).expect("read") else {
            panic!("it pauses")
        };
        assert_eq!(
            paused.gate(&none(), call, START + ms).expect("read"),
            Gate::Pass,
            "and no longer"
        );
        ms
    };
    assert_eq!(left(Call::Reconcile, Some(600_000)), 600_000);
    assert_eq!(left(Call::Reconcile, Some(u64::MAX)), 3_600_000);
    assert_eq!(left(Call::Tokens, Some(30_000)), 30_000);
    assert_eq!(left(Call::Tokens, Some(3_600_000)), 60_000, "other fields are not to wait so long");
    assert_eq!(left(Call::Tokens, Some(0)), 2_000, "nobody is asked at once");
    assert_eq!(left(Call::Tokens, None), 2_000);
}

#[test]
fn a_probe_that_is_limited_has_found_the_vault() {
    let open = after(&[FAILING; 4]);
    let found = open.record(Call::Reconcile, limited(Some(9_000)), true, START + 1_000, &jitter(0));
    assert!(found.is_closed());
    assert_eq!(found.pause(Call::Reconcile, START + 1_000), Some(9_000));
    let late = open.record(Call::Reconcile, limited(None), false, START, &jitter(0));
    assert_eq!(late.name(), "open", "one that was sent before decides nothing");
}

#[test]
fn a_pause_is_kept_and_outlasts_what_the_circuit_does() {
    let paused =
        Breaker::default().record(Call::Reconcile, limited(Some(60_000)), false, START, &jitter(0));
    let text = paused.write(&none()).expect("read").put[0].1.clone();
    let again = Breaker::parse(&Row { value: text, revision: 1 }).expect("a breaker");
    assert_eq!(again, paused);
    let open =
        (0..4).fold(again, |it, _| it.record(Call::Tokens, FAILING, false, START, &jitter(0)));
    let closed = open.record(Call::Tokens, ALIVE, true, START + 2_000, &jitter(0));
    assert!(closed.is_closed());
    assert_eq!(closed.pause(Call::Reconcile, START + 2_000), Some(58_000));
    // Rows of before there were pauses have none.
    let old = r#"{"state":"closed","waited":0,"slices":[]}"#.to_owned();
    assert_eq!(Breaker::parse(&Row { value: old, revision: 1 }), Ok(Breaker::default()));
}

proptest! {
    #[test]
    fn no_pause_is_longer_than_its_bound_wherever_the_clock_goes(
        asked in any::<Option<u64>>(), back in 0_u64..10_000_000_000
    ) {
        for (call, bound) in [(Call::Tokens, 60_000), (Call::Reconcile, 3_600_000)] {
            let paused = Breaker::default().record(call, limited(asked), false, START, &jitter(0));
            let left = paused.pause(call, START).expect("it pauses");
            prop_assert!((2_000..=bound).contains(&left));
            prop_assert!(paused.pause(call, START.saturating_sub(back)).is_none_or(|ms| ms <= bound));
        }
    }

    #[test]
    fn waits_lie_between_a_second_and_a_minute(draws in prop::collection::vec(any::<u8>(), 1..12)) {
        let mut breaker = after(&[FAILING; 4]);
        let mut now = START;
        let mut before = 1_000;
        for draw in draws {
            now += 3_600_000;
            breaker = breaker.record(Call::Tokens, FAILING, true, now, &jitter(draw));
            let Gate::Wait(wait) = gate(&breaker, now) else { panic!("it is open") };
            prop_assert!((1_000..=60_000.min(3 * before)).contains(&wait), "{wait} after {before}");
            before = wait.max(1_000);
        }
    }

    #[test]
    fn any_text_is_a_breaker_or_none_and_a_clock_that_goes_back_locks_nobody_out(
        text in ".{0,80}", back in 0_u64..10_000_000_000
    ) {
        let _ = Breaker::parse(&Row { value: text, revision: 1 });
        let open = after(&[FAILING; 4]);
        match gate(&open, START.saturating_sub(back)) {
            Gate::Wait(ms) => prop_assert!(ms <= 3_600_000),
            Gate::Probe(_) => {}
            Gate::Pass => prop_assert!(false, "it is open"),
        }
    }
}
