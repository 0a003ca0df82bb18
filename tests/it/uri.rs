//! Addresses: the normal form in which proofs are compared, and what a launch address may be.

use lingpai_core::uri::{Origin, ServiceUrl, launch_url, normalise};
use proptest::prelude::*;

#[test]
fn the_examples_of_rfc_3986_section_6_2_2_are_the_same_address() {
    // Section 6.2.2: example://a/b/c/%7Bfoo%7D and eXAMPLE://a/./b/../b/%63/%7bfoo%7d, with a scheme that we know.
    assert_eq!(
        normalise("hTTPS://a/./b/../b/%63/%7bfoo%7d").expect("an address"),
        "https://a/b/c/%7Bfoo%7D"
    );
}

#[test]
fn dot_segments_go_as_in_rfc_3986_section_5_2_4() {
    for (given, normal) in [
        ("/a/b/c/./../../g", "/a/g"),
        ("", "/"),
        ("/", "/"),
        ("/..", "/"),
        ("/../x", "/x"),
        ("/a/.", "/a/"),
        ("/a/..", "/"),
        ("/a//b", "/a//b"),
        ("/a/%2e%2e/b", "/b"),
        ("/a%2Fb", "/a%2Fb"),
    ] {
        assert_eq!(
            normalise(&format!("https://h{given}")).expect(given),
            format!("https://h{normal}")
        );
    }
}

#[test]
fn what_is_no_plain_address_is_refused() {
    for bad in [
        "",
        "h",
        "ftp://h/",
        "https://",
        "https:///x",
        "https://a b/",
        "https://h/%",
        "https://h/%4",
        "https://h/%zz",
        "https://u@h/",
        "https://h:/",
        "https://h:080/",
        "https://h:123456/",
        "https://[/",
        "https://[]/",
        "https://h\\x",
        "https://h/\u{fc}",
    ] {
        assert!(normalise(bad).is_err(), "{bad}");
    }
    assert!(normalise(&format!("https://h/{}", "a".repeat(4000))).is_err(), "too long");
}

#[test]
fn services_are_https_or_on_loopback_and_written_one_way() {
    for good in [
        "https://auth.example",
        "https://auth.example/base",
        "http://127.0.0.1:8787",
        "http://localhost:1",
    ] {
        assert_eq!(ServiceUrl::parse(good).expect(good).as_str(), good);
    }
    for bad in [
        "http://auth.example",
        "http://127.0.0.1.evil.example",
        "https://auth.example/",
        "https://AUTH.example",
        "https://auth.example?x",
        "https://auth.example#x",
        "https://auth.example/a/../b",
    ] {
        assert!(ServiceUrl::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_launch_goes_to_https_or_loopback_without_a_fragment() {
    let url = launch_url("https://h5.example/shop?x=1", "a.b.c").expect("a launch");
    assert_eq!(url, "https://h5.example/shop?x=1#at=a.b.c");
    for bad in [
        "http://h5.example/",
        "https://h5.example/#x",
        "https://h5.example/#",
        "javascript:alert(1)",
    ] {
        assert!(launch_url(bad, "a.b.c").is_err(), "{bad}");
    }
    assert_eq!(
        Origin::of("https://h5.example:443/shop").expect("an origin").as_str(),
        "https://h5.example"
    );
}

proptest! {
    #[test]
    fn normalising_twice_changes_nothing(path in "(/[a-z%A-F0-9.~-]{0,6}){0,6}") {
        if let Ok(once) = normalise(&format!("https://h{path}")) {
            prop_assert_eq!(normalise(&once).expect("normal already"), once);
        }
    }

    #[test]
    fn no_text_breaks_the_reader(text in "(https?://)?\\PC{0,60}") {
        let _ = (normalise(&text), Origin::parse(&text), ServiceUrl::parse(&text), launch_url(&text, "a"));
    }
}
