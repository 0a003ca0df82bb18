//! The ledger's rules: one use, safe repetition, a chain of refresh tokens, revocation as a family. Named cases first, then
//! properties over random schedules of an honest page with a bad network and a thief.

use std::sync::LazyLock;

use lingpai_core::ErrorCode;
use lingpai_core::ledger::{Family, Redeem, Spend, Verdict, redeem, spend};
use lingpai_core::terms::VisitTerms;
use lingpai_core::time::UnixSeconds;
use lingpai_core::visit_token::TokenValues;
use lingpai_tests::{Curve, NOW, PAGE, access_token_claims};
use proptest::prelude::*;

const JKT: &str = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
const THIEF: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

/// Terms without a key, made once: an AT holds generated keys.
static TERMS: LazyLock<VisitTerms> =
    LazyLock::new(|| VisitTerms::of(&access_token_claims(Curve::Edwards, None), None));

/// A store of one family that survives by its text, as the real one does.
#[derive(Default)]
struct Store {
    text: Option<String>,
    tokens_minted: u32,
}

impl Store {
    fn load(&self) -> Option<Family> {
        self.text.as_deref().map(|text| Family::parse(text).expect("what was stored"))
    }

    fn save(&mut self, verdict: Verdict, family: Option<Family>) -> Verdict {
        self.text = family.as_ref().map(Family::to_json);
        assert_eq!(self.load(), family, "the text says all of it");
        verdict
    }

    fn fresh(&mut self, now: UnixSeconds) -> TokenValues {
        self.tokens_minted += 1;
        let jti = format!("vt-{}", self.tokens_minted);
        TokenValues { jti, issued_at: now, expires_at: now.plus(900) }
    }

    fn redeem(&mut self, request: &str, jkt: Option<&str>, now: UnixSeconds) -> Verdict {
        let attempt = Redeem {
            request_hash: request.into(),
            terms: VisitTerms { jkt: jkt.map(str::to_owned), ..TERMS.clone() },
            page: PAGE.into(),
            access_token_expires_at: NOW.plus(120),
            values: self.fresh(now),
            refresh_expires_at: Some(NOW.plus(3600)),
            now,
        };
        let (verdict, family) = redeem(self.load(), attempt);
        self.save(verdict, family)
    }

    fn spend(
        &mut self,
        counter: u32,
        request: &str,
        jkt: Option<&str>,
        now: UnixSeconds,
    ) -> Verdict {
        let values = self.fresh(now);
        let jkt = jkt.map(str::to_owned);
        let (request_hash, page) = (request.into(), PAGE.into());
        let attempt = Spend { counter, request_hash, page, jkt, values, now };
        let (verdict, family) = spend(self.load(), attempt);
        self.save(verdict, family)
    }

    fn revoked(&self) -> bool {
        self.load().is_some_and(|family| family.is_revoked())
    }
}

fn granted(verdict: &Verdict) -> (&str, u32) {
    match verdict {
        Verdict::Granted { values, refresh: Some((counter, _)) } => (&values.jti, *counter),
        other => panic!("{other:?}"),
    }
}

const REPLAYED: Verdict = Verdict::Refused(ErrorCode::Replayed);
const ENDED: Verdict = Verdict::Refused(ErrorCode::VisitEnded);

#[test]
fn the_first_use_is_granted_and_the_same_request_gets_the_same_values_for_a_minute() {
    for jkt in [Some(JKT), None] {
        let mut store = Store::default();
        let first = store.redeem("r1", jkt, NOW);
        assert_eq!(granted(&first), ("vt-1", 1));
        assert_eq!(store.redeem("r1", jkt, NOW.plus(60)), first);
        assert_eq!(store.redeem("r1", jkt, NOW.plus(61)), REPLAYED);
        assert!(store.revoked());
    }
}

