//! The directory by hand: the life of one identity, refusals, the certificate at its end.

use lingpai_core::ErrorCode;
use lingpai_core::jose::JwkSet;
use lingpai_core::json;
use lingpai_core::residency::directory::{
    self, Cause, LONGEST_PAUSE_SECONDS, MOST_ATTEMPTS, Outcome, REGISTRATION_SECONDS, Record,
};
use lingpai_core::residency::fence::Deletion;
use lingpai_core::residency::plan::{self, Step, Task};
use lingpai_core::residency::{Area, Epoch, IdentityId, certificate};
use lingpai_tests::{Curve, ISSUER, NOW, signing_key};
use proptest::prelude::*;

fn area(name: &str) -> Area {
    Area::parse(name).expect("a name")
}

fn active() -> Record {
    let record = directory::register(None, area("cn"), NOW).unwrap();
    directory::confirm(record).unwrap().unwrap()
}

fn done(record: Record, deletion: Option<Deletion>) -> Record {
    let task = plan::next(&record).expect("something left to do");
    directory::report(Some(record), &task, Outcome::Done(deletion), NOW).unwrap().unwrap()
}

fn finish(mut record: Record) -> Record {
    while let Some(task) = plan::next(&record) {
        let deletes = matches!(
            task.step,
            Step::DeleteData(_)
                | Step::DeleteIdentity(_)
                | Step::DeletePinned(_)
                | Step::EraseVault
        );
        record = done(record, deletes.then_some(Deletion { items: 1, at: NOW }));
    }
    record
}

#[test]
fn a_move_is_a_list_that_can_be_read() {
    let mut record = directory::begin_move(Some(active()), area("eu"), NOW).unwrap().unwrap();
    let mut steps = Vec::new();
    while let Some(task) = plan::next(&record) {
        steps.push(task.step.as_str());
        let route = record.route().unwrap();
        assert_eq!(route.area.as_str(), if steps.len() <= 5 { "cn" } else { "eu" });
        assert_eq!(route.writable, steps.len() > 5, "{steps:?}");
        record = done(record, None);
    }
    assert_eq!(
        steps.join(" "),
        "freeze_identity freeze_data copy_identity copy_data commit \
         activate_identity activate_data delete_data delete_identity"
    );
    assert_eq!((record.area().as_str(), record.epoch()), ("eu", Epoch::from_i64(3).unwrap()));
    assert_eq!(record.wake_at(), None);
}

#[test]
fn a_report_about_another_step_changes_nothing() {
    let record = directory::begin_move(Some(active()), area("eu"), NOW).unwrap().unwrap();
    let task = plan::next(&record).unwrap();
    let ahead = done(record.clone(), None);
    let late = |record: &Record, task: &Task| {
        directory::report(Some(record.clone()), task, Outcome::Done(None), NOW).unwrap().unwrap()
    };
    assert_eq!(late(&ahead, &task), ahead);
    let undone =
        directory::report(Some(record), &task, Outcome::Refused(ErrorCode::AlreadyRegistered), NOW);
    let again = directory::begin_move(Some(finish(undone.unwrap().unwrap())), area("eu"), NOW);
    let again = again.unwrap().unwrap();
    assert_ne!(
        plan::next(&again),
        Some(task.clone()),
        "the same step of another attempt is another"
    );
    assert_eq!(late(&again, &task), again);
}

#[test]
fn a_move_that_keeps_failing_is_undone_and_a_deletion_never_is() {
    let mut record = directory::begin_move(Some(active()), area("eu"), NOW).unwrap().unwrap();
    for attempt in 1..=MOST_ATTEMPTS {
        assert!(!record.route().unwrap().writable, "attempt {attempt}");
        let task = plan::next(&record).unwrap();
        record = directory::report(Some(record), &task, Outcome::Failed, NOW).unwrap().unwrap();
    }
    assert_eq!(record.undone(), Some(ErrorCode::TemporarilyUnavailable));
    assert_eq!((record.area().as_str(), record.route().unwrap().writable), ("cn", true));

    let areas = [area("cn"), area("eu")];
    let mut record =
        directory::begin_removal(Some(record), Cause::Person, &areas, NOW).unwrap().unwrap();
    for _ in 0..100 {
        let task = plan::next(&record).unwrap();
        record = directory::report(Some(record), &task, Outcome::Failed, NOW).unwrap().unwrap();
        assert!(record.wake_at().unwrap() <= NOW.plus(LONGEST_PAUSE_SECONDS));
        assert_eq!(record.route().unwrap_err().code(), ErrorCode::IdentityErased);
    }
}

#[test]
fn a_registration_that_nobody_ends_is_forgotten() {
    let record = directory::register(None, area("cn"), NOW).unwrap();
    assert_eq!(directory::wake(record.clone(), NOW).unwrap(), record);
    let later = NOW.plus(REGISTRATION_SECONDS);
    let record = directory::wake(record, later).unwrap().unwrap();
    assert_eq!(
        directory::confirm(Some(record.clone())).unwrap_err().code(),
        ErrorCode::IdentityErased
    );
    let task = plan::next(&record).unwrap();
    assert_eq!(directory::report(Some(record), &task, Outcome::Done(None), later).unwrap(), None);
}

#[test]
fn the_certificate_says_what_was_deleted_where_and_names_nobody() {
    let id = IdentityId::from_random([7; 16]);
    let key = signing_key(Curve::Edwards);
    let areas = [area("cn"), area("eu")];
    let record =
        directory::begin_removal(Some(active()), Cause::Identity, &areas, NOW).unwrap().unwrap();
    let sign = |record: &Record| certificate::sign(record, id, ISSUER, NOW, "c-1", &key);
    assert_eq!(sign(&active()).unwrap_err().code(), ErrorCode::IdentityUnknown);
    assert_eq!(sign(&record).unwrap_err().code(), ErrorCode::Moving);
    let record = finish(record);
    let person =
        directory::begin_removal(Some(record), Cause::Person, &areas, NOW).unwrap().unwrap();
    assert_eq!(plan::next(&person).unwrap().step, Step::EraseVault, "what is left of it");
    let jws = sign(&finish(person)).unwrap();
    let keys = JwkSet::from_keys(vec![key.public().clone()]);
    let jws = lingpai_core::jose::Jws::parse(&jws).unwrap();
    let verified = jws.verify(&lingpai_core::jose::VerifyingKey::Jwk(keys.iter().next().unwrap()));
    let claims = json::parse_object(verified.unwrap()).unwrap();
    let at = NOW.as_i64();
    let line = |area, kind, items| {
        format!(r#"{{"area":"{area}","kind":"{kind}","items":{items},"at":{at}}}"#)
    };
    let deleted = [
        line("cn", "identity", 1),
        line("cn", "data", 2),
        line("eu", "identity", 1),
        line("eu", "data", 2),
    ];
    assert_eq!(
        claims.to_json(),
        format!(
            r#"{{"iss":"{ISSUER}","iat":{at},"jti":"c-1","sub_hash":"{}","cause":"person","closed":{at},"sessions_ended":{at},"deleted":[{}],"vault":{{"items":1,"at":{at}}},"completed":{at}}}"#,
            certificate::subject_hash(id),
            deleted.join(","),
        )
    );
    assert!(!claims.to_json().contains(&id.to_text()));
}

proptest! {
    #[test]
    fn no_text_panics(text in ".*") {
        let _ = Record::parse(&text);
        let _ = Task::parse(&text);
        let _ = Area::parse(&text);
    }
}
