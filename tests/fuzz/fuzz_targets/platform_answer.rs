//! Answers of platforms: whoever is logged in has an id, and what is refused has a document that can be read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::json;
use lingpai_core::token_exchange::platform::{CodeKind, Platform};
use lingpai_core::token_exchange::provider::{alipay_signed, is_settled, read};
use lingpai_fuzz::edited_text;

const EXAMPLES: &[(Platform, &str)] = &[
    (Platform::Wechat, r#"{"session_key":"k","openid":"o","unionid":"u"}"#),
    (Platform::Qq, r#"{"errcode":40029,"errmsg":"m"}"#),
    (Platform::Douyin, r#"{"err_no":7122357061596995000,"data":{"session_key":"k","openid":"o"}}"#),
    (Platform::Baidu, r#"{"errno":0,"data":{"open_id":"o","session_key":"k"}}"#),
    (Platform::Kuaishou, r#"{"result":1,"open_id":"o","session_key":"k"}"#),
    (
        Platform::Alipay,
        r#"{"alipay_system_oauth_token_response":{"open_id":"o\/1"},"sign":"c2ln"}"#,
    ),
];

fuzz_target!(|data: &[u8]| {
    let (which, data) = data.split_first().unwrap_or((&0, &[]));
    let (platform, example) = EXAMPLES[usize::from(*which) % EXAMPLES.len()];
    let kind = CodeKind { platform, anonymous: platform == Platform::Douyin && which % 2 == 1 };
    let answer = edited_text(example, data);
    match read(kind, 200, &answer) {
        Ok(identity) => {
            assert!(!identity.user.is_empty());
            assert!(identity.session_key.is_some() || platform == Platform::Alipay);
            assert!(is_settled(kind, 200, &answer));
        }
        Err(refusal) => {
            json::parse_object(refusal.to_json().as_bytes()).expect("a document of ours");
        }
    }
    if let Ok((signed, _)) = alipay_signed(&answer) {
        assert!(answer.contains(signed));
        json::parse(signed.as_bytes()).expect("a part of what was read");
    }
});
