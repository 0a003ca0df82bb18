//! One alias, one operation: named cases, then schedules of pages, thieves, terminals and crashes against a model.

use lingpai_core::ErrorCode;
use lingpai_core::alias::keys::secret_hash;
use lingpai_core::alias::limits::Limits;
use lingpai_core::alias::registry::{
    self, AliasRecord, Begin, Claim, Closed, Holder, KEPT_SECONDS, OperationRecord, Released,
    State, Verdict,
};
use lingpai_core::json;
use lingpai_core::time::UnixSeconds;
use lingpai_tests::NOW;
use proptest::prelude::*;

const LEASE: i64 = 25;

fn holder(sid: &str) -> Holder {
    Holder { sub: "user".into(), sid: sid.into(), jkt: "key".into() }
}

fn alias() -> AliasRecord {
    AliasRecord {
        holder: holder("phone"),
        operation: "transfer".into(),
        limits: Limits::parse(r#"{"amount":100}"#).expect("limits"),
        account: "sealed".into(),
        closers: vec![secret_hash("close")],
        claim: Some(secret_hash("claim")),
        expires_at: NOW.plus(300),
        released: None,
    }
}

fn attempt(hash: &str, now: UnixSeconds) -> Begin {
    Begin {
        holder: holder("phone"),
        operation: "transfer".into(),
        hash: hash.into(),
        details: json::parse_object(br#"{"amount":100}"#).expect("details"),
        lease_seconds: LEASE,
        now,
    }
}

fn claim(to: Holder, secret: &str) -> Claim {
    Claim {
        secret: secret.into(),
        to: Released { to: format!("visit-{}", to.sid), holder: to },
        closer: secret_hash("close-2"),
        now: NOW,
    }
}

fn refused(alias: Option<AliasRecord>, attempt: Begin) -> ErrorCode {
    let begun = registry::begin(alias.clone(), None, attempt);
    assert_eq!(begun.alias, alias, "a refusal takes nothing");
    assert_eq!(begun.operation, None);
    match begun.verdict {
        Verdict::Refused(code) => code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_alias_is_gone_when_its_operation_begins() {
    let begun = registry::begin(Some(alias()), None, attempt("h", NOW));
    assert_eq!(begun.verdict, Verdict::Execute { account: "sealed".into() });
    assert_eq!(begun.alias, None);
    assert!(!begun.operation.expect("begun").to_json().contains("sealed"));
}

#[test]
fn unknown_used_foreign_and_released_aliases_are_refused_alike() {
    assert_eq!(refused(None, attempt("h", NOW)), ErrorCode::AliasInvalid);
    let foreign = |change: fn(&mut Begin)| {
        let mut attempt = attempt("h", NOW);
        change(&mut attempt);
        refused(Some(alias()), attempt)
    };
    for change in [
        (|it| it.holder.sub = "another".into()) as fn(&mut Begin),
        |it| it.holder.sid = "another".into(),
        |it| it.holder.jkt = "another".into(),
        |it| it.operation = "close-account".into(),
    ] {
        assert_eq!(foreign(change), ErrorCode::AliasInvalid);
    }
    let (left, _) = registry::release(Some(alias()), claim(holder("kiosk"), "claim")).unwrap();
    assert_eq!(refused(Some(left), attempt("h", NOW)), ErrorCode::AliasInvalid);
}

#[test]
fn an_expired_alias_is_as_good_as_none() {
    let begun = registry::begin(Some(alias()), None, attempt("h", NOW.plus(300)));
    assert_eq!(begun.verdict, Verdict::Refused(ErrorCode::AliasInvalid));
    assert_eq!(begun.alias, None, "and is deleted at once");
    let begun = registry::begin(Some(alias()), None, attempt("h", NOW.plus(299)));
    assert!(matches!(begun.verdict, Verdict::Execute { .. }));
}

#[test]
fn beyond_its_limits_nothing_is_executed_and_nothing_is_lost() {
    let mut attempt = attempt("h", NOW);
    attempt.details = json::parse_object(br#"{"amount":101}"#).expect("details");
    assert_eq!(refused(Some(alias()), attempt), ErrorCode::AccessDenied);
}

#[test]
fn a_repetition_gets_the_first_answer_for_a_day() {
    let begun = registry::begin(Some(alias()), None, attempt("h", NOW)).operation;
    let done = State::Done { answer: "answer".into() };
    let settled = registry::settle(begun, "h", done.clone(), NOW.plus(2));
    let again = |hash, seconds| {
        registry::begin(None, settled.clone(), attempt(hash, NOW.plus(seconds))).verdict
    };
    assert_eq!(again("h", 3), Verdict::Begun(done.clone()));
    assert_eq!(again("h", 24 * 3600 + 2), Verdict::Begun(done));
    assert_eq!(again("other", 3), Verdict::Refused(ErrorCode::IdempotencyConflict));
    assert_eq!(again("h", KEPT_SECONDS + LEASE + 1), Verdict::Refused(ErrorCode::AliasInvalid));
}

#[test]
fn another_body_under_a_used_key_keeps_its_alias() {
    let begun = registry::begin(Some(alias()), None, attempt("h", NOW)).operation;
    let second = registry::begin(Some(alias()), begun.clone(), attempt("other", NOW));
    assert_eq!(second.verdict, Verdict::Refused(ErrorCode::IdempotencyConflict));
    assert_eq!((second.alias, second.operation), (Some(alias()), begun));
}

#[test]
fn without_an_answer_an_operation_is_pending_and_then_in_doubt() {
    let begun = registry::begin(Some(alias()), None, attempt("h", NOW)).operation;
    let asked = |seconds| {
        let again = registry::begin(None, begun.clone(), attempt("h", NOW.plus(seconds)));
        match again.verdict {
            Verdict::Begun(state) => state,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(asked(LEASE - 1), State::Pending { lease: NOW.plus(LEASE) });
    assert_eq!(asked(LEASE), State::InDoubt);
}

#[test]
fn the_first_outcome_stays() {
    let begun = registry::begin(Some(alias()), None, attempt("h", NOW)).operation;
    let doubt = registry::settle(begun, "h", State::InDoubt, NOW);
    let answer = |text: &str| State::Done { answer: text.into() };
    let late = registry::settle(doubt, "h", answer("late"), NOW);
    let second = registry::settle(late.clone(), "h", answer("second"), NOW);
    assert_eq!(second, late);
    assert_eq!(registry::settle(late.clone(), "h", State::InDoubt, NOW), late);
    assert_eq!(registry::settle(late.clone(), "other", answer("x"), NOW), late);
    assert_eq!(registry::settle(None, "h", answer("x"), NOW), None);
}

#[test]
fn only_its_secret_closes_an_alias_and_never_an_execution() {
    assert_eq!(registry::close(Some(&alias()), "close"), Closed::Alias);
    for wrong in ["", "Close", "close ", "claim"] {
        assert_eq!(registry::close(Some(&alias()), wrong), Closed::Nothing, "{wrong}");
    }
    assert_eq!(registry::close(None, "close"), Closed::Nothing);
    // What is under way has no alias any more; the operation is not even looked at.
    let begun = registry::begin(Some(alias()), None, attempt("h", NOW));
    assert_eq!(registry::close(begun.alias.as_ref(), "close"), Closed::Nothing);
}

#[test]
fn aliases_are_bounded_in_number_and_life() {
    let open = |count, seconds| {
        let alias = AliasRecord { expires_at: NOW.plus(seconds), ..alias() };
        registry::open(alias, count, NOW).map_err(|error| error.code())
    };
    assert!(open(31, 900).is_ok());
    assert_eq!(open(32, 300), Err(ErrorCode::RateLimited));
    assert!(registry::room(31).is_ok());
    assert_eq!(registry::room(32).map_err(|error| error.code()), Err(ErrorCode::RateLimited));
    assert_eq!(open(0, 901), Err(ErrorCode::LifetimeExceeded));
    assert_eq!(open(0, 0), Err(ErrorCode::LifetimeExceeded));
}

#[test]
fn another_terminal_of_the_same_user_takes_an_alias_over() {
    let (left, taken) =
        registry::release(Some(alias()), claim(holder("kiosk"), "claim")).expect("claimed");
    let taken = registry::adopt(None, taken).expect("adopted");
    let mut by_kiosk = attempt("h", NOW);
    by_kiosk.holder = holder("kiosk");
    assert!(matches!(
        registry::begin(Some(taken.clone()), None, by_kiosk).verdict,
        Verdict::Execute { .. }
    ));
    // Both can close it; the first closes it at the second.
    assert_eq!(registry::close(Some(&left), "close"), Closed::AliasAt("visit-kiosk".into()));
    for secret in ["close", "close-2"] {
        assert_eq!(registry::close(Some(&taken), secret), Closed::Alias);
    }
    let left = registry::forget(left);
    assert!(!left.to_json().contains("sealed"), "the first keeps no account");
    // The answer was lost: the same terminal asks again, and has what it had.
    let (_, again) = registry::release(Some(left), claim(holder("kiosk"), "claim")).expect("again");
    assert_eq!(registry::adopt(Some(taken), again.clone()).expect("kept").account, "sealed");
    assert!(registry::adopt(None, again).is_err(), "nothing is made of nothing");
}

#[test]
fn nobody_else_takes_an_alias_over() {
    let refused = |alias: Option<AliasRecord>, claim: Claim| {
        registry::release(alias, claim).expect_err("not theirs").code()
    };
    let stranger = Holder { sub: "another".into(), ..holder("kiosk") };
    let late = Claim { now: NOW.plus(300), ..claim(holder("kiosk"), "claim") };
    let unclaimable = AliasRecord { claim: None, ..alias() };
    let (left, _) = registry::release(Some(alias()), claim(holder("kiosk"), "claim")).unwrap();
    for (alias, claim) in [
        (Some(alias()), claim(stranger, "claim")),
        (Some(alias()), claim(holder("kiosk"), "close")),
        (Some(alias()), claim(holder("phone"), "claim")),
        (Some(alias()), late),
        (Some(unclaimable), claim(holder("kiosk"), "")),
        (Some(left), claim(holder("second-kiosk"), "claim")),
        (None, claim(holder("kiosk"), "claim")),
    ] {
        assert_eq!(refused(alias, claim), ErrorCode::AliasInvalid);
    }
}

#[test]
fn what_is_stored_says_all_of_it() {
    let (left, _) = registry::release(Some(alias()), claim(holder("kiosk"), "claim")).unwrap();
    for record in [alias(), left] {
        assert_eq!(AliasRecord::parse(&record.to_json()), Ok(record));
    }
    for state in [State::Pending { lease: NOW }, State::Done { answer: "a".into() }, State::InDoubt]
    {
        let record = OperationRecord { hash: "h".into(), state, until: NOW.plus(5) };
        assert_eq!(OperationRecord::parse(&record.to_json()), Ok(record));
    }
}

/// What may happen to one alias and one idempotency key, in any order.
#[derive(Clone, Debug)]
enum Step {
    Submit { body: u8 },
    Settle { body: u8, answer: u8 },
    Close,
    Wait { seconds: i64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..2_u8).prop_map(|body| Step::Submit { body }),
        3 => (0..2_u8, 0..3_u8).prop_map(|(body, answer)| Step::Settle { body, answer }),
        1 => Just(Step::Close),
        2 => (1..400_i64).prop_map(|seconds| Step::Wait { seconds }),
    ];
    proptest::collection::vec(step, 1..40)
}

proptest! {
    #[test]
    fn whatever_happens_it_is_executed_once_and_answered_alike(steps in steps()) {
        let mut now = NOW;
        let mut store = (Some(alias()), None::<OperationRecord>);
        let (mut executions, mut answered) = (0, None::<String>);
        for step in steps {
            match step {
                Step::Submit { body } => {
                    let begun = registry::begin(
                        store.0.take(), store.1.take(), attempt(&format!("h{body}"), now));
                    match &begun.verdict {
                        Verdict::Execute { .. } => executions += 1,
                        Verdict::Begun(State::Done { answer }) => {
                            let first = answered.get_or_insert_with(|| answer.clone());
                            prop_assert_eq!(first.as_str(), answer);
                        }
                        Verdict::Begun(_) => prop_assert_eq!(executions, 1),
                        Verdict::Refused(code) => prop_assert!(
                            *code == ErrorCode::AliasInvalid || executions == 1, "{:?}", code),
                    }
                    if executions > 0 {
                        prop_assert_eq!(&begun.alias, &None);
                    }
                    store = (begun.alias, begun.operation);
                }
                Step::Settle { body, answer } => {
                    let outcome = match answer {
                        0 => State::InDoubt,
                        nth => State::Done { answer: format!("a{nth}") },
                    };
                    store.1 = registry::settle(store.1, &format!("h{body}"), outcome, now);
                }
                Step::Close => {
                    if registry::close(store.0.as_ref(), "close") == Closed::Alias {
                        store.0 = None;
                    }
                }
                Step::Wait { seconds } => now = now.plus(seconds),
            }
            prop_assert!(executions <= 1);
        }
    }
}
