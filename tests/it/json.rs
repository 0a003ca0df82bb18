//! The JSON reader: what RFC 8259 and I-JSON (RFC 7493) allow is read, everything else has its own refusal.

use lingpai_core::ErrorCode::{self, DuplicateMember, LimitExceeded, Malformed};
use lingpai_core::json::{self, ObjectWriter, Value};
use lingpai_core::limits;
use proptest::prelude::*;

/// Texts of the kinds that the JSONTestSuite accepts, with how they are written again.
#[test]
fn accepts_all_json() {
    let same = [
        "null",
        "true",
        "false",
        "0",
        "-1",
        "42",
        "9007199254740991",
        "-9007199254740991",
        "\"\"",
        "[]",
        "{}",
        "[1,2,3]",
        "[null,1,\"1\",{}]",
        "{\"a\":1}",
        "{\"\":0}",
        "[[],[[]]]",
        "{\"a\":{\"a\":{}}}",
        "9007199254740993",
        "123456789012345678901234567890",
        "1.5",
        "-0",
        "-0.0",
        "0e1",
        "0e+1",
        "0E-5",
        "1e2",
        "1E2",
        "1.5e-300",
        "1e308",
        "1.7976931348623157e308",
        "-1.7976931348623157e308",
        "1e-400",
        "0.00000000000000000000001",
        "17976931348623157e292",
        "0.0017976931348623157e311",
        "\"\u{7f}\"",
        "\"é\"",
        "\"\u{20ac}\"",
        "\"\u{2028}\u{2029}\"",
        "\"\u{feff}\"",
        "\"\u{1f600}\"",
        "\"a/b\"",
        "\"\u{fffd}\"",
        "\"\u{10fffd}\"",
        "\"asd \"",
        "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\"",
    ];
    for text in same {
        assert_eq!(written(text), Ok(text.to_owned()), "{text}");
    }
    let rewritten = [
        (" \t\r\n[ 1 , 2 ]\n", "[1,2]"),
        (" { \"a\" : \"b\" } ", "{\"a\":\"b\"}"),
        (r#""\u0041\u00e9\u20AC\uD83D\ude00\/""#, "\"Aé\u{20ac}\u{1f600}/\""),
        (r#""\u0000""#, r#""\u0000""#),
        (r#""\u0022\u005C""#, r#""\"\\""#),
        (r#"{"\u0061":1,"b":2}"#, r#"{"a":1,"b":2}"#),
        (r#""\uDBFF\uDFFD""#, "\"\u{10fffd}\""),
    ];
    for (text, canonical) in rewritten {
        assert_eq!(written(text), Ok(canonical.to_owned()), "{text}");
    }
}

/// Texts of the kinds that the JSONTestSuite refuses.
#[test]
fn refuses_what_is_no_json() {
    let texts: [&[u8]; _] = [
        b"",
        b" ",
        b"nul",
        b"nulll",
        b"True",
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"-",
        b"+1",
        b"--1",
        b"01",
        b"-01",
        b"00",
        b"1.",
        b".5",
        b"-.5",
        b"1.e1",
        b"1e",
        b"1e+",
        b"1E-",
        b"1ee1",
        b"0x10",
        b"1_000",
        b"1 000",
        b"1,5",
        b"\xef\xbc\x91",
        b"[",
        b"]",
        b"[1",
        b"[1,",
        b"[1,]",
        b"[,1]",
        b"[1,,2]",
        b"[1 2]",
        b"[1}",
        b"{",
        b"}",
        b"{\"a\"",
        b"{\"a\":",
        b"{\"a\":1",
        b"{\"a\":1,",
        b"{\"a\":1,}",
        b"{,}",
        b"{\"a\" 1}",
        b"{\"a\",1}",
        b"{a:1}",
        b"{'a':1}",
        b"{1:1}",
        b"{null:1}",
        b"{\"a\":1]",
        b"{\"a\":1 \"b\":2}",
        b"{\"a\"::1}",
        b"{\"a\":1,,\"b\":2}",
        b"\"",
        b"\"a",
        b"'a'",
        b"\"\\\"",
        b"\"\\x41\"",
        b"\"\\U0041\"",
        b"\"\\u004\"",
        b"\"\\u00g1\"",
        b"\"\\u+041\"",
        b"\"\\u\"",
        b"\"\\",
        b"\"\\u",
        b"\"\\a\"",
        b"\"\\\n\"",
        b"\"\n\"",
        b"\"\t\"",
        b"\"\x00\"",
        b"\"\x1f\"",
        b"1 2",
        b"{}{}",
        b"{} x",
        b"{},",
        b"[]]",
        b"\"a\"b",
        b"nullnull",
        b"// c\n1",
        b"/* c */1",
        b"1 // c",
        b"\xef\xbb\xbf{}",
        b"\x00{}",
        b"{}\x00",
        b"\x0c1",
        b"\x0b1",
        b"\xc2\xa01",
        b"\xe2\x80\xa81",
        b"\xff",
        b"\"\xff\"",
        b"\"\xc0\x80\"",
        b"\"\xe0\x80\x80\"",
        b"\"\xed\xa0\x80\"",
        b"\"\xf4\x90\x80\x80\"",
        b"\"\xe9\"",
        b"\"\xe2\x82\"",
        b"{\"\xff\":1}",
        b"\xfe\xff\x00[\x00]",
        b"[\x00]\x00",
    ];
    for text in texts {
        assert_eq!(code(text), Malformed, "{}", text.escape_ascii());
    }
}

#[test]
fn refuses_what_i_json_leaves_out() {
    for text in [
        // Surrogates on their own or the wrong way round.
        r#""\ud800""#,
        r#""\udc00""#,
        r#""\udfff x""#,
        r#""\ud800\ud800""#,
        r#""\ud83dx""#,
        r#""\ude00\ud83d""#,
        r#""\ud83d\n""#,
        r#""\ud83d\u0041""#,
        r#"{"\ud800":1}"#,
        // Noncharacters.
        r#""\uffff""#,
        r#""\ufffe""#,
        r#""\ufdd0""#,
        r#""\uD83F\uDFFE""#,
        "\"\u{ffff}\"",
        "\"\u{fdef}\"",
        "\"\u{10ffff}\"",
        "\"\\n\u{1fffe}\"",
        // Numbers that a double cannot hold.
        "1e309",
        "-1e309",
        "1e400",
        "1e99999999999999999999",
        "0.1e310",
        "10e308",
        "1.7976931348623159e308",
        "17976931348623159e292",
        "1.797693134862315808e308",
    ] {
        assert_eq!(code(text.as_bytes()), Malformed, "{text}");
    }
    let digits = "9".repeat(400);
    assert_eq!(code(digits.as_bytes()), Malformed);
}

#[test]
fn refuses_a_name_given_twice_at_any_level() {
    for text in [
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"b":2,"a":3}"#,
        r#"{"a":1,"\u0061":2}"#,
        r#"{"":1,"":2}"#,
        r#"{"x":{"a":1,"a":2}}"#,
        r#"[{"a":1,"a":2}]"#,
        r#"{"x":[{"y":{"é":1,"\u00e9":2}}]}"#,
    ] {
        assert_eq!(code(text.as_bytes()), DuplicateMember, "{text}");
    }
    // The same name in different objects is nobody's duplicate, and names differ by their code points.
    for text in [r#"{"a":{"a":{"a":1}}}"#, r#"[{"a":1},{"a":2}]"#, "{\"é\":1,\"e\u{301}\":2}"] {
        assert!(json::parse(text.as_bytes()).is_ok(), "{text}");
    }
}

#[test]
fn refuses_what_is_over_a_limit() {
    let nested = |depth| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let members = |count| {
        let list: Vec<_> = (0..count).map(|i| format!("\"m{i}\":0")).collect();
        format!("{{{}}}", list.join(","))
    };
    let elements = |count| format!("[{}]", vec!["0"; count].join(","));
    let sized = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    for (within, beyond) in [
        (nested(limits::MAX_JSON_DEPTH), nested(limits::MAX_JSON_DEPTH + 1)),
        (members(limits::MAX_MEMBERS), members(limits::MAX_MEMBERS + 1)),
        (elements(limits::MAX_ELEMENTS), elements(limits::MAX_ELEMENTS + 1)),
        (sized(limits::MAX_JSON_BYTES), sized(limits::MAX_JSON_BYTES + 1)),
    ] {
        assert!(json::parse(within.as_bytes()).is_ok());
        assert_eq!(code(beyond.as_bytes()), LimitExceeded);
    }
    // The limit comes before anything is known about the rest of the text.
    assert_eq!(code("[".repeat(60_000).as_bytes()), LimitExceeded);
    assert_eq!(code("{\"a\":".repeat(10_000).as_bytes()), LimitExceeded);
    let mixed = "{\"a\":[".repeat(5);
    assert_eq!(code(mixed.as_bytes()), LimitExceeded);
}

#[test]
fn only_plain_integers_are_integers() {
    let integer = |text: &str| match json::parse(text.as_bytes()) {
        Ok(Value::Number(number)) => number.as_integer(),
        _ => panic!("{text} is a number"),
    };
    assert_eq!(integer("0"), Some(0));
    assert_eq!(integer("-7"), Some(-7));
    assert_eq!(integer("9007199254740991"), Some(9_007_199_254_740_991));
    assert_eq!(integer("-9007199254740991"), Some(-9_007_199_254_740_991));
    for other in
        ["9007199254740992", "-9007199254740992", "-0", "1.0", "1e3", "99999999999999999999"]
    {
        assert_eq!(integer(other), None, "{other}");
    }
}

#[test]
fn members_are_asked_for_with_their_type() {
    let object = json::parse_object(br#"{"s":"x","i":3,"o":{},"n":null,"f":1.5}"#).unwrap();
    assert_eq!(object.string("s"), Ok("x"));
    assert_eq!(object.integer("i"), Ok(3));
    assert!(object.object("o").is_ok_and(|inner| inner.is_empty()));
    assert_eq!(object.optional_string("missing"), Ok(None));
    assert_eq!(object.optional_integer("missing"), Ok(None));
    assert_eq!(object.optional_object("missing"), Ok(None));
    for refused in [
        object.string("missing").unwrap_err(),
        object.integer("missing").unwrap_err(),
        object.object("missing").unwrap_err(),
        object.optional_string("n").unwrap_err(),
        object.optional_string("i").unwrap_err(),
        object.optional_integer("s").unwrap_err(),
        object.optional_integer("f").unwrap_err(),
        object.optional_object("s").unwrap_err(),
    ] {
        assert_eq!(refused.code(), ErrorCode::ClaimInvalid);
        assert!(refused.detail().is_some());
    }
    assert!(object.has_exactly(&["s", "i"], &["o", "n", "f", "other"]));
    assert!(!object.has_exactly(&["s", "other"], &["i", "o", "n", "f"]));
    assert!(!object.has_exactly(&["s", "i", "o", "n"], &[]));
    assert_eq!(object.names().collect::<Vec<_>>(), ["s", "i", "o", "n", "f"]);
    for other in ["[]", "1", "\"{}\"", "null"] {
        assert_eq!(json::parse_object(other.as_bytes()).unwrap_err().code(), Malformed);
    }
}

#[test]
fn the_writer_writes_what_it_is_given_in_order() {
    let text = ObjectWriter::new()
        .string("s", "a\"b\\c\u{1}\u{20ac}")
        .integer("i", i64::MIN)
        .optional_integer("j", None)
        .optional_string("p", Some(""))
        .optional_string("q", None)
        .boolean("t", true)
        .raw("r", "[1,2]")
        .finish();
    assert_eq!(
        text,
        "{\"s\":\"a\\\"b\\\\c\\u0001\u{20ac}\",\"i\":-9223372036854775808,\"p\":\"\",\"t\":true,\"r\":[1,2]}"
    );
    assert_eq!(ObjectWriter::new().finish(), "{}");
}

proptest! {
    #[test]
    fn reads_back_what_was_written(text in arbitrary_json(4)) {
        let value = json::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(value.to_json(), text);
    }

    #[test]
    fn strings_and_integers_survive(name in text(), value in text(), number in -(1_i64 << 53) + 1..1 << 53) {
        let json = ObjectWriter::new().string(&name, &value).raw("o", &ObjectWriter::new().integer("n", number).finish()).finish();
        prop_assume!(name != "o");
        let object = json::parse_object(json.as_bytes()).unwrap();
        prop_assert_eq!(object.get(&name).and_then(Value::as_str), Some(&*value));
        prop_assert_eq!(object.object("o").unwrap().integer("n").unwrap(), number);
    }

    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = json::parse(&bytes);
    }

    #[test]
    fn never_panics_on_what_looks_like_json(text in r#"([\[\]{}:,"0-9eE.+-]|\\u[0-9a-fA-F]{4}|\\.|true|null|é| ){0,60}"#) {
        if let Ok(value) = json::parse(text.as_bytes()) {
            let written = value.to_json();
            prop_assert_eq!(json::parse(written.as_bytes()), Ok(value));
        }
    }

    #[test]
    fn cutting_a_text_short_or_adding_to_it_breaks_it(text in arbitrary_json(3), at in any::<prop::sample::Index>(), more in "[\\[\\]{}:,\"a-z0-9]") {
        let object = format!("{{\"o\":{text}}}");
        let cut = (0..at.index(object.len())).rev().find(|i| object.is_char_boundary(*i)).unwrap_or(0);
        prop_assert!(json::parse(&object.as_bytes()[..cut]).is_err());
        let longer = format!("{object}{more}");
        prop_assert!(json::parse(longer.as_bytes()).is_err());
    }
}

fn written(text: &str) -> Result<String, ErrorCode> {
    json::parse(text.as_bytes()).map(|value| value.to_json()).map_err(|error| error.code())
}

fn code(text: &[u8]) -> ErrorCode {
    match json::parse(text) {
        Ok(_) => panic!("accepted: {}", text.escape_ascii()),
        Err(error) => error.code(),
    }
}

fn text() -> impl Strategy<Value = String> {
    any::<String>().prop_map(|text| text.chars().filter(|c| !is_noncharacter(*c)).collect())
}

fn is_noncharacter(c: char) -> bool {
    u32::from(c) & 0xfffe == 0xfffe || ('\u{fdd0}'..='\u{fdef}').contains(&c)
}

/// JSON in the one spelling that the writer uses.
fn arbitrary_json(depth: u32) -> impl Strategy<Value = String> {
    let string = || {
        text().prop_map(|text| {
            let object = ObjectWriter::new().string("s", &text).finish();
            object["{\"s\":".len()..object.len() - 1].to_owned()
        })
    };
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        (any::<i32>(), 0..1000_u32, -300..280_i32).prop_map(|(i, f, e)| format!("{i}.{f:03}e{e}")),
        string(),
    ];
    leaf.prop_recursive(depth, 32, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6)
                .prop_map(|items| format!("[{}]", items.join(","))),
            proptest::collection::btree_map(string(), inner, 0..6).prop_map(|members| {
                let members: Vec<_> =
                    members.iter().map(|(name, value)| format!("{name}:{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}
