//! What platforms answer, and what their codes mean here.

use lingpai_core::ErrorCode;
use lingpai_core::json;
use lingpai_core::token_exchange::platform::{CodeKind, Platform};
use lingpai_core::token_exchange::provider::{alipay_signed, is_settled, read};
use lingpai_core::token_exchange::refusal::Refusal;
use proptest::prelude::*;

use super::kind;

fn refusal(platform: Platform, status: u16, answer: &str) -> (ErrorCode, Option<String>) {
    let Refusal { reason, provider_code } =
        read(kind(platform), status, answer).err().expect("refused");
    (reason, provider_code)
}

#[test]
fn each_platform_says_who_it_is_in_its_own_way() {
    for (kind, answer, user, union) in [
        (
            kind(Platform::Wechat),
            r#"{"openid":"o1","session_key":"k","unionid":"u1"}"#,
            "o1",
            Some("u1"),
        ),
        (
            kind(Platform::Wechat),
            "\u{feff} {\"errcode\":0,\"openid\":\"o1\",\"session_key\":\"k\"}\n",
            "o1",
            None,
        ),
        (kind(Platform::Qq), r#"{"errcode":0,"openid":"o1","session_key":"k"}"#, "o1", None),
        (kind(Platform::Baidu), r#"{"openid":"o1","session_key":"k"}"#, "o1", None),
        (
            kind(Platform::Baidu),
            r#"{"errno":0,"data":{"open_id":"o1","session_key":"k"}}"#,
            "o1",
            None,
        ),
        (kind(Platform::Kuaishou), r#"{"result":1,"open_id":"o1","session_key":"k"}"#, "o1", None),
        (
            kind(Platform::Douyin),
            r#"{"err_no":0,"err_tips":"success","data":{"session_key":"k","openid":"o1","anonymous_openid":"a1","unionid":"u1"}}"#,
            "o1",
            Some("u1"),
        ),
        (
            CodeKind { platform: Platform::Douyin, anonymous: true },
            r#"{"err_no":0,"data":{"session_key":"k","openid":"","anonymous_openid":"a1","unionid":"u1"}}"#,
            "a1",
            None,
        ),
        (
            kind(Platform::Alipay),
            r#"{"alipay_system_oauth_token_response":{"open_id":"o1","access_token":"t"},"sign":"s"}"#,
            "o1",
            None,
        ),
        (
            kind(Platform::Alipay),
            r#"{"alipay_system_oauth_token_response":{"code":"10000","user_id":"2088"},"sign":"s"}"#,
            "2088",
            None,
        ),
    ] {
        let Ok(identity) = read(kind, 200, answer) else { panic!("{answer}") };
        assert_eq!(identity.user.as_str(), user);
        assert_eq!(identity.union.as_ref().map(|union| union.as_str()), union);
        assert_eq!(identity.session_key.is_some(), kind.platform != Platform::Alipay);
        assert!(is_settled(kind, 200, answer));
    }
}

#[test]
fn each_code_of_each_platform_means_one_thing_here() {
    use ErrorCode as E;
    use Platform::{Alipay, Baidu, Douyin, Kuaishou, Qq, Wechat};
    let alipay = |node: &str| format!(r#"{{"error_response":{node},"sign":"s"}}"#);
    let cases = [
        (Wechat, r#"{"errcode":-1,"errmsg":"system error"}"#.to_owned(), E::TemporarilyUnavailable, "-1"),
        (Wechat, r#"{"errcode":40029}"#.to_owned(), E::InvalidCode, "40029"),
        // Third parties' answers have it as text.
        (Wechat, r#"{"errcode":"40029"}"#.to_owned(), E::InvalidCode, "40029"),
        (Wechat, r#"{"errcode":40163}"#.to_owned(), E::CodeUsed, "40163"),
        (Wechat, r#"{"errcode":40226}"#.to_owned(), E::RiskBlocked, "40226"),
        (Wechat, r#"{"errcode":41008}"#.to_owned(), E::Malformed, "41008"),
        (Wechat, r#"{"errcode":45011}"#.to_owned(), E::RateLimited, "45011"),
        (Wechat, r#"{"errcode":40013}"#.to_owned(), E::ServerError, "40013"),
        (Wechat, r#"{"errcode":40125}"#.to_owned(), E::ServerError, "40125"),
        (Wechat, r#"{"errcode":99999}"#.to_owned(), E::ServerError, "99999"),
        // A code beside what a success would have.
        (Wechat, r#"{"errcode":40029,"openid":"o","session_key":"k"}"#.to_owned(), E::InvalidCode, "40029"),
        (Qq, r#"{"errcode":40029}"#.to_owned(), E::InvalidCode, "40029"),
        (Qq, r#"{"errcode":45011}"#.to_owned(), E::RateLimited, "45011"),
        (Douyin, r#"{"err_no":-1}"#.to_owned(), E::TemporarilyUnavailable, "-1"),
        (Douyin, r#"{"err_no":40015}"#.to_owned(), E::ServerError, "40015"),
        (Douyin, r#"{"err_no":40017}"#.to_owned(), E::ServerError, "40017"),
        (Douyin, r#"{"err_no":40018,"err_tips":"bad code"}"#.to_owned(), E::InvalidCode, "40018"),
        (Douyin, r#"{"err_no":40019}"#.to_owned(), E::InvalidCode, "40019"),
        (Douyin, r#"{"error":1,"errcode":40018,"message":"bad code"}"#.to_owned(), E::InvalidCode, "40018"),
        // Beyond what a double holds, to the last digit.
        (Douyin, r#"{"err_no":7122357061596995001}"#.to_owned(), E::ServerError, "7122357061596995001"),
        (Baidu, r#"{"errno":10010100,"error":"parameter is invalid"}"#.to_owned(), E::ServerError, "10010100"),
        (Baidu, r#"{"error":"invalid_code"}"#.to_owned(), E::InvalidCode, "invalid_code"),
        // The word is known, whatever number stands beside it.
        (Baidu, r#"{"errno":10010200,"error":"invalid_code"}"#.to_owned(), E::InvalidCode, "invalid_code"),
        (Baidu, r#"{"errno":18,"error":"Open api qps request limit reached"}"#.to_owned(), E::RateLimited, "18"),
        (Kuaishou, r#"{"result":100200104,"error":"invalid_grant"}"#.to_owned(), E::InvalidCode, "invalid_grant"),
        (Kuaishou, r#"{"result":240001}"#.to_owned(), E::InvalidCode, "240001"),
        (Kuaishou, r#"{"result":240002}"#.to_owned(), E::ServerError, "240002"),
        (Alipay, alipay(r#"{"code":"40002","sub_code":"isv.code-invalid"}"#), E::InvalidCode, "isv.code-invalid"),
        (Alipay, alipay(r#"{"code":"20000","sub_code":"aop.unknow-error"}"#), E::TemporarilyUnavailable, "aop.unknow-error"),
        (Alipay, alipay(r#"{"code":"20000"}"#), E::TemporarilyUnavailable, "20000"),
        (Alipay, alipay(r#"{"code":"40005","sub_code":"isv.app-call-limited"}"#), E::RateLimited, "isv.app-call-limited"),
        (Alipay, alipay(r#"{"code":"40002","sub_code":"isv.invalid-signature"}"#), E::ServerError, "isv.invalid-signature"),
        (
            Alipay,
            r#"{"alipay_system_oauth_token_response":{"code":"40002","sub_code":"isv.code-invalid"}}"#.to_owned(),
            E::InvalidCode,
            "isv.code-invalid",
        ),
    ];
    for (platform, answer, reason, code) in cases {
        assert_eq!(refusal(platform, 200, &answer), (reason, Some(code.to_owned())), "{answer}");
        let transient = matches!(reason, E::TemporarilyUnavailable | E::RateLimited);
        assert_eq!(is_settled(kind(platform), 200, &answer), !transient, "{answer}");
    }
}

#[test]
fn an_answer_that_says_nothing_is_an_outage_and_never_a_login() {
    let texts = [
        "",
        "{}",
        "[]",
        "null",
        "down",
        "<html>",
        "{\"openid\":\"half",
        r#"{"openid":"","session_key":"k"}"#,
        r#"{"openid":"o"}"#,
        r#"{"openid":1,"session_key":"k"}"#,
    ];
    for platform in Platform::ALL {
        for text in texts {
            let platform_has_no_keys = *platform == Platform::Alipay && text == r#"{"openid":"o"}"#;
            for (status, code) in [(200, "unreadable"), (302, "unreadable"), (500, "http-5xx")] {
                if platform_has_no_keys {
                    continue;
                }
                let expected = (ErrorCode::TemporarilyUnavailable, Some(code.to_owned()));
                assert_eq!(refusal(*platform, status, text), expected, "{text}");
            }
        }
        let limited = (ErrorCode::RateLimited, Some("http-429".to_owned()));
        assert_eq!(refusal(*platform, 429, "slow down"), limited);
    }
}

#[test]
fn what_alipay_signs_is_the_very_text_of_the_node() {
    let node = r#"{ "open_id":"o\/1", "n" : 1.0 }"#;
    let answer =
        format!("\u{feff}{{\"alipay_system_oauth_token_response\" : {node} ,\"sign\":\"c2ln\"}}");
    assert_eq!(alipay_signed(&answer), Ok((node, "c2ln".to_owned())));
    for none in [
        r#"{"alipay_system_oauth_token_response":{"open_id":"o"}}"#,
        r#"{"error_response":{"open_id":"o"},"sign":"c2ln"}"#,
        r#"{"alipay_system_oauth_token_response":{},"alipay_system_oauth_token_response":{},"sign":"s"}"#,
        r#"{"alipay_system_oauth_token_response":{},"sign":1}"#,
        "",
    ] {
        let refused = alipay_signed(none).err().map(|error| error.code());
        assert_eq!(refused, Some(ErrorCode::SignatureInvalid), "{none}");
    }
}

#[test]
fn a_platforms_code_is_passed_on_if_it_looks_like_one() {
    for (code, passed) in [
        ("40029", true),
        ("-1", true),
        ("isv.code-invalid", true),
        ("", false),
        ("parameter is invalid", false),
        ("\"},{\"", false),
        ("代码", false),
    ] {
        let refusal = Refusal::by_platform(ErrorCode::InvalidCode, code);
        assert_eq!(refusal.provider_code.is_some(), passed, "{code}");
        assert!(json::parse_object(refusal.to_json().as_bytes()).is_ok());
    }
}

#[test]
fn refusals_have_the_errors_and_the_statuses_of_the_protocol() {
    for (reason, error, status) in [
        (ErrorCode::InvalidCode, "invalid_request", 400),
        (ErrorCode::CodeUsed, "invalid_request", 400),
        (ErrorCode::Malformed, "invalid_request", 400),
        (ErrorCode::InvalidTarget, "invalid_target", 400),
        (ErrorCode::InvalidScope, "invalid_scope", 400),
        (ErrorCode::RiskBlocked, "access_denied", 400),
        (ErrorCode::AccessDenied, "access_denied", 400),
        (ErrorCode::InvalidClient, "invalid_client", 401),
        (ErrorCode::ProofReplayed, "invalid_dpop_proof", 400),
        (ErrorCode::RateLimited, "rate_limited", 429),
        (ErrorCode::TemporarilyUnavailable, "temporarily_unavailable", 503),
        (ErrorCode::ServerError, "server_error", 500),
        (ErrorCode::VisitEnded, "invalid_grant", 400),
        (ErrorCode::Replayed, "replayed", 409),
    ] {
        let refusal = Refusal::because(reason);
        let document = json::parse_object(refusal.to_json().as_bytes()).expect("JSON");
        assert_eq!(document.string("error"), Ok(error));
        assert_eq!(document.string("error_description"), Ok(reason.as_str()));
        assert_eq!((document.integer("status"), refusal.status()), (Ok(status), status as u16));
    }
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic_or_log_in(answer in "[ -~\u{feff}]{0,120}", status in 100_u16..600) {
        for platform in Platform::ALL {
            prop_assert!(read(kind(*platform), status, &answer).is_err());
        }
        let _ = alipay_signed(&answer);
    }
}