#[test]
fn a_reloaded_page_gets_the_same_values_under_another_request_by_the_same_key() {
    let mut store = Store::default();
    let first = store.redeem("r1", Some(JKT), NOW);
    assert_eq!(store.redeem("r2", Some(JKT), NOW.plus(59)), first);
    assert!(!store.revoked());
}

#[test]
fn an_unbound_request_cannot_claim_to_be_the_same_page() {
    let mut store = Store::default();
    store.redeem("r1", None, NOW);
    assert_eq!(store.redeem("r2", None, NOW.plus(1)), REPLAYED);
    assert!(store.revoked());
}

#[test]
fn somebody_else_with_the_same_access_token_ends_the_family() {
    let mut store = Store::default();
    store.redeem("r1", Some(JKT), NOW);
    assert_eq!(store.redeem("r2", Some(THIEF), NOW.plus(1)), REPLAYED);
    assert_eq!(store.redeem("r1", Some(JKT), NOW.plus(2)), REPLAYED, "the owner too");
    assert_eq!(store.spend(1, "s1", Some(JKT), NOW.plus(3)), ENDED);
}

#[test]
fn an_access_token_counts_until_it_expires_and_its_repetition_a_little_longer() {
    let mut store = Store::default();
    let late = NOW.plus(120);
    assert_eq!(store.redeem("r1", Some(JKT), late), Verdict::Refused(ErrorCode::TokenExpired));
    assert_eq!(store.text, None, "nothing was used");

    let first = store.redeem("r1", Some(JKT), NOW.plus(119));
    assert_eq!(store.redeem("r1", Some(JKT), NOW.plus(150)), first, "expired in between");
}

#[test]
fn refresh_tokens_form_a_chain() {
    let mut store = Store::default();
    store.redeem("r1", Some(JKT), NOW);
    assert_eq!(granted(&store.spend(1, "s1", Some(JKT), NOW.plus(100))), ("vt-2", 2));
    assert_eq!(granted(&store.spend(2, "s2", Some(JKT), NOW.plus(200))), ("vt-3", 3));
    assert_eq!(store.spend(1, "s3", Some(JKT), NOW.plus(300)), REPLAYED, "used twice");
    assert!(store.revoked());
    assert_eq!(store.spend(3, "s4", Some(JKT), NOW.plus(301)), ENDED);
}

#[test]
fn the_same_refresh_request_gets_the_same_values_even_when_its_successor_was_used() {
    let mut store = Store::default();
    store.redeem("r1", None, NOW);
    let first = store.spend(1, "s1", None, NOW.plus(10));
    store.spend(2, "s2", None, NOW.plus(20));
    assert_eq!(store.spend(1, "s1", None, NOW.plus(70)), first);
    assert_eq!(store.spend(1, "s1", None, NOW.plus(71)), REPLAYED);
}

#[test]
fn a_bound_page_that_lost_the_successor_gets_the_same_one() {
    let mut store = Store::default();
    store.redeem("r1", Some(JKT), NOW);
    assert_eq!(granted(&store.spend(1, "s1", Some(JKT), NOW.plus(100))).1, 2);
    assert_eq!(granted(&store.spend(1, "other", Some(JKT), NOW.plus(1000))).1, 2);
    assert_eq!(granted(&store.spend(2, "s2", Some(JKT), NOW.plus(1100))).1, 3);
}

#[test]
fn a_refresh_from_another_origin_is_refused_and_costs_the_visit_nothing() {
    let mut store = Store::default();
    store.redeem("r1", Some(JKT), NOW);
    let attempt = Spend {
        counter: 1,
        request_hash: "s1".into(),
        page: "https://evil.example".into(),
        jkt: Some(JKT.into()),
        values: store.fresh(NOW),
        now: NOW,
    };
    let (verdict, family) = spend(store.load(), attempt);
    assert_eq!(store.save(verdict, family), Verdict::Refused(ErrorCode::OriginMismatch));
    assert!(!store.revoked());
    assert_eq!(granted(&store.spend(1, "s2", Some(JKT), NOW)).1, 2);
}

