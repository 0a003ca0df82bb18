//! Rules as data: what they decide, and that every contradiction is refused by name when they are loaded.

use lingpai_core::residency::rules::{Because, Place, Rules, RulesError};
use proptest::prelude::*;

const GOOD: &str = r#"{
    "areas": ["cn", "eu", "us"], "default": "us",
    "identifiers": [
        {"type": "phone", "form": "e164", "prefixes": {"+86": "cn", "+49": "eu"}},
        {"type": "email", "form": "email"},
        {"type": "login", "form": "exact", "prefixes": {"staff:": "eu"}}
    ],
    "regions": {"CN": "cn", "DE": "eu"},
    "data": [{"type": "profile"}, {"type": "payments", "area": "eu"}]
}"#;

fn rules() -> Rules {
    Rules::parse(GOOD).expect("good rules")
}

fn home(kind: &str, text: &str, region: Option<&str>) -> (String, Because) {
    let rules = rules();
    let home = rules.home(&rules.identifier(kind, text).unwrap(), region).unwrap();
    (home.area.as_str().to_owned(), home.by)
}

#[test]
fn what_was_declared_counts_before_the_prefix_and_the_default_comes_last() {
    assert_eq!(home("phone", "+8613800000000", None), ("cn".into(), Because::Prefix));
    assert_eq!(home("phone", "+86 138-0000-0000", None), ("cn".into(), Because::Prefix));
    assert_eq!(home("phone", "+8613800000000", Some("DE")), ("eu".into(), Because::Region));
    assert_eq!(home("phone", "+15550000000", None), ("us".into(), Because::Default));
    assert_eq!(home("email", "a@b.example", None), ("us".into(), Because::Default));
    assert_eq!(home("login", "staff:7", None), ("eu".into(), Because::Prefix));
}

#[test]
fn a_region_that_no_rule_knows_is_refused_rather_than_overlooked() {
    let rules = rules();
    let phone = rules.identifier("phone", "+8613800000000").unwrap();
    for region in ["FR", "cn", "", "C"] {
        let error = rules.home(&phone, Some(region)).unwrap_err();
        assert_eq!(error.detail(), Some("region"));
    }
}

#[test]
fn data_live_at_home_or_are_pinned() {
    assert_eq!(rules().place("profile").unwrap(), Place::Home);
    assert!(
        matches!(rules().place("payments").unwrap(), Place::Pinned(area) if area.as_str() == "eu")
    );
    assert_eq!(rules().place("unknown").unwrap_err().detail(), Some("type"));
}

#[test]
fn an_identifier_has_one_form_however_it_is_typed() {
    let rules = rules();
    let form = |kind, text| rules.identifier(kind, text).map(|it| it.expose().to_owned());
    for text in ["+49 (30) 123.456", "+4930123456", "+49-30-123456"] {
        assert_eq!(form("phone", text).unwrap(), "+4930123456");
    }
    assert_eq!(form("email", " Max@Example.ORG ").unwrap(), "max@example.org");
    assert_eq!(form("login", " a ").unwrap(), " a ");
    for (kind, text) in [
        ("phone", "4930123456"),
        ("phone", "+49"),
        ("phone", "+1234567890123456"),
        ("phone", "+49x30123456"),
        ("phone", ""),
        ("email", "max"),
        ("email", "@example.org"),
        ("email", "max@"),
        ("email", "a@b@c"),
        ("email", "a b@c"),
        ("login", ""),
        ("fax", "+4930123456"),
    ] {
        assert!(form(kind, text).is_err(), "{kind} {text:?}");
    }
    assert!(form("login", &"x".repeat(257)).is_err());
}

#[test]
fn there_are_no_more_areas_than_the_steps_of_a_removal_can_be_counted_for() {
    let rules = |count: usize| {
        let areas: Vec<String> = (0..count).map(|number| format!("\"a{number}\"")).collect();
        format!(
            r#"{{"areas":[{}],"default":"a0","identifiers":[{{"type":"phone","form":"e164"}}]}}"#,
            areas.join(",")
        )
    };
    assert!(Rules::parse(&rules(64)).is_ok());
    assert_eq!(Rules::parse(&rules(65)).err(), Some(RulesError::TooManyAreas));
}

