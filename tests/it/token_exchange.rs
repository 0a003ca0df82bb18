//! What a mini-program may ask for and what becomes of it: forms, registrations, claims on codes, answers of platforms,
//! sealed sessions. Each refusal with its own code.

use std::sync::LazyLock;

use lingpai_core::keyring::SymmetricKeyRing;
use lingpai_core::token_exchange::account::{account_id, union_id};
use lingpai_core::token_exchange::claim::{Claim, Holder, Standing, claim};
use lingpai_core::token_exchange::form::{Form, wants_errors_as_ok};
use lingpai_core::token_exchange::platform::{CodeKind, Platform};
use lingpai_core::token_exchange::provider::{alipay_signed, is_settled, read};
use lingpai_core::token_exchange::refusal::Refusal;
use lingpai_core::token_exchange::registration::Registration;
use lingpai_core::token_exchange::request::{ExchangeRequest, TokenRequest};
use lingpai_core::token_exchange::session::{PlatformSession, SessionKey};
use lingpai_core::{ErrorCode, crypto::MacKey, json};
use lingpai_tests::NOW;
use proptest::prelude::*;

const NONCE: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const JKT: &str = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";

/// A login's form, of which `change` replaces, adds or (without a value) removes parameters.
fn form(change: &[(&str, &str)]) -> String {
    let mut parameters = vec![
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", "0a1B2c-_"),
        ("subject_token_type", "urn:x-lingpai:token-type:wechat-code"),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("client_id", "shop"),
        ("audience", "https://api.example"),
    ];
    for (name, value) in change {
        parameters.retain(|(other, _)| other != name);
        if !value.is_empty() {
            parameters.push((name, value));
        }
    }
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

fn parsed(body: &str) -> Result<TokenRequest, ErrorCode> {
    Form::parse(body).and_then(|form| TokenRequest::read(&form)).map_err(|error| error.code())
}

fn login(change: &[(&str, &str)]) -> ExchangeRequest {
    match parsed(&form(change)).expect("a login") {
        TokenRequest::Exchange(request) => request,
        TokenRequest::Refresh(_) => panic!("a refresh"),
    }
}

fn refused(body: &str) -> Option<ErrorCode> {
    parsed(body).err()
}

#[test]
fn a_login_is_read() {
    let request = login(&[("scope", "profile+orders:read"), ("lp_request", NONCE)]);
    assert_eq!(request.client_id, "shop");
    assert_eq!(request.code(), "0a1B2c-_");
    assert_eq!(request.kind, CodeKind { platform: Platform::Wechat, anonymous: false });
    assert_eq!(request.scope.as_ref().map(|scope| scope.as_str()), Some("profile orders:read"));
    assert!(request.request.is_some());
    assert_eq!(login(&[]).request, None);
}

#[test]
fn what_is_missing_or_wrong_in_a_form_is_malformed() {
    for name in [
        "grant_type",
        "subject_token",
        "subject_token_type",
        "requested_token_type",
        "client_id",
        "audience",
    ] {
        assert_eq!(refused(&form(&[(name, "")])), Some(ErrorCode::Malformed), "{name}");
    }
    let wrong: &[(&str, &str)] = &[
        ("grant_type", "authorization_code"),
        ("subject_token_type", "urn:x-lingpai:token-type:jd-code"),
        ("subject_token_type", "urn:x-lingpai:token-type:wechat"),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
        ("subject_token_type", "urn:x-lingpai:token-type:wechat-anonymous-code"),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:jwt"),
        ("lp_request", "AAAA"),
        ("lp_request", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB"),
        ("lp_error_status", "400"),
        ("actor_token", "x"),
        // A plus that the client did not escape.
        ("subject_token", "abc+def"),
        ("subject_token", "%E4%BB%A4"),
        ("client_id", "%zz"),
        ("client_id", "%E4%BB"),
        ("client_id", "%"),
    ];
    for (name, value) in wrong {
        assert_eq!(refused(&form(&[(name, value)])), Some(ErrorCode::Malformed), "{name}={value}");
    }
    assert_eq!(
        refused(&(form(&[]) + "&client_id=shop")),
        Some(ErrorCode::Malformed),
        "given twice"
    );
    assert_eq!(refused(&(form(&[]) + "&x=1&%78=2")), Some(ErrorCode::Malformed), "the same name");
    assert_eq!(refused(&(form(&[]) + " ")), Some(ErrorCode::Malformed));
    let long = form(&[("subject_token", &"c".repeat(1025))]);
    assert_eq!(refused(&long), Some(ErrorCode::Malformed));
    assert_eq!(refused(&(form(&[]) + "&x=" + &"y".repeat(16_384))), Some(ErrorCode::Malformed));
    assert_eq!(refused(""), Some(ErrorCode::Malformed));
}

#[test]
fn parameters_that_are_not_known_and_those_without_a_value_are_ignored() {
    assert!(parsed(&(form(&[]) + "&vendor_x=1&scope=&actor_token=&")).is_ok());
}

#[test]
fn what_cannot_be_granted_has_codes_of_its_own() {
    let resource = form(&[("resource", "https://api.example")]);
    assert_eq!(refused(&resource), Some(ErrorCode::InvalidTarget));
    assert_eq!(refused(&form(&[("scope", "a%22b")])), Some(ErrorCode::InvalidScope));
}

#[test]
fn the_status_of_refusals_is_known_even_if_nothing_else_can_be_read() {
    assert!(wants_errors_as_ok("%%%&lp_error_status=200"));
    assert!(!wants_errors_as_ok("lp_error_status=2000"));
    assert!(!wants_errors_as_ok("x=lp_error_status=200"));
}

#[test]
fn a_refresh_is_read_and_told_from_another_by_its_token_and_its_mark() {
    let refresh = |token: &str, mark: &str| {
        let body = format!("grant_type=refresh_token&refresh_token={token}&client_id=shop&{mark}");
        match parsed(&body).expect("a refresh") {
            TokenRequest::Refresh(request) => request.request,
            TokenRequest::Exchange(_) => panic!("a login"),
        }
    };
    let mark = format!("lp_request={NONCE}");
    assert_eq!(refresh("one", ""), None);
    assert_eq!(refresh("one", &mark), refresh("one", &mark));
    assert_ne!(refresh("one", &mark), refresh("two", &mark));
    assert_eq!(refused("grant_type=refresh_token&client_id=shop"), Some(ErrorCode::Malformed));
}

#[test]
fn families_follow_from_client_kind_and_code() {
    let family = |change: &[(&str, &str)]| login(change).family();
    let first = family(&[]);
    assert_eq!(first, family(&[("scope", "profile"), ("lp_request", NONCE)]));
    let others = [
        family(&[("subject_token", "0a1B2c-")]),
        family(&[("client_id", "sho")]),
        family(&[("client_id", "shopw")]),
        family(&[("subject_token_type", "urn:x-lingpai:token-type:qq-code")]),
    ];
    for other in others {
        assert_ne!(first, other);
    }
}

const REGISTRATION: &str = r#"{"clientId":"shop","platform":"wechat","appId":"wx1","audiences":["https://api.example"],"scopes":["profile","orders:read"],"bearerScopes":["profile"]}"#;

fn registered(more: &str) -> Result<Registration, (ErrorCode, Option<&'static str>)> {
    let text = format!("{}{more}}}", &REGISTRATION[..REGISTRATION.len() - 1]);
    let object =
        json::parse_object(text.as_bytes()).map_err(|error| (error.code(), error.detail()))?;
    Registration::read(&object).map_err(|error| (error.code(), error.detail()))
}

#[test]
fn a_registration_that_is_wrong_names_its_member() {
    for (more, member) in [
        (r#","visitLifetimeSeconds":901"#, "visitLifetimeSeconds"),
        (r#","visitLifetimeSeconds":0"#, "visitLifetimeSeconds"),
        (r#","bearerLifetimeSeconds":301"#, "bearerLifetimeSeconds"),
        (r#","refreshLifetimeSeconds":-1"#, "refreshLifetimeSeconds"),
        (r#","linkGroup":"""#, "linkGroup"),
        (r#","anonymous":true"#, "anonymous"),
        (r#","enabled":"yes""#, "enabled"),
        (r#","codes":{"1":"granted"}"#, "codes"),
        (r#","codes":{"1":"proof_required"}"#, "codes"),
        (r#","codes":["1"]"#, "codes"),
        // A secret has no business here.
        (r#","appSecret":"x""#, "registration"),
    ] {
        assert_eq!(registered(more).err(), Some((ErrorCode::ClaimInvalid, Some(member))), "{more}");
    }
    for (from, to, member) in [
        ("\"wechat\"", "\"jd\"", "platform"),
        ("[\"profile\"]", "[\"admin\"]", "bearerScopes"),
        ("[\"profile\",\"orders:read\"]", "[\"a b\",\"profile\"]", "scopes"),
        ("[\"profile\",\"orders:read\"]", "[\"profile\",\"\"]", "scopes"),
        ("\"wx1\"", "\"\"", "appId"),
        ("[\"https://api.example\"]", "[]", "audiences"),
        ("[\"https://api.example\"]", "[1]", "audiences"),
    ] {
        let object = json::parse_object(REGISTRATION.replace(from, to).as_bytes()).expect("JSON");
        let error = Registration::read(&object).expect_err(to);
        assert_eq!(error.detail(), Some(member), "{to}");
    }
}

#[test]
fn a_request_gets_what_is_registered_and_less_without_a_proof_key() {
    let registration = registered("").expect("a registration");
    let bound = registration.allow(&login(&[]), true).expect("allowed");
    assert_eq!((bound.scope.as_str(), bound.lifetime), ("profile orders:read", 900));
    assert_eq!(bound.refresh_lifetime, 28_800);
    let bearer = registration.allow(&login(&[]), false).expect("allowed");
    assert_eq!((bearer.scope.as_str(), bearer.lifetime), ("profile", 300));
    assert_eq!(bearer.refresh_lifetime, 0);
    let asked = login(&[("scope", "orders:read")]);
    assert_eq!(registration.allow(&asked, true).expect("allowed").scope.as_str(), "orders:read");
    assert_eq!(registration.allow(&asked, false).expect("allowed").scope.as_str(), "");
}

#[test]
fn a_request_beyond_the_registration_is_refused() {
    let registration = registered("").expect("a registration");
    let code = |request: &ExchangeRequest, bound| {
        registration.allow(request, bound).err().map(|error| error.code())
    };
    let other_platform = login(&[("subject_token_type", "urn:x-lingpai:token-type:qq-code")]);
    assert_eq!(code(&other_platform, true), Some(ErrorCode::Malformed));
    let anonymous =
        login(&[("subject_token_type", "urn:x-lingpai:token-type:douyin-anonymous-code")]);
    assert_eq!(code(&anonymous, true), Some(ErrorCode::Malformed));
    let target = login(&[("audience", "https://other.example")]);
    assert_eq!(code(&target, true), Some(ErrorCode::InvalidTarget));
    let scope = login(&[("scope", "admin")]);
    assert_eq!(code(&scope, true), Some(ErrorCode::InvalidScope));
    assert_eq!(code(&scope, false), Some(ErrorCode::InvalidScope));
    let off = registered(r#","enabled":false"#).expect("a registration");
    let error = off.allow(&login(&[]), true).expect_err("off");
    assert_eq!(error.code(), ErrorCode::AccessDenied);
    let object =
        json::parse_object(REGISTRATION.replace(",\"bearerScopes\":[\"profile\"]", "").as_bytes());
    let strict = Registration::read(&object.expect("JSON")).expect("a registration");
    let error = strict.allow(&login(&[]), false).expect_err("no proof");
    assert_eq!(error.code(), ErrorCode::ProofRequired);
}

#[test]
fn a_registration_may_know_better_what_a_code_means() {
    let registration =
        registered(r#","codes":{"10010105":"invalid_code"}"#).expect("a registration");
    let meaning = |code: &str| {
        registration.meaning(Refusal::by_platform(ErrorCode::ServerError, code)).reason
    };
    assert_eq!(meaning("10010105"), ErrorCode::InvalidCode);
    assert_eq!(meaning("10010106"), ErrorCode::ServerError);
    assert_eq!(meaning(""), ErrorCode::ServerError);
}

fn holder(request: Option<&str>, jkt: Option<&str>) -> Holder {
    Holder { request: request.map(str::to_owned), jkt: jkt.map(str::to_owned) }
}

/// Claims in turn, each kept as text as a store keeps it.
fn standings(claims: &[(Holder, i64)]) -> Vec<Standing> {
    let mut kept: Option<String> = None;
    let decide = |(by, after): &(Holder, i64)| {
        let before = kept.as_deref().map(|text| Claim::parse(text).expect("what was kept"));
        let (standing, now) = claim(before, by.clone(), NOW.plus(*after));
        kept = Some(now.to_json());
        standing
    };
    claims.iter().map(decide).collect()
}

#[test]
fn only_the_holder_repeats_and_only_for_a_minute() {
    use Standing::{First, Repeated, Used};
    let (a, b) = (Some("a"), Some("b"));
    let other_key = Some("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    let cases = [
        ("the same mark", holder(a, None), holder(a, None), Repeated),
        ("the same key", holder(a, Some(JKT)), holder(b, Some(JKT)), Repeated),
        ("the same key, no marks", holder(None, Some(JKT)), holder(None, Some(JKT)), Repeated),
        ("another mark", holder(a, None), holder(b, None), Used),
        ("no mark", holder(None, None), holder(None, None), Used),
        ("a mark that was none", holder(None, None), holder(a, None), Used),
        ("the mark with another key", holder(a, Some(JKT)), holder(a, other_key), Used),
        ("the mark without its key", holder(a, Some(JKT)), holder(a, None), Used),
        ("the mark with a key it did not have", holder(a, None), holder(a, Some(JKT)), Used),
    ];
    for (what, first, second, standing) in cases {
        let decided = standings(&[(first.clone(), 0), (second.clone(), 60)]);
        assert_eq!(decided, [First, standing], "{what}");
        let late = standings(&[(first.clone(), 0), (second, 61)]);
        assert_eq!(late, [First, Used], "{what}, late");
        // Whoever was refused takes nothing from the holder.
        if standing == Used && first.request.is_some() {
            let again = standings(&[(first.clone(), 0), (holder(b, other_key), 1), (first, 2)]);
            assert_eq!(again, [First, Used, Repeated], "{what}");
        }
    }
}

fn kind(platform: Platform) -> CodeKind {
    CodeKind { platform, anonymous: false }
}

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

#[test]
fn accounts_are_opaque_and_of_one_app_and_kind() {
    let key = MacKey::new(&[7; 32]);
    let wechat = kind(Platform::Wechat);
    let id = account_id(&key, wechat, "wx1", "o1");
    assert_eq!(id.len(), 43);
    let anonymous = CodeKind { platform: Platform::Douyin, anonymous: true };
    let others = [
        account_id(&MacKey::new(&[8; 32]), wechat, "wx1", "o1"),
        account_id(&key, kind(Platform::Qq), "wx1", "o1"),
        account_id(&key, wechat, "wx1o", "1"),
        account_id(&key, wechat, "wx1", "o2"),
        union_id(&key, wechat, "wx1", "o1"),
        account_id(&key, kind(Platform::Douyin), "wx1", "o1"),
        account_id(&key, anonymous, "wx1", "o1"),
    ];
    for (index, other) in others.iter().enumerate() {
        assert_ne!(*other, id);
        assert!(!others[..index].contains(other));
    }
}

static KEYS: LazyLock<String> = LazyLock::new(|| {
    let key =
        |kid: &str, k: &str| format!(r#"{{"kty":"oct","kid":"{kid}","k":"{}"}}"#, k.repeat(43));
    format!(
        r#"[{{"key":{},"retireAtSeconds":{}}},{{"key":{},"activeFromSeconds":{}}}]"#,
        key("old", "A"),
        NOW.plus(100).as_i64(),
        key("new", "Q"),
        NOW.plus(50).as_i64()
    )
});

fn ring() -> SymmetricKeyRing {
    SymmetricKeyRing::from_value(Some(&json::parse(KEYS.as_bytes()).expect("JSON")))
        .expect("a ring")
}

fn session() -> PlatformSession {
    PlatformSession {
        platform: Platform::Wechat,
        app_id: "wx1".into(),
        user: "openid".to_owned().into(),
        family: "sid".into(),
        session_key: SessionKey::new("tiihtNczf5v6AKRyjwEUhQ==".to_owned().into()),
    }
}

#[test]
fn a_session_opens_for_its_owner_under_a_key_that_still_serves() {
    let ring = ring();
    let sealed = session().seal("shop/user", &ring, NOW).expect("sealed");
    assert!(!sealed.contains("tiih") && !sealed.contains("openid"));
    let Ok(opened) = PlatformSession::open(&sealed, "shop/user", &ring, NOW.plus(99)) else {
        panic!("its own session")
    };
    assert_eq!((opened.app_id.as_str(), opened.family.as_str()), ("wx1", "sid"));
    assert_eq!(opened.user.as_str(), "openid");
    let code = |text: &str, owner: &str, after| {
        let opened = PlatformSession::open(text, owner, &ring, NOW.plus(after));
        opened.err().map(|error| error.code())
    };
    let failed = Some(ErrorCode::DecryptionFailed);
    assert_eq!(code(&sealed, "shop/other", 0), failed);
    assert_eq!(code(&sealed, "shop/user", 100), failed, "its key has retired");
    assert_eq!(code(&sealed.replace('.', ""), "shop/user", 0), failed);
    assert_eq!(code("", "shop/user", 0), failed);
    let later = session().seal("shop/user", &ring, NOW.plus(60)).expect("sealed");
    assert_eq!(code(&later, "shop/user", 1000), None, "under the next key");

    // The same text for the same session, another one for any other, IV included.
    let iv = |sealed: &str| sealed.split('.').nth(2).map(str::to_owned);
    assert_eq!(session().seal("shop/user", &ring, NOW).as_ref(), Ok(&sealed));
    let others = [
        session().seal("shop/other", &ring, NOW),
        PlatformSession { family: "sid2".into(), ..session() }.seal("shop/user", &ring, NOW),
        Ok(later),
    ];
    for other in others {
        assert_ne!(iv(&other.expect("sealed")), iv(&sealed));
    }
}

proptest! {
    #[test]
    fn no_form_makes_it_panic(body in "[ -~%&=+]{0,200}") {
        let _ = parsed(&body);
        let _ = wants_errors_as_ok(&body);
    }

    #[test]
    fn what_is_escaped_comes_back(name in "[a-z_]{1,12}", value in "\\PC{1,20}") {
        let escaped: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let form = Form::parse(&format!("{name}={escaped}")).expect("a form");
        prop_assert_eq!(form.get(&name), Some(value.as_str()));
    }

    #[test]
    fn no_answer_makes_it_panic_or_log_in(answer in "[ -~\u{feff}]{0,120}", status in 100_u16..600) {
        for platform in Platform::ALL {
            prop_assert!(read(kind(*platform), status, &answer).is_err());
        }
        let _ = alipay_signed(&answer);
    }
}