#[test]
fn an_unbound_page_is_not_believed_that() {
    let mut store = Store::default();
    store.redeem("r1", None, NOW);
    store.spend(1, "s1", None, NOW.plus(100));
    assert_eq!(store.spend(1, "other", None, NOW.plus(110)), REPLAYED);
}

#[test]
fn a_family_ends_and_nothing_comes_from_nothing() {
    let mut store = Store::default();
    assert_eq!(store.spend(1, "s1", Some(JKT), NOW), ENDED, "no family");
    store.redeem("r1", Some(JKT), NOW);
    assert_eq!(store.spend(1, "s1", Some(JKT), NOW.plus(3600)), ENDED);
    assert!(!store.revoked());
}

#[test]
fn a_family_is_kept_as_long_as_any_of_its_tokens_could_be_accepted() {
    let mut store = Store::default();
    store.redeem("r1", Some(JKT), NOW);
    store.spend(1, "s1", Some(JKT), NOW.plus(3599));
    let forget_at = store.load().expect("a family").forget_at();
    assert!(forget_at > NOW.plus(3599 + 900), "the last visit token outlives the chain");
}

/// What may happen to a visit.
#[derive(Clone, Debug)]
enum Event {
    /// The page refreshes with the newest token that it has saved; the answer may get lost.
    Refresh { answer_lost: bool },
    /// The network delivers the page's last request once more.
    Duplicate,
    /// Time passes.
    Wait(i64),
    /// A thief presents a token of the family with a key of his own.
    Steal { counter: u32 },
}

fn honest() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => any::<bool>().prop_map(|answer_lost| Event::Refresh { answer_lost }),
        2 => Just(Event::Duplicate),
        3 => (0..200_i64).prop_map(Event::Wait),
    ]
}

fn hostile() -> impl Strategy<Value = Event> {
    prop_oneof![3 => honest(), 1 => (0..6_u32).prop_map(|counter| Event::Steal { counter })]
}

/// Runs a schedule; returns the store and whether the honest page was ever refused within the life of its family.
fn run(events: Vec<Event>) -> (Store, bool) {
    let mut store = Store::default();
    let mut now = NOW;
    let (mut saved, mut sent, mut refused) = (1, None::<(u32, String, UnixSeconds)>, false);
    store.redeem("r1", Some(JKT), now);
    for (index, event) in events.into_iter().enumerate() {
        match event {
            Event::Wait(seconds) => now = now.plus(seconds),
            Event::Refresh { answer_lost } => {
                let request = format!("s{index}");
                let verdict = store.spend(saved, &request, Some(JKT), now);
                sent = Some((saved, request, now));
                match verdict {
                    Verdict::Granted { refresh: Some((next, _)), .. } if !answer_lost => {
                        saved = next
                    }
                    Verdict::Granted { .. } => (),
                    Verdict::Refused(_) => refused |= now < NOW.plus(3600),
                }
            }
            Event::Duplicate => {
                if let Some((counter, request, at)) =
                    sent.clone().filter(|(_, _, at)| now <= at.plus(60))
                {
                    let verdict = store.spend(counter, &request, Some(JKT), now);
                    refused |= matches!(verdict, Verdict::Refused(_))
                        && now < NOW.plus(3600)
                        && at < NOW.plus(3600);
                }
            }
            Event::Steal { counter } => {
                let verdict = store.spend(counter, "stolen", Some(THIEF), now);
                assert!(matches!(verdict, Verdict::Refused(_)), "a thief was served");
            }
        }
    }
    (store, refused)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_lossy_and_duplicating_network_never_ends_an_honest_visit(events in prop::collection::vec(honest(), 0..40)) {
        let (store, refused) = run(events);
        prop_assert!(!refused && !store.revoked());
    }

    #[test]
    fn a_thief_without_the_key_is_never_served(events in prop::collection::vec(hostile(), 0..40)) {
        run(events);
    }
}