#[test]
fn every_contradiction_is_refused_by_its_name() {
    let with = |from: &str, to: &str| {
        assert!(GOOD.contains(from), "{from}");
        Rules::parse(&GOOD.replacen(from, to, 1)).err().expect("refused").to_string()
    };
    for (from, to, complaint) in [
        (r#""+49": "eu""#, r#""+8": "eu""#, r#"prefixes of "phone" overlap: "+8" and "+86""#),
        (r#""+49": "eu""#, r#""+861": "eu""#, r#"prefixes of "phone" overlap: "+86" and "+861""#),
        (
            r#""+49": "eu""#,
            r#""+49": "de""#,
            r#"the rule for "+49" leads to "de", which is no area"#,
        ),
        (r#""DE": "eu""#, r#""DE": "de""#, r#"the rule for "DE" leads to "de", which is no area"#),
        (
            r#""area": "eu""#,
            r#""area": "de""#,
            r#"the rule for "payments" leads to "de", which is no area"#,
        ),
        (
            r#""default": "us""#,
            r#""default": "uk""#,
            r#"the rule for "default" leads to "uk", which is no area"#,
        ),
        (r#", "default": "us""#, "", "no default area"),
        (r#"["cn", "eu", "us"]"#, "[]", "no areas"),
        (r#"["cn", "eu", "us"]"#, r#"["cn", "eu", "us", "cn"]"#, r#""cn" occurs twice"#),
        (
            r#"["cn", "eu", "us"]"#,
            r#"["cn", "eu", "us", "U S"]"#,
            r#""U S" is no name for an area or a type"#,
        ),
        (r#"{"type": "profile"}"#, r#"{"type": "payments"}"#, r#""payments" occurs twice"#),
        (r#"{"type": "email""#, r#"{"type": "phone""#, r#""phone" occurs twice"#),
        (r#""form": "email""#, r#""form": "mail""#, r#""mail" is no form of identifiers"#),
        (r#""+49": "eu""#, r#""49": "eu""#, r#"no identifier begins with "49""#),
        (r#""staff:": "eu""#, r#""": "eu""#, r#"no identifier begins with """#),
        (r#""CN": "cn""#, r#""China": "cn""#, r#""China" is no region of ISO 3166-1"#),
        (r#""regions""#, r#""region""#, r#"unknown member "region""#),
        (
            r#"{"type": "profile"}"#,
            r#"{"type": "profile", "zone": "eu"}"#,
            r#"unknown member "zone""#,
        ),
        (r#""DE": "eu""#, r#""CN": "eu""#, "duplicate_member"),
    ] {
        assert_eq!(with(from, to), complaint);
    }
    let none = r#"{"areas": ["cn"], "default": "cn", "identifiers": []}"#;
    assert_eq!(Rules::parse(none).err(), Some(RulesError::NoIdentifierTypes));
}

proptest! {
    #[test]
    fn no_text_panics(text in ".*") {
        let _ = Rules::parse(&text);
        let _ = rules().identifier("phone", &text).map(|it| rules().home(&it, Some(&text)));
        let _ = rules().identifier("email", &text);
        let _ = rules().identifier("login", &text);
    }

    /// Of prefixes that are accepted at most one fits: the order of rules decides nothing.
    #[test]
    fn the_order_of_prefixes_decides_nothing(prefixes in prop::collection::btree_set("\\+[1-9][0-9]{0,3}", 1..6), digits in "[0-9]{7,11}") {
        let load = |prefixes: Vec<&String>| {
            let areas = prefixes.iter().map(|it| format!(r#""{it}": "a{}""#, it.trim_start_matches('+')));
            let all: Vec<_> = areas.collect();
            let names: Vec<_> = prefixes.iter().map(|it| format!(r#""a{}""#, it.trim_start_matches('+'))).collect();
            let mut names = names;
            names.sort();
            Rules::parse(&format!(
                r#"{{"areas": ["none", {}], "default": "none", "identifiers": [{{"type": "phone", "form": "e164", "prefixes": {{{}}}}}]}}"#,
                names.join(","), all.join(","),
            ))
        };
        let (forwards, backwards) = (load(prefixes.iter().collect()), load(prefixes.iter().rev().collect()));
        prop_assert_eq!(forwards.is_ok(), backwards.is_ok());
        if let (Ok(one), Ok(other)) = (forwards, backwards) {
            let phone = format!("+{digits}");
            let home = |rules: &Rules| rules.home(&rules.identifier("phone", &phone).unwrap(), None).unwrap();
            prop_assert_eq!(home(&one), home(&other));
        }
    }
}
