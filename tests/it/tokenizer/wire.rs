//! What goes over the wire: every document in one text, and everything else refused.

use lingpai_core::ErrorCode;
use lingpai_core::jose::{JwkSet, PrivateJwk};
use lingpai_core::sealed_token::SealEntropy;
use lingpai_core::signed::Trust;
use lingpai_core::tokenization::op_id::InstallId;
use lingpai_core::tokenization::pools::Lease;
use lingpai_core::tokenization::provisional::{Salt, commit, is_commitment, is_provisional};
use lingpai_core::tokenization::reconcile::{
    OpResult, Outcome, Refusal, Submission, answer, parse_answer, parse_request, request,
};
use lingpai_core::tokenization::{Binding, Normalisation, OpId, Operation, Policy, PolicyClaims};
use lingpai_tests::{Curve, ISSUER, NOW, seed, signing_key};
use proptest::prelude::*;

use super::world::{RECONCILE, TENANT, claims, field, policy, seal_key};

#[test]
fn an_operation_id_has_one_text() {
    let id = OpId::new(InstallId::new([7; 16]), 1_790_000_000, 42).expect("an id");
    let text = "BwcHBwcHBwcHBwcHBwcHBw.1790000000.42";
    assert_eq!(id.to_string(), text);
    assert_eq!(OpId::parse(text), Ok(id));
    for bad in [
        "",
        "BwcHBwcHBwcHBwcHBwcHBw",
        "BwcHBwcHBwcHBwcHBwcHBw.1",
        "BwcHBwcHBwcHBwcHBwcHBw.1.0",
        "BwcHBwcHBwcHBwcHBwcHBw.0.1",
        "BwcHBwcHBwcHBwcHBwcHBw.01.1",
        "BwcHBwcHBwcHBwcHBwcHBw.1.+1",
        "BwcHBwcHBwcHBwcHBwcHBw.1.1.1",
        "BwcHBwcHBwcHBwcHBwcHBw.1.9007199254740992",
        "BwcHBwcHBwcHBwcHBwcHBx.1.1",
        "BwcHBwcHBwcHBwcHBwcHB.1.1",
    ] {
        assert!(OpId::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_provisional_token_is_of_its_value_alone() {
    let salt = || Salt::from_seed(seed(5));
    let token = commit(TENANT, "phone", "13800138000", &salt()).expect("a token");
    assert!(is_provisional(&token) && token.len() == 48);
    assert!(is_commitment(&token, TENANT, "phone", "13800138000", &salt()));
    for (tenant, field, value) in [
        ("other", "phone", "13800138000"),
        (TENANT, "card", "13800138000"),
        (TENANT, "phone", "13800138001"),
        ("tea-clubp", "hone", "13800138000"),
        (TENANT, "phone1", "3800138000"),
    ] {
        assert!(!is_commitment(&token, tenant, field, value, &salt()), "{tenant} {field} {value}");
    }
    assert!(!is_commitment(&token, TENANT, "phone", "13800138000", &Salt::from_seed(seed(6))));
}

/// SHA-256 as another implementation gives it, over the bytes as PROTOCOL §7 lays them down.
#[test]
fn a_provisional_token_is_what_the_protocol_says() {
    let token = commit("t", "phone", "13800138000", &Salt::from_seed(seed(0))).expect("a token");
    assert_eq!(token, "lpp1_jgKlOF4KT5SsmGGWJ9A_bpF1HjFyd_c-RFSNESC3gC4");
}

fn operation(binding: Binding, token: &str) -> Operation {
    Operation {
        op: OpId::parse("BwcHBwcHBwcHBwcHBwcHBw.1790000000.1").expect("an id"),
        policy: "p1".to_owned(),
        tenant: TENANT.to_owned(),
        field: "phone".to_owned(),
        token: token.to_owned(),
        value: "13800138000".to_owned().into(),
        binding,
    }
}

fn entropy() -> SealEntropy {
    SealEntropy { content_key: seed(1), ephemeral: seed(2), iv: [3; 12] }
}

#[test]
fn an_operation_opens_for_the_vault_and_for_nobody_else() {
    let salt = Salt::from_seed(seed(5));
    let token = commit(TENANT, "phone", "13800138000", &salt).expect("a token");
    let sealed = operation(Binding::Commitment(salt), &token)
        .seal(seal_key().public(), entropy())
        .expect("sealed");
    let opened = Operation::open(&sealed, &seal_key()).expect("opened");
    assert!(opened.binds() && *opened.value == *"13800138000" && opened.token == token);
    let other = PrivateJwk::generate_x25519("seal-1", seed(0xc2));
    let refused = Operation::open(&sealed, &other).err().map(|error| error.code());
    assert_eq!(refused, Some(ErrorCode::DecryptionFailed));
}

#[test]
fn a_token_that_does_not_belong_to_its_value_does_not_bind() {
    let wrong = operation(Binding::Commitment(Salt::from_seed(seed(5))), "lpp1_x");
    assert!(!wrong.binds());
    let dressed_up = operation(Binding::Lease("l1".to_owned()), "lpp1_x");
    assert!(!dressed_up.binds(), "a provisional token is nobody's lease");
    assert!(operation(Binding::Lease("l1".to_owned()), "+8613900000000").binds());
}

#[test]
fn a_policy_says_what_it_was_issued_with() {
    let given = claims("p1", vec![field("phone"), field("card")]);
    let read = policy(&given);
    assert_eq!(read.claims().fields, given.fields);
    assert_eq!(read.claims().install, given.install);
    assert!(read.check_generation(NOW, lingpai_core::time::Tolerance::NONE).is_ok());
    let over = given.validity.expires_at;
    assert!(read.check_generation(over, lingpai_core::time::Tolerance::NONE).is_err());
    assert!(read.check_reconciliation(over).is_ok());
    assert!(read.check_reconciliation(given.reconcile_until).is_err());
}

#[test]
fn a_policy_that_promises_too_much_is_neither_issued_nor_taken() {
    let good = claims("p1", vec![field("phone")]);
    let day = 24 * 3600;
    let mut long = good.clone();
    long.validity.expires_at = NOW.plus(day + 1);
    let early = PolicyClaims { reconcile_until: NOW.plus(day - 1), ..good.clone() };
    let late = PolicyClaims { reconcile_until: NOW.plus(31 * day), ..good.clone() };
    let twice = PolicyClaims { fields: vec![field("phone"), field("phone")], ..good.clone() };
    let named = PolicyClaims { fields: vec![field("pho ne")], ..good.clone() };
    let signs = PolicyClaims { seal: signing_key(Curve::Edwards).public().clone(), ..good };
    for bad in [long, early, late, twice, named, signs] {
        assert!(Policy::issue(&bad, &signing_key(Curve::Edwards)).is_err(), "{bad:?}");
    }
}

#[test]
fn a_policy_for_another_gateway_or_by_another_issuer_is_refused() {
    let text = Policy::issue(&claims("p1", vec![]), &signing_key(Curve::Edwards)).expect("signed");
    let keys = JwkSet::from_keys(vec![signing_key(Curve::Edwards).public().clone()]);
    let code = |issuer, url| {
        Policy::verify(&text, Trust::new(issuer, &keys), url).err().map(|error| error.code())
    };
    assert_eq!(code(ISSUER, RECONCILE), None);
    assert_eq!(
        code(ISSUER, "https://evil.example/v1/reconcile"),
        Some(ErrorCode::AudienceMismatch)
    );
    assert_eq!(code("https://evil.example", RECONCILE), Some(ErrorCode::IssuerMismatch));
}

#[test]
fn spellings_of_one_value_are_one() {
    for (rule, spellings) in [
        (
            Normalisation::Digits,
            &["138-0013 8000", "138 0013 8000", "（138）00138000", "１３８00138000"][..],
        ),
        (Normalisation::Id, &["11010519491231002x", "110105 19491231 002X"][..]),
        (Normalisation::Email, &[" Li@Example.com", "li@example.COM "][..]),
        (Normalisation::Text, &["Li  Lei", " Li\tLei "][..]),
    ] {
        let first = rule.apply(spellings[0]);
        assert!(spellings.iter().all(|it| rule.apply(it) == first), "{rule:?}");
    }
    assert_ne!(Normalisation::Exact.apply("a"), Normalisation::Exact.apply("a "));
}

#[test]
fn an_answer_of_a_later_version_gives_nothing_up() {
    let text = r#"{"results":[{"op":"a","status":"postponed"},{"op":"b","status":"refused","error":"new"}]}"#;
    let results = parse_answer(text).expect("an answer");
    assert!(results.iter().all(|result| result.outcome == Outcome::Retry));
    for bad in [
        r#"{"results":[]}"#,
        r#"{"results":[{"op":"a","status":"done"}]}"#,
        r#"{"results":[{"op":"a","status":"done","token":""}]}"#,
        r#"{"error":"server_error","results":[{"op":"a","status":"retry"}]}"#,
        "<html></html>",
        "[]",
    ] {
        assert!(parse_answer(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_lease_that_gives_a_token_twice_is_none() {
    let lease =
        |tokens: &str| Lease::parse(&format!(r#"{{"lease":"l","exp":1,"tokens":{tokens}}}"#));
    assert!(lease(r#"["a","b"]"#).is_ok());
    assert!(lease(r#"["a","a"]"#).is_err());
    assert!(lease(r#"["a",""]"#).is_err());
    assert!(lease(r#"["a",1]"#).is_err());
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        "[!-~]{1,40}".prop_map(Outcome::Done),
        Just(Outcome::Conflict),
        Just(Outcome::Retry),
        prop::sample::select(vec![
            Refusal::BadBinding,
            Refusal::BadValue,
            Refusal::Expired,
            Refusal::OpConflict,
            Refusal::OverCap,
        ])
        .prop_map(Outcome::Refused),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_written_is_read(
        ops in prop::collection::vec(("[!-~]{1,55}", "[a-z]{1,9}", "\\PC{1,20}", "[A-Za-z0-9._-]{1,200}"), 1..20),
        outcomes in prop::collection::vec(("[!-~]{1,55}", outcome()), 1..20),
    ) {
        let submissions: Vec<Submission> = ops
            .into_iter()
            .map(|(op, field, token, sealed)| Submission { op, field, token, sealed })
            .collect();
        prop_assert_eq!(parse_request(&request(&submissions)), Ok(submissions));
        let results: Vec<OpResult> =
            outcomes.into_iter().map(|(op, outcome)| OpResult { op, outcome }).collect();
        prop_assert_eq!(parse_answer(&answer(&results)), Ok(results));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        let _ = (parse_request(&text), parse_answer(&text), Lease::parse(&text), OpId::parse(&text));
        let _ = Operation::open(&text, &seal_key());
        for rule in Normalisation::ALL {
            let once = rule.apply(&text).into_owned();
            prop_assert_eq!(rule.apply(&once), once.clone());
        }
    }
}
