//! Forms of mini-programs: one that is read has no parameter twice and a code of visible ASCII, and reads the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::token_exchange::form::Form;
use lingpai_core::token_exchange::request::TokenRequest;
use lingpai_fuzz::edited_text;

const EXAMPLE: &str = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=0a1B&subject_token_type=urn:x-lingpai:token-type:wechat-code&requested_token_type=urn:ietf:params:oauth:token-type:access_token&client_id=shop&audience=https://api.example&scope=a+b&lp_request=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fuzz_target!(|data: &[u8]| {
    let body = edited_text(EXAMPLE, data);
    let Ok(form) = Form::parse(&body) else { return };
    let (once, again) = (TokenRequest::read(&form), TokenRequest::read(&form));
    match (once, again) {
        (Ok(TokenRequest::Exchange(one)), Ok(TokenRequest::Exchange(other))) => {
            assert!(
                one.code().bytes().all(|byte| byte.is_ascii_graphic()) && !one.code().is_empty()
            );
            assert_eq!(one.family(), other.family());
            assert!(!one.client_id.is_empty() && !one.audience.is_empty());
        }
        (Ok(TokenRequest::Refresh(one)), Ok(TokenRequest::Refresh(other))) => {
            assert_eq!(one.request, other.request);
        }
        (one, other) => assert_eq!(one.err(), other.err()),
    }
});
