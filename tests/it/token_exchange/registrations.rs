//! What is registered of a mini-program, and what a request gets of it.

use lingpai_core::ErrorCode;
use lingpai_core::json;
use lingpai_core::token_exchange::refusal::Refusal;
use lingpai_core::token_exchange::registration::Registration;
use lingpai_core::token_exchange::request::ExchangeRequest;

use super::login;

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
    // A token for nothing would be no answer.
    let error = registration.allow(&asked, false).expect_err("needs a proof key");
    assert_eq!(error.code(), ErrorCode::ProofRequired);
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
