//! When the vault counts as away, and as back.

use lingpai_core::secret::Seed;
use lingpai_core::tokenizer::{Breaker, Gate, Outcome, Row, Rows, breaker};
use proptest::prelude::*;

const ALIVE: Outcome = Outcome::Alive;
const FAILING: Outcome = Outcome::Failing { asked_ms: None };
const START: u64 = 1_790_000_000_000;

fn jitter(byte: u8) -> Seed {
    Seed::new([byte; 32])
}

fn after(outcomes: &[Outcome]) -> Breaker {
    outcomes
        .iter()
        .fold(Breaker::default(), |it, outcome| it.record(*outcome, false, START, &jitter(0)))
}

fn none() -> Rows {
    let mut rows = Rows::new();
    rows.insert(breaker::KEY, None);
    rows
}

fn gate(breaker: &Breaker, now_ms: u64) -> Gate {
    breaker.gate(&none(), now_ms).expect("read")
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
    assert!(before.record(FAILING, false, START + 31_000, &jitter(0)).is_closed());
    assert!(!before.record(FAILING, false, START + 4_000, &jitter(0)).is_closed());
}

#[test]
fn refusals_are_answers_and_pages_of_portals_are_none() {
    let of = |status, document| Outcome::of_answer(status, document, Some(5_000));
    for status in [400, 401, 403, 404, 409, 422] {
        assert_eq!(of(status, false), ALIVE, "{status}");
    }
    for status in [429, 500, 502, 503] {
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
    assert!(half_open.record(ALIVE, true, START + 1_500, &jitter(0)).is_closed());
    let again = half_open.record(FAILING, true, START + 1_500, &jitter(255));
    assert_eq!(again.name(), "open");
    let late = again.record(ALIVE, false, START + 1_600, &jitter(0));
    assert_eq!(late.name(), "open", "what was sent before decides nothing");
}

#[test]
fn it_waits_as_long_as_it_is_asked_and_not_for_ever() {
    let asked = |ms| {
        let outcome = Outcome::Failing { asked_ms: Some(ms) };
        let open = after(&[FAILING; 3]).record(outcome, false, START, &jitter(0));
        match gate(&open, START) {
            Gate::Wait(ms) => ms,
            gate => panic!("{gate:?}"),
        }
    };
    assert_eq!(asked(30_000), 30_000);
    assert_eq!(asked(u64::MAX), 3_600_000);
}

proptest! {
    #[test]
    fn waits_lie_between_a_second_and_a_minute(draws in prop::collection::vec(any::<u8>(), 1..12)) {
        let mut breaker = after(&[FAILING; 4]);
        let mut now = START;
        let mut before = 1_000;
        for draw in draws {
            now += 3_600_000;
            breaker = breaker.record(FAILING, true, now, &jitter(draw));
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
