//! A policy gives away no more than a subject's share, and pages that keep no key leave something for those that do.

use lingpai_core::time::UnixSeconds;
use lingpai_core::tokenization::op_id::InstallId;
use lingpai_core::vault::Kind;
use lingpai_core::vault::grant::{Field, Granted, Wanted, grant, portion};
use proptest::prelude::*;

const NOW: UnixSeconds = UnixSeconds::new(1_790_000_000);
const DAY: i64 = 86_400;

fn wanted(install: u8, max: u32, share: u32, now: UnixSeconds) -> Wanted {
    Wanted {
        id: format!("policy of {install} at {}", now.as_i64()),
        install: InstallId::new([install; 16]),
        jkt: None,
        fields: vec![Field {
            name: "phone".into(),
            kind: Kind::Phone,
            pool: 32,
            provisional: true,
            max,
            max_per_subject: share,
        }],
        seal_kid: "seal".into(),
        lifetime_seconds: DAY,
        reconcile_until: now.plus(7 * DAY),
        now,
    }
}

/// What a subject has been given; asks, and remembers.
#[derive(Default)]
struct Subject(Vec<Granted>);

impl Subject {
    fn asks(&mut self, install: u8, now: UnixSeconds) -> u32 {
        let (granted, fresh) = grant(&self.0, wanted(install, 1000, 4000, now));
        if fresh {
            self.0.push(granted.clone());
        }
        granted.fields[0].max
    }
}

#[test]
fn pages_that_are_new_each_time_all_get_something() {
    let mut subject = Subject::default();
    let given: Vec<u32> = (0..60).map(|page| subject.asks(page, NOW)).collect();
    assert_eq!(given[..2], [1000, 1000]);
    assert!(given.iter().all(|max| *max > 0), "{given:?}");
    assert!(given.iter().sum::<u32>() <= 3000, "a quarter stays: {given:?}");
}

#[test]
fn who_comes_back_with_its_key_gets_of_what_was_kept_for_it() {
    let mut subject = Subject::default();
    subject.asks(0, NOW);
    for page in 1..80 {
        subject.asks(page, NOW);
    }
    let later = NOW.plus(DAY / 2);
    let fresh = subject.asks(200, later);
    let back = subject.asks(0, later);
    assert!(fresh <= 1, "{fresh}");
    assert!(back >= 999, "{back}");
}

#[test]
fn asking_twice_makes_nobody_an_old_acquaintance() {
    let mut subject = Subject::default();
    for page in 0..80 {
        subject.asks(page, NOW);
    }
    for _ in 0..10 {
        assert!(subject.asks(200, NOW.plus(60)) <= 1);
    }
}

#[test]
fn a_policy_that_allows_nothing_is_replaced_when_something_has_come_back() {
    let mut subject = Subject::default();
    while subject.asks(u8::try_from(subject.0.len()).expect("few"), NOW) > 0 {}
    let last = u8::try_from(subject.0.len() - 1).expect("few");
    assert_eq!(subject.asks(last, NOW.plus(60)), 0, "still nothing");
    // Meanwhile the others end; its own would have been given again until half of its day has passed.
    for granted in &mut subject.0 {
        if granted.install != InstallId::new([last; 16]) {
            granted.expires_at = NOW.plus(600);
        }
    }
    assert_eq!(subject.asks(last, NOW.plus(3600)), 1000);
}

proptest! {
    #[test]
    fn live_policies_together_never_allow_more_than_the_share(
        asked in proptest::collection::vec((any::<u8>(), 0..DAY / 2, 0..2000_u32), 1..60), share in 0..5000_u32,
    ) {
        let mut remembered: Vec<Granted> = Vec::new();
        let mut now = NOW;
        for (install, pause, max) in asked {
            now = now.plus(pause);
            let (granted, fresh) = grant(&remembered, wanted(install, max, share, now));
            if fresh {
                remembered.push(granted);
            }
            let live = remembered.iter().filter(|it| it.expires_at > now);
            prop_assert!(live.map(|it| it.fields[0].max).sum::<u32>() <= share);
        }
    }

    #[test]
    fn a_portion_is_no_more_than_was_asked_for_and_is_left(
        wanted in any::<u32>(), share in any::<u32>(), left in any::<u32>(),
    ) {
        let given = portion(wanted, share, left);
        prop_assert!(given <= wanted && given <= left);
        prop_assert_eq!(given == 0, wanted == 0 || left == 0);
    }
}
